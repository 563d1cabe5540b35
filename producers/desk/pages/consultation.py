"""The operator's page: what the resident tells goes in, verdict and words come out, one key saves it as a report."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from elasticsearch import ApiError, TransportError
from litestar import Response, get, post
from litestar.exceptions import HTTPException
from msgspec import Struct

from producers import audit
from producers.advice import report_number, suspects
from producers.desk.access import DeskRequest
from producers.desk.consultation.answering import answer, understand, warm_up
from producers.desk.consultation.reading import Draft, glance, is_urgent, read
from producers.desk.consultation.similar import SimilarReport, similar
from producers.desk.gateway import GatewayAwayError, GatewayRefusedError
from producers.desk.page import Page, language_of, render
from producers.desk.service import Desk
from producers.desk.staff import Person, Role
from producers.desk.texts import texts
from producers.gateway.form.reading import FormError, FormErrors
from producers.gateway.form.texts import texts as form_texts
from producers.lookup import KnownNumber, look_up
from producers.places import named_districts, named_regions, place_name
from schemas.audit import AuditAction
from schemas.events import MAX_TEXT, AffectedGroup, Medium
from schemas.reference import districts
from schemas.topics import AUDIT
from streams.wording import Locale, in_language

log: Final = logging.getLogger(__name__)

#: The part of the system in the audit log.
PART: Final = "desk"
#: Bytes of a draft at its longest, as JSON.
_MAX_BYTES: Final = 262_144
#: Drafts whose look-ups are remembered, so that typing on makes no second entry in the audit log.
_MAX_REMEMBERED: Final = 10_000
#: Seconds until the page sends again what the gateway could not take.
_RETRY_AFTER: Final = 5


class Saved(Struct, frozen=True):
    """A saved consultation: the report's number as it is read out, and whether it went out as urgent."""

    number: str
    urgent: bool


class Wrong(Struct, frozen=True):
    """What is wrong with a draft: a text by field."""

    errors: dict[str, str]


class _Audited:
    """What of the drafts that are being typed is in the audit log already."""

    def __init__(self) -> None:
        self._drafts: OrderedDict[tuple[str, str], set[str]] = OrderedDict()

    def lacks(self, account: str, draft: str, values: Sequence[str]) -> list[str]:
        """The values that are not in it yet; "" stands for the search for similar reports."""
        seen = self._drafts.get((account, draft), set())
        return [value for value in values if value not in seen]

    def add(self, account: str, draft: str, values: Sequence[str]) -> None:
        """These are in it now."""
        self._drafts.setdefault((account, draft), set()).update(values)
        self._drafts.move_to_end((account, draft))
        while len(self._drafts) > _MAX_REMEMBERED:
            self._drafts.popitem(last=False)


_audited: Final = _Audited()


@get("/", include_in_schema=False)
async def show(request: DeskRequest) -> Response[str]:
    """The page; what is typed into it the browser keeps."""
    language = language_of(request)
    t = form_texts(language)
    person = request.user
    return render(
        request,
        "consultation",
        account=person.account,
        speaks=language,
        max_text=MAX_TEXT,
        media=[(m.value, t[f"medium_{m.value}"]) for m in Medium],
        losses=[(value, t[f"lost_{value}"]) for value in ("yes", "no", "unknown")],
        groups=[(group.value, t[f"who_{group.value}"]) for group in AffectedGroup],
        regions=named_regions(language),
        own_region=person.region or "",
        own_district=_district_name(person.district, language),
        districts=[
            (name, place_name(districts()[code].region, None, language)) for code, name in named_districts(language)
        ],
    )


@post("/look-up", include_in_schema=False, request_max_body_size=_MAX_BYTES, status_code=200)
async def glance_at(request: DeskRequest) -> Response[str]:
    """What is to be said of a draft while it is being typed, as a fragment of the page."""
    desk: Desk = request.app.state.desk
    draft, now = await _draft(request), datetime.now(UTC)
    shown = glance(draft, request.user)
    understood = understand(shown, request.user.origin(), now)
    if understood is None:
        return render(request, "consultation", template="consultation_answer", answer=None)
    values = suspects(understood.report)
    known, found = await asyncio.gather(_known(desk, values), _similar(desk, understood.report.report.text, values))
    await _audit(desk, request.user, draft, known, len(found or ()), now)
    told = answer(understood, known, found, now, language_of(request), draft.say)
    return render(
        request,
        "consultation",
        template="consultation_answer",
        answer=told,
        say=draft.say,
        flagged=is_urgent(shown, now),
    )


@post("/reports", include_in_schema=False, request_max_body_size=_MAX_BYTES, status_code=201)
async def save(request: DeskRequest) -> Response[Any]:
    """Send a draft as a report: 201 with its number, 422 with what is wrong, 503 if it has to be sent again later.

    The same draft sent again is the same report, because its id is the report's reference.
    """
    desk: Desk = request.app.state.desk
    draft, language = await _draft(request), language_of(request)
    try:
        submission = read(draft, request.user, datetime.now(UTC))
    except FormErrors as wrong:
        return _json(Wrong({error.field: _said(error, language) for error in wrong.errors}), 422)
    try:
        accepted = await desk.gateway.post(request.user.source, "/v1/reports", submission)
    except GatewayAwayError:
        return _json({}, 503, {"Retry-After": str(_RETRY_AFTER)})
    except GatewayRefusedError as refused:
        log.error("the gateway refuses a consultation: %s", refused)
        return _json(Wrong({"said": texts("consultation", language)["error_refused"]}), 422)
    return _json(Saved(report_number(accepted["id"]), submission.urgent), 201)


async def work(_: Desk) -> None:
    """Get ready for the first resident."""
    await asyncio.to_thread(warm_up, datetime.now(UTC))


async def _draft(request: DeskRequest) -> Draft:
    """The draft in the body.  Raises HTTPException 400 if it is none of our page's."""
    try:
        return msgspec.json.decode(await request.body(), type=Draft)
    except msgspec.DecodeError:
        raise HTTPException(status_code=400) from None


async def _known(desk: Desk, values: Sequence[str]) -> dict[str, KnownNumber] | None:
    """What is known of the numbers; None if nobody can tell now, which must not keep the rest of the answer away."""
    try:
        return await look_up(desk.search, values)
    except (ApiError, TransportError) as error:
        log.warning("numbers can't be looked up: %s", type(error).__name__)
        return None


async def _similar(desk: Desk, text: str, values: Sequence[str]) -> list[SimilarReport] | None:
    """Reports like this one; None if nobody can tell now."""
    try:
        return await similar(desk.search, text, values)
    except (ApiError, TransportError) as error:
        log.warning("reports can't be searched: %s", type(error).__name__)
        return None


async def _audit(
    desk: Desk, person: Person, draft: Draft, known: Mapping[str, KnownNumber] | None, found: int, now: datetime
) -> None:
    """Enter what the answer shows into the audit log, once a draft: each number, and the search for reports."""
    shown = [*(known or ()), *([""] if found else [])]
    new = _audited.lacks(person.account, draft.id, shown)
    if not new:
        return
    entries = [
        audit.entry(AuditAction.LOOK_UP, person.account, PART, now, subject=value, results=1)
        if value
        else audit.entry(AuditAction.SEARCH, person.account, PART, now, subject="similar reports", results=found)
        for value in new
    ]
    await desk.outbox.send(AUDIT, *entries)
    _audited.add(person.account, draft.id, new)


def _said(error: FormError, language: Locale) -> str:
    """What is wrong, in the words of this page or, for what both ask, of the web form."""
    own = texts("consultation", language)
    return (own.get(error.text) or form_texts(language)[error.text]).format(**error.values)


def _district_name(known_as: str | None, language: Locale) -> str:
    """A district's name in the page's language, from its code or its Russian name."""
    named = (district for district in districts().values() if known_as in {district.code, district.name.ru})
    district = next(named, None)
    return in_language(district.name, language) if district else known_as or ""


def _json(content: Any, status: int, headers: dict[str, str] | None = None) -> Response[Any]:
    return Response(content, status_code=status, headers={"Cache-Control": "no-store", **(headers or {})})


PAGE: Final = Page(
    name="consultation", path="/consultation", roles=(Role.OPERATOR,), handlers=(show, glance_at, save), work=work
)
