"""`python -m producers.gateway`: serve, with settings from the environment (see producers.gateway.settings)."""

from __future__ import annotations

import logging
import os
import sys
from typing import Final

import uvicorn
from elasticsearch import AsyncElasticsearch

from producers import integrations, reporters
from producers.gateway import settings
from producers.gateway.access import with_access_log
from producers.gateway.app import create_app
from producers.gateway.publisher import Publisher
from producers.gateway.service import Gateway
from producers.integrations import IntegrationsFromFile

#: Seconds that a look-up waits for Elasticsearch.
_INDEX_TIMEOUT: Final = 3.0


def main() -> int:
    """Serve until SIGTERM or SIGINT.  Returns 2, with the reason on stderr, if it is set up wrongly."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    logging.getLogger("elastic_transport").setLevel(logging.CRITICAL)  # it logs addresses, which name numbers
    try:
        options = settings.from_environment(os.environ)
        gateway = Gateway(
            IntegrationsFromFile(options.integrations),
            reporters.load_key(options.hmac_key),
            Publisher(options.kafka),
            _index(options),
        )
    except (settings.SettingsError, integrations.IntegrationsError, reporters.ReporterKeyError) as error:
        sys.stderr.write(f"The gateway can't start: {error}\n")
        return 2
    uvicorn.run(
        with_access_log(create_app(gateway, options.public_url)),
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


def _index(options: settings.Settings) -> AsyncElasticsearch:
    """A client that rather gives up than lets somebody wait.  Raises SettingsError."""
    auth = None
    if options.elasticsearch_user and options.elasticsearch_password:
        try:
            password = options.elasticsearch_password.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise settings.SettingsError(f"{options.elasticsearch_password}: {error.strerror}") from error
        auth = (options.elasticsearch_user, password)
    return AsyncElasticsearch(
        options.elasticsearch, basic_auth=auth, request_timeout=_INDEX_TIMEOUT, max_retries=0, retry_on_timeout=False
    )


if __name__ == "__main__":
    sys.exit(main())
