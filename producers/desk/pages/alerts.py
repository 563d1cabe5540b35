"""The page of alerts: what is open, the evidence of each, and what was decided.  People on call; analysts may read."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Final

from elasticsearch import ApiError, TransportError
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect
from msgspec import Struct

from producers.desk.access import DeskRequest, requires
from producers.desk.casework import deciding
from producers.desk.casework.deciding import MAX_NOTE, SILENCES, WrongFieldError
from producers.desk.casework.evidence import Evidence, evidence
from producers.desk.casework.history import moment, sentence, silence_of
from producers.desk.casework.reading import AlertView, Overview, find, overview
from producers.desk.casework.timeline import Mark, draw
from producers.desk.page import Page, language_of, render
from producers.desk.service import Desk
from producers.desk.staff import Role
from producers.desk.texts import texts
from producers.places import named_regions, named_schemes, place_name
from schemas.cases import Decision, StepKind
from schemas.events import AlertStatus
from schemas.local_time import ZONE
from schemas.reference import regions
from streams.oncall.excerpts import worded
from streams.oncall.messages import alert_text, masked_word, title_of

log: Final = logging.getLogger(__name__)

PATH: Final = "/alerts"
Notice = Annotated[str, QueryParameter(max_length=40)]
#: Bytes of a filled-in form of this page.
_MAX_FORM: Final = 16_384
#: Steps that are a message: the moment of the first is marked in the time line.
_MESSAGES: Final = (StepKind.SENT, StepKind.DIGEST)
_NOTICES: Final = frozenset(
    {"decided", "missed"}
    | {f"wrong-{f}" for f in ("kind", "note", "hours", "number", "scheme", "region", "happened_at")}
)


class Line(Struct, frozen=True):
    """A line of the list of alerts."""

    id: str
    title: str
    family: str
    severity: str
    status: AlertStatus
    at: str
    observed: int
    victims: int
    regions: str
    person: str
    real: bool | None
    over: bool
    quiet_until: str


@get("/", include_in_schema=False)
async def show_list(request: DeskRequest, notice: Notice = "") -> Response[str]:
    """What is open, what is being looked into, what was closed lately."""
    desk: Desk = request.app.state.desk
    now = datetime.now(UTC)
    lately = await desk.database.run(lambda t: deciding.made(t, now))
    language = language_of(request)
    try:
        found = _moved(await overview(desk.search), lately)
    except (ApiError, TransportError) as error:
        log.warning("no alerts to show: %s", type(error).__name__)
        found = None
    groups = (
        [(status, [_line(one, desk, language, now) for one in getattr(found, status)]) for status in AlertStatus]
        if found
        else []
    )
    return render(
        request,
        "alerts",
        status=200 if found else 503,
        groups=groups,
        away=found is None,
        notice=notice if notice in _NOTICES else "",
        may_decide=Role.ONCALL in request.user.roles,
        schemes=named_schemes(language),
        regions=named_regions(language),
        max_note=MAX_NOTE,
        latest=now.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M"),
    )


@get("/{alert_id:str}", include_in_schema=False)
async def show_alert(request: DeskRequest, alert_id: FromPath[str], notice: Notice = "") -> Response[str]:
    """One alert: the wave and its evidence, who was told when, and what can be decided."""
    desk: Desk = request.app.state.desk
    now = datetime.now(UTC)
    lately = await desk.database.run(lambda t: deciding.made(t, now))
    try:
        found = await find(desk.search, alert_id)
        if found is None:
            raise NotFoundException
        shown = deciding.with_made(found, lately)
        proof: Evidence | None = await evidence(desk.search, shown.alert, now)
    except (ApiError, TransportError) as error:
        log.warning("no alert to show: %s", type(error).__name__)
        return render(request, "alerts", template="alert_away", status=503)
    language = language_of(request)
    t = texts("alerts", language)
    title, lines = alert_text(shown.alert, language, excerpts=0)  # the page shows the reports themselves
    return render(
        request,
        "alerts",
        template="alert",
        alert=shown.alert,
        case=shown.case,
        over=shown.over,
        title=title,
        lines=lines,
        line=_line(shown, desk, language, now),
        acknowledged_by=desk.staff.name_of(shown.case.acknowledged_by),
        proof=proof,
        worded=lambda text: worded(text, partial(masked_word, locale=language)),
        picture=_picture(shown, proof, t) if proof else "",
        steps=[
            (moment(step.at), desk.staff.name_of(step.person), sentence(step, t, desk.staff.name_of))
            for step in shown.case.steps
        ],
        silence=silence_of(shown.case, now),
        notice=notice if notice in _NOTICES else "",
        may_decide=Role.ONCALL in request.user.roles,
        hours=SILENCES,
        max_note=MAX_NOTE,
        when=moment,
        place=place_name,
    )


@post("/{alert_id:str}", include_in_schema=False, request_max_body_size=_MAX_FORM, guards=[requires(Role.ONCALL)])
async def decide(request: DeskRequest, alert_id: FromPath[str]) -> Response[Any]:
    """Acknowledge, close as real or false, keep the series quiet or no longer."""
    desk: Desk = request.app.state.desk
    form = await _form(request)
    try:
        found = await find(desk.search, alert_id)
    except (ApiError, TransportError) as error:
        log.warning("nothing was decided: %s", type(error).__name__)
        return render(request, "alerts", template="alert_away", status=503)
    if found is None:
        raise NotFoundException
    try:
        decision = deciding.about_alert(form, found.alert, request.user, datetime.now(UTC))
    except WrongFieldError as error:
        return Redirect(f"{PATH}/{alert_id}?notice=wrong-{error.field}", status_code=303)
    await _make(desk, decision)
    return Redirect(f"{PATH}/{alert_id}?notice=decided", status_code=303)


@post("/", include_in_schema=False, request_max_body_size=_MAX_FORM, guards=[requires(Role.ONCALL)])
async def report_missed(request: DeskRequest) -> Redirect:
    """A wave that nobody was paged for."""
    desk: Desk = request.app.state.desk
    form = await _form(request)
    if form.get("happened_at"):  # the browser's field has no zone
        form = {**form, "happened_at": f"{form['happened_at']}+05:00"}
    try:
        decision = deciding.missed_wave(form, request.user, datetime.now(UTC))
    except WrongFieldError as error:
        return Redirect(f"{PATH}?notice=wrong-{error.field}", status_code=303)
    await _make(desk, decision)
    return Redirect(f"{PATH}?notice=missed", status_code=303)


async def _form(request: DeskRequest) -> dict[str, str]:
    return {str(name): str(value) for name, value in (await request.form()).items()}


async def _make(desk: Desk, decision: Decision) -> None:
    await desk.database.run(lambda t: deciding.make(t, desk.outbox, decision))
    desk.outbox.hurry()


def _moved(found: Overview, lately: list[Decision]) -> Overview:
    """The overview with what was decided here a moment ago, each alert in its new place."""
    moved = [deciding.with_made(one, lately) for one in (*found.open, *found.acknowledged, *found.closed)]
    return Overview(*([one for one in moved if one.case.status is status] for status in AlertStatus))


def _line(shown: AlertView, desk: Desk, language: Any, now: datetime) -> Line:
    alert, case = shown.alert, shown.case
    silence = silence_of(case, now)
    known = regions()
    return Line(
        id=alert.id,
        title=title_of(alert, language),
        family=alert.family,
        severity=alert.severity,
        status=case.status,
        at=moment(alert.detected_at),
        observed=alert.observed,
        victims=alert.victims,
        regions=", ".join(getattr(known[code].name, language) for code in list(alert.regions)[:3] if code in known),
        person=desk.staff.name_of(case.closed_by or case.acknowledged_by),
        real=case.real,
        over=shown.over,
        quiet_until=moment(silence.until)[:16] if silence and silence.until else "",
    )


def _picture(shown: AlertView, proof: Evidence, t: Mapping[str, str]) -> str:
    alert, case = shown.alert, shown.case
    told = next((step.at for step in case.steps if step.kind in _MESSAGES), None)
    moments = [
        (alert.started_at, "began"),
        (told or alert.detected_at, "told"),
        (case.acknowledged_at, "acknowledged"),
    ]
    marks = [Mark(at, t[f"mark_{name}"], name) for at, name in moments if at]
    return draw(proof.columns, proof.width, marks, t["timeline"])


PAGE: Final = Page(
    name="alerts",
    path=PATH,
    roles=(Role.ONCALL, Role.ANALYST),
    handlers=[show_list, show_alert, decide, report_missed],
)
