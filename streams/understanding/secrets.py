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

from schemas import reference
from schemas.events import ContactKind
from streams.understanding import clues, codes, cues, identifiers, numbers, ownership, passwords, phones
from streams.understanding.cues import after, before
from streams.understanding.digits import is_in_message
from streams.understanding.folding import NOTHING, fold
from streams.understanding.identifiers import Secret
from streams.understanding.online import Span
from streams.understanding.text import fold_with_offsets

_CUES: Final = cues.load("secrets")
#: One of these is part of whatever calls somebody the reporter, or begins a form.
_REPORTER_STEMS: Final = (
    *("заяв", "потерп", "пострад", "жалоб", "жалу", "обрати", "обраща", "клиент", "жертв"),
    *("арыз", "жабирлен", "отиниш", "хабарлаушы", "курбан", "иин", "жсн", "фио", "ф.и.о", "аты-ж", "имя:", "отправит"),
    *("прож", "г.р", "ж.т", "турат", "мекенж", "гражд", "гр.", "гр-", "пенсионер", "автор"),
)
#: Who signs with a number: "С уважением, Марина Петрова, 8 702 …" (written backwards, as cues are).
_SIGNED: Final = re.compile(r"[\W_]{0,4}[^\d\n\uffff]{0,45}(?:меинежаву с|неплеткемрук|еыннад иом|ыткатнок иом)(?!\w)")
#: The field of a form, and where private people have their address.
_MAIL_FIELD: Final = re.compile(
    r"(?:\A|[\n;,|.] ?| и | жане )(?:e-?mail|эл[. ]{0,2}почта|почта|пошта|имейл|мейл)[ :=-]{1,3}\Z"
)
_PRIVATE_MAIL: Final = (
    *("@mail.ru", "@gmail.com", "@inbox.ru", "@bk.ru", "@list.ru", "@yandex.ru", "@yandex.kz", "@yandex.com", "@ya.ru"),
    *("@rambler.ru", "@icloud.com", "@outlook.com", "@hotmail.com", "@yahoo.com", "@mail.kz", "@internet.ru"),
)
_ALSO: Final = re.compile(
    r"[ ,;/]{1,3}(?:(?:и|или|либо|мен|немесе) )?(?:(?:e-?mail|эл[.] ?почта|почта|пошта|мейл)[ :-]{1,3})?"
)
#: Fraudsters sign their messages as these do.
_OFFICE: Final = re.compile(
    r"банк|bank|kaspi|каспи|halyk|халык|служб|администр|команда|поддержк|компани|отдел|департ|тоо|egov|егов|полици|сотрудн"
)
#: The first field of a form that gives a telephone, and one after it of somebody else or of what happened.
_PHONE_FIELD: Final = re.compile(
    r"(?:\A|[\n;|\]] ?)(?:ваш )?(?:тел|телефон|phone|моб|сот|номер телефона)[ .]{0,2}[:=] ?\Z"
)
_OTHER_FIELD: Final = re.compile(
    r"[\n;|] ?[^\n;:=]{0,20}(?:мошен|scam|suspect|подозр|наруш|звон|суть|описан|жалоб|ущерб|кто |text|что )"
    r"[^\n;:=]{0,20}[:=]"
)
#: How far on such a field is looked for, in characters.
_FORM: Final = 120
#: Between two numbers of one person: "…, сот. …".
_ANOTHER_OF_MINE: Final = re.compile(
    r"[ ,;/(]{1,3}(?:(?:и|или|либо|немесе) )?(?:(?:по|на) )?"
    r"(?:тел|телефон|сот|моб|дом|раб|ватсап|whatsapp|домашний|рабочий|сотка)[ :.]{1,3}"
)
#: Fields that who reports fills in.
_SELF_TOLD: Final = re.compile(r"[\W_]*(?:имя:|отправитель)")
#: Right after another particular that is masked: "ИИН [iin], +7 …".
_AFTER_SECRET: Final = re.compile(rf"[ ,;]{{1,3}}{NOTHING}")
#: Nothing between a reporter and their number: "заявитель: 8 701 …".
_NAMELESS: Final = re.compile(r"[\W_]{1,4}(?:(?:номер|номир)\w{0,3}\W{1,3})?")
_speaks_of_reporters: Final = clues.has_any(_REPORTER_STEMS)
#: Digits alone, fewer than an IIN has: nobody's secret unless they are the reporter's own number.
_A_NUMBER: Final = re.compile(r"[ +()-]*(?:[0-9][ +()-]{0,3}){3,11}")
#: Without any of these there is nothing to mask: a digit, an address, a password, numbers told in words.
_promising: Final = clues.test(re.compile(r"[\d@]").search)
_wordy: Final = clues.has_any(
    (
        *("парол", "купия", "pass", "пасс", "код", "смс", "цифр", "санд", "пин", "сем", "жети", "секретн", "прочит"),
        *("ноль", "нуль", "контрольн", "дедим", "айтт", "айтып", "сказал", "назвал", "дикт", "надцат", "дцать"),
        *("сорок", "десят", "вяност", "жиырма", "отыз", "кырык", "елу", "алпыс", "сексен", "токсан"),
    )
)
#: The reporter's own contacts that are masked, by what they are; a number that is not told in full as well.
_MASKABLE: Final = {ContactKind.E164: "phone", ContactKind.INVALID: "phone", ContactKind.EMAIL: "email"}
#: What may be a code instead.
_DOUBTFUL: Final = {ContactKind.INVALID, ContactKind.SHORT_CODE}
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
        named = reach = reporters[-1].end()
        if _NAMELESS.fullmatch(folded, named, start):
            return True
    elif fields := list(_CUES["form_field"].finditer(folded, reach, start)):
        named = fields[-1].end() if _SELF_TOLD.fullmatch(fields[-1].group()) else reach
    else:
        return False
    if _CUES["suspect_word"].search(folded, reach, start):
        return False
    if reporters and _CUES["call_back_before"].match(before(folded, start)):
        return True
    if _AFTER_SECRET.match(before(folded, start)):
        return True
    return _CUES["number_label_before"].match(before(folded, start)) is not None and not _CUES["not_reporter"].search(
        folded, named, start
    )


def _is_read_out(folded: str, span: Span) -> bool:
    """Whether what looks like a local number or a short code came in a message, or was read out of one."""
    preceding = before(folded, span.start)
    if span.kind is ContactKind.SHORT_CODE:
        return folded[span.start : span.end] not in reference.official_numbers() and is_in_message(folded, span.start)
    return bool(
        is_in_message(folded, span.start)
        or _CUES["message_before"].match(preceding)
        or _CUES["read_out_after"].match(after(folded, span.end))
    )


def _is_more(folded: str, end: int, span: Span) -> bool:
    """Whether it goes on with what the reporter gave up to `end`: another number, or an address."""
    if span.kind is ContactKind.EMAIL and _ALSO.fullmatch(folded, end, span.start):
        return folded.endswith(_PRIVATE_MAIL, 0, span.end)
    return _ANOTHER_OF_MINE.fullmatch(folded, end, span.start) is not None


def _is_signature(folded: str, span: Span) -> bool:
    """Whether somebody signs with it, or gives it in the field of a form."""
    signed = _SIGNED.match(before(folded, span.start))
    if signed and not _OFFICE.search(signed.group()[::-1]):
        return True
    if span.kind is not ContactKind.EMAIL:
        field = _PHONE_FIELD.search(folded, max(0, span.start - 20), span.start)
        return field is not None and _OTHER_FIELD.search(folded, span.end, span.end + _FORM) is not None
    reach = max(0, span.start - cues.REACH)
    private = folded.endswith(_PRIVATE_MAIL, 0, span.end) and _MAIL_FIELD.search(folded, reach, span.start)
    return bool(private) and not _CUES["their_word"].search(folded, reach, span.start)


def _contacts(folded: str, own_numbers: Sequence[str]) -> tuple[list[Secret], list[tuple[int, int]]]:
    """The reporter's own numbers and addresses, and the spans of everybody else's."""
    known = [
        digits for number in own_numbers if "@" not in number and (digits := re.sub(r"\D", "", number)[-_NATIONAL:])
    ]
    addresses = {number.strip().lower() for number in own_numbers if "@" in number}
    own: list[Secret] = []
    others: list[tuple[int, int]] = []
    spans = numbers.find_spans(folded, None)
    noted = bool(spans) and _speaks_of_reporters(folded)
    for span in spans:
        kind = _MASKABLE.get(span.kind)
        mine = span.value in addresses or any(_is_same(span.value, digits) for digits in known)
        if kind and (
            mine
            or ownership.is_own(span, folded)
            or (noted and _is_reporters(folded, span.start))
            or _is_signature(folded, span)
            or (own and _is_more(folded, own[-1].end, span))
        ):
            own.append(Secret(span.start, span.end, kind))
        elif span.kind not in _DOUBTFUL or not _is_read_out(folded, span):
            others.append((span.start, span.end))
    for run in phones.RUN.finditer(folded) if known else ():
        written = re.sub(r"\D", "", run.group())
        if len(written) >= _MIN_LOCAL and any(digits.endswith(written) for digits in known):
            own.append(Secret(run.start(), run.end(), "phone"))
    return own, others
