"""The form's addresses: `/` in the browser's language, `/ru`, `/kk`, `/en`; each shows the form and takes it filled in.

Every answer is a page, so that the form works without JavaScript; the page's script sends the same request and shows
the same page.  What keeps floods out is declared here: limits per address and in total, and a proof of work between.
"""

from __future__ import annotations

import asyncio
import logging
import math
import uuid
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl

import limits
from elasticsearch import ApiError, TransportError
from litestar import MediaType, Request, Response, Router, get, post

from producers.advice import suspects
from producers.gateway import metrics
from producers.gateway.form.challenge import Challenges
from producers.gateway.form.page import Notice, answer_page, form_page
from producers.gateway.form.reading import FormErrors, is_reference, read
from producers.gateway.form.texts import LANGUAGES, texts
from producers.gateway.problems import ProblemError
from producers.gateway.service import Gateway, RateLimiter, read_body
from producers.intake import Intake, Origin, to_report
from producers.integrations import WEB_FORM
from producers.lookup import KnownNumber, look_up
from producers.web.addresses import network
from producers.web.languages import preferred
from schemas.events import Channel, EnrichedReport
from streams.understanding.enrich import enrich

log: Final = logging.getLogger(__name__)

#: A filled-in form at its longest, all of it percent-encoded, is some 130 kB.
MAX_FORM_BYTES: Final = 262_144
MAX_FIELDS: Final = 40
#: Within these no proof of work is asked for: from one address (an IPv6 network counts as one), and from all.
FREE_PER_ADDRESS: Final = limits.parse("5 per 10 minutes")
FREE_IN_ALL: Final = limits.parse("60 per minute")
#: Beyond these nothing is taken.  Whole towns share the address of a mobile operator, so the first is generous.
MOST_PER_ADDRESS: Final = limits.parse("120 per hour")
MOST_IN_ALL: Final = limits.parse("600 per minute")

#: Seconds that somebody waits for what is known of the numbers; the answer comes without it then.
LOOK_UP_WITHIN: Final = 1.0

_ORIGIN: Final = Origin(source=WEB_FORM, channel=Channel.WEB)
_PATHS: Final = ["/", *(f"/{code}" for code in LANGUAGES)]
_HEADERS: Final = {"Cache-Control": "no-store", "Vary": "Accept-Language"}

PageRequest = Request[Any, Any, Any]


class Door:
    """Who may pass: counts, and the challenges given out when it gets busy."""

    def __init__(self, key: bytes) -> None:
        self.challenges = Challenges(key)
        self._rates = RateLimiter()

    def seconds_to_wait(self, address: str) -> int | None:
        """None, or how long nothing more is taken from this address or at all."""
        return self._rates.take(MOST_PER_ADDRESS, address) or self._rates.take(MOST_IN_ALL, "all")

    def open_for(self, address: str, solution: str) -> bool:
        """Whether a report may pass: by its proof of work, or because it is not busy."""
        if solution:
            return self.challenges.accept(solution)
        return self._rates.take(FREE_PER_ADDRESS, address) is None and self._rates.take(FREE_IN_ALL, "all") is None


@get(_PATHS, include_in_schema=False)
async def show_form(request: PageRequest) -> Response[str]:
    """The empty form."""
    return _page(form_page(_language(request), str(uuid.uuid4())))


@post(_PATHS, include_in_schema=False, request_max_body_size=MAX_FORM_BYTES)
async def submit_form(request: PageRequest) -> Response[str]:
    """Take a filled-in form: 200 with the answer, or the form again with what is wrong."""
    gateway: Gateway = request.app.state.gateway
    door: Door = request.app.state.door
    language = _language(request)
    t = texts(language)
    form = await _fields(request)
    reference = form.get("reference", "")
    if not is_reference(reference):
        reference = str(uuid.uuid4())

    address = network(request)
    wait = door.seconds_to_wait(address)
    if wait is not None:
        metrics.REFUSED.labels("too-many").inc()
        notice = Notice(t["busy_heading"], t["busy_text"].format(minutes=math.ceil(wait / 60)))
        return _page(
            form_page(language, reference, form, notice=notice), status=429, headers={"Retry-After": str(wait)}
        )
    now = datetime.now(UTC)
    try:
        submission = read(form, reference, now)
    except FormErrors as wrong:
        metrics.REFUSED.labels("invalid").inc()
        return _page(form_page(language, reference, form, errors=wrong.errors), status=422)
    if not door.open_for(address, form.get("altcha", "")):
        metrics.REFUSED.labels("challenge-required").inc()
        notice = Notice(t["challenge_heading"], t["challenge_text"])
        challenge = door.challenges.new()
        return _page(form_page(language, reference, form, notice=notice, challenge=challenge), status=428)

    intake = to_report(submission, _ORIGIN, now, gateway.hasher)
    try:
        await gateway.publish([intake])
    except ProblemError as problem:
        notice = Notice(t["away_heading"], t["away_text"])
        return _page(
            form_page(language, reference, form, notice=notice), status=problem.status_code, headers=problem.headers
        )
    understood = _understand(intake)
    return _page(answer_page(language, intake, understood, await _known(gateway, understood)))


async def _fields(request: PageRequest) -> dict[str, str]:
    """What the form sent, by field.  Raises the problems 400, 403 and 415."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise ProblemError(403, "cross-site", "Fill in the form on its own page.")
    if request.content_type[0] != "application/x-www-form-urlencoded":
        raise ProblemError(415, "media-type", "Send the form as application/x-www-form-urlencoded.")
    body = await read_body(request)
    try:
        pairs = parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise ProblemError(400, "bad-request", "The form has too many fields.") from None
    return dict(pairs)


def _understand(intake: Intake) -> EnrichedReport | None:
    """What an accepted report says, for the answer; the answer must come even if that fails."""
    try:
        return enrich(intake.report)
    except Exception as error:
        log.error("no advice for a report: %s", type(error).__name__)
        return None


async def _known(gateway: Gateway, understood: EnrichedReport | None) -> list[KnownNumber]:
    """What is known of a report's numbers; nothing if that takes long or the index is away."""
    wanted = suspects(understood) if understood else []
    try:
        async with asyncio.timeout(LOOK_UP_WITHIN):
            return list((await look_up(gateway.index, wanted)).values())
    except (TimeoutError, ApiError, TransportError) as error:
        log.warning("no verdict for a report: %s", type(error).__name__)
        return []


def _language(request: PageRequest) -> str:
    code = request.url.path.strip("/")
    return code if code in LANGUAGES else preferred(request.headers.get("accept-language", ""), LANGUAGES)


def _page(html: str, status: int = 200, headers: dict[str, str] | None = None) -> Response[str]:
    return Response(html, status_code=status, media_type=MediaType.HTML, headers={**_HEADERS, **(headers or {})})


router: Final = Router(path="/", route_handlers=[show_form, submit_form])
