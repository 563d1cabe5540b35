"""A link acknowledges for whom it was made, until it expires, once; nobody can make or change one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.home import CHECKOUT
from schemas.cases import DecisionKind, Via
from streams.oncall.links import (
    BOARDS,
    LANGUAGES,
    LIFETIME,
    MIN_KEY,
    USUAL_BOARD,
    Grant,
    LinkError,
    Links,
    acknowledge_url,
    dashboard_url,
    decision,
    evidence_url,
    kuery,
    read_key,
    seal,
    unseal,
)
from tests.full_events import full_alert

NOW = datetime(2026, 1, 14, 3, 0, tzinfo=UTC)
KEY, OTHER_KEY = b"k" * MIN_KEY, b"o" * MIN_KEY
GRANT = Grant("461f74e0-94d2-50a6-bc71-a95af01928dd", "aigerim", 1, int((NOW + LIFETIME).timestamp()))
LINKS = Links(desk="https://desk.example.kz", kibana="https://kibana.example.kz", key=KEY)


def test_a_link_acknowledges_for_whom_it_was_made() -> None:
    url = acknowledge_url(LINKS, GRANT.alert_id, "aigerim", 1, NOW)
    assert url is not None
    assert url.startswith("https://desk.example.kz/a/")
    grant = unseal(url.rpartition("/")[2], KEY, NOW + LIFETIME - timedelta(seconds=1))
    assert grant == GRANT
    made = decision(grant, NOW)
    assert (made.kind, made.by, made.via, made.alert_id) == (
        DecisionKind.ACKNOWLEDGED,
        "aigerim",
        Via.LINK,
        GRANT.alert_id,
    )


def test_a_link_expires_and_works_once() -> None:
    token = seal(GRANT, KEY)
    with pytest.raises(LinkError, match="expired"):
        unseal(token, KEY, NOW + LIFETIME)
    with pytest.raises(LinkError, match="used before"):
        unseal(token, KEY, NOW, used=["another", decision(GRANT, NOW).id])
    assert decision(unseal(token, KEY, NOW), NOW).id == decision(GRANT, NOW + timedelta(hours=1)).id
    other = msgspec.structs.replace(GRANT, message=2)
    assert unseal(seal(other, KEY), KEY, NOW, used=[GRANT.decision_id]) == other


def test_a_link_of_another_key_is_not_ours() -> None:
    with pytest.raises(LinkError, match="not one of ours"):
        unseal(seal(GRANT, OTHER_KEY), KEY, NOW)


@pytest.mark.parametrize(
    "token", ["", ".", "a.b", "..", "é.ф", "x" * 5_000, seal(GRANT, KEY) + "A", "A" + seal(GRANT, KEY)]
)
def test_garbage_is_not_ours(token: str) -> None:
    with pytest.raises(LinkError, match="not one of ours"):
        unseal(token, KEY, NOW)


@given(st.integers(0, 10_000), st.characters(codec="ascii"))
def test_a_changed_token_never_opens(place: int, character: str) -> None:
    token = seal(GRANT, KEY)
    place %= len(token)
    changed = token[:place] + character + token[place + 1 :]
    try:
        grant = unseal(changed, KEY, NOW)
    except LinkError:
        return
    assert grant == GRANT, "only a spare bit of base64 may differ"


@given(st.text())
def test_a_guess_never_opens(token: str) -> None:
    with pytest.raises(LinkError):
        unseal(token, KEY, NOW)


def test_only_what_is_configured_is_linked() -> None:
    nothing = Links()
    assert acknowledge_url(nothing, "a", "b", 1, NOW) is None
    assert acknowledge_url(Links(desk="https://d"), "a", "b", 1, NOW) is None
    assert evidence_url(nothing, "a") is None
    assert dashboard_url(nothing, full_alert(), "ru") is None
    assert evidence_url(LINKS, "a/b?") == "https://desk.example.kz/alerts/a%2Fb%3F"


def test_the_dashboard_opens_at_the_filter_and_the_time() -> None:
    url = dashboard_url(LINKS, full_alert(), "kk")
    assert url is not None
    assert "/view/saqbol-number-kk?" in url
    state = unquote(url)
    assert state.endswith(
        '&_a=(filters:!(),query:(language:kuery,query:\'number: "1414" and schemes: "medical-appointment"\'))'
    )
    assert re.fullmatch(r"https://[A-Za-z0-9._/#?=&%-]+", url), "what makes it clickable takes it whole"
    assert "/view/saqbol-number-ru?" in str(dashboard_url(LINKS, full_alert(), "en"))
    assert "_g=(time:(from:'2026-01-12T22:30:00.000Z',to:'2026-01-14T10:30:00.000Z'))&" in state


@pytest.mark.parametrize(
    ("key", "query"),
    [
        ("number:+77051234567", 'number: "+77051234567"'),
        ("official:1414|unknown", 'number: "1414"'),
        ("scheme-region:prize|KZ-33", 'schemes: "prize" and region: "KZ-33"'),
        ("urgent:77777777", 'id: "77777777"'),
        ("campaign:scheme=prize", 'number: ("+77050000001" or "+77050000002")'),
    ],
)
def test_every_series_is_a_query(key: str, query: str) -> None:
    alert = full_alert()
    alert.key = key
    alert.keys = {"number:+77050000001": 2, "number:+77050000002": 1, "scheme:prize": 3}
    assert kuery(alert) == query


def test_the_dashboards_that_are_linked_exist() -> None:
    for board in (*BOARDS.values(), USUAL_BOARD):
        for language in LANGUAGES:
            bundle = CHECKOUT / "deploy" / "kibana" / f"saqbol-{language}.ndjson"
            assert f'"id":"saqbol-{board}-{language}"' in bundle.read_text(encoding="utf-8").replace(": ", ":")


def test_a_key_that_is_too_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "link-key"
    path.write_text("short")
    with pytest.raises(ValueError, match="at least 32 bytes"):
        read_key(path)
    path.write_text("k" * 64 + "\n")
    assert read_key(path) == b"k" * 64
