"""The signed links in a message: one tap acknowledges an alert, without logging in.

Messengers fetch addresses to show a preview, so following a link only shows a page, whose script presses its button;
what fetches previews runs no script.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any, Final

from elasticsearch import ApiError, TransportError
from litestar import Request, Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from producers.desk.casework import deciding
from producers.desk.casework.reading import AlertView, find
from producers.desk.page import language_of, render
from producers.desk.service import Desk
from schemas.events import AlertStatus
from streams.oncall import links
from streams.oncall.links import Grant, LinkError
from streams.oncall.messages import title_of

log: Final = logging.getLogger(__name__)

_MAX_FORM: Final = 1_024
#: Seconds that the index has to say what a link is about.
_PATIENCE: Final = 2.0

LinkRequest = Request[Any, Any, Any]


@get("/{token:str}", include_in_schema=False, opt={"public": True})
async def ask(request: LinkRequest, token: FromPath[str]) -> Response[str]:
    """The page with the button, or why the link does not work."""
    try:
        grant = _grant(request, token)
    except LinkError as error:
        return _refused(request, error)
    desk: Desk = request.app.state.desk
    used = await desk.database.run(lambda t: deciding.is_made(t, grant.decision_id))
    shown = await _shown(desk, grant)
    return _page(request, "used" if used else "ask", grant, shown, token)


@post("/{token:str}", include_in_schema=False, opt={"public": True}, request_max_body_size=_MAX_FORM, status_code=200)
async def acknowledge(request: LinkRequest, token: FromPath[str]) -> Response[str]:
    """Acknowledge, once: the same link again changes nothing, and says so."""
    try:
        grant = _grant(request, token)
    except LinkError as error:
        return _refused(request, error)
    desk: Desk = request.app.state.desk
    shown = await _shown(desk, grant)
    decision = links.decision(grant, datetime.now(UTC))
    new = await desk.database.run(lambda t: deciding.make(t, desk.outbox, decision))
    desk.outbox.hurry()
    log.info("alert %s acknowledged by link%s", grant.alert_id, "" if new else ", again")
    return _page(request, ("done" if _is_open(shown) else "taken") if new else "used", grant, shown)


def _grant(request: LinkRequest, token: str) -> Grant:
    """What the link allows.  Raises LinkError, or NotFoundException where no links are given out."""
    desk: Desk = request.app.state.desk
    if desk.links_key is None:
        raise NotFoundException
    return links.unseal(token, desk.links_key, datetime.now(UTC))


def _refused(request: LinkRequest, error: LinkError) -> Response[str]:
    log.warning("a link was refused: %s", error)
    return render(request, "link", status=403, token="", state="refused", person_name="", title="", answered_by="")


def _page(request: LinkRequest, state: str, grant: Grant, shown: AlertView | None, token: str = "") -> Response[str]:
    desk: Desk = request.app.state.desk
    answered_by = shown and (shown.case.closed_by or shown.case.acknowledged_by)
    return render(
        request,
        "link",
        token=token,
        state=state,
        person_name=desk.staff.name_of(grant.person),
        title=title_of(shown.alert, language_of(request)) if shown else "",
        answered_by=desk.staff.name_of(answered_by) if answered_by else "",
    )


async def _shown(desk: Desk, grant: Grant) -> AlertView | None:
    """The alert of a link; None while the index does not answer, which must keep nobody from acknowledging."""
    try:
        return await find(desk.search.options(request_timeout=_PATIENCE, max_retries=0), grant.alert_id)
    except (ApiError, TransportError) as error:
        log.warning("a link's alert can't be shown: %s", type(error).__name__)
        return None


def _is_open(shown: AlertView | None) -> bool:
    """Whether nobody has answered yet, as far as is known."""
    return shown is None or shown.case.status is AlertStatus.OPEN


router: Final = Router(path="/a", route_handlers=[ask, acknowledge])
