"""What happened to an alert, step by step, in the reader's language.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from schemas.cases import Case, Step, StepKind
from schemas.local_time import ZONE


def sentence(step: Step, t: Mapping[str, str], name_of: Callable[[str | None], str]) -> str:
    """What a step was, without its time and its person; `t` are the texts of the page, `name_of` gives people names."""
    said = [t[f"step_{step.kind}"] + (f" ({step.target})" if step.target else "")]
    if step.why:
        said.append(t[f"why_{step.why}"].format(about=name_of(step.about), minutes=step.minutes))
    if step.until:
        said.append(t["until"].format(at=moment(step.until)))
    if step.via:
        said.append(t[f"via_{step.via}"])
    if step.real is not None:
        said.append(t["closed_real" if step.real else "closed_false"])
    if step.detail:
        said.append(step.detail)
    return ": ".join([said[0], ", ".join(said[1:])]) if said[1:] else said[0]


def silence_of(case: Case, now: datetime) -> Step | None:
    """The step that keeps an alert's series quiet at `now`, or None."""
    newest = next((one for one in reversed(case.steps) if one.kind in (StepKind.SILENCED, StepKind.RESUMED)), None)
    if newest is None or newest.kind is StepKind.RESUMED:
        return None
    return newest if newest.until and newest.until > now else None


def moment(at: datetime) -> str:
    """A time of Astana, as the pages show it."""
    return at.astimezone(ZONE).strftime("%d.%m.%Y %H:%M:%S")
