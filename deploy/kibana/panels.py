"""Panels of a dashboard, each a JSON shape that Kibana accepts, and how they are laid out.

A `Panel` knows nothing of its place: a board is a stack of rows, so that panels can't overlap.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct

from deploy.kibana.columns import Column, kql

#: Columns of Kibana's grid.
GRID: Final = 48
_NAMESPACE: Final = uuid.UUID("0b1f7c52-51c4-5c5f-9a2e-6a1414021565")
DRILLDOWN: Final = "DASHBOARD_TO_DASHBOARD_DRILLDOWN"

Reference = dict[str, str]
Visualization = Callable[[str], dict[str, Any]]


class Panel(Struct, frozen=True, kw_only=True):
    """A panel: its JSON without a place, what it refers to, and the question that it answers (English, for the docs).

    `kind` is how it looks: metric, bars, lines, table, heat, donut, documents, text.
    """

    key: str
    title: str
    kind: str
    body: dict[str, Any]
    references: list[Reference]
    question: str = ""


class Row(Struct, frozen=True):
    """Panels side by side with their widths; the widths of a row fill the grid."""

    height: int
    panels: list[tuple[Panel, int]]


def identity(name: str) -> str:
    """A UUID that is always the same for a name, so that the bundle is."""
    return str(uuid.uuid5(_NAMESPACE, name))


def dumps(value: Any) -> str:
    """JSON as it stands within a saved object."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Target(Struct, frozen=True):
    """A dashboard that a click leads to: its id, what the menu says, and whether filters go along or only the click."""

    board: str
    said: str
    with_filters: bool


class Lens(Struct, frozen=True, kw_only=True):
    """What every Lens panel is made from; `view` is the id of its data view.

    `to` are the dashboards that a click can lead to.
    """

    key: str
    title: str
    view: str
    question: str
    where: str = ""
    to: tuple[Target, ...] = ()

    def panel(self, kind: str, type_: str, columns: dict[str, Column], visualization: Visualization) -> Panel:
        """The panel with its columns by id, in their order."""
        layer, panel = identity(f"{self.key}/layer"), identity(self.key)
        reference = {"type": "index-pattern", "id": self.view, "name": f"indexpattern-datasource-layer-{layer}"}
        events = [_drilldown(f"{self.key}/to/{target.board}", target) for target in self.to]
        references = [{**reference, "name": f"{panel}:{reference['name']}"}]
        references += [
            {
                "type": "dashboard",
                "id": target.board,
                "name": f"{panel}:drilldown:{DRILLDOWN}:{event['eventId']}:dashboardId",
            }
            for target, event in zip(self.to, events, strict=True)
        ]
        layers = {layer: {"columns": columns, "columnOrder": list(columns), "incompleteColumns": {}}}
        attributes = {
            "title": self.title,
            "type": "lens",
            "visualizationType": type_,
            "references": [reference],
            "state": {
                "visualization": visualization(layer),
                "query": kql(self.where),
                "filters": [],
                "datasourceStates": {"formBased": {"layers": layers}},
            },
        }
        enhancements = {"dynamicActions": {"events": events}} if events else {}
        body = {
            "type": "lens",
            "panelIndex": panel,
            "title": self.title,
            "embeddableConfig": {"attributes": attributes, "enhancements": enhancements},
        }
        return Panel(
            key=self.key, title=self.title, kind=kind, body=body, references=references, question=self.question
        )

    def metric(self, columns: dict[str, Column], *, color: str = "", second: str = "", prefix: str = "") -> Panel:
        """One large figure: the column `m`; `second` is the id of a smaller one beside it."""
        more: dict[str, Any] = {"color": color} if color else {}
        if second:
            more |= {"secondaryMetricAccessor": second, "secondaryPrefix": prefix}
        return self.panel(
            "metric",
            "lnsMetric",
            columns,
            lambda layer: {"layerId": layer, "layerType": "data", "metricAccessor": "m", **more},
        )

    def chart(
        self, series: str, columns: dict[str, Column], x: str, ys: str, *, split: str = "", legend: bool = False
    ) -> Panel:
        """Bars or lines: ids of the columns, each a letter; `series` as Kibana calls it, e.g. `bar_stacked`."""
        return self.panel(
            "lines" if series == "line" else series,
            "lnsXY",
            columns,
            lambda layer: {
                "legend": {"isVisible": legend, "position": "right", "shouldTruncate": False},
                "valueLabels": "hide",
                "preferredSeriesType": series,
                "axisTitlesVisibilitySettings": {"x": False, "yLeft": False, "yRight": False},
                "layers": [
                    {
                        "layerId": layer,
                        "layerType": "data",
                        "seriesType": series,
                        "xAccessor": x,
                        "accessors": list(ys),
                        **({"splitAccessor": split} if split else {}),
                    }
                ],
            },
        )

    def table(
        self, columns: dict[str, Column], shown: str, by: str, *, widths: dict[str, int] | None = None, page: int = 10
    ) -> Panel:
        """A table of the columns whose ids are the letters of `shown`, the largest `by` first, `page` rows at once."""
        widths = widths or {}
        listed = [
            {"columnId": one, "isTransposed": False, **({"width": widths[one]} if one in widths else {})}
            for one in shown
        ]
        return self.panel(
            "table",
            "lnsDatatable",
            columns,
            lambda layer: {
                "layerId": layer,
                "layerType": "data",
                "columns": listed,
                "sorting": {"columnId": by, "direction": "desc"},
                "paging": {"size": page, "enabled": True},
                "rowHeight": "single",
                "rowHeightLines": 1,
                "headerRowHeight": "auto",
            },
        )

    def heat(self, columns: dict[str, Column]) -> Panel:
        """A table coloured by value: columns `x`, `y` and `v`."""
        return self.panel(
            "heat",
            "lnsHeatmap",
            columns,
            lambda layer: {
                "shape": "heatmap",
                "layerId": layer,
                "layerType": "data",
                "xAccessor": "x",
                "yAccessor": "y",
                "valueAccessor": "v",
                "legend": {"isVisible": True, "position": "right", "type": "heatmap_legend"},
                "gridConfig": {
                    "type": "heatmap_grid",
                    "isCellLabelVisible": True,
                    "isYAxisLabelVisible": True,
                    "isXAxisLabelVisible": True,
                    "isYAxisTitleVisible": False,
                    "isXAxisTitleVisible": False,
                },
                "palette": _HEAT,
            },
        )

    def donut(self, columns: dict[str, Column]) -> Panel:
        """A ring of shares: columns `g` and `v`."""
        return self.panel(
            "donut",
            "lnsPie",
            columns,
            lambda layer: {
                "shape": "donut",
                "layers": [
                    {
                        "layerId": layer,
                        "layerType": "data",
                        "primaryGroups": ["g"],
                        "metrics": ["v"],
                        "numberDisplay": "percent",
                        "categoryDisplay": "default",
                        "legendDisplay": "default",
                        "nestedLegend": False,
                    }
                ],
            },
        )


def markdown(key: str, text: str) -> Panel:
    """A panel of text in Markdown."""
    panel = identity(key)
    saved = {
        "type": "markdown",
        "id": "",
        "title": "",
        "description": "",
        "uiState": {},
        "params": {"fontSize": 12, "openLinksInNewTab": False, "markdown": text},
        "data": {"aggs": [], "searchSource": {"query": kql(), "filter": []}},
    }
    body = {
        "type": "visualization",
        "panelIndex": panel,
        "embeddableConfig": {"hidePanelTitles": True, "enhancements": {}, "savedVis": saved},
    }
    return Panel(key=key, title="", kind="text", body=body, references=[])


def documents(key: str, title: str, search: str, question: str) -> Panel:
    """The documents of a saved search, by its id."""
    panel = identity(key)
    body = {
        "type": "search",
        "panelIndex": panel,
        "title": title,
        "panelRefName": f"panel_{panel}",
        "embeddableConfig": {"enhancements": {}},
    }
    references = [{"type": "search", "id": search, "name": f"{panel}:panel_{panel}"}]
    return Panel(key=key, title=title, kind="documents", body=body, references=references, question=question)


def placed(rows: Sequence[Row]) -> list[tuple[Panel, dict[str, int]]]:
    """Every panel with its place on the grid (x, y, w, h).  Raises ValueError for a row that does not fill it."""
    found: list[tuple[Panel, dict[str, int]]] = []
    y = 0
    for row in rows:
        if sum(width for _, width in row.panels) != GRID:
            raise ValueError(f"the row of {row.panels[0][0].key} does not fill the grid's {GRID} columns")
        x = 0
        for panel, width in row.panels:
            found.append((panel, {"x": x, "y": y, "w": width, "h": row.height}))
            x += width
        y += row.height
    return found


def _drilldown(name: str, target: Target) -> dict[str, Any]:
    # each dashboard has its own usual time, as it has when a link leads there
    config = {"useCurrentFilters": target.with_filters, "useCurrentDateRange": False, "openInNewTab": False}
    action = {"factoryId": DRILLDOWN, "name": target.said, "config": config}
    return {"eventId": identity(name), "triggers": ["FILTER_TRIGGER"], "action": action}


_HEAT_COLORS: Final = ("#e7f0f9", "#a8c8e6", "#5b94c9", "#1f5a92")
_HEAT: Final = {
    "type": "palette",
    "name": "custom",
    "params": {
        "name": "custom",
        "reverse": False,
        "rangeType": "percent",
        "rangeMin": 0,
        "rangeMax": None,
        "progression": "fixed",
        "steps": 4,
        "continuity": "above",
        "maxSteps": 5,
        "stops": [{"color": color, "stop": 25 * (place + 1)} for place, color in enumerate(_HEAT_COLORS)],
        "colorStops": [{"color": color, "stop": 25 * place} for place, color in enumerate(_HEAT_COLORS)],
    },
}
