"""The page of warnings: call list, other activities, coverage.  Operators."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, Final

from elasticsearch import ApiError, TransportError
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect
from msgspec import Struct
from sqlalchemy.orm import Session

from producers.advice import shown_contact
from producers.desk.access import DeskRequest
from producers.desk.page import Page, language_of, render
from producers.desk.prevention import calls, coverage, log
from producers.desk.prevention.calls import Answer
from producers.desk.prevention.reading import MAX_BYTES, CallListError, read_call_list
from producers.desk.service import Desk
from producers.desk.staff import Person, Role
from producers.gateway.form.texts import texts as form_texts
from producers.places import named_districts, named_schemes
from producers.prevention import reaches_somebody
from schemas.events import AffectedGroup, ContactKind
from schemas.local_time import ZONE
from schemas.prevention import MAX_PEOPLE, Activity
from schemas.reference import districts, regions, schemes
from streams.understanding.place import district_code

logger: Final = logging.getLogger(__name__)

PATH: Final = "/warnings"
Notice = Annotated[str, QueryParameter(max_length=40)]
Topic = Annotated[str, QueryParameter(max_length=60)]
#: Bytes of a filled-in form of this page, without a file.
_MAX_FORM: Final = 16_384
#: A call list and the form around it.
_MAX_UPLOAD: Final = MAX_BYTES + 16_384
#: Wrong rows of a call list that are named.
_MAX_SHOWN: Final = 20
#: Days back for which an activity may still be logged.
_MAX_DAYS: Final = 31
#: Digits of a number of people.
_MAX_DIGITS: Final = len(str(MAX_PEOPLE))
#: Seconds between two rounds of the work behind the page.
_EVERY: Final = 5.0
#: Activities but calls, which are logged from the call list.
_OTHERS: Final = tuple(activity for activity in Activity if activity is not Activity.CALL)
#: The form of activities before anything is filled in.
_BLANK: Final = {"activity": "", "people": "1", "village": "", "group": ""}
#: Notices that an address may ask for: what was done, and what was wrong.
_NOTICES: Final = frozenset(
    {"done-before", "logged", "cleared"}
    | {f"wrong-{what}" for what in ("size", "rows", "encoding", "header", "file", "topic")}
)


class _Now(Struct, frozen=True):
    """What the page shows of the desk's own database."""

    resident: calls.Resident | None
    left: calls.Left
    shift: log.Shift
    late: int
    refused: list[str]


@get("/", include_in_schema=False)
async def show(request: DeskRequest, notice: Notice = "", topic: Topic = "") -> Response[str]:
    """The page: the next resident, the counters, the coverage."""
    return await _page(request, notice if notice in _NOTICES else "", topic)


@post("/calls/{number:int}", include_in_schema=False, request_max_body_size=_MAX_FORM)
async def finish_call(request: DeskRequest, number: FromPath[int]) -> Redirect:
    """How the call ended: logged, and the resident's phone forgotten unless the call is to be repeated."""
    desk: Desk = request.app.state.desk
    form = await request.form()
    person, now, topic = request.user, datetime.now(UTC), str(form.get("topic", ""))
    try:
        answer = Answer(str(form.get("answer", "")))
        _check_topic(topic)
    except ValueError:
        return _back("wrong-topic")

    def work(transaction: Session) -> bool:
        resident = calls.finish(transaction, person.source, person.account, number, answer, now)
        if resident is None:
            return False
        reached = answer is Answer.REACHED
        fields = _place(person, resident.village) | {"affected_group": calls.group_of(resident), "topic": topic or None}
        log.record(
            transaction, person, now, activity=Activity.CALL, reached=reached, people=int(reached), **_told(fields)
        )
        return True

    done = await desk.database.run(work)
    return _back("" if done else "done-before", topic=topic)


@post("/activities", include_in_schema=False, request_max_body_size=_MAX_FORM)
async def log_activity(request: DeskRequest) -> Response[Any]:
    """A visit, a talk, leaflets or a video; what can't be logged comes back as it was filled in."""
    desk: Desk = request.app.state.desk
    form = {str(name): str(value) for name, value in (await request.form()).items()}
    person, now = request.user, datetime.now(UTC)
    try:
        fields = _activity(form, person, now)
    except _WrongFieldError as error:
        return await _page(request, f"wrong-{error.field}", status=422, filled=form)
    await desk.database.run(lambda t: log.record(t, person, now, **fields))
    return _back("logged")


@post("/list", include_in_schema=False, request_max_body_size=_MAX_UPLOAD)
async def add_list(request: DeskRequest) -> Response[Any]:
    """Put the residents of a CSV file on the call list, and say what became of each row."""
    desk: Desk = request.app.state.desk
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile):
        return _back("wrong-file")
    person, now = request.user, datetime.now(UTC)
    try:
        entries, wrong = read_call_list(await file.read(), person.area_code)
    except CallListError as error:
        return _back(f"wrong-{error.problem}")
    added = await desk.database.run(lambda t: calls.add(t, person.source, entries, now))
    logger.info("call list of %s: %d added, %d rows wrong", person.source, added.added, len(wrong))
    return await _page(request, added=added, wrong=wrong[:_MAX_SHOWN], more=max(0, len(wrong) - _MAX_SHOWN))


@post("/list/clear", include_in_schema=False, request_max_body_size=_MAX_FORM)
async def clear_list(request: DeskRequest) -> Redirect:
    """Take everybody off the call list."""
    desk: Desk = request.app.state.desk
    await desk.database.run(lambda t: calls.clear(t, request.user.source))
    return _back("cleared")


class _WrongFieldError(ValueError):
    """A field of a form can't be used."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def _activity(form: Mapping[str, str], person: Person, now: datetime) -> dict[str, Any]:
    """The fields of a warning from the form.  Raises _WrongFieldError."""
    try:
        activity = Activity(form.get("activity", ""))
        topic = form.get("topic", "")
        _check_topic(topic)
        group = AffectedGroup(form["group"]) if form.get("group") else None
    except ValueError:
        raise _WrongFieldError("activity") from None
    people = form.get("people", "").strip()
    if not (people.isdecimal() and len(people) <= _MAX_DIGITS and 1 <= int(people) <= MAX_PEOPLE):
        raise _WrongFieldError("people")
    try:
        day = datetime.combine(datetime.fromisoformat(form.get("day", "")).date(), time(12), ZONE)
    except ValueError:
        raise _WrongFieldError("day") from None
    if not now - timedelta(days=_MAX_DAYS) <= day <= now + timedelta(days=1):
        raise _WrongFieldError("day")
    village = form.get("village", "").strip()[:100]
    if reaches_somebody(village):
        raise _WrongFieldError("village")
    fields = _place(person, village, form.get("district", "")) | {"affected_group": group, "topic": topic or None}
    return {"activity": activity, "people": int(people), "happened_at": min(day, now), **_told(fields)}


def _check_topic(topic: str) -> None:
    """Raises ValueError for what is no scheme."""
    if topic and topic not in schemes():
        raise ValueError(topic)


def _place(person: Person, village: str, district: str = "") -> dict[str, Any]:
    """Where: the district that was chosen, or else the operator's own."""
    known = districts().get(district)
    if known:
        return {"region": known.region, "district": district, "village": village}
    own = district_code(person.district, person.region) if person.district else None
    return {"region": person.region, "district": own, "village": village}


def _told(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


async def _page(
    request: DeskRequest,
    notice: str = "",
    topic: str = "",
    *,
    status: int = 200,
    filled: Mapping[str, str] | None = None,
    **given: Any,
) -> Response[str]:
    """The page; `filled` is the form of activities as it was sent, `given` what became of a call list."""
    desk: Desk = request.app.state.desk
    person, now, language = request.user, datetime.now(UTC), language_of(request)
    today = datetime.combine(now.astimezone(ZONE).date(), time(), ZONE)
    words = form_texts(language)

    def read(t: Session) -> _Now:
        return _Now(
            calls.next_call(t, person.source, person.account, now),
            calls.left(t, person.source, now),
            log.shift(t, person, today),
            log.late(t, person.source, now),
            log.refused(t, person.source),
        )

    shown = await desk.database.run(read)
    own = district_code(person.district, person.region) if person.district else ""
    return render(
        request,
        "warnings",
        status=status,
        here=PATH,
        now=shown,
        phone=shown_contact(ContactKind.E164, shown.resident.phone) if shown.resident else "",
        notice=notice,
        topic=topic if topic in schemes() else "",
        added=given.get("added"),
        wrong=given.get("wrong", []),
        more=given.get("more", 0),
        answers=[answer.value for answer in Answer],
        schemes=named_schemes(language),
        activities=[activity.value for activity in _OTHERS],
        groups={group.value: words[f"who_{group.value}"] for group in AffectedGroup},
        districts=named_districts(language, person.region),
        own_district=own,
        filled={**_BLANK, "district": own, "day": today.date().isoformat(), "topic": topic, **(filled or {})},
        region=getattr(regions()[person.region].name, language) if person.region else "",
        today=today.date().isoformat(),
        earliest=(today - timedelta(days=_MAX_DAYS - 1)).date().isoformat(),
        max_people=MAX_PEOPLE,
        form=desk.settings.public_url.rstrip("/"),
        coverage=await _coverage(desk, person, own, now),
    )


async def _coverage(desk: Desk, person: Person, district: str, now: datetime) -> dict[str, Any] | None:
    """Districts, and villages of the operator's district; None while Elasticsearch can't be asked."""
    try:
        return {
            "districts": await coverage.by_district(desk.search, person.region, now),
            "villages": await coverage.by_village(desk.search, district, now) if district else [],
        }
    except (ApiError, TransportError) as error:
        logger.warning("no coverage: %s", type(error).__name__)
        return None


def _back(notice: str = "", **more: str) -> Redirect:
    """To the page, as a new request: loading it again repeats nothing."""
    query = "&".join(f"{name}={value}" for name, value in {"notice": notice, **more}.items() if value)
    return Redirect(f"{PATH}?{query}" if query else PATH, status_code=303)


async def _work(desk: Desk) -> None:
    """Take warnings to the gateway and forget what is old, as long as the desk runs."""
    while True:
        try:
            await log.deliver(desk)
            await desk.database.run(_forget)
        except Exception as error:  # whatever it is: without this work everything would wait until the next start
            logger.error("warnings: %s", type(error).__name__)
        await asyncio.sleep(_EVERY)


def _forget(transaction: Session) -> None:
    now = datetime.now(UTC)
    log.forget(transaction, now)
    calls.forget(transaction, now)


PAGE: Final = Page(
    name="warnings",
    path=PATH,
    roles=(Role.OPERATOR,),
    handlers=[show, finish_call, log_activity, add_list, clear_list],
    work=_work,
)
