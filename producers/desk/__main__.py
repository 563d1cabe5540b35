"""`python -m producers.desk`: serve, with settings from the environment (see producers.desk.settings)."""

from __future__ import annotations

import logging
import os
import sys

import uvicorn

from producers.desk import settings, staff
from producers.desk.app import create_app
from producers.desk.service import Desk
from producers.gateway.access import with_access_log


def main() -> int:
    """Serve until SIGTERM or SIGINT.  Returns 2, with the reason on stderr, if it is set up wrongly."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in ("kafka", "elastic_transport"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        options = settings.from_environment(os.environ)
        app = create_app(Desk(options))
    except (settings.SettingsError, staff.StaffError) as error:
        sys.stderr.write(f"The desk can't start: {error}\n")
        return 2
    uvicorn.run(
        with_access_log(app),
        host=options.host,
        port=options.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(options.trusted_proxies),
        forwarded_allow_ips=options.trusted_proxies,
        timeout_graceful_shutdown=15,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
