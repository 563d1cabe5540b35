"""The people of the demo's desk, and the one who answers what is urgent before the viewer has looked."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import aiohttp

from deploy.demo.receiver import Page
from producers.desk import staff
from producers.desk.staff import Person, Role
from producers.intake import Origin

#: Accounts of the demo: the person on call of deploy/oncall.yaml, and an operator of the hotline of Mamlyut.
ONCALL: Final = "oncall"
OPERATOR: Final = "operator"
#: The integration of the operator's desk; the hotline's own stays with those who replay the story.
SOURCE: Final = "desk-mamlyut"
#: How long the person on call takes to look at the phone (seconds).
LOOKS_AFTER: Final = 2.0
TIMEOUT: Final = 20.0

_LINK: Final = re.compile(r"(https?://[^/\s]+)/a/[A-Za-z0-9_.-]+")


def hire(file: Path, hotline: Origin) -> str:
    """Write the staff file: the person on call, and an operator of `hotline`.  Returns their password, a fresh one."""
    password = "-".join(secrets.token_hex(2) for _ in range(3))
    people = [
        Person(
            account=ONCALL,
            name="Дежурный",
            password=staff.hash_password(password, ONCALL),
            roles=[Role.ONCALL, Role.ANALYST],
        ),
        Person(
            account=OPERATOR,
            name="Оператор 2-15-65",
            password=staff.hash_password(password, OPERATOR),
            roles=[Role.OPERATOR],
            source=SOURCE,
            region=hotline.region,
            district=hotline.district,
            area_code=hotline.area_code,
        ),
    ]
    staff.write(file, people)
    return password


def link_in(pages: Sequence[Page], alert_id: str) -> str | None:
    """The link that acknowledges an alert with one tap, from the first page that has one."""
    told = (page.text for page in pages if alert_id[:8] in page.text)
    return next((found[0] for text in told if (found := _LINK.search(text))), None)


async def tap(link: str) -> int:
    """Follow the link as a phone's browser does, whose page presses its button.  Returns the answer's status."""
    await asyncio.sleep(LOOKS_AFTER)
    origin = link.partition("/a/")[0]
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT)) as session:
        async with session.get(link) as page:
            await page.read()
        headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
        async with session.post(link, headers=headers) as answer:
            await answer.read()
            return answer.status
