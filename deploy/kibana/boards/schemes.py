"""Schemes: which story where, to whom, with what demands, what it costs; and stories that no scheme explains yet."""

from __future__ import annotations

from urllib.parse import quote

from deploy.kibana.columns import (
    PERCENT,
    Column,
    Expression,
    count,
    earliest,
    formula,
    histogram,
    latest,
    terms,
    total,
    unique,
    value,
)
from deploy.kibana.dashboards import Board, Kit
from deploy.kibana.panels import Panel, Row
from deploy.kibana.searches import REAL
from deploy.kibana.wording import labels


def board(kit: Kit) -> Board:
    """The dashboard that every scheme of the others leads to."""
    return Board(
        name="schemes",
        view="reports",
        since="now-28d",
        controls=kit.usual_controls(),
        rows=[
            Row(8, [(kit.introduction(_directory(kit)), 48)]),
            Row(
                7,
                [
                    (_reports(kit), 12),
                    (_reporters(kit), 12),
                    (_victims(kit), 12),
                    (_loss(kit), 12),
                ],
            ),
            Row(15, [(_in_time(kit), 48)]),
            Row(28, [(_table(kit), 48)]),
            Row(22, [(_heat(kit, "regions", "region", 14, "Which story is told where?", "regions"), 48)]),
            Row(18, [(_heat(kit, "demands", "demands", 8, "What does each story ask people to do?"), 48)]),
            Row(18, [(_heat(kit, "groups", "affected_group", 6, "Which story is told to whom?"), 48)]),
            Row(14, [(_media(kit), 24), (_losses(kit), 24)]),
            Row(4, [(kit.heading("patterns"), 48)]),
            Row(14, [(_patterns(kit), 18), (kit.documents("new", "new-stories", "How do the new stories go?"), 30)]),
            Row(14, [(kit.documents("unexplained", "unexplained", "Which reports does no scheme explain?"), 48)]),
        ],
    )


def _directory(kit: Kit) -> str:
    """A link to the page of each scheme."""
    names = sorted(said.of(kit.locale) for said in labels()["scheme"].values())
    links = (kit.link(name, "schemes", kit.scheme, quote(name, safe=""), "now-28d") for name in names)
    return f"{kit.t('all-schemes')} {' · '.join(links)}"


def _share() -> Expression:
    return value(count(where="outcome: victim")) / value(count())


def _reports(kit: Kit) -> Panel:
    lens = kit.lens("reports", "reports", "How many reports, and how many in as long a time before?", REAL)
    columns = {"m": count(kit.t("reports")), "p": count(kit.t("month-before"), shift="28d")}
    return lens.metric(columns, second="p", prefix=kit.t("month-before"))


def _reporters(kit: Kit) -> Panel:
    lens = kit.lens("reporters", "reports", "How many different people were told these stories?", REAL)
    return lens.metric({"m": unique(kit.t("reporters"), "counted_as")})


def _victims(kit: Kit) -> Panel:
    columns = {
        **formula("m", kit.t("share-of-victims"), _share(), PERCENT),
        "c": count(kit.t("victims"), "outcome: victim"),
    }
    lens = kit.lens("victims", "reports", "What share of them became victims?", REAL)
    return lens.metric(columns, color="#E7664C", second="c", prefix=kit.t("victims"))


def _loss(kit: Kit) -> Panel:
    lens = kit.lens("loss", "reports", "How much was lost, in tenge?", REAL)
    return lens.metric({"m": total(kit.t("loss"), "loss_kzt")})


def _in_time(kit: Kit) -> Panel:
    columns = {
        "x": histogram(kit.t("time"), "happened_at", "1d"),
        "b": terms(kit.t("scheme"), kit.scheme, 10, "y"),
        "y": count(kit.t("reports")),
    }
    lens = kit.lens("in-time", "reports", "Which stories rise and fall?", REAL)
    return lens.chart("bar_stacked", columns, "x", "y", split="b", legend=True)


def _table(kit: Kit) -> Panel:
    # without a time shift, which Lens refuses beside top values: the week before is what two weeks have beyond this one
    this, both = value(count(last="1w")), value(count(last="2w"))
    victims = value(count(where="outcome: victim"))
    columns: dict[str, Column] = {
        "n": terms(kit.t("scheme"), kit.scheme, 20, "c"),
        "c": count(kit.t("reports")),
        "u": unique(kit.t("reporters"), "counted_as"),
        **formula("s", kit.t("share-of-victims"), _share(), PERCENT),
        "v": count(kit.t("victims"), "outcome: victim"),
        "l": total(kit.t("loss"), "loss_kzt"),
        **formula("e", kit.t("loss-each"), value(total("", "loss_kzt", "outcome: victim")) / victims),
        "w": count(kit.t("this-week"), last="1w"),
        **formula("d", kit.t("week-change"), this - (both - this)),
    }
    question = "How does each story compare: reporters, share of victims, losses, this week against the last?"
    return kit.lens("table", "reports", question, REAL).table(columns, "ncusvlewd", "c", widths={"n": 260}, page=20)


def _heat(kit: Kit, key: str, field: str, size: int, question: str, to: str = "") -> Panel:
    columns = {
        "x": terms(kit.t(f"field.{field}"), field, size, "v"),
        "y": terms(kit.t("scheme"), kit.scheme, 20, "v"),
        "v": count(kit.t("reports")),
    }
    return kit.lens(key, "reports", question, REAL, to=to).heat(columns)


def _media(kit: Kit) -> Panel:
    columns = {
        "x": terms(kit.t("medium"), "medium", 6, "y"),
        "b": terms(kit.t("scheme"), kit.scheme, 8, "y"),
        "y": count(kit.t("reports")),
    }
    lens = kit.lens("media", "reports", "By which way does each story reach people?", REAL)
    return lens.chart("bar_stacked", columns, "x", "y", split="b", legend=True)


def _losses(kit: Kit) -> Panel:
    columns = {"x": terms(kit.t("scheme"), kit.scheme, 10, "y"), "y": total(kit.t("loss"), "loss_kzt")}
    lens = kit.lens("losses", "reports", "Which stories cost people most?", REAL)
    return lens.chart("bar_horizontal", columns, "x", "y")


def _patterns(kit: Kit) -> Panel:
    columns = {
        "n": terms(kit.t("pattern"), "pattern", 10, "u"),
        "u": unique(kit.t("reporters"), "counted_as"),
        "f": earliest(kit.t("first-seen"), "happened_at"),
        "t": latest(kit.t("last-seen"), "happened_at"),
    }
    lens = kit.lens("patterns", "reports", "Which new stories are told by several people?", REAL)
    return lens.table(columns, "nuft", "u", widths={"n": 140})
