"""Settings of the workers, each from one environment variable."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from msgspec import Struct

#: The stages in the order of a report's way; each is a worker, an agent module and a consumer group of its own.
STAGES: Final = ("refine", "patterns", "index", "reputation", "detect", "waves", "notify")
#: File in a worker's state folder that holds its process id once it works.
READY: Final = "ready"


class Settings(Struct, frozen=True, kw_only=True):
    """Where a worker finds its peers and keeps its state.

    - `kafka`: bootstrap servers, SAQBOL_KAFKA (default 127.0.0.1:9092)
    - `elasticsearch`: URL, SAQBOL_ELASTICSEARCH (default http://127.0.0.1:9200)
    - `elasticsearch_user`, `elasticsearch_password`: SAQBOL_ELASTICSEARCH_USER and the file that
      SAQBOL_ELASTICSEARCH_PASSWORD_FILE names (default: no authentication)
    - `home`: data folder, SAQBOL_HOME (default .saqbol)
    - `replica`: number of this worker among those of one stage, SAQBOL_REPLICA (default 0); it is the worker's
      identity in its consumer group, so that a restarted one gets its partitions back at once
    - `rules`: folder of the alert rules, SAQBOL_RULES (default: deploy/alerts of this checkout)
    - `oncall`: file with the people on call, SAQBOL_ONCALL (default: oncall.yaml beside that folder)
    - `desk_url`, `kibana_url`: where the links of a message lead, SAQBOL_DESK_URL and SAQBOL_KIBANA_URL (default: none)
    - `link_key`: file with the key that signs one-tap links, SAQBOL_LINK_KEY_FILE (default: no such links)
    - `clock`: file with the seconds by which notify's and reputation's clock is moved, SAQBOL_CLOCK_FILE (default: 0)
    """

    kafka: str
    elasticsearch: str
    elasticsearch_user: str | None
    elasticsearch_password: str | None
    home: Path
    replica: str
    rules: Path
    oncall: Path
    desk_url: str | None = None
    kibana_url: str | None = None
    link_key: Path | None = None
    clock: Path | None = None


def from_environment() -> Settings:
    """The settings of this process.  Raises OSError if the password's file can't be read."""
    env = os.environ
    password_file = env.get("SAQBOL_ELASTICSEARCH_PASSWORD_FILE")
    rules = Path(env.get("SAQBOL_RULES", Path(__file__).parent.parent / "deploy" / "alerts"))
    return Settings(
        kafka=env.get("SAQBOL_KAFKA", "127.0.0.1:9092"),
        elasticsearch=env.get("SAQBOL_ELASTICSEARCH", "http://127.0.0.1:9200"),
        elasticsearch_user=env.get("SAQBOL_ELASTICSEARCH_USER"),
        elasticsearch_password=Path(password_file).read_text(encoding="utf-8").strip() if password_file else None,
        home=Path(env.get("SAQBOL_HOME", ".saqbol")),
        replica=env.get("SAQBOL_REPLICA", "0"),
        rules=rules,
        oncall=Path(env.get("SAQBOL_ONCALL") or rules.parent / "oncall.yaml"),
        desk_url=_url(env.get("SAQBOL_DESK_URL")),
        kibana_url=_url(env.get("SAQBOL_KIBANA_URL")),
        link_key=_path(env.get("SAQBOL_LINK_KEY_FILE")),
        clock=_path(env.get("SAQBOL_CLOCK_FILE")),
    )


def _url(given: str | None) -> str | None:
    return given.rstrip("/") if given else None


def _path(given: str | None) -> Path | None:
    return Path(given) if given else None


def state_folder(home: Path, stage: str, replica: str) -> Path:
    """Where a worker keeps its tables; nothing is lost with it, the changelog topics have it all."""
    return home / "state" / f"{stage}-{replica}"


def is_ready(home: Path, stage: str, replica: str) -> bool:
    """Whether that worker lives and has begun to work."""
    try:
        os.kill(int((state_folder(home, stage, replica) / READY).read_text(encoding="utf-8")), 0)
    except (OSError, ValueError):
        return False
    return True
