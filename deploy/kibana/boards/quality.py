"""Quality of service: how fast reports can be found, what was rejected, what was masked, how alerts are answered."""

from __future__ import annotations

from deploy.kibana.columns import PERCENT, WHOLE, count, formula, histogram, percentile, terms, total, value
from deploy.kibana.dashboards import Board, Kit
from deploy.kibana.panels import Panel, Row
from deploy.kibana.searches import REAL, REAL_ALERTS

_INDEXED = f"{REAL} and searchable_seconds >= 0"


def board(kit: Kit) -> Board:
    """The dashboard of those who run the system; reports count here by the time when they were received."""
    return Board(
        name="quality",
        view="received",
        since="now-7d",
        controls=[kit.control("source")],
        rows=[
            Row(6, [(kit.introduction(), 48)]),
            Row(
                7,
                [
                    (_received(kit), 12),
                    (_speed(kit, "median", 50, "How long until half of the reports can be found?"), 12),
                    (_speed(kit, "slowest", 95, "How long does it take for the slowest twentieth?"), 12),
                    (_rejected(kit), 12),
                ],
            ),
            Row(13, [(_speed_in_time(kit), 24), (_sources(kit), 24)]),
            Row(13, [(_reasons(kit), 16), (_reasons_by_source(kit), 16), (_rejected_in_time(kit), 16)]),
            Row(13, [(_masked(kit), 16), (_masked_in_time(kit), 32)]),
            Row(
                12,
                [(kit.documents("rejected-records", "rejected", "Which records were rejected, and why exactly?"), 48)],
            ),
            Row(4, [(kit.heading("alerts"), 48)]),
            Row(
                7,
                [
                    (_alerts(kit), 12),
                    (_answered(kit, "answered", 50, "How fast is an alert acknowledged?"), 12),
                    (_answered(kit, "answered-late", 95, "How slow are the slowest answers?"), 12),
                    (_false_alarms(kit), 12),
                ],
            ),
            Row(13, [(_alerts_in_time(kit), 24), (_families(kit), 24)]),
            Row(13, [(kit.documents("alerts", "alerts", "Which alerts were there, and what became of them?"), 48)]),
        ],
    )


def _received(kit: Kit) -> Panel:
    lens = kit.lens("received", "received", "How many reports were received?", REAL)
    return lens.metric({"m": count(kit.t("reports"))})


def _speed(kit: Kit, key: str, percent: int, question: str) -> Panel:
    lens = kit.lens(key, "received", question, _INDEXED)
    return lens.metric({"m": percentile(kit.t("seconds"), "searchable_seconds", percent)})


def _rejected(kit: Kit) -> Panel:
    lens = kit.lens("rejected", "rejected", "How many records were rejected?")
    return lens.metric({"m": count(kit.t("records"))}, color="#F1D86F")


def _speed_in_time(kit: Kit) -> Panel:
    columns = {
        "x": histogram(kit.t("time"), "received_at"),
        "y": percentile(kit.t("half"), "searchable_seconds", 50),
        "z": percentile(kit.t("nearly-all"), "searchable_seconds", 95),
    }
    lens = kit.lens("speed-in-time", "received", "When was it slow?", _INDEXED)
    return lens.chart("line", columns, "x", "yz", legend=True)


def _sources(kit: Kit) -> Panel:
    columns = {
        "n": terms(kit.t("source"), "source", 20, "c"),
        "c": count(kit.t("reports")),
        "h": percentile(kit.t("half"), "searchable_seconds", 50),
        "l": percentile(kit.t("nearly-all"), "searchable_seconds", 95),
        "m": total(kit.t("secrets"), "masked_count"),
    }
    lens = kit.lens("sources", "received", "How fast, and how talkative, is each source?", REAL)
    return lens.table(columns, "nchlm", "c", widths={"n": 180})


def _reasons(kit: Kit) -> Panel:
    columns = {"x": terms(kit.t("reason"), "reason", 8, "y"), "y": count(kit.t("records"))}
    lens = kit.lens("reasons", "rejected", "Why are records rejected?")
    return lens.chart("bar_horizontal", columns, "x", "y")


def _reasons_by_source(kit: Kit) -> Panel:
    columns = {
        "x": terms(kit.t("reason"), "reason", 8, "v"),
        "y": terms(kit.t("source"), "source", 10, "v"),
        "v": count(kit.t("records")),
    }
    return kit.lens("reasons-by-source", "rejected", "Which source sends what can't be taken?").heat(columns)


def _rejected_in_time(kit: Kit) -> Panel:
    columns = {
        "x": histogram(kit.t("time"), "logged_at"),
        "b": terms(kit.t("reason"), "reason", 8, "y"),
        "y": count(kit.t("records")),
    }
    lens = kit.lens("rejected-in-time", "rejected", "When were records rejected?")
    return lens.chart("bar_stacked", columns, "x", "y", split="b", legend=True)


def _masked(kit: Kit) -> Panel:
    columns = {"x": terms(kit.t("secret"), "masked", 10, "y"), "y": count(kit.t("reports"))}
    lens = kit.lens("masked", "received", "Which secrets do people write into reports?", REAL)
    return lens.chart("bar_horizontal", columns, "x", "y")


def _masked_in_time(kit: Kit) -> Panel:
    columns = {
        "x": histogram(kit.t("time"), "received_at"),
        "b": terms(kit.t("secret"), "masked", 6, "y"),
        "y": count(kit.t("reports")),
    }
    lens = kit.lens("masked-in-time", "received", "Do reports with secrets become fewer?", REAL)
    return lens.chart("bar_stacked", columns, "x", "y", split="b", legend=True)


def _alerts(kit: Kit) -> Panel:
    question = "How many alerts were there, and how many has nobody answered?"
    lens = kit.lens("alerts-count", "alerts-detected", question, REAL_ALERTS)
    columns = {"m": count(kit.t("alerts")), "p": count(kit.t("unanswered"), "status: open")}
    return lens.metric(columns, second="p", prefix=kit.t("unanswered"))


def _answered(kit: Kit, key: str, percent: int, question: str) -> Panel:
    lens = kit.lens(key, "alerts-detected", question, f"{REAL_ALERTS} and acknowledged_after_seconds >= 0")
    return lens.metric({"m": percentile(kit.t("seconds"), "acknowledged_after_seconds", percent, WHOLE)})


def _false_alarms(kit: Kit) -> Panel:
    share = value(count(where="real: false")) / value(count(where="real: *"))
    columns = {**formula("m", kit.t("false-alarms"), share, PERCENT), "c": count(kit.t("judged"), "real: *")}
    lens = kit.lens("false-alarms", "alerts-detected", "What share of the alerts was false?", REAL_ALERTS)
    return lens.metric(columns, second="c", prefix=kit.t("judged"))


def _alerts_in_time(kit: Kit) -> Panel:
    columns = {
        "x": histogram(kit.t("time"), "detected_at", "1d"),
        "b": terms(kit.t("status"), "status", 3, "y"),
        "y": count(kit.t("alerts")),
    }
    lens = kit.lens("alerts-in-time", "alerts-detected", "How many alerts a day?", REAL_ALERTS)
    return lens.chart("bar_stacked", columns, "x", "y", split="b", legend=True)


def _families(kit: Kit) -> Panel:
    columns = {
        "n": terms(kit.t("family"), "family", 10, "c"),
        "c": count(kit.t("alerts")),
        "h": percentile(kit.t("answer-half"), "acknowledged_after_seconds", 50, WHOLE),
        "r": count(kit.t("real"), "real: true"),
        "f": count(kit.t("false-ones"), "real: false"),
    }
    lens = kit.lens("families", "alerts-detected", "Which kinds of alerts are worth it?", REAL_ALERTS)
    return lens.table(columns, "nchrf", "c", widths={"n": 220})
