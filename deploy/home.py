"""Where things lie: the checkout, and the one folder that holds everything SaqBol writes on this machine."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"

#: The checkout: the folder that holds `deploy`, `streams` and the others.
CHECKOUT: Final = Path(__file__).resolve().parent.parent


def data_home() -> Path:
    """The data folder: the environment variable SAQBOL_HOME, or `.saqbol` in the checkout.  It need not exist yet."""
    return Path(os.environ.get("SAQBOL_HOME") or CHECKOUT / ".saqbol").resolve()


def ports_file(home: Path) -> Path:
    """Where the local stack of a data folder records its ports, as a JSON object: name → port."""
    return home / "ports.json"


def local_addresses(home: Path) -> dict[str, str]:
    """Environment variables with the addresses of the stack that was started last in `home`; {} if there was none."""
    try:
        ports = json.loads(ports_file(home).read_text(encoding="utf-8"))
        return {
            "SAQBOL_HOME": str(home),
            "SAQBOL_KAFKA": f"{HOST}:{int(ports['kafka'])}",
            "SAQBOL_ELASTICSEARCH": f"http://{HOST}:{int(ports['elasticsearch'])}",
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def gateway_url(home: Path) -> str:
    """Where the gateway of the local stack in `home` listens; the usual address if there was no stack."""
    try:
        port = int(json.loads(ports_file(home).read_text(encoding="utf-8"))["gateway"])
    except (OSError, ValueError, KeyError, TypeError):
        port = 8080
    return f"http://{HOST}:{port}"
