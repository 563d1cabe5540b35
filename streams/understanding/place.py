"""Place of a report: region and district, from the channel, the text, or an area code.

Names are found in any inflection, in both languages, and with Kazakh letters typed without them.  A name alone is not
yet a place: streets, hotels and people are called after places, a caller says to be from somewhere, money and parcels
go somewhere; the words around decide (`rules/cues/place.yaml`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import compress, count, pairwise
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from schemas import reference
from schemas.events import ContactRole, FoundContact
from streams.understanding import cues, pieces
from streams.understanding.cues import after, before
from streams.understanding.folding import fold, fold_piece, plain

_CUES: Final = cues.load("place")

#: What inflection adds to the name of a town (Russian cases, Kazakh possessives and cases).
_NOUN_TAIL: Final = re.compile(
    r"(?:[аеиоуыюяйь]|ом|ем|ой|ей|ою|ам|ах|ой|ы)?"
    r"(?:-?(?:лык|лик|дык|дик|тык|тик)(?:тар|тер|пын|пин)?)?"
    r"(?:-?(?:да|де|та|те|га|ге|ка|ке|ды|ди|ты|ти|ны|ни|нын|нин|дын|дин|тын|тин|дан|ден|тан|тен|нан|нен)(?:гы|ги|мын|мин)?)?$"
)
#: What inflection adds to an adjective, or to the last word of a name.
_ANY_TAIL: Final = re.compile(r"-?[а-я]{0,6}$")
_ABLATIVE: Final = re.compile(r"-?(?:дан|ден|тан|тен|нан|нен)$")
_LETTERS: Final = re.compile(r"[^\W\d_]*(?:-[^\W\d_]+)?")
#: Words in folded text that can begin a name.
_WORD: Final = re.compile(r"(?<![^\W_])[а-я]{2,}")
#: What is quoted around a name, if it is short and no sentence; straight quotes only right beside the name.
_OPENING: Final = re.compile(r"(?P<mark>[«“]|\"(?=\Z))[^«»“”\".,!?\n]*\Z")
_CLOSING: Final = re.compile(r"[^«»“”\".,!?\n]*?(?P<mark>[»”]|(?<=\w)\")")
_TITLE_WORDS: Final = 3
#: "адрес: Сатпаева, 60": a street.
_HOUSE: Final = re.compile(r"[ ,]{1,2}(?:д(?:ом|\.)? ?)?\d")
_JOINED_BEFORE: Final = re.compile(r"[^\W\d_]-\Z")
_GAP: Final = re.compile(r"[ .-]{1,3}")
#: "Астана - Алматы", "из Астаны в Алматы": a journey, not a place.
_ROUTE: Final = re.compile(r" ?[-/>→] ?|(?: |-)(?:в|на|до|обратно в) ")
#: The same in Kazakh: "Алматыдан Қапшағайға".
_FROM_TO: Final = re.compile(r"-?[дтн][ае]н [^\W\d_]+-?(?:[гк][ае])$")
#: "Леңгірденмін": I am from there.
_FROM_HERE: Final = re.compile(r"[дтн][ае]н(?:мын|мин|мыз|миз)$")
#: A name of a person goes on: "Аркалык Сейтов".
_PERSON: Final = re.compile(r" [А-ЯӘҒҚҢӨҰҮІ]\w{2,14}(?:[ое]ва?|ұлы|улы|қызы|кызы|[ое]вич|[ое]вна)(?!\w)")

#: The words beside a name that tell its kind.
_MARKS: Final = {
    "district": {"district"},
    "region": {"region", "marked-region"},
    "city": {"town", "marked-town"},
}

Kind = Literal["region", "marked-region", "town", "marked-town", "district"]


class Place(Struct, frozen=True):
    """A region (ISO 3166-2) and a district (KATO code or name, see `District.code`), each where known."""

    region: str | None = None
    district: str | None = None


class _Name(NamedTuple):
    """A name by its words' beginnings, and what it means."""

    words: tuple[str, ...]
    kind: Kind
    region: str
    district: str | None = None
    capital: bool = False
    whole: bool = False


class _Mention(NamedTuple):
    """A place named in a text, and how likely it is the report's: above 0 at home, below 0 only claimed."""

    start: int
    end: int
    places: tuple[Place, ...]
    likely: int

    @property
    def region(self) -> str | None:
        """The region, if all that the name can mean lies in one."""
        regions = {place.region for place in self.places}
        return regions.pop() if len(regions) == 1 else None


def find_place(
    text: str,
    region: str | None = None,
    district: str | None = None,
    area_code: str | None = None,
    contacts: Sequence[FoundContact] = (),
) -> Place:
    """Where it happened.

    What the channel gives (`region`, `district`) stands; what it lacks comes from the text, then from the landline of
    the reporter among `contacts`, then from the channel's `area_code` (e.g. `71541`).
    """
    district = district_code(district, region) if district else None
    known = reference.districts().get(district) if district else None
    if known and not region:
        region = known.region
    if region and district:
        return Place(region, district)
    told = _told(text, region)
    if told.district and region in {None, told.region}:
        return told
    local = _local(area_code, contacts)
    region = region or told.region or local.region
    return Place(region, district or (local.district if local.region == region else None))


@lru_cache(maxsize=1024)
def district_code(name: str, region: str | None = None) -> str:
    """The code of a district that a channel names in either language («Мамлютский», «Мамлют ауданы»), or the name."""
    if name in reference.districts():
        return name
    for text in (name, f"{name} район", f"{name} ауданы"):
        told = _told(text, region)
        if told.district and region in {None, told.region}:
            return told.district
    return name


def _local(area_code: str | None, contacts: Sequence[FoundContact]) -> Place:
    codes = [c.value[2:7] for c in contacts if c.role is ContactRole.OWN and c.region]
    for code in (*codes, area_code or ""):
        for length in range(len(code), 2, -1):
            if found := _area_codes().get(code[:length]):
                return found
    return Place()


@cache
def _area_codes() -> dict[str, Place]:
    places = {code: Place(r.code) for r in reference.regions().values() for code in r.area_codes}
    return places | {code: Place(d.region, d.code) for d in reference.districts().values() for code in d.area_codes}


def _told(text: str, region: str | None) -> Place:
    """The place that the text tells: of the likeliest the first district, else the first region."""
    folded = fold(text)
    mentions = list(_mentions(text, folded))
    if not mentions:
        return Place()
    for one, two in list(pairwise(mentions)):
        within = one.region == two.region or any(p.district for p in (*one.places, *two.places))
        if not within and (_ROUTE.fullmatch(folded, one.end, two.start) or _FROM_TO.search(folded, one.start, two.end)):
            mentions = [m for m in mentions if m not in (one, two)]
    mentions = [m for m in mentions if m.likely >= 0]
    if not mentions:
        return Place()
    best = max(m.likely for m in mentions)
    likely = [m for m in mentions if m.likely == best]
    regions = {region} if region else _regions(likely) or _regions(mentions)
    for mention in (*likely, *mentions):
        districts = [p for p in mention.places if p.district and (p.region in regions or not regions)]
        if len(districts) == 1:
            return districts[0]
    return Place(next((m.region for m in (*likely, *mentions) if m.region in regions), None))


def _regions(mentions: Sequence[_Mention]) -> set[str]:
    return {found for mention in mentions if (found := mention.region)}


def _mentions(text: str, folded: str) -> Iterator[_Mention]:
    """Places named in the text, left to right; of two that begin alike the longer."""
    last = 0
    for start, end, names in _named(text, folded):
        if start < last:
            continue
        mention = _understood(folded, start, end, names, text[start].isupper())
        if mention:
            if (mention.start, mention.end) == (start, end) and _PERSON.match(text, end):
                mention = mention._replace(likely=-1)
            last = mention.end
            yield mention


def _named(text: str, folded: str) -> Iterator[tuple[int, int, list[_Name]]]:
    """Where a name stands, to the end of its last word, and what it can mean: of all that begin there the longest."""
    begun = _beginnings_in(text)
    if not any(begun):
        return
    starts = pieces.starts(text)
    for index in compress(count(), begun):
        for offset, names in begun[index]:
            start = starts[index] + offset
            ends = [
                (end, name)
                for name in names
                if (not name.capital or text[start].isupper()) and (end := _end(folded, start, name))
            ]
            longest = max((end for end, _ in ends), default=0)
            if longest:
                yield start, longest, _closest([name for end, name in ends if end == longest])


def _closest(names: list[_Name]) -> list[_Name]:
    """Of each kind the names to which inflection added least: "Аксуате" is Аксуат, not Аксу, Темиртау no Темир."""
    length = {name: sum(map(len, name.words)) for name in names}
    town = max((length[name] for name in names if name.kind in {"town", "marked-town"}), default=0)
    of_kind = {name.kind: max(length[n] for n in names if n.kind == name.kind) for name in names}
    return [name for name in names if town - 2 < length[name] == of_kind[name.kind]]


def _beginnings(written: str) -> tuple[tuple[int, list[_Name]], ...]:
    """Where names can begin in what stands between two blanks, and which: those whose first word stands there."""
    folded = fold_piece(written)
    begun: list[tuple[int, list[_Name]]] = []
    for word in _WORD.finditer(folded):
        start, names = word.start(), _names_by_beginning().get(word.group()[:2], ())
        fitting = [n for n in names if folded.startswith(n.words[0], start) and _word_end(folded, start, n, 0)]
        if fitting:
            begun.append((start, fitting))
    return tuple(begun)


_beginnings_in: Final = pieces.column(_beginnings)


def _end(folded: str, start: int, name: _Name) -> int:
    """Where the name that begins at `start` ends, or 0 if its words do not follow or end in something else."""
    if len(name.words) > 1 and name.words[1] not in folded:
        return 0
    position = _word_end(folded, start, name, 0)
    for index in range(1, len(name.words)):
        gap = _GAP.match(folded, position) if position else None
        if not gap:
            return 0
        position = _word_end(folded, gap.end(), name, index)
    return position


def _word_end(folded: str, start: int, name: _Name, index: int) -> int:
    """Where a word of a name that begins at `start` ends, or 0 if it does not stand there or ends in something else."""
    word = name.words[index]
    if not folded.startswith(word, start):
        return 0
    letters = _LETTERS.match(folded, start + len(word))
    tail = letters.group() if letters else ""
    allowed = _NOUN_TAIL if name.kind in {"town", "marked-town"} else _ANY_TAIL
    if (name.whole and tail and tail[0] != "-") or not allowed.match(tail):
        return 0
    return start + len(word) + len(tail)


def _understood(folded: str, start: int, end: int, names: list[_Name], capital: bool) -> _Mention | None:
    """What the name means here, by the words around it; None if it means no place."""
    preceding, following = before(folded, start), after(folded, end)
    meaning, whole_start, whole_end = _meaning(names, preceding, following, start, end)
    if not meaning:
        towns = [name for name in names if name.kind == "marked-town"]
        lives = _FROM_HERE.search(folded, start, end) or (towns and _is_in(preceding, following, capital))
        meaning = towns if lives else []
    places = tuple(dict.fromkeys(Place(name.region, name.district) for name in meaning))
    if not places:
        return None
    around = before(folded, whole_start), after(folded, whole_end)
    marked = (whole_start, whole_end) != (start, end)
    if not places[0].district and _is_another(folded, start, end, marked):
        likely = -1
    elif _FROM_HERE.search(folded, start, end) or _is_home(*around):
        likely = 1
    else:
        likely = -1 if _is_claimed(folded, start, end, *around) else 0
    return _Mention(whole_start, whole_end, places, likely)


def _is_another(folded: str, start: int, end: int, marked: bool) -> bool:
    """Whether the name is that of a street, a thing or a company, or one end of a journey ("Актау-Алматы")."""
    preceding, following = before(folded, start), after(folded, end)
    return bool(
        (not marked and _is_title(folded, start, end))
        or _JOINED_BEFORE.search(folded, max(0, start - 2), start)
        or (_HOUSE.match(following) and _CUES["street_before"].match(preceding))
        or _CUES["bearer_before"].match(preceding)
        or _CUES["bearer_after"].match(following)
    )


def _is_in(preceding: str, following: str, capital: bool) -> bool:
    """Whether a name that is no place by itself is one here: one lives there, or is in it ("в Шаре")."""
    if any(_CUES[cue].match(following) for cue in ("region_after", "district_after")):
        return False
    if _HOUSE.match(following) and not _CUES["in_before"].match(preceding):
        return False
    return _is_home(preceding, following) or (capital and _CUES["in_before"].match(preceding) is not None)


def _is_title(folded: str, start: int, end: int) -> bool:
    """Whether the name stands in a thing's: «Астана», «Шымкент кебаб»."""
    opening, closing = _OPENING.search(folded, max(0, start - 30), start), _CLOSING.match(folded, end, end + 30)
    if not opening or not closing:
        return False
    return len(folded[opening.end("mark") : closing.start("mark")].split()) <= _TITLE_WORDS


def _is_home(preceding: str, following: str) -> bool:
    if _CUES["home_before"].match(preceding):
        return True
    return bool(_CUES["home_after"].match(following) and not _CUES["home_elsewhere_after"].match(following))


def _is_claimed(folded: str, start: int, end: int, preceding: str, following: str) -> bool:
    if _CUES["claimed_before"].match(preceding):
        return True
    return bool(_ABLATIVE.search(folded, start, end) and _CUES["claimed_after"].match(following))


def _meaning(names: list[_Name], preceding: str, following: str, start: int, end: int) -> tuple[list[_Name], int, int]:
    """The names of the kind that the words beside tell, and the place with these words."""
    by_cue = {cue: [name for name in names if name.kind in kinds] for cue, kinds in _MARKS.items()}
    for cue, fitting in by_cue.items():
        if fitting and following[:1] != "," and (beside := _CUES[f"{cue}_after"].match(following)):
            return fitting, start, end + beside.end()
    for cue, fitting in by_cue.items():
        if fitting and (beside := _CUES[f"{cue}_before"].match(preceding)):
            return fitting, start - beside.end(), end
    return [name for name in names if name.kind in {"region", "town"}], start, end


@cache
def _names_by_beginning() -> dict[str, list[_Name]]:
    """All names by their first two letters."""
    beginnings: dict[str, list[_Name]] = {}
    for name in _names():
        beginnings.setdefault(name.words[0][:2], []).append(name)
    return beginnings


def _names() -> Iterator[_Name]:
    for region in reference.regions().values():
        kinds: list[tuple[Kind, list[str]]] = [
            ("region", region.stems),
            ("marked-region", region.marked_stems),
            ("town", region.towns),
            ("marked-town", region.marked_towns),
        ]
        for kind, stems in kinds:
            yield from (name for stem in stems for name in _name(stem, kind, region.code))
    for district in reference.districts().values():
        yield from (name for stem in district.stems for name in _name(stem, "district", district.region, district.code))


def _name(stem: str, kind: Kind, region: str, district: str | None = None) -> Iterator[_Name]:
    """The name that a stem of the reference data stands for; with a hyphen also in two words."""
    written = plain(stem.lstrip("=^").lower())
    forms = {written}
    if kind in {"town", "marked-town"} and written.endswith("й"):
        forms |= {written[:-1] + case for case in "яею"}  # Кордай: из Кордая, в Кордае
    for form in forms | {form.replace("-", " ") for form in forms}:
        yield _Name(tuple(form.split()), kind, region, district, stem[0] == "^", stem[0] == "=")
