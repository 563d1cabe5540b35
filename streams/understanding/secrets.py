"""Secrets of a text, masked with their kind kept: `[one-time-code]`.

Masked are one-time codes, cards, IIN, bank accounts, passwords, PIN and CVV, and the reporter's own phones and e-mail
addresses. Suspects' numbers, short codes, links and sums of money stay.  Kinds: `one-time-code`, `card`, `iin`, `iban`,
`password`, `pin`, `cvv`, `phone`, `email`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from schemas.events import ContactKind
from streams.understanding import clues, codes, cues, identifiers, numbers, passwords, phones
from streams.understanding.cues import after, before
from streams.understanding.folding import fold
from streams.understanding.identifiers import Secret
from streams.understanding.text import fold_with_offsets

_CUES: Final = cues.load("secrets")
#: One of these is part of whatever calls somebody the reporter, or begins a form.
_REPORTER_STEMS: Final = (
    *("заяв", "потерп", "пострад", "жалоб", "жалу", "обрати", "обраща", "клиент", "жертв"),
    *("арыз", "жабирлен", "отиниш", "хабарлаушы", "курбан", "иин", "жсн", "фио", "ф.и.о", "аты-ж"),
)
_speaks_of_reporters: Final = clues.has_any(_REPORTER_STEMS)
#: Nothing between a reporter and their number: "заявитель: 8 701 …".
_NAMELESS: Final = re.compile(r"[\W_]{1,4}(?:(?:номер|номир)\w{0,3}\W{1,3})?")
#: Without any of these there is nothing to mask: a digit, an address, a password, numbers told in words.
_promising: Final = clues.test(re.compile(r"[\d@]").search)
#: Digits alone, fewer than an IIN has: nobody's secret unless they are the reporter's own number.
_A_NUMBER: Final = re.compile(r"[ +()-]*(?:[0-9][ +()-]{0,3}){3,11}")
_wordy: Final = clues.has_any(("парол", "купия", "pass", "пасс", "код", "смс", "цифр", "санд", "пин", "сем", "жети"))
#: The reporter's own contacts that are masked, by what they are; a number that is not told in full as well.
_MASKABLE: Final = {ContactKind.E164: "phone", ContactKind.INVALID: "phone", ContactKind.EMAIL: "email"}
#: Masking changes what stands near what; again, until nothing more is found.
_MAX_PASSES: Final = 8
#: A local number without its area code has at least so many digits.
_MIN_LOCAL: Final = 5
#: A national number of Kazakhstan has ten.
_NATIONAL: Final = 10


class Masked(Struct, frozen=True):
    """A text without secrets, and how many of each kind were masked."""

    text: str
    kinds: dict[str, int]


def mask(text: str, own_numbers: Sequence[str] = ()) -> Masked:
    """`text` with each secret replaced by `[kind]`.  Masking a masked text changes nothing.

    `own_numbers`: the reporter's own phones and e-mail addresses as the channel knows them; phones are found however
    they are written, also without country and area code.
    """
    kinds: dict[str, int] = {}
    for _ in range(_MAX_PASSES):
        secrets = _find(text, own_numbers)
        if not secrets:
            break
        parts, last = [], 0
        for secret in secrets:
            parts += [text[last : secret.start], f"[{secret.kind}]"]
            kinds[secret.kind] = kinds.get(secret.kind, 0) + 1
            last = secret.end
        text = "".join(parts) + text[last:]
    return Masked(text, kinds)


def _find(text: str, own_numbers: Sequence[str]) -> list[Secret]:
    """The secrets of one pass, in order and without overlap; read as written, and with disguises undone."""
    found = _scan(fold(text), own_numbers)
    plain, offsets = fold_with_offsets(text)
    if plain != text.lower().replace("ё", "е"):
        found += [Secret(offsets[s.start], offsets[s.end - 1] + 1, s.kind) for s in _scan(fold(plain), own_numbers)]
    found.sort(key=lambda s: (s.start, -s.end))
    secrets: list[Secret] = []
    for secret in found:
        if not secrets or secret.start >= secrets[-1].end:
            secrets.append(secret)
    return secrets


def _scan(folded: str, own_numbers: Sequence[str]) -> list[Secret]:
    """Every secret of a folded text."""
    if not own_numbers and _A_NUMBER.fullmatch(folded):
        return []
    if not _promising(folded) and not _wordy(folded):
        return []
    found = list(identifiers.scan(folded))
    own, others = _contacts(folded, own_numbers)
    found += own
    taken = [(s.start, s.end) for s in found] + others
    return [*found, *passwords.scan(folded, taken), *codes.scan(folded, taken)]


def _is_same(value: str, digits: str) -> bool:
    """Whether E.164 `value` is the number that ends in `digits`; only a landline may be known without its area code."""
    return value.endswith(digits) and (len(digits) == _NATIONAL or phones.region(value) is not None)


def _is_reporters(folded: str, start: int) -> bool:
    """Whether a note taken by somebody else calls it the number of who reports."""
    reach = max(0, start - cues.REACH)
    reporters = list(_CUES["reporter"].finditer(folded, reach, start))
    if reporters:
        between = folded[reporters[-1].end() : start]
        if _NAMELESS.fullmatch(between):
            return True
    elif not _CUES["form_field"].search(folded, reach, start):
        return False
    else:
        between = folded[reach:start]
    if _CUES["suspect_word"].search(between):
        return False
    return _CUES["number_label_before"].match(before(folded, start)) is not None and not _CUES["not_reporter"].search(
        between
    )


def _contacts(folded: str, own_numbers: Sequence[str]) -> tuple[list[Secret], list[tuple[int, int]]]:
    """The reporter's own numbers and addresses, and the spans of everybody else's."""
    known = [
        digits for number in own_numbers if "@" not in number and (digits := re.sub(r"\D", "", number)[-_NATIONAL:])
    ]
    addresses = {number.strip().lower() for number in own_numbers if "@" in number}
    noted = _speaks_of_reporters(folded)
    own: list[Secret] = []
    others: list[tuple[int, int]] = []
    for span in numbers.find_spans(folded, None):
        kind = _MASKABLE.get(span.kind)
        mine = span.value in addresses or any(_is_same(span.value, digits) for digits in known)
        if kind and (mine or numbers.is_own(span, folded) or (noted and _is_reporters(folded, span.start))):
            own.append(Secret(span.start, span.end, kind))
        elif span.kind is not ContactKind.INVALID or not _CUES["read_out_after"].match(after(folded, span.end)):
            others.append((span.start, span.end))
    for run in phones.RUN.finditer(folded) if known else ():
        written = re.sub(r"\D", "", run.group())
        if len(written) >= _MIN_LOCAL and any(digits.endswith(written) for digits in known):
            own.append(Secret(run.start(), run.end(), "phone"))
    return own, others
