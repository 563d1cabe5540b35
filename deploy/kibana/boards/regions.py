"""Regions and prevention: what is reported in each district beside the warnings given there, against the plan."""

from __future__ import annotations

from deploy.kibana.columns import PERCENT, Column, Expression, count, formula, histogram, terms, total, unique, value
from deploy.kibana.dashboards import Board, Kit
from deploy.kibana.panels import Panel, Row
from deploy.kibana.searches import REAL
from schemas import reference

#: Only reports, only warnings given, of the data view that holds both.
_REPORT, _WARNING = "received_at: *", "activity: *"


def board(kit: Kit) -> Board:
    """The dashboard of those who plan prevention."""
    return Board(
        name="regions",
        view="districts",
        since="now-28d",
        controls=[kit.control(field) for field in ("region", "district", kit.scheme, "affected_group")],
        rows=[
            Row(6, [(kit.introduction(), 48)]),
            Row(
                7,
                [
                    (_reports(kit), 10),
                    (_victims(kit), 9),
                    (_warnings(kit), 10),
                    (_people(kit), 10),
                    (_coverage(kit), 9),
                ],
            ),
            Row(28, [(_districts(kit), 48)]),
            Row(28, [(_heat(kit), 24), (_regions(kit), 24)]),
            Row(13, [(_reports_in_time(kit), 24), (_warnings_in_time(kit), 24)]),
            Row(13, [(_activities(kit), 14), (_groups(kit), 17), (_topics(kit), 17)]),
            Row(14, [(kit.documents("warnings", "warnings-given", "Which warnings were given lately, where?"), 48)]),
        ],
    )


def _cover() -> Expression:
    """People warned against the plan, both only where there is one: warnings elsewhere fulfil nobody's."""
    planned = f"district: ({' or '.join(reference.prevention_targets()) or 'none'})"
    return value(total("", "people", planned)) / value(total("", "target_people", planned))


def _reports(kit: Kit) -> Panel:
    lens = kit.lens("reports", "districts", "How many reports came from the chosen places?", REAL)
    columns = {
        "m": count(kit.t("reports"), _REPORT),
        "p": count(kit.t("month-before"), _REPORT, shift="28d"),
    }
    return lens.metric(columns, second="p", prefix=kit.t("month-before"))


def _victims(kit: Kit) -> Panel:
    lens = kit.lens("victims", "districts", "How many victims are there?", REAL)
    return lens.metric({"m": count(kit.t("victims"), "outcome: victim")}, color="#E7664C")


def _warnings(kit: Kit) -> Panel:
    lens = kit.lens(
        "warnings-count", "prevention", "How many warnings were given, and how many reached somebody?", _WARNING
    )
    columns = {"m": count(kit.t("warnings")), "r": count(kit.t("reached"), "reached: true")}
    return lens.metric(columns, second="r", prefix=kit.t("reached"))


def _people(kit: Kit) -> Panel:
    lens = kit.lens("people", "prevention", "How many people heard a warning?")
    columns = {"m": total(kit.t("people"), "people"), "p": total(kit.t("target"), "target_people")}
    return lens.metric(columns, second="p", prefix=kit.t("target"))


def _coverage(kit: Kit) -> Panel:
    lens = kit.lens("coverage", "prevention", "How much of the plan is done?")
    return lens.metric(formula("m", kit.t("coverage"), _cover(), PERCENT), color="#54B399")


def _districts(kit: Kit) -> Panel:
    columns: dict[str, Column] = {
        "n": terms(kit.t("district"), "district", 60, "c"),
        "c": count(kit.t("reports"), _REPORT),
        "u": unique(kit.t("reporters"), "counted_as"),
        "v": count(kit.t("victims"), "outcome: victim"),
        "l": total(kit.t("loss"), "loss_kzt"),
        "w": count(kit.t("warnings"), _WARNING),
        "p": total(kit.t("people"), "people"),
        "g": total(kit.t("target"), "target_people"),
        **formula("k", kit.t("coverage"), _cover(), PERCENT),
    }
    question = "Which districts are hit, and are people warned there, against the plan?"
    return kit.lens("districts", "districts", question, REAL).table(
        columns, "ncuvlwpgk", "c", widths={"n": 240}, page=20
    )


def _heat(kit: Kit) -> Panel:
    columns = {
        "x": histogram(kit.t("week"), "happened_at", "1w"),
        "y": terms(kit.t("region"), "region", 20, "v"),
        "v": count(kit.t("reports")),
    }
    lens = kit.lens("heat", "districts", "Which regions are hit, week by week?", f"{REAL} and {_REPORT}")
    return lens.heat(columns)


def _regions(kit: Kit) -> Panel:
    columns = {
        "n": terms(kit.t("region"), "region", 20, "c"),
        "c": count(kit.t("reports"), _REPORT),
        "v": count(kit.t("victims"), "outcome: victim"),
        "p": total(kit.t("people"), "people"),
    }
    question = "How do regions compare: reports, victims, people warned?"
    return kit.lens("regions", "districts", question, REAL).table(columns, "ncvp", "c", widths={"n": 230}, page=20)


def _reports_in_time(kit: Kit) -> Panel:
    columns = {"x": histogram(kit.t("time"), "happened_at", "1d"), "y": count(kit.t("reports"), _REPORT)}
    lens = kit.lens("reports-in-time", "districts", "Do reports become fewer?", REAL)
    return lens.chart("bar_stacked", columns, "x", "y")


def _warnings_in_time(kit: Kit) -> Panel:
    columns = {
        "x": histogram(kit.t("time"), "happened_at", "1d"),
        "b": terms(kit.t("activity"), "activity", 5, "y"),
        "y": total(kit.t("people"), "people"),
    }
    lens = kit.lens("warnings-in-time", "prevention", "When were people warned?", _WARNING)
    return lens.chart("bar_stacked", columns, "x", "y", split="b", legend=True)


def _activities(kit: Kit) -> Panel:
    columns = {"g": terms(kit.t("activity"), "activity", 5, "v"), "v": total(kit.t("people"), "people")}
    return kit.lens("activities", "prevention", "How are people warned?", _WARNING).donut(columns)


def _groups(kit: Kit) -> Panel:
    columns = {
        "n": terms(kit.t("group"), "affected_group", 6, "c"),
        "c": count(kit.t("reports"), _REPORT),
        "v": count(kit.t("victims"), "outcome: victim"),
        "p": total(kit.t("people"), "people"),
    }
    question = "Are those warned who are approached?"
    return kit.lens("groups", "districts", question, REAL).table(columns, "ncvp", "c", widths={"n": 150})


def _topics(kit: Kit) -> Panel:
    columns = {
        "n": terms(kit.t("scheme"), kit.scheme, 20, "c"),
        "c": count(kit.t("reports"), _REPORT),
        "p": total(kit.t("people"), "people"),
    }
    question = "Are people warned of the stories that they are told?"
    return kit.lens("topics", "districts", question, REAL, to="schemes").table(columns, "ncp", "c", widths={"n": 220})
