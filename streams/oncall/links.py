"""The addresses in a message: evidence, dashboard, and the signed one that acknowledges with one tap.  Pure.

A token is `payload.mac`, both base64url: the payload says which alert, who, in which message and until when; the mac is
HMAC-SHA256 (RFC 2104) of the payload, cut to 128 bits.  The decision that a token makes has an id derived from the
payload, so that a token used twice makes one decision.

Messengers fetch addresses to show a preview: the desk must acknowledge on POST only, never on GET.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec
from msgspec import Struct

from schemas.cases import Decision, DecisionKind, Via
from schemas.events import Alert
from streams.signals import NUMBER, report_fields

#: How long a link acknowledges after its message was made.
LIFETIME: Final = timedelta(hours=12)
#: A signing key has at least so many bytes.
MIN_KEY: Final = 32
#: The dashboard (deploy/kibana) that a link opens, by the alert's family, and in which languages there are any.
BOARDS: Final = {
    "number": "number",
    "official": "number",
    "scheme": "schemes",
    "scheme-region": "schemes",
    "region": "regions",
    "channel": "quality",
}
USUAL_BOARD: Final = "now"
LANGUAGES: Final = ("ru", "kk")
#: How much a dashboard shows before the wave began, and after it was seen.
BEFORE: Final = timedelta(days=1)
AFTER: Final = timedelta(hours=6)

_MAC: Final = 16
_LONGEST: Final = 1_000
_NAMESPACE: Final = uuid.UUID("5d3c3a0e-7d61-5b7e-9f0e-2f60d14a5f10")


class LinkError(ValueError):
    """A token is not ours, has expired or was used; the message may be shown."""


class Grant(Struct, frozen=True, array_like=True):
    """What a token allows: `person` (an account) may acknowledge `alert_id` until `expires` (epoch seconds).

    `message` is the number of the alert's message that it came with, so that each message's link works once.
    """

    alert_id: str
    person: str
    message: int
    expires: int

    @property
    def decision_id(self) -> str:
        """The id of the decision that this grant makes, once."""
        return str(uuid.uuid5(_NAMESPACE, msgspec.json.encode(self).decode()))


class Links(Struct, frozen=True, kw_only=True):
    """Where links lead, without a slash at the end; None where nothing is configured.  `key` signs."""

    desk: str | None = None
    kibana: str | None = None
    key: bytes | None = None


def read_key(path: Path) -> bytes:
    """The signing key of a file.  Raises ValueError naming the file if it is too short, OSError if it can't be read."""
    key = path.read_bytes().strip()
    if len(key) < MIN_KEY:
        raise ValueError(f"{path}: a signing key has at least {MIN_KEY} bytes; make one with `openssl rand -hex 32`")
    return key


def seal(grant: Grant, key: bytes) -> str:
    """The token of a grant, in characters that stand in a URL as they are."""
    payload = msgspec.msgpack.encode(grant)
    return f"{_text(payload)}.{_text(_mac(payload, key))}"


def unseal(token: str, key: bytes, now: datetime, used: Collection[str] = ()) -> Grant:
    """What a token allows at `now` (aware).  `used`: ids of decisions that were made already (see `Case.decisions`).

    Raises LinkError.
    """
    try:
        payload, mac = (_bytes(part) for part in token.split(".")) if len(token) <= _LONGEST else (b"", b"")
    except (ValueError, binascii.Error):
        payload, mac = b"", b""
    if not hmac.compare_digest(mac, _mac(payload, key)):
        raise LinkError("this link is not one of ours")
    grant = msgspec.msgpack.decode(payload, type=Grant)
    if now.timestamp() >= grant.expires:
        raise LinkError("this link has expired; log in to answer")
    if grant.decision_id in used:
        raise LinkError("this link was used before")
    return grant


def decision(grant: Grant, now: datetime) -> Decision:
    """The decision that a grant makes when its link is followed."""
    return Decision(
        id=grant.decision_id,
        kind=DecisionKind.ACKNOWLEDGED,
        at=now,
        by=grant.person,
        via=Via.LINK,
        alert_id=grant.alert_id,
    )


def acknowledge_url(links: Links, alert_id: str, person: str, message: int, now: datetime) -> str | None:
    """The address that acknowledges with one tap, or None where there is no desk or no key."""
    if links.desk is None or links.key is None:
        return None
    expires = int((now + LIFETIME).timestamp())
    return f"{links.desk}/a/{seal(Grant(alert_id, person, message, expires), links.key)}"


def evidence_url(links: Links, alert_id: str) -> str | None:
    """The desk's page of an alert, behind its login."""
    return f"{links.desk}/alerts/{quote(alert_id, safe='')}" if links.desk else None


def dashboard_url(links: Links, alert: Alert, language: str) -> str | None:
    """Kibana's dashboard for the alert, filtered to its reports and to the time around them."""
    if links.kibana is None:
        return None
    start, end = alert.started_at - BEFORE, (alert.updated_at or alert.detected_at) + AFTER
    span = f"(time:(from:{_rison(_instant(start))},to:{_rison(_instant(end))}))"
    query = kuery(alert)
    # Without `filters:!()` what was chosen on that dashboard before would stay.
    search = f"(filters:!(),query:(language:kuery,query:{_rison(query)}))"
    board = f"saqbol-{BOARDS.get(alert.family, USUAL_BOARD)}-{language if language in LANGUAGES else LANGUAGES[0]}"
    # Quoted whole: what makes addresses in a text clickable would end this one at a quote or a bracket.
    return f"{links.kibana}/app/dashboards#/view/{board}?_g={quote(span, safe='')}&_a={quote(search, safe='')}"


def kuery(alert: Alert) -> str:
    """The alert's reports in Kibana's query language: by its series, as the fields of the indices name its parts."""
    if fields := report_fields(alert.key):
        return " and ".join(f'{name}: "{one}"' for name, one in fields.items())
    numbers = [f'"{key.removeprefix(NUMBER)}"' for key in alert.keys if key.startswith(NUMBER)]
    return f"number: ({' or '.join(numbers)})" if numbers else ""


def _rison(text: str) -> str:
    """A string of rison, the notation of Kibana's addresses: quoted, with `!` before `!` and the quote."""
    return "'" + text.replace("!", "!!").replace("'", "!'") + "'"


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _mac(payload: bytes, key: bytes) -> bytes:
    return hmac.new(key, payload, hashlib.sha256).digest()[:_MAC]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
