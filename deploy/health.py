"""Health checks of the containers: exit 0 if the service of this container works.

python -m deploy.health worker STAGE
python -m deploy.health gateway
python -m deploy.health desk
"""

from __future__ import annotations

import os
import sys
import urllib.request

from streams.settings import from_environment, is_ready


def healthy(arguments: list[str]) -> bool:
    """Whether the service that the arguments name works, in this container.  Raises ValueError for any other."""
    match arguments:
        case ["worker", stage]:
            settings = from_environment()
            return is_ready(settings.home, stage, settings.replica)
        case ["gateway"]:
            return _answers(f"http://127.0.0.1:{os.environ.get('SAQBOL_GATEWAY_PORT', '8080')}/health/live")
        case ["desk"]:
            return _answers(f"http://127.0.0.1:{os.environ.get('SAQBOL_DESK_PORT', '8081')}/health/live")
    raise ValueError("usage: python -m deploy.health worker STAGE | gateway | desk")


def _answers(url: str) -> bool:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=3) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if healthy(sys.argv[1:]) else 1)
