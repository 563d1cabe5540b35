"""The pages of the form as HTML: the form itself with what was typed and what is wrong, and the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import jinja2
from msgspec import Struct

from producers.gateway.form.reading import FIELDS, FormError, can_be_stopped
from producers.gateway.form.texts import LANGUAGES, texts
from producers.intake import Intake
from schemas.events import (
    MAX_TEXT,
    AffectedGroup,
    EnrichedReport,
    Medium,
    Outcome,
    Tag,
)
from schemas.reference import Words, demands, official_numbers, regions, schemes

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
#: Tags below this confidence are not worth telling a person.
_CONFIDENT: Final = 0.5
_MAX_DEMANDS: Final = 2


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
        regions=sorted(((r.code, _in(r.name, language)) for r in regions().values()), key=lambda item: item[1]),
    )


def answer_page(language: str, intake: Intake, understood: EnrichedReport | None) -> str:
    """The answer to an accepted report: its number, and what to do now, as far as the report was understood."""
    report = intake.report
    return _templates.get_template("answer.html").render(
        t=SimpleNamespace(**texts(language)),
        language=language,
        languages=LANGUAGES,
        errors={},
        notice=None,
        number=report_number(report.id),
        victim=report.outcome is Outcome.VICTIM,
        urgent=can_be_stopped(report.outcome, report.happened_at, report.received_at),
        masked=bool(intake.masked),
        **(_understood(understood, language) if understood else {"scheme": None, "demands": [], "officials": []}),
    )


def report_number(report_id: str) -> str:
    """The beginning of a report's id in a form that can be read out, e.g. `83C9-B95B`."""
    return f"{report_id[:4]}-{report_id[4:8]}".upper()


def _understood(report: EnrichedReport, language: str) -> dict[str, Any]:
    """What the answer says about the scheme, about what the person may have done, and about genuine numbers."""
    found = _confident(report.schemes)
    scheme = schemes()[found[0].code] if found else None
    asked = [demands()[tag.code] for tag in _confident(report.demands)[:_MAX_DEMANDS]]
    genuine = {entry.value: entry for c in report.contacts if (entry := official_numbers().get(c.value))}
    note = texts(language)["official"]
    return {
        "scheme": {"name": _in(scheme.name, language), "advice": _in(scheme.advice, language)} if scheme else None,
        "demands": [{"name": _in(d.name, language), "advice": _in(d.advice, language)} for d in asked],
        "officials": [note.format(number=value, owner=_in(e.owner, language)) for value, e in genuine.items()],
    }


def _confident(tags: Sequence[Tag]) -> list[Tag]:
    """The tags worth telling a person, the most confident first."""
    return sorted((tag for tag in tags if tag.confidence >= _CONFIDENT), key=lambda tag: -tag.confidence)


def _in(words: Words, language: str) -> str:
    return str(getattr(words, language))
