"""Examples of what is sent and answered, for the OpenAPI description."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from producers.listing import COLUMNS, NOTICE

REPORT: Final[dict[str, Any]] = {
    "source_ref": "call-2026-01-14-0017",
    "medium": "call",
    "text": "Позвонили с 1414, представились поликлиникой, записывали на приём и просили продиктовать код из СМС.",
    "contacts": [{"value": "1414"}, {"value": "2-15-65", "role": "own"}],
    "happened_at": "2026-01-14T09:30:00+05:00",
    "region": "KZ-33",
    "outcome": "attempt",
    "affected_group": "elderly",
    "reporter": "+7 705 000 00 00",
}
SHORT_REPORT: Final[dict[str, Any]] = {"source_ref": "call-0018", "text": "Әжеме «полиция» хабарласып, код сұрады."}

PREVENTION: Final[dict[str, Any]] = {
    "source_ref": "talk-2026-01-14-02",
    "activity": "talk",
    "happened_at": "2026-01-14T15:00:00+05:00",
    "region": "KZ-59",
    "district": "Мамлютский",
    "village": "Новомихайловка",
    "affected_group": "elderly",
    "topic": "medical-appointment",
    "people": 24,
}
NOT_REACHED: Final[dict[str, Any]] = {"source_ref": "call-118", "activity": "call", "reached": False}

KNOWN_NUMBERS: Final[dict[str, Any]] = {
    "suspected": {
        "value": "+77051234567",
        "kind": "e164",
        "state": "suspected",
        "impersonated": False,
        "reporters": 4,
        "reports": 5,
        "victims": 1,
        "loss_kzt": 450000,
        "schemes": ["bank-security"],
        "regions": ["KZ-33"],
        "channels": ["hotline", "telegram"],
        "first_seen": "2026-01-12T04:10:00Z",
        "last_seen": "2026-01-14T09:31:00Z",
        "reasons": {
            "ru": ["4 разных человека сообщили об этом номере."],
            "kk": ["Бұл нөмір туралы 4 адам хабарлады."],
            "en": ["4 different people reported this number."],
        },
    },
    "official": {
        "value": "1414",
        "kind": "short-code",
        "state": "official",
        "impersonated": True,
        "owner": {"ru": "Портал электронного правительства", "kk": "Электрондық үкімет порталы", "en": "eGov portal"},
        "reporters": 14,
        "reports": 17,
        "victims": 2,
        "loss_kzt": 3400000,
        "schemes": ["medical-appointment"],
        "reasons": {
            "ru": ["Номер официальный, им прикрываются мошенники."],
            "kk": ["Нөмір ресми, алаяқтар соның атын жамылады."],
            "en": ["The number is official; fraudsters hide behind it."],
        },
    },
}
_LISTED: Final[dict[str, Any]] = {
    "number": "+77051234567",
    "kind": "e164",
    "state": "suspected",
    "reporters": 4,
    "schemes": ["bank-security"],
    "regions": ["KZ-33"],
    "first_seen": "2026-01-12T04:10:00Z",
    "last_seen": "2026-01-14T09:31:00Z",
    "until": "2026-02-28T09:31:00Z",
}
_MADE: Final = "2026-01-14T10:00:00Z"
LIST: Final[dict[str, Any]] = {
    "made_at": _MADE,
    "notice": msgspec.to_builtins(NOTICE),
    "states": ["suspected"],
    "numbers": [_LISTED],
}
LIST_CSV: Final = (
    f"{','.join(COLUMNS)}\r\n"
    "+77051234567,e164,suspected,4,bank-security,KZ-33,2026-01-12T04:10:00+00:00,2026-01-14T09:31:00+00:00,"
    f'2026-02-28T09:31:00+00:00,2026-01-14T10:00:00+00:00,"{NOTICE.en}"\r\n'
)
