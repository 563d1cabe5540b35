"""Now: the last 24 hours against the usual, what is going on, where, and whether the channels live."""

from __future__ import annotations

from typing import Final

from deploy.kibana.columns import (
    PERCENT,
    Column,
    Expression,
    count,
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
from deploy.kibana.searches import REAL, SEARCHES

#: The last 24 hours, those before, and the same of the weeks before.  As filters, not as time shifts: Lens shows an
#: error in place of a table whose top values have figures of several times.
_DAY: Final = "happened_at >= now-1d"
_DAY_BEFORE: Final = "happened_at >= now-2d and happened_at < now-1d"
#: The usual is the mean of the same 24 hours of the three weeks before: people report by weekday and hour.
_WEEKS: Final = 3
_DAYS_LIKE_IT: Final = " or ".join(
    f"(happened_at >= now-{7 * week + 1}d and happened_at < now-{7 * week}d)" for week in range(1, _WEEKS + 1)
)
#: Real reports of the time that the filters above need, whatever time is chosen on the dashboard.
_TWO_DAYS: Final = f"{REAL} and happened_at >= now-2d"
_FOUR_WEEKS: Final = f"{REAL} and happened_at >= now-28d"
_RED, _AMBER = "#E7664C", "#F1D86F"


def board(kit: Kit) -> Board:
    """The dashboard for the wall: everything refers to the last 24 hours."""
    t = kit.t
    waves = kit.lens("waves-count", "alerts", "How many waves are open or acknowledged?", SEARCHES["waves"].where)
    waves_count = waves.metric({"m": count(t("waves"))}, color=_AMBER)
    waves_listed = kit.documents("waves", "waves", "Which waves are open or acknowledged, and how large are they?")
    urgent_count = kit.lens("urgent-count", "alerts", "How many urgent cases wait?", SEARCHES["urgent"].where)
    return Board(
        name="now",
        view="reports",
        since="now-24h",
        controls=kit.usual_controls(),
        rows=[
            Row(6, [(kit.introduction(), 48)]),
            Row(
                7,
                [
                    (_reports(kit), 8),
                    (_against_usual(kit), 8),
                    (_reporters(kit), 8),
                    (_victims(kit), 8),
                    (waves_count, 8),
                    (urgent_count.metric({"m": count(t("cases"))}, color=_RED), 8),
                ],
            ),
            # over the whole width: what is to be read from afar has many columns
            Row(9, [(waves_listed, 48)]),
            Row(11, [(kit.documents("urgent", "urgent", "Which urgent cases wait, where, how much money?"), 48)]),
            Row(14, [(_hours(kit), 24), (_schemes_in_time(kit), 24)]),
            Row(18, [(_numbers(kit), 26), (_schemes(kit), 22)]),
            Row(18, [(_impersonated(kit), 20), (_regions(kit), 28)]),
            Row(18, [(_heat(kit), 48)]),
            Row(14, [(_channels(kit), 32), (_channel_shares(kit), 16)]),
        ],
    )


def _usual() -> Expression:
    return value(count(where=_DAYS_LIKE_IT)) / float(_WEEKS)


def _reports(kit: Kit) -> Panel:
    question = "How many reports came in the last 24 hours, and how many usually?"
    columns = {"m": count(kit.t("in-24-hours"), _DAY), **formula("u", kit.t("usually"), _usual())}
    lens = kit.lens("reports", "reports-always", question, _FOUR_WEEKS)
    return lens.metric(columns, second="u", prefix=kit.t("usually"))


def _against_usual(kit: Kit) -> Panel:
    lens = kit.lens("against-usual", "reports-always", "How much more or less is that than usual?", _FOUR_WEEKS)
    return lens.metric(formula("m", kit.t("to-usual"), value(count(where=_DAY)) / _usual() - 1.0, PERCENT))


def _reporters(kit: Kit) -> Panel:
    question = "How many different people reported, and how many the day before?"
    columns = {
        "m": unique(kit.t("reporters"), "counted_as", _DAY),
        "p": unique(kit.t("day-before"), "counted_as", _DAY_BEFORE),
    }
    lens = kit.lens("reporters", "reports-always", question, _TWO_DAYS)
    return lens.metric(columns, second="p", prefix=kit.t("day-before"))


def _victims(kit: Kit) -> Panel:
    lens = kit.lens("victims", "reports", "How many victims, and how much did they lose?", REAL)
    columns = {
        "m": count(kit.t("victims"), "outcome: victim"),
        "l": total(kit.t("loss"), "loss_kzt"),
    }
    return lens.metric(columns, color=_RED, second="l", prefix=kit.t("loss"))


def _hours(kit: Kit) -> Panel:
    lens = kit.lens("hours", "reports", "Is this hour like the same hour a week ago?", REAL)
    columns = {
        "x": histogram(kit.t("time"), "happened_at", "1h"),
        "y": count(kit.t("these-hours")),
        **formula("p", kit.t("week-ago"), value(count(shift="1w"))),
    }
    return lens.chart("line", columns, "x", "yp", legend=True)


def _schemes_in_time(kit: Kit) -> Panel:
    lens = kit.lens("schemes-in-time", "reports", "Which schemes rise in these hours?", REAL, to="schemes")
    columns = {
        "x": histogram(kit.t("time"), "happened_at", "1h"),
        "b": terms(kit.t("scheme"), kit.scheme, 6, "y"),
        "y": count(kit.t("reports")),
    }
    return lens.chart("bar_stacked", columns, "x", "y", split="b", legend=True)


def _with_change(kit: Kit) -> dict[str, Column]:
    """Distinct reporters of the last 24 hours, of those before, the difference, and victims of the last."""
    now, before = (unique("", "counted_as", where) for where in (_DAY, _DAY_BEFORE))
    return {
        "u": unique(kit.t("reporters"), "counted_as", _DAY),
        "p": unique(kit.t("day-before"), "counted_as", _DAY_BEFORE),
        **formula("d", kit.t("change"), value(now) - value(before)),
        "v": count(kit.t("victims"), f"outcome: victim and {_DAY}"),
    }


def _numbers(kit: Kit) -> Panel:
    question = "Which numbers do most people report, and is it more than the day before?"
    columns = {
        "n": terms(kit.t("number"), "numbers", 10, "u"),
        **_with_change(kit),
        "t": latest(kit.t("last-seen"), "happened_at"),
    }
    lens = kit.lens("numbers", "reports-always", question, _TWO_DAYS, to="number")
    return lens.table(columns, "nupdvt", "u", widths={"n": 170})


def _impersonated(kit: Kit) -> Panel:
    question = "Which official numbers are impersonated?"
    columns = {"n": terms(kit.t("official-number"), "impersonated", 10, "u"), **_with_change(kit)}
    lens = kit.lens("impersonated", "reports-always", question, _TWO_DAYS)
    return lens.table(columns, "nupdv", "u", widths={"n": 140})


def _schemes(kit: Kit) -> Panel:
    question = "Which schemes do most people report, and is it more than the day before?"
    columns = {"n": terms(kit.t("scheme"), kit.scheme, 10, "u"), **_with_change(kit)}
    lens = kit.lens("schemes", "reports-always", question, _TWO_DAYS, to="schemes")
    return lens.table(columns, "nupdv", "u", widths={"n": 230})


def _regions(kit: Kit) -> Panel:
    columns = {
        "x": terms(kit.t("region"), "region", 20, "y"),
        "y": unique(kit.t("reporters"), "counted_as"),
    }
    lens = kit.lens("regions", "reports", "Where do most reports come from?", REAL, to="regions")
    return lens.chart("bar_horizontal", columns, "x", "y")


def _heat(kit: Kit) -> Panel:
    columns = {
        "x": terms(kit.t("region"), "region", 14, "v"),
        "y": terms(kit.t("scheme"), kit.scheme, 12, "v"),
        "v": count(kit.t("reports")),
    }
    return kit.lens("heat", "reports", "Which scheme is told in which region?", REAL).heat(columns)


def _channels(kit: Kit) -> Panel:
    question = "Does every channel still speak, when did it last, and as much as usual?"
    columns = {
        "n": terms(kit.t("source"), "source", 20, "c"),
        "c": count(kit.t("in-24-hours"), _DAY),
        **formula("u", kit.t("usually"), _usual()),
        "t": latest(kit.t("last-report"), "happened_at"),
        "m": count(kit.t("with-secrets"), f"masked_count >= 1 and {_DAY}"),
    }
    lens = kit.lens("channels", "reports-always", question, _FOUR_WEEKS)
    return lens.table(columns, "ncutm", "c", widths={"n": 180})


def _channel_shares(kit: Kit) -> Panel:
    columns = {"g": terms(kit.t("channel"), "channel", 6, "v"), "v": count(kit.t("reports"))}
    return kit.lens("channel-shares", "reports", "By which channels do people report?", REAL).donut(columns)
