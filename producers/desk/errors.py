"""What somebody reads when a request is refused or fails: a page for a person, JSON for a page's script."""

from __future__ import annotations

import html
from typing import Any, Final
from urllib.parse import quote

from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from producers.desk.access import NotSignedInError
from producers.desk.page import render
from producers.gateway.problems import on_exception

AnyRequest = Request[Any, Any, Any]
_NO_STORE: Final = {"Cache-Control": "no-store"}
#: Statuses that have words of their own; others read like 500.
_KNOWN: Final = frozenset({400, 403, 404, 405, 413, 415})


def on_http_exception(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Exception handler of what is refused."""
    if error.status_code >= 500:
        return on_failure(request, error)
    if _from_script(request):
        # Only our own words: those of the framework may repeat what was sent.
        detail = error.detail if type(error).__module__.startswith("producers.") else ""
        return Response(
            {"status": error.status_code, "detail": detail}, status_code=error.status_code, headers=_NO_STORE
        )
    return _page(request, error.status_code)


def on_not_signed_in(request: AnyRequest, error: NotSignedInError) -> Response[Any]:
    """Exception handler: a page leads to the log-in, a script is told."""
    if _from_script(request):
        return on_http_exception(request, error)
    here = request.url.path if request.method == "GET" else "/"
    if request.method == "GET" and request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
        # After a link in a message to the person on call the browser keeps the strict cookie back: once more.
        again = f'<!doctype html><meta http-equiv="refresh" content="0;url={html.escape(here)}"><title>SaqBol</title>'
        return Response(again, media_type=MediaType.HTML, headers=_NO_STORE)
    return Redirect(f"/login?next={quote(here)}", status_code=303, headers=_NO_STORE)


def on_failure(request: AnyRequest, error: Exception) -> Response[Any]:
    """Exception handler of everything else: logged without what was sent."""
    told = on_exception(request, error)
    return told if _from_script(request) else _page(request, 500)


def _page(request: AnyRequest, status: int) -> Response[Any]:
    return render(request, "refused", status=status, kind=status if status in _KNOWN else 500)


def _from_script(request: AnyRequest) -> bool:
    """Whether a script of a page asks, and not somebody who follows a link or sends a form."""
    return "application/json" in request.headers.get("accept", "")


EXCEPTION_HANDLERS: Final[Any] = {
    NotSignedInError: on_not_signed_in,
    HTTPException: on_http_exception,
    Exception: on_failure,
}
