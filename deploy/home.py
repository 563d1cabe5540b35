"""Where things lie: the checkout, and the one folder that holds everything SaqBol writes on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

#: The checkout: the folder that holds `deploy`, `streams` and the others.
CHECKOUT: Final = Path(__file__).resolve().parent.parent


def data_home() -> Path:
    """The data folder: the environment variable SAQBOL_HOME, or `.saqbol` in the checkout.  It need not exist yet."""
    return Path(os.environ.get("SAQBOL_HOME") or CHECKOUT / ".saqbol").resolve()
