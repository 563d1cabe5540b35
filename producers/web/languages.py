"""Which language a browser asks for."""

from __future__ import annotations

from collections.abc import Iterable


def preferred(accept_language: str, languages: Iterable[str]) -> str:
    """The one of `languages` with the highest weight in an Accept-Language header (RFC 9110, 12.5.4), or the first."""
    known = list(languages)
    best, best_weight = known[0], 0.0
    for item in accept_language.split(","):
        tag, _, parameter = item.partition(";")
        code = tag.strip().lower().partition("-")[0]
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter.strip() else 1.0
        except ValueError:
            continue
        if code in known and best_weight < weight <= 1:
            best, best_weight = code, weight
    return best
