"""The addresses of the printable warnings: `/ru/leaflets`, `/kk/leaflets/medical-appointment`."""

from __future__ import annotations

from typing import Any, Final

from litestar import MediaType, Request, Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from producers.gateway.form.texts import LANGUAGES
from producers.gateway.leaflets.page import leaflet_page, list_page
from schemas.reference import schemes

LeafletRequest = Request[Any, Any, Any]


@get("/{language:str}/leaflets", include_in_schema=False, sync_to_thread=False)
def show_list(language: FromPath[str]) -> Response[str]:
    """The warnings to choose from."""
    if language not in LANGUAGES:
        raise NotFoundException
    return Response(list_page(language), media_type=MediaType.HTML)


@get("/{language:str}/leaflets/{code:str}", include_in_schema=False, sync_to_thread=False)
def show_leaflet(request: LeafletRequest, language: FromPath[str], code: FromPath[str]) -> Response[str]:
    """One warning, to print.  Its code leads to the form at the public address, or to where it was asked for."""
    if language not in LANGUAGES or code not in schemes():
        raise NotFoundException
    address = request.app.state.public_url or str(request.base_url)
    form = f"{address.rstrip('/')}/{language}"
    return Response(leaflet_page(language, schemes()[code], form), media_type=MediaType.HTML)


router: Final = Router(path="/", route_handlers=[show_list, show_leaflet])
