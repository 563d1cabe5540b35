"""What a desk process works with, shared by its pages as `request.app.state.desk`."""

from __future__ import annotations

import asyncio
from typing import Final

from elasticsearch import AsyncElasticsearch

from producers.desk.database import Database
from producers.desk.gateway import GatewayClient
from producers.desk.outbox import Outbox
from producers.desk.settings import Settings, SettingsError
from producers.desk.staff import Staff
from streams.oncall.links import read_key

#: Seconds that a page waits for Elasticsearch.
SEARCH_TIMEOUT: Final = 5.0


class Desk:
    """One desk process: its settings, the staff, its database, and the ways to Elasticsearch, gateway and Kafka."""

    def __init__(self, settings: Settings) -> None:
        """Raises StaffError or SettingsError if something can't be used."""
        self.settings = settings
        self.staff = Staff(settings.staff)
        self.database = Database(settings.database)
        self.search = _search(settings)
        self.links_key = _links_key(settings)
        self.gateway = GatewayClient(settings.gateway, settings.keys)
        self.outbox = Outbox(self.database, settings.kafka)

    async def start(self) -> None:
        """Connect; to be called in the event loop that serves."""
        self.gateway.start()
        self.outbox.start()

    async def close(self) -> None:
        """Let go of everything."""
        await self.gateway.close()
        await self.search.close()
        await asyncio.to_thread(self.outbox.stop)
        self.database.close()


def _links_key(settings: Settings) -> bytes | None:
    try:
        return read_key(settings.link_key) if settings.link_key else None
    except OSError as error:
        raise SettingsError(f"{settings.link_key}: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(str(error)) from error


def _search(settings: Settings) -> AsyncElasticsearch:
    auth = None
    if settings.elasticsearch_user and settings.elasticsearch_password:
        try:
            password = settings.elasticsearch_password.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(f"{settings.elasticsearch_password}: {error.strerror}") from error
        auth = (settings.elasticsearch_user, password)
    return AsyncElasticsearch(
        settings.elasticsearch, basic_auth=auth, request_timeout=SEARCH_TIMEOUT, max_retries=1, retry_on_timeout=False
    )
