"""The bundles: every saved object of a language, in an order in which all that is referred to comes first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from deploy.kibana.boards import now, number, quality, regions, schemes
from deploy.kibana.dashboards import BOARDS, TAG, TAG_REFERENCE, Board, Kit, dashboard
from deploy.kibana.panels import dumps
from deploy.kibana.searches import SEARCHES, saved_search
from deploy.kibana.views import VIEWS, data_view
from deploy.kibana.wording import LOCALES, Locale

FOLDER: Final = Path(__file__).parent

_BUILDERS: Final[dict[str, Callable[[Kit], Board]]] = {
    "now": now.board,
    "number": number.board,
    "schemes": schemes.board,
    "regions": regions.board,
    "quality": quality.board,
}


def boards(locale: Locale) -> list[Board]:
    """What each dashboard shows, in a language."""
    return [_BUILDERS[name](Kit(locale, name)) for name in BOARDS]


def objects(locale: Locale) -> list[dict[str, Any]]:
    """The saved objects of a language."""
    tag = {
        "type": "tag",
        "id": TAG,
        "coreMigrationVersion": "8.8.0",
        "typeMigrationVersion": "8.0.0",
        "attributes": {"name": "SaqBol", "description": "Антифрод · Алаяқтыққа қарсы", "color": "#D36086"},
        "references": [],
    }
    return [
        tag,
        *(data_view(name, locale) for name in VIEWS),
        *(saved_search(name, locale, TAG_REFERENCE) for name in SEARCHES),
        *(dashboard(board, locale) for board in boards(locale)),
    ]


def path(locale: Locale) -> Path:
    """The file of a language's bundle."""
    return FOLDER / f"saqbol-{locale}.ndjson"


def files() -> dict[Path, str]:
    """Every bundle: its file and its content, one saved object a line."""
    return {path(locale): "".join(f"{dumps(one)}\n" for one in objects(locale)) for locale in LOCALES}
