"""Logging in and out, the start page, and the choice of a language."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from litestar import Request, Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect

from producers.desk import lockout, sessions
from producers.desk.access import DeskRequest, cookie_name
from producers.desk.page import LANGUAGE_COOKIE, Page, render
from producers.desk.service import Desk
from producers.desk.staff import Person, verify
from producers.desk.texts import LANGUAGES
from producers.web.addresses import network

log: Final = logging.getLogger(__name__)

#: Bytes of a filled-in form of this module.
_MAX_BYTES: Final = 16_384
#: Passwords verified at once: each takes a core and 64 MB for a moment.
_verifying: Final = asyncio.Semaphore(2)

AnyRequest = Request[Any, Any, Any]
Next = Annotated[str, QueryParameter(name="next", max_length=500)]


@get("/", include_in_schema=False)
async def start(request: DeskRequest) -> Response[Any]:
    """The first page that is there for the person."""
    pages: Sequence[Page] = request.app.state.pages
    for page in pages:
        if page.is_for(request.user):
            return Redirect(page.path, status_code=303)
    return render(request, "nothing", status=403)


@get("/login", include_in_schema=False, opt={"public": True})
async def ask(request: AnyRequest, next_: Next = "") -> Response[Any]:
    """The form to log in."""
    if request.user:
        return Redirect(_local(next_), status_code=303)
    return render(request, "login", account="", next=_local(next_), problem=None, minutes=0)


@post("/login", include_in_schema=False, opt={"public": True}, request_max_body_size=_MAX_BYTES, status_code=200)
async def log_in(request: AnyRequest) -> Response[Any]:
    """Open a session, or say that account or password is wrong: the same words and the same time for both."""
    desk: Desk = request.app.state.desk
    form = await request.form()
    account = str(form.get("account", "")).strip().casefold()
    goal = _local(str(form.get("next", "")))
    address, now = network(request), datetime.now(UTC)
    wait = await desk.database.run(lambda t: lockout.begin(t, account, address, now))
    if wait is not None:
        log.warning("log-in refused for %.0f s after many failures", wait.total_seconds())
        return _again(request, account, goal, wait)
    person = await _known(desk, account, str(form.get("password", "")))
    if person is None:
        log.warning("log-in failed")
        return _again(request, account, goal)

    def open_session(transaction: Any) -> str:
        lockout.succeed(transaction, account, address)
        sessions.end(transaction, request.cookies.get(cookie_name(desk.settings), ""))
        return sessions.open_(transaction, person, now)

    session_id = await desk.database.run(open_session)
    log.info("%s logged in", person.account)
    return Redirect(goal, status_code=303, cookies=[_cookie(desk, session_id)])


@post("/logout", include_in_schema=False, request_max_body_size=_MAX_BYTES)
async def log_out(request: DeskRequest) -> Response[Any]:
    """End the session; the browser forgets what pages kept in it."""
    desk: Desk = request.app.state.desk
    await desk.database.run(lambda t: sessions.end(t, request.auth.session_id))
    log.info("%s logged out", request.user.account)
    ended = _cookie(desk, "")
    ended.max_age = 0
    return Redirect("/login", status_code=303, cookies=[ended], headers={"Clear-Site-Data": '"storage"'})


@get("/language/{code:str}", include_in_schema=False, opt={"public": True})
async def choose_language(code: FromPath[str], next_: Next = "") -> Response[Any]:
    """Remember the language and go back."""
    cookies = []
    if code in LANGUAGES:
        year = int(timedelta(days=365).total_seconds())
        cookies = [Cookie(key=LANGUAGE_COOKIE, value=code, path="/", samesite="lax", httponly=True, max_age=year)]
    return Redirect(_local(next_), status_code=303, cookies=cookies)


async def _known(desk: Desk, account: str, password: str) -> Person | None:
    person = desk.staff.find(account)
    async with _verifying:
        return person if await asyncio.to_thread(verify, person, password) else None


def _again(request: AnyRequest, account: str, goal: str, wait: timedelta | None = None) -> Response[str]:
    seconds = math.ceil(wait.total_seconds()) if wait else 0
    return render(
        request,
        "login",
        status=429 if wait else 422,
        headers={"Retry-After": str(seconds)} if wait else None,
        account=account,
        next=goal,
        problem="locked" if wait else "wrong",
        minutes=math.ceil(seconds / 60),
    )


def _cookie(desk: Desk, value: str) -> Cookie:
    """The session's cookie; it ends with the browser, and no script sees it."""
    return Cookie(
        key=cookie_name(desk.settings),
        value=value,
        path="/",
        httponly=True,
        samesite="strict",
        secure=desk.settings.secure,
    )


def _local(address: str) -> str:
    """A path of the desk to go on to, never another site."""
    inside = address.startswith("/") and not address.startswith("//") and "\\" not in address and address.isprintable()
    return address if inside else "/"


router: Final = Router(path="/", route_handlers=[start, ask, log_in, log_out, choose_language])
