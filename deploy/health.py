"""Health checks of the containers: exit 0 if the service of this container works.

python -m deploy.health worker STAGE
python -m deploy.health gateway|desk|telegram|whatsapp
"""

from __future__ import annotations

import os
import sys
import urllib.request
from typing import Final

from streams.settings import from_environment, is_ready

#: Services that answer HTTP, and the port of each unless its environment says otherwise.
SERVERS: Final = {"gateway": "8080", "desk": "8081", "telegram": "8082", "whatsapp": "8083"}


def healthy(arguments: list[str]) -> bool:
    """Whether the service that the arguments name works, in this container.  Raises ValueError for any other."""
    match arguments:
        case ["worker", stage]:
            settings = from_environment()
            return is_ready(settings.home, stage, settings.replica)
        case [server] if server in SERVERS:
            port = os.environ.get(f"SAQBOL_{server.upper()}_PORT") or SERVERS[server]
            return _answers(f"http://127.0.0.1:{port}/health/live")
    raise ValueError(f"usage: python -m deploy.health worker STAGE | {' | '.join(SERVERS)}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=3) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if healthy(sys.argv[1:]) else 1)
