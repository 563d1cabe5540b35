"""Links, e-mail addresses and messenger handles in a text."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct
from publicsuffixlist import PublicSuffixList

from schemas.events import ContactKind
from streams.understanding import clues, phones

_EMAIL: Final = re.compile(
    r"(?<![\w.+-])[a-z0-9][\w.%+-]{0,63}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?![a-z0-9_]|-[a-z0-9])"
)
#: A dot between the parts of a host, also as it is written so that nobody clicks on it, or told.
_DOT: Final = r"(?:\.|\[\.\]|\(\.\)| \. | точка )"
_DOTS: Final = re.compile(r"\[\.\]|\(\.\)| \. | точка ")
_URL: Final = re.compile(r"(?:h(?:tt|xx)ps?:/{1,2}|tg://|www\.)[^\s<>\"«»“”„]{3,2000}")
_HOST: Final = re.compile(
    rf"(?<![\w@.-])(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?{_DOT}){{1,8}}"
    r"(?:(?:xn--[a-z0-9-]{1,59}|[a-z]{2,24})(?![a-z0-9_@]|-[a-z0-9])|(?:каз|рф)(?![\w@-]))(?::\d{2,5})?(?:[/?#][^\s<>\"«»“”„]{0,2000})?"
)
#: Without this there is no host.
_dotted: Final = clues.test(re.compile(r"[a-z0-9-](?:\.|\[\.\]|\(\.\))(?:[a-z]|каз|рф)").search)
_HANDLE: Final = re.compile(r"(?<![\w.@/])@([a-z](?:[a-z0-9_]|\.(?!\.)){2,31})(?![a-z0-9_]|\.\.|…)")
#: "телеграм: kaspi_help", "ник в инстаграме fraud.kz": the service named before, the name without @.
_NAMED: Final = re.compile(
    r"(?:(?P<telegram>телеграмм?\w{0,2}|телег[аеиу]|telegram|\btg|\bтг)|"
    r"(?P<instagram>инстаграмм?\w{0,8}|инст[аеу]|instagram|\binsta))"
    r"(?:[ -](?:канал|чат|групп|бот|ник|аккаунт|профил|страниц|страничк|арна|паракша)\w{0,4}){0,2}"
    r"(?: ?: ?| - | под ником | ник | (?=[a-z.]{1,30}[_0-9]))[«\"]?(?P<name>[a-z][a-z0-9_.]{4,31})(?![\w@/])"
)
#: The same with the name first: "ник kaspi_help в телеграме", "kaspi_help деген телеграм".
_NAMED_BEFORE: Final = re.compile(
    r"(?:(?:ник|акк|аккаунт|профиль|страниц[аеу]|канал|бот|групп[аеу]) [«\"]?(?=[a-z])|"
    r"(?<![\w@./])(?=[a-z.]{1,30}[_0-9]))(?P<name>[a-z][a-z0-9_.]{4,31})[»\"]? (?:в|на|деген|атты) "
    r"(?:(?P<telegram>телег|telegram|тг\b)|(?P<instagram>инст|insta))"
)
_names_service: Final = clues.has_any(("телег", "telegram", "инст", "insta", "tg", "тг"))
#: The service a bare @name belongs to: the last that is named before it, or the first after it.
_SERVICES: Final = {
    "telegram": re.compile(r"(?:телег\w{0,8}|telegram|\btg|\bтг)(?!\w)"),
    "instagram": re.compile(r"(?:инст[аеу]|инстаграм\w{0,8}|instagram|\binsta|\big)(?!\w)"),
    "tiktok": re.compile(r"(?:тик-?ток\w{0,2}|tiktok)(?!\w)"),
}
#: What follows a name up to the next one, or to the end of the sentence.
_CLAUSE_END: Final = re.compile(r"[@.!?;\n]")
#: Endings that are names of files or of words more often than of hosts, when no path follows.
_NOT_HOSTS: Final = frozenset(
    {"zip", "mov", "sh", "py", "md", "rs", "ps", "id", "so", "no", "is", "it", "in", "my", "pdf", "am", "pm"}
)
#: A case of Kazakh glued to a link: "t.me/name-тен".
_CASE: Final = re.compile(r"(?<=[a-z0-9_/])-?(?:[тдн][ае]н|[тд][аеиы]|[гк][ае]|н[иы]н?)$")
_TRAILING: Final = ".,;:!?)]}'*_…"


class Span(Struct, frozen=True, order=True, gc=False):
    """Where a contact stands in a text, its kind and its identity."""

    start: int
    end: int
    kind: ContactKind
    value: str


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=4096)
def registrable(host: str) -> str:
    """The host that was registered ("kaspi.kz.pay.ru" → "pay.ru"; Public Suffix List); empty for no known ending."""
    host = host.strip(".")
    if re.fullmatch(r"(?:\d{1,3}\.){3}\d{1,3}", host):
        return host
    if not _suffixes().publicsuffix(host.replace("каз", "қаз"), accept_unknown=False):
        return ""
    registered = _suffixes().privatesuffix(host) or host  # "gov.kz" is an ending itself
    return re.sub(r"\.каз$", ".қаз", registered)


def scan(folded: str) -> list[Span]:
    """Everything of that kind in `folded` text, in order and without overlap."""
    found: list[Span] = []
    if "@" in folded:
        found += [Span(m.start(), m.end(), ContactKind.EMAIL, m.group()) for m in _EMAIL.finditer(folded)]
        found += [_handle(m, folded) for m in _HANDLE.finditer(folded)]
    if "//" in folded or "www." in folded or ":/" in folded:
        found += [link for m in _URL.finditer(folded) if (link := _link(m))]
    if _names_service(folded):
        found += [named for p in (_NAMED, _NAMED_BEFORE) for m in p.finditer(folded) if (named := _named(m))]
    if _dotted(folded) or " . " in folded or " точка " in folded:
        found += [link for m in _HOST.finditer(folded) if (link := _link(m))]
    found.sort(key=lambda o: (o.start, -o.end))
    return [o for i, o in enumerate(found) if o.value and all(p.end <= o.start for p in found[max(0, i - 3) : i])]


def _named(match: re.Match[str]) -> Span | None:
    """The account whose service is named beside it; a host, if it has a dot and cannot be a name in Telegram."""
    name, start = match["name"].rstrip("._"), match.start("name")
    if match["telegram"] and "." in name:
        return None
    service = "telegram" if match["telegram"] else "instagram"
    return Span(start, start + len(name), ContactKind.HANDLE, f"{service}:@{name}")


def _handle(match: re.Match[str], folded: str) -> Span:
    name = match.group(1).rstrip("._")
    before = folded[max(0, match.start() - 40) : match.start()]
    following = _CLAUSE_END.split(folded[match.end() : match.end() + 40], maxsplit=1)[0]
    named = {s: [m.start() for m in words.finditer(before)] for s, words in _SERVICES.items()}
    told = {s: -places[-1] for s, places in named.items() if places}
    told = told or {s: m.start() for s, words in _SERVICES.items() if (m := words.search(following))}
    service = min(
        told, key=told.__getitem__, default="instagram" if "." in name else "telegram"
    )  # Telegram has no dots
    if name.endswith("bot"):
        service = "telegram"
    value = f"{service}:@{name}" if len(name) > 2 else ""
    return Span(match.start(), match.start(1) + len(name), ContactKind.HANDLE, value)


def _link(match: re.Match[str]) -> Span | None:
    """The link, or what it leads to: a number in WhatsApp, an account in Telegram, Instagram or TikTok."""
    url = _CASE.sub("", match.group().rstrip(_TRAILING))
    schemed = "://" in url[:9]
    plain_url = _DOTS.sub(".", url)
    try:
        parts = urlsplit(re.sub(r"^h(?:tt|xx)p(s?):/+", r"http\1://", plain_url) if schemed else "//" + plain_url)
        host, query = (parts.hostname or "").removeprefix("www."), parse_qs(parts.query)
    except ValueError:  # not a URL after all, as an unbalanced "[" in the host
        return None
    base = registrable(host) if parts.scheme != "tg" else "t.me"
    path = [segment for segment in parts.path.split("/") if segment]
    if not base or (not schemed and not path and base == host and host.rsplit(".", 1)[-1] in _NOT_HOSTS):
        return None
    kind, value = _account(base, path, query) or (ContactKind.LINK, base)
    return Span(match.start(), match.start() + len(url), kind, value)


def _account(base: str, path: list[str], query: dict[str, list[str]]) -> tuple[ContactKind, str] | None:
    """The account that a link to a messenger or network leads to, if the link itself names it."""
    first = path[0] if path else ""
    if base in {"wa.me", "whatsapp.com", "t.me", "telegram.me"}:
        number = re.sub(r"\D", "", (query.get("phone") or [first])[0])
        number = "7" + number[1:] if number.startswith("87") else number
        if phones.valid(number):
            return ContactKind.E164, "+" + number
    if base in {"t.me", "telegram.me"}:
        name = (query.get("domain") or [path[1] if first == "s" and len(path) > 1 else first])[0]
        if re.fullmatch(r"[a-z]\w{3,31}", name) and name not in {"joinchat", "share", "proxy", "addstickers"}:
            return ContactKind.HANDLE, f"telegram:@{name}"
    if base == "instagram.com":
        name = path[1] if first == "stories" and len(path) > 1 else first
        if re.fullmatch(r"[\w.]{2,30}", name) and name not in {"p", "reel", "reels", "stories", "explore"}:
            return ContactKind.HANDLE, f"instagram:@{name}"
    if base == "tiktok.com" and first.startswith("@"):
        return ContactKind.HANDLE, f"tiktok:{first}"
    return None
