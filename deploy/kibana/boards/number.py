"""A number: everything about one number, sender, link or account, official or not."""

from __future__ import annotations

from deploy.kibana.columns import PERCENT, count, earliest, formula, histogram, latest, terms, total, unique, value
from deploy.kibana.dashboards import Board, Kit
from deploy.kibana.panels import Panel, Row
from deploy.kibana.searches import REAL


def board(kit: Kit) -> Board:
    """The dashboard that every number of the others leads to."""
    return Board(
        name="number",
        view="reports",
        since="now-90d",
        controls=[kit.control("number", single=True), *kit.usual_controls()],
        rows=[
            Row(6, [(kit.introduction(), 48)]),
            Row(
                7,
                [
                    (_reports(kit), 8),
                    (_reporters(kit), 8),
                    (_victims(kit), 8),
                    (_loss(kit), 8),
                    (_seen(kit), 16),
                ],
            ),
            Row(10, [(kit.documents("known", "number", "What is said of the number, and why?"), 48)]),
            Row(13, [(_in_time(kit), 30), (_regions(kit), 18)]),
            Row(
                13,
                [
                    (_shares(kit, "outcomes", "outcome", "What became of those who were approached?"), 16),
                    (_shares(kit, "media", "medium", "How does the number reach people?"), 16),
                    (_shares(kit, "channels", "channel", "By which channels was the number reported?"), 16),
                ],
            ),
            Row(13, [(_demands(kit), 16), (_groups(kit), 16), (_together(kit), 16)]),
            Row(10, [(kit.documents("alerts", "number-alerts", "Which alerts named the number?"), 48)]),
            Row(18, [(kit.documents("told", "reports", "What do people tell of the number, in their words?"), 48)]),
        ],
    )


def _reports(kit: Kit) -> Panel:
    return kit.lens("reports", "reports", "How many reports name the number?", REAL).metric(
        {"m": count(kit.t("reports"))}
    )


def _reporters(kit: Kit) -> Panel:
    lens = kit.lens("reporters", "reports", "How many different people reported it?", REAL)
    return lens.metric({"m": unique(kit.t("reporters"), "counted_as")})


def _victims(kit: Kit) -> Panel:
    share = value(count(where="outcome: victim")) / value(count())
    columns = {
        "m": count(kit.t("victims"), "outcome: victim"),
        **formula("s", kit.t("share-of-victims"), share, PERCENT),
    }
    lens = kit.lens("victims", "reports", "How many of them are victims?", REAL)
    return lens.metric(columns, color="#E7664C", second="s", prefix=kit.t("share-of-victims"))


def _loss(kit: Kit) -> Panel:
    lens = kit.lens("loss", "reports", "How much did they lose?", REAL)
    return lens.metric({"m": total(kit.t("loss"), "loss_kzt")})


def _seen(kit: Kit) -> Panel:
    columns = {
        "m": latest(kit.t("last-seen"), "happened_at"),
        "f": earliest(kit.t("first-seen"), "happened_at"),
    }
    lens = kit.lens("seen", "reports", "When was the number last reported, and when first?", REAL)
    return lens.metric(columns, second="f", prefix=kit.t("first-seen"))


def _in_time(kit: Kit) -> Panel:
    columns = {
        "x": histogram(kit.t("time"), "happened_at"),
        "b": terms(kit.t("scheme"), kit.scheme, 6, "y"),
        "y": count(kit.t("reports")),
    }
    lens = kit.lens("in-time", "reports", "When was the number active, under which schemes?", REAL, to="schemes")
    return lens.chart("bar_stacked", columns, "x", "y", split="b", legend=True)


def _regions(kit: Kit) -> Panel:
    columns = {"x": terms(kit.t("region"), "region", 12, "y"), "y": count(kit.t("reports"))}
    lens = kit.lens("regions", "reports", "Which regions does the number reach?", REAL, to="regions")
    return lens.chart("bar_horizontal", columns, "x", "y")


def _shares(kit: Kit, key: str, field: str, question: str) -> Panel:
    columns = {"g": terms(kit.t(f"field.{field}"), field, 6, "v"), "v": count(kit.t("reports"))}
    return kit.lens(key, "reports", question, REAL).donut(columns)


def _demands(kit: Kit) -> Panel:
    columns = {"x": terms(kit.t("demand"), "demands", 8, "y"), "y": count(kit.t("reports"))}
    return kit.lens("demands", "reports", "What are people asked to do?", REAL).chart(
        "bar_horizontal", columns, "x", "y"
    )


def _groups(kit: Kit) -> Panel:
    columns = {"x": terms(kit.t("group"), "affected_group", 6, "y"), "y": count(kit.t("reports"))}
    return kit.lens("groups", "reports", "Whom does the number reach?", REAL).chart("bar_horizontal", columns, "x", "y")


def _together(kit: Kit) -> Panel:
    columns = {
        "n": terms(kit.t("number"), "number", 10, "c"),
        "c": count(kit.t("reports")),
        "u": unique(kit.t("reporters"), "counted_as"),
    }
    lens = kit.lens("together", "reports", "Which other numbers are named in the same reports?", REAL)
    return lens.table(columns, "ncu", "c", widths={"n": 170})
