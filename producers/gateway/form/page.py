"""The pages of the form as HTML: the form itself with what was typed and what is wrong, and the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import jinja2
from markupsafe import Markup, escape
from msgspec import Struct

from producers.advice import Verdict, advise, report_number
from producers.gateway.form.reading import FIELDS, FormError
from producers.gateway.form.texts import LANGUAGES, texts
from producers.intake import Intake
from producers.lookup import KnownNumber
from producers.places import named_regions
from schemas.events import MAX_TEXT, AffectedGroup, EnrichedReport, Medium
from streams.wording import Locale

_templates: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
#: Where a link of the error summary leads: the first choice of a group, since a group itself takes no focus.
_ANCHORS: Final = {"medium": "medium-call", "lost": "lost-yes"}
_LOSSES: Final = ("yes", "no", "unknown")
#: Verdicts on a number that the answer tells; of an official one it says so by itself.
_ACCUSED: Final = (Verdict.CONFIRMED, Verdict.SUSPECTED, Verdict.REPORTED)


class Notice(Struct, frozen=True):
    """What stands above the form when a report was not taken, through no fault of what was typed."""

    heading: str
    text: str


def form_page(
    language: str,
    reference: str,
    values: Mapping[str, str] | None = None,
    *,
    errors: Sequence[FormError] = (),
    notice: Notice | None = None,
    challenge: dict[str, Any] | None = None,
) -> str:
    """The form: filled with `values`, with every wrong field marked, a notice, or a challenge for the page's script."""
    t = texts(language)
    return _templates.get_template("form.html").render(
        t=SimpleNamespace(**t),
        language=language,
        languages=LANGUAGES,
        reference=reference,
        values={name: (values or {}).get(name, "") for name in FIELDS},
        errors={error.field: t[error.text].format(**error.values) for error in reversed(errors)},
        notice=notice,
        challenge=challenge,
        anchors=_ANCHORS,
        max_text=MAX_TEXT,
        media=[(m.value, t[f"medium_{m.value}"]) for m in Medium],
        losses=[(value, t[f"lost_{value}"]) for value in _LOSSES],
        groups=[(group.value, t[f"who_{group.value}"]) for group in AffectedGroup],
        regions=named_regions(cast(Locale, language)),
    )


def answer_page(
    language: str, intake: Intake, understood: EnrichedReport | None, known: Sequence[KnownNumber] = ()
) -> str:
    """The answer to an accepted report: its number, what to do now, and what is known of the numbers in it.

    `understood` is None if the report could not be understood: then the advice is general.
    """
    report = intake.report
    advice = advise(
        understood or EnrichedReport(report=report),
        known,
        report.received_at,
        cast(Locale, language),
        masked=bool(intake.masked),
    )
    return _templates.get_template("answer.html").render(
        t=SimpleNamespace(**texts(language)),
        language=language,
        languages=LANGUAGES,
        errors={},
        notice=None,
        number=report_number(report.id),
        advice=advice,
        accused=[number for number in advice.numbers if number.verdict in _ACCUSED],
    )


def _with_calls(text: str) -> Markup:
    """A text in which the number of the police can be tapped."""
    return Markup(str(escape(text)).replace("102", '<a href="tel:102">102</a>'))  # noqa: S704 - escaped before


_templates.filters["calls"] = _with_calls
