"""`python -m producers.gateway`: serve, with settings from the environment (see producers.gateway.settings)."""

from __future__ import annotations

import logging
import os
import sys

import uvicorn

from producers import integrations, reporters
from producers.gateway import settings
from producers.gateway.access import with_access_log
from producers.gateway.app import create_app
from producers.gateway.publisher import Publisher
from producers.gateway.service import Gateway


def main() -> int:
    """Serve until SIGTERM or SIGINT.  Returns 2, with the reason on stderr, if it is set up wrongly."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    try:
        options = settings.from_environment(os.environ)
        gateway = Gateway(
            integrations.load(options.integrations),
            reporters.load_key(options.hmac_key),
            Publisher(options.kafka),
        )
    except (settings.SettingsError, integrations.IntegrationsError, reporters.ReporterKeyError) as error:
        sys.stderr.write(f"The gateway can't start: {error}\n")
        return 2
    uvicorn.run(
        with_access_log(create_app(gateway)),
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
