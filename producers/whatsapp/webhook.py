"""The webhook of the Cloud API: Meta verifies the address once, then sends signed notifications."""

from __future__ import annotations

import hashlib
import hmac
import logging
from typing import Any, Final

import msgspec
from litestar import MediaType, Request, Response, get, post

from producers.gateway.service import read_body
from producers.whatsapp.reading import read_notification
from producers.whatsapp.settings import Settings

log: Final = logging.getLogger(__name__)

WEBHOOK: Final = "/whatsapp/webhook"
_SIGNATURE: Final = "X-Hub-Signature-256"


def signature(body: bytes, app_secret: str) -> str:
    """What Meta writes into X-Hub-Signature-256: HMAC-SHA256 of the body as it was sent, with the app's secret."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


@get(WEBHOOK, include_in_schema=False)
async def verify(request: Request[Any, Any, Any]) -> Response[str]:
    """Meta asks whether this address is ours: 200 with its challenge for whoever knows our token, else 403."""
    settings: Settings = request.app.state.settings
    asked = request.query_params
    token = asked.get("hub.verify_token", "")
    ours = hmac.compare_digest(token.encode(), settings.verify_token.encode())
    if asked.get("hub.mode") != "subscribe" or not ours:
        return Response("", status_code=403, media_type=MediaType.TEXT)
    return Response(asked.get("hub.challenge", ""), media_type=MediaType.TEXT)


@post(WEBHOOK, status_code=200, include_in_schema=False)
async def webhook(request: Request[Any, Any, Any]) -> Response[None]:
    """Take a notification: 200 once its messages are safe, 403 unless it is signed, 400 if it is none."""
    settings: Settings = request.app.state.settings
    body = await read_body(request)
    given = request.headers.get(_SIGNATURE, "")
    if not hmac.compare_digest(given.encode(), signature(body, settings.app_secret).encode()):
        log.warning("a notification without our signature was refused")
        return Response(None, status_code=403)
    try:
        events = read_notification(body, settings.phone_id, request.app.state.naming)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Response(None, status_code=400)
    for event in events:
        request.app.state.engine.receive(event)
    return Response(None, status_code=200)
