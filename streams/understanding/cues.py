"""Cues: the words around a number or a name that tell what it is.  Data in `rules/cues/*.yaml`, compiled here.

A cue is a phrase over folded text (see `folding.fold`), in lower case.  Words are separated by single spaces:

- `звон*`: a word that begins so; `*звон*`: a word that contains it;
- `(с|со|от)`: one of these; an alternative may have several words; a line may end after a `|`;
- `[якобы]`, `[(мой|свой)]`: a word that may be missing;
- `..`: up to four words of any kind, within the sentence;
- a phrase that begins with `-` is an ending glued to the thing itself (`-тен` for "1414-тен", "1414 тен", "1414тен").

Example: `(смс*|сообщени*) .. (с|от)` stands before the number in "сообщение пришло мне с 1414".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from schemas import reference
from streams.understanding.folding import plain

RULES: Final = Path(__file__).parent / "rules" / "cues"
#: How far cues look, in characters: about a dozen words.  A bound, so that the work per contact is constant.
REACH: Final = 90

#: Between words, and between a phrase and the thing; never across the end of a sentence.
_BETWEEN: Final = r"[^\w.!?;\n]{1,3}"
_BESIDE: Final = r"[^\w.!?;\n]{0,4}"
_SIGN: Final = re.compile(r"[^\w.!?;\n*]")
#: Between the thing and an ending glued to it.
_GLUED: Final = r"[»\"')]?[ -]{0,3}"
_ANY_WORD: Final = r"\w[\w-]{0,19}"
_PART: Final = re.compile(r"\[[^\]]*\]|(?:\([^)]*\)|[^ ()\[\]])+")


class Cue(Struct, frozen=True, forbid_unknown_fields=True):
    """Phrases of one cue.  `where` says what they stand against.

    The end of what comes `before` the thing, the beginning of what comes `after` it, or any place (`within`).
    """

    where: Literal["before", "after", "within"]
    words: Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(min_length=1)]

    def pattern(self) -> re.Pattern[str]:
        """The phrases as one pattern.

        One that stands `before` is compiled backwards, to `match` the `before` window below: so it needs one attempt,
        not one at every place.  `after` is for `match`, `within` for `search`.
        """
        glued = [self._phrase(plain(words[1:])) for words in self.words if words.startswith("-")]
        apart = [plain(words) for words in self.words if not words.startswith("-")]
        if self.where == "within":
            parts = [rf"(?<!\w)(?:{self._any_of(apart)})"] if apart else []
        else:
            signs = [words for words in apart if self._begins_with_sign(words)]
            words = [words for words in apart if words not in signs]
            parts = [f"{_BESIDE}+(?:{self._any_of(words)})"] if words else []  # no less will do before a word
            parts += [f"{_BESIDE}(?:{self._any_of(signs)})"] if signs else []
        parts += [f"{_GLUED}(?:{'|'.join(glued)})"] if glued else []
        return re.compile(f"(?:{'|'.join(parts)})(?!\\w)")

    def _any_of(self, phrases: list[str]) -> str:
        return "|".join(map(self._phrase, phrases))

    def _begins_with_sign(self, phrase: str) -> bool:
        """Whether what stands beside the thing can be a sign that stands between words, too."""
        parts = _PART.findall(phrase)
        for part in reversed(parts) if self.where == "before" else parts:
            edges = [word.strip()[-1 if self.where == "before" else 0] for word in part.strip("[]()").split("|")]
            if any(map(_SIGN.match, edges)):
                return True
            if not part.startswith("["):
                break
        return False

    def _phrase(self, phrase: str) -> str:
        backwards = self.where == "before"
        parts = _PART.findall(phrase)
        body = ""
        for position, part in enumerate(reversed(parts) if backwards else parts):
            if part == "..":
                word = r"[\w-]{0,19}\w" if backwards else _ANY_WORD
                body += rf"(?:{word}{_BETWEEN}){{0,4}}"
            elif part.startswith("["):
                body += f"(?:{_word(part[1:-1], backwards)}{_BETWEEN})?"
            else:
                body += _word(part, backwards) + ("" if position == len(parts) - 1 else _BETWEEN)
        return body


def _word(part: str, backwards: bool) -> str:
    alternatives = [word.strip() for word in part[1:-1].split("|")] if part.startswith("(") else [part]
    return "(?:" + "|".join(_letters(word[::-1] if backwards else word) for word in alternatives) + ")"


def _letters(word: str) -> str:
    return "".join({"*": r"\w{0,14}", " ": _BETWEEN}.get(char) or re.escape(char) for char in word)


def load(name: str) -> dict[str, re.Pattern[str]]:
    """The patterns of `rules/cues/<name>.yaml` by cue.  Raises ReferenceDataError: file, place and what is wrong."""
    return {key: cue.pattern() for key, cue in reference.load(RULES / f"{name}.yaml", dict[str, Cue]).items()}


def any_of(patterns: Mapping[str, re.Pattern[str]], *names: str) -> re.Pattern[str]:
    """One pattern that matches where any of these cues does."""
    return re.compile("|".join(patterns[name].pattern for name in names))


def before(folded: str, start: int) -> str:
    """What precedes `start`, as far as cues look, backwards."""
    return folded[max(0, start - REACH) : start][::-1]


def after(folded: str, end: int) -> str:
    """What follows `end`, as far as cues look."""
    return folded[end : end + REACH]
