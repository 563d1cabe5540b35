"""The signed links in a message: one tap acknowledges an alert, without logging in.

Messengers fetch addresses to show a preview, so following a link only shows a page, whose script presses its button;
what fetches previews runs no script.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any, Final

from litestar import Request, Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from producers.desk.casework import deciding
from producers.desk.page import render
from producers.desk.service import Desk
from streams.oncall import links
from streams.oncall.links import Grant, LinkError

log: Final = logging.getLogger(__name__)

_MAX_FORM: Final = 1_024

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
    return render(request, "link", token=token, state="used" if used else "ask", person_name=_name(desk, grant))


@post("/{token:str}", include_in_schema=False, opt={"public": True}, request_max_body_size=_MAX_FORM, status_code=200)
async def acknowledge(request: LinkRequest, token: FromPath[str]) -> Response[str]:
    """Acknowledge, once: the same link again changes nothing, and says so."""
    try:
        grant = _grant(request, token)
    except LinkError as error:
        return _refused(request, error)
    desk: Desk = request.app.state.desk
    decision = links.decision(grant, datetime.now(UTC))

    new = await desk.database.run(lambda t: deciding.make(t, desk.outbox, decision))
    desk.outbox.hurry()
    log.info("alert %s acknowledged by link%s", grant.alert_id, "" if new else ", again")
    state = "done" if new else "used"
    return render(request, "link", token="", state=state, person_name=_name(desk, grant))


def _grant(request: LinkRequest, token: str) -> Grant:
    """What the link allows.  Raises LinkError, or NotFoundException where no links are given out."""
    desk: Desk = request.app.state.desk
    if desk.links_key is None:
        raise NotFoundException
    return links.unseal(token, desk.links_key, datetime.now(UTC))


def _refused(request: LinkRequest, error: LinkError) -> Response[str]:
    log.warning("a link was refused: %s", error)
    return render(request, "link", status=403, token="", state="refused", person_name="")


def _name(desk: Desk, grant: Grant) -> str:
    person = desk.staff.find(grant.person)
    return person.name if person else grant.person


router: Final = Router(path="/a", route_handlers=[ask, acknowledge])
