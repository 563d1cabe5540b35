"""Whose a contact is: the words around it that call it the reporter's own, or say that somebody called from it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from schemas.events import ContactKind
from streams.understanding import cues
from streams.understanding.cues import after, before
from streams.understanding.folding import NOTHING
from streams.understanding.online import Span

_CUES: Final = cues.load("numbers")
_USED_AFTER: Final = cues.any_of(_CUES, "ablative_after", "sender_after", "then_from_after")
_USED_BEFORE: Final = cues.any_of(_CUES, "said_from_before", "from_before", "sender_before")
_OWN_MAIL_BEFORE: Final = cues.any_of(_CUES, "own_mail_before", "own_mail_to_before")
#: "8 705 111 22 33 мой, а …": said of the number before, not of one that follows.
_MINE_AFTER: Final = re.compile(r"[ ,(-]{1,3}мо[йяе] ?(?:[,.;!)\n]|\Z)|[ .]{1,3}(?:это мой|(?:бул|осы) менин)\b")
#: The same word before a number (backwards), said of the one before: "8 705 111 22 33 — мой, …".
_MINE_OF_ANOTHER: Final = re.compile(
    r"(?! (?:йом|икинем|икидмизо) ?[,;(-])[ ,;.\n-]{1,4}(?:йом|икинем|икидмизо)(?:[ -](?:отэ|лубу|исо))?[ ,(-]{1,4}\d"
)
#: Another number before this one, of the same person (backwards): "мой 8 705 111 22 33, домашний …".
_KINDS: Final = ("или", "либо", "немесе", "домашний", "городской", "рабочий", "сотовый", "мобильный", "ватсап")
_CHAINED: Final = re.compile(
    rf"(?:[ ,()]{{1,3}}(?:{'|'.join(word[::-1] for word in _KINDS)})){{1,2}}[ ,()]{{1,3}}"
    r"(?P<number>\d[\d ()-]{5,18}[\d+(])(?![\d-])"
)
#: "Можно ответить на ватсап? 8 708 …" (forwards).
_ANSWER_TO: Final = re.compile(
    r"(?:ответ|напис|напиш|позвон|перезвон|связ|жауап|хабарлас|жаза)\w*[^.!?\n]{0,20}"
    r"(?:ватсап|вотсап|вацап|whatsapp|телефон|номер|сотк|сотов|номир)\w{0,6} ?\? \Z"
)
#: A place where a number stands for everybody to call: "звоните нам на …, пишут в объявлении".
_ADVERT: Final = re.compile(r"[^.!?\n]{0,30}(?:объявлени|реклам|рассылк|в смс|в сообщении)")
#: Before a word for asking: it was the reporter who asked.
_I_ASKED: Final = re.compile(r"(?<!\w)(?:я|мы)(?: \w+)? \Z")
#: A quotation that is open before a number (backwards).
_QUOTED: Final = re.compile(r"[^«»\"]*[«\"](?=[ :,]{0,3}(?:\w|\Z))")
#: … and who said it, after it.
_SAID: Final = re.compile(r"[^«»\"\n]{0,60}[»\"][ ,-]{0,5}(?:сказал|говор|деди|дейди|деп|пишет|написал)")
_QUOTED_NEXT: Final = re.compile(' ?[«"]')
_NUMBER_NEXT: Final = re.compile(rf"[ ,()-]{{0,3}}[\d{NOTHING}]")
#: "Я — 8 702 …", backwards.
_I_BEFORE: Final = re.compile(r" ?[:-] ?я(?!\w)")
#: "Мен 8 747 …, алаяқ 8 747 …", and "на … пришло", backwards.
_ME_BEFORE: Final = re.compile(r" ?(?:нем|я)(?!\w)")
#: Backwards: what comes after is of a sentence before.
_SENTENCE_START: Final = re.compile(r"(?<=\s)[.!?](?=[^\W\d]{4})|\n")
_ON: Final = re.compile(r" (?:(?:утчоп|серда|кищя|лйем) )?ан(?!\w)")
#: "To me" or "to us", backwards.
_TO_ME: Final = "нагам"
#: "An answer", backwards.
_ANSWER: Final = "уаж"


def is_own(span: Span, folded: str) -> bool:
    """Whether the words around say that the number or address is the reporter's own."""
    preceding = before(folded, span.start)
    if span.kind is ContactKind.EMAIL:
        return _is_own_mail(preceding, after(folded, span.end))
    if (chained := _CHAINED.match(preceding)) and (start := span.start - chained.end()) >= 0:
        return is_own(Span(start, span.start - chained.start("number"), span.kind, ""), folded)
    following = after(folded, span.end)
    if _CUES["own_from_before"].match(preceding) or _CUES["own_from_after"].match(following):
        return True
    if _CUES["to_me_before"].match(preceding) and _CUES["call_me_after"].match(following):
        return True
    if _MINE_AFTER.match(following) and not _CUES["not_own_before"].match(preceding):
        return True
    return not is_used(preceding, following) and _is_own_number(preceding, following)


def _is_own_mail(preceding: str, following: str) -> bool:
    """Whether the words around an address say that it is the reporter's own."""
    invited = _CUES["mail_invite_before"].match(preceding) or _CUES["mail_invite_after"].match(following)
    if invited and _CUES["self_word"].search(_sentence(preceding)) and not _is_told(preceding):
        return True
    mine = (
        _OWN_MAIL_BEFORE.match(preceding)
        or _CUES["own_mail_after"].match(following)
        or _MINE_AFTER.match(following)
        or (_ON.match(preceding) and _CUES["came_to_after"].match(following))
    )
    own_before = preceding[::-1].rpartition("@")[2]  # what is said of another address is not said of this
    wanted = _CUES["own_mail_word"].search(own_before) and not _CUES["mail_from_before"].match(preceding)
    return bool(mine or wanted) and not _CUES["asked"].search(_sentence(preceding))


@lru_cache(maxsize=64)
def is_used(preceding: str, following: str) -> bool:
    """Whether somebody called or wrote from it.

    Remembered, as `_is_own_number`, for the last few contacts: they are looked at before masking and after.
    """
    if _USED_AFTER.match(following):
        return True
    return _USED_BEFORE.match(preceding) is not None and not _CUES["with_before"].match(preceding)


@lru_cache(maxsize=64)
def _is_own_number(preceding: str, following: str) -> bool:
    """Whether it is called the reporter's own."""
    if _CUES["own_yours_before"].match(preceding):
        return True
    quoted = _QUOTED.match(preceding)
    said = quoted and (_CUES["speaker"].match(preceding, quoted.end()) or _SAID.match(following))
    if said or _CUES["posing"].search(preceding[::-1]) or _CUES["like_own_after"].match(following):
        return False  # the fraudster's words: сказал «запишите мой номер …»
    mine = _CUES["own_before"].match(preceding) and not _MINE_OF_ANOTHER.match(preceding)
    if mine or _is_called_mine(preceding, following):
        return not (_CUES["not_own_before"].match(preceding) or _is_said_of_another(preceding, following))
    return _CUES["own_unless_asked_before"].match(preceding) is not None and not (
        _CUES["asked"].search(_sentence(preceding)) or _CUES["not_own_before"].match(preceding)
    )


def _is_called_mine(preceding: str, following: str) -> bool:
    """Whether the reporter says in another way that the number is theirs, or where to call them."""
    return bool(
        (_CUES["own_call_me_before"].match(preceding) and not (_is_quoted(preceding) or _ADVERT.match(following)))
        or (preceding.startswith(" ?") and _ANSWER_TO.search(preceding[::-1]) and not _is_told(preceding))
        or _is_given(preceding, following)
        or (_CUES["own_invite_before"].match(preceding) and not _is_told(preceding))
        or (
            _CUES["own_after"].match(following)
            and not (_QUOTED_NEXT.match(following) or _CUES["not_own_after"].match(following))
        )
        or _MINE_AFTER.match(following)
        or _I_BEFORE.match(preceding)
        or (_ME_BEFORE.match(preceding) and following.startswith(","))
        or ((_TO_ME in preceding or _ANSWER in preceding) and _CUES["own_reach_after"].match(following))
    )


def _is_given(preceding: str, following: str) -> bool:
    """Whether who reports was asked for their number and gave it: "спросили сотовый. Дала 8 705 …"."""
    gave = _CUES["own_gave_before"].match(preceding)
    if not (gave or _CUES["own_gave_after"].match(following)):
        return False
    since = preceding[gave.end() if gave else 0 :][::-1]
    asked = _CUES["number_asked"].search(since)
    if not asked or _I_ASKED.search(since[: asked.start()]):
        return False
    return not _CUES["number_asked_of"].search(since, asked.start())


def _is_said_of_another(preceding: str, following: str) -> bool:
    """Whether the word for the reporter's number follows another one: "8 702 … менің номерім, 8 775 … алаяқтың"."""
    mine = _CUES["own_before"].match(preceding)
    if not mine or not mine.group()[::-1].startswith(("мен", "мой,")):
        return False
    return bool(_NUMBER_NEXT.match(preceding, mine.end()) and not _CUES["own_after"].match(following))


def _is_told(preceding: str) -> bool:
    """Whether it is somebody else who says it in this sentence, or in quotes."""
    return _is_quoted(preceding) or _CUES["said"].search(_sentence(preceding)) is not None


def _sentence(preceding: str) -> str:
    """What `preceding` (see `cues.before`) holds of the sentence in which it ends, forwards."""
    return _SENTENCE_START.split(preceding, maxsplit=1)[0][::-1]


def _is_quoted(preceding: str) -> bool:
    """Whether a quotation is open where `preceding` (see `cues.before`) ends: somebody else's words."""
    opened, closed = preceding.find("«"), preceding.find("»")
    return (opened >= 0 and not 0 <= closed < opened) or preceding.count('"') % 2 == 1
