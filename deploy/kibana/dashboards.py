"""A dashboard as a saved object: its panels in their places, its controls, its time."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from deploy.kibana import views
from deploy.kibana.columns import kql
from deploy.kibana.panels import Lens, Panel, Reference, Row, Target, documents, dumps, identity, markdown, placed
from deploy.kibana.searches import search_id
from deploy.kibana.wording import Locale, texts

#: The dashboards in the order in which they are listed.
BOARDS: Final = ("now", "number", "schemes", "regions", "quality")
#: The dashboard that shows warnings beside reports.  A number or channel chosen elsewhere would leave half of it empty,
#: because warnings have none: a click takes along only what was clicked.
_BESIDE_REPORTS: Final = "regions"
#: The one tag of everything in the bundles.
TAG: Final = "saqbol-tag"
TAG_REFERENCE: Final = {"type": "tag", "id": TAG, "name": f"tag-ref-{TAG}"}


class Control(Struct, frozen=True):
    """A list to choose values of a field from; with `single` only one at a time."""

    field: str
    title: str
    single: bool = False


class Board(Struct, frozen=True, kw_only=True):
    """What a dashboard shows.  `view` is the data view of its controls; it refreshes itself every `refresh` seconds."""

    name: str
    view: str
    since: str
    controls: list[Control]
    rows: list[Row]
    refresh: int = 60


class Kit(Struct, frozen=True):
    """What a board is built with, in one language."""

    locale: Locale
    board: str

    def t(self, key: str) -> str:
        """A text of texts.yaml."""
        return texts()[key].of(self.locale)

    @property
    def scheme(self) -> str:
        """The field with the names of schemes."""
        return views.scheme_field(self.locale)

    def lens(self, key: str, view: str, question: str, where: str = "", to: str = "") -> Lens:
        """A Lens panel, titled by the text `panel.BOARD.KEY`; `to` names the dashboards that a click can lead to."""
        targets = tuple(
            Target(views.board_id(name, self.locale), self.t(f"to.{name}"), with_filters=name != _BESIDE_REPORTS)
            for name in to.split()
        )
        return Lens(
            key=f"{self.board}/{key}/{self.locale}",
            title=self.t(f"panel.{self.board}.{key}"),
            view=views.view_id(view, self.locale),
            question=question,
            where=where,
            to=targets,
        )

    def documents(self, key: str, search: str, question: str) -> Panel:
        """A panel with the documents of a saved search."""
        title = self.t(f"panel.{self.board}.{key}")
        return documents(f"{self.board}/{key}/{self.locale}", title, search_id(search, self.locale), question)

    def heading(self, key: str) -> Panel:
        """A panel with the text `text.BOARD.KEY`."""
        return markdown(f"{self.board}/heading-{key}/{self.locale}", self.t(f"text.{self.board}.{key}"))

    def introduction(self, more: str = "") -> Panel:
        """The panel at the top: what the dashboard is for, and the way to the others."""
        links = [
            f"**{self.t(f'board.{name}')}**"
            if name == self.board
            else f"[{self.t(f'board.{name}')}](#/view/{views.board_id(name, self.locale)})"
            for name in BOARDS
        ]
        text = f"{' · '.join(links)}\n\n{self.t(f'about.{self.board}')}"
        return markdown(f"{self.board}/introduction/{self.locale}", f"{text}\n\n{more}" if more else text)

    def link(self, said: str, board: str, field: str, value: str, since: str) -> str:
        """A Markdown link to a dashboard that shows one value (in a URL's encoding) of a field."""
        return f"[{said}]({views.link(board, self.locale, field, value, since)})"

    def control(self, field: str, *, single: bool = False) -> Control:
        """A control, titled by the text `field.FIELD`."""
        return Control(field, self.t(f"field.{field}"), single)

    def usual_controls(self) -> list[Control]:
        """Region, channel, scheme, medium and outcome."""
        return [self.control(field) for field in ("region", "channel", self.scheme, "medium", "outcome")]


def dashboard(board: Board, locale: Locale) -> dict[str, Any]:
    """The saved object of a board in a language."""
    panels = placed(board.rows)
    references: list[Reference] = [reference for panel, _ in panels for reference in panel.references]
    group: dict[str, Any] = {}
    identifier = views.board_id(board.name, locale)
    for order, control in enumerate(board.controls):
        key = identity(f"{identifier}/control/{control.field}")
        chosen: dict[str, Any] = {"singleSelect": True} if control.single else {}
        group[key] = {
            "type": "optionsListControl",
            "order": order,
            "grow": True,
            "width": "medium" if len(board.controls) < 6 else "small",
            "explicitInput": {
                "id": key,
                "fieldName": control.field,
                "title": control.title,
                "enhancements": {},
                "searchTechnique": "prefix",
                "selectedOptions": [],
                "sort": {"by": "_count", "direction": "desc"},
                **chosen,
            },
        }
        target = views.view_id(board.view, locale)
        references.append({"type": "index-pattern", "id": target, "name": f"controlGroup_{key}:optionsListDataView"})
    heeded = {"ignoreFilters": False, "ignoreQuery": False, "ignoreTimerange": False, "ignoreValidations": False}
    options = {
        "useMargins": True,
        "syncColors": False,
        "syncCursor": True,
        "syncTooltips": False,
        "hidePanelTitles": False,
    }
    return {
        "type": "dashboard",
        "id": identifier,
        "coreMigrationVersion": "8.8.0",
        "typeMigrationVersion": "8.9.0",
        "attributes": {
            "title": texts()[f"title.{board.name}"].of(locale),
            "description": texts()[f"about.{board.name}"].of(locale),
            "version": 1,
            "timeRestore": True,
            "timeFrom": board.since,
            "timeTo": "now",
            "refreshInterval": {"pause": False, "value": board.refresh * 1000},
            "optionsJSON": dumps(options),
            "panelsJSON": dumps(
                [{**panel.body, "gridData": {**place, "i": panel.body["panelIndex"]}} for panel, place in panels]
            ),
            "controlGroupInput": {
                "chainingSystem": "HIERARCHICAL",
                "controlStyle": "oneLine",
                "ignoreParentSettingsJSON": dumps(heeded),
                "panelsJSON": dumps(group),
            },
            "kibanaSavedObjectMeta": {"searchSourceJSON": dumps({"query": kql(), "filter": []})},
        },
        "references": [*references, TAG_REFERENCE],
    }
