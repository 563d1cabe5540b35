"""Who may see a route, decided before its handler runs.

Every route of the desk is closed to whoever is not logged in, unless it says `opt={"public": True}`; a page opens
itself to roles with `guards=[requires(Role.OPERATOR)]`.  A request that changes something must come from our own
pages: the browser says so (Origin, Sec-Fetch-Site), and it carries the session's token, as the header X-CSRF-Token or
as the field `csrf` of a form.  So neither another site nor somebody with the cookie alone gets anything in.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any, Final

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard
from msgspec import Struct

from producers.desk import sessions
from producers.desk.service import Desk
from producers.desk.settings import Settings
from producers.desk.staff import Person, Role

CSRF_HEADER: Final = "X-CSRF-Token"
CSRF_FIELD: Final = "csrf"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

Connection = ASGIConnection[Any, Any, Any, Any]


class SignedIn(Struct, frozen=True):
    """The session of a request (`request.auth`); `request.user` is the Person."""

    session_id: str
    csrf: str


#: A request of somebody who is logged in.
DeskRequest = Request[Person, SignedIn, Any]


class NotSignedInError(HTTPException):
    """Nobody is logged in, or no longer."""

    status_code = 401


class RefusedError(HTTPException):
    """The request may not do this; `detail` says why, in English, for the log and for programs."""

    status_code = 403


def cookie_name(settings: Settings) -> str:
    """Name of the session's cookie; the prefix makes browsers take it only by https, from this host, for every path."""
    return "__Host-desk" if settings.secure else "desk"


async def known_host(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard of every route: the desk is asked by a name of its own.  Raises RefusedError."""
    desk: Desk = connection.app.state.desk
    if connection.headers.get("host", "") not in desk.settings.hosts:
        raise RefusedError("the header Host names another server; see SAQBOL_DESK_ORIGIN")


async def signed_in(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard of every route: sets `user` and `auth`.  Raises NotSignedInError where the route is not public."""
    desk: Desk = connection.app.state.desk
    session_id = connection.cookies.get(cookie_name(desk.settings), "")
    now = datetime.now(UTC)
    login = await desk.database.run(lambda t: sessions.find(t, session_id, now)) if session_id else None
    person = desk.staff.find(login.account) if login else None
    if login and person and sessions.is_of(login, person):
        connection.scope["user"] = person
        connection.scope["auth"] = SignedIn(session_id, login.csrf)
    elif not handler.opt.get("public"):
        raise NotSignedInError
    else:
        connection.scope["user"] = connection.scope["auth"] = None


async def from_our_pages(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard of every route: what changes something comes from our pages.  Raises RefusedError.

    Reading from another site is refused as well, so that nobody there can tell by its timing what the answer holds;
    following a link to a page is not reading.
    """
    site = connection.headers.get("sec-fetch-site")
    method = connection.method if isinstance(connection, Request) else "GET"
    if method in _SAFE:
        if site not in {None, "same-origin", "none"} and connection.headers.get("sec-fetch-mode") != "navigate":
            raise RefusedError("another site reads this")
        return
    desk: Desk = connection.app.state.desk
    origin = connection.headers.get("origin")
    if site not in {None, "same-origin"} or (origin is None and site is None):
        raise RefusedError("the request does not come from the desk's own pages")
    if origin is not None and origin not in desk.settings.origins:
        raise RefusedError("the request comes from another origin")
    if connection.scope.get("auth") is not None:
        token = connection.headers.get(CSRF_HEADER) or await _token_in_form(connection)
        if not secrets.compare_digest(token.encode(), connection.auth.csrf.encode()):
            raise RefusedError("the session's token is missing or wrong; load the page anew")


def requires(*roles: Role) -> Guard:
    """A guard that lets people with one of `roles` pass.  Raises RefusedError for others."""

    async def has_role(connection: Connection, _: BaseRouteHandler) -> None:
        if not set(roles) & set(connection.user.roles):
            raise RefusedError(f"this needs the role {' or '.join(roles)}")

    return has_role


async def _token_in_form(connection: Connection) -> str:
    if not isinstance(connection, Request):
        return ""
    if connection.content_type[0] not in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        return ""
    token = (await connection.form()).get(CSRF_FIELD)
    return token if isinstance(token, str) else ""
