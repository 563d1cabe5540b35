"""Advice for citizens and operators: what a report or a number means, and what to do now.

    advice = advise(enrich(report), known_numbers, now, "kk")

Pure functions and texts in Russian, Kazakh and English, shared by the bots, the desk and the web form.
"""

from producers.advice.advising import (
    Advice,
    DemandAdvice,
    Gravity,
    NumberAdvice,
    SchemeAdvice,
    Verdict,
    advise,
    advise_number,
    can_be_stopped,
    money_steps,
    suspects,
    told_words,
)
from producers.advice.wording import report_number, shown_contact, texts

__all__ = [
    "Advice",
    "DemandAdvice",
    "Gravity",
    "NumberAdvice",
    "SchemeAdvice",
    "Verdict",
    "advise",
    "advise_number",
    "can_be_stopped",
    "money_steps",
    "report_number",
    "shown_contact",
    "suspects",
    "texts",
    "told_words",
]
