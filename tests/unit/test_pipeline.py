"""Which services run on a stack, and what the bots among them are told."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deploy import pipeline
from deploy.home import CHECKOUT
from deploy.supervisor import StartError
from producers import integrations
from producers.intake import Origin
from producers.integrations import Permission
from schemas.events import Channel
from streams.settings import STAGES


@pytest.fixture
def stack(tmp_path: Path) -> Any:
    """Where a stack would be."""
    return SimpleNamespace(
        home=tmp_path, ports={"gateway": 8080}, bootstrap_servers="k:1", elasticsearch_url="http://e:1"
    )


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in pipeline.BOTS:
        for end in ("TOKEN", "KEY", "SOURCE", "PORT"):
            monkeypatch.delenv(f"SAQBOL_{name.upper()}_{end}", raising=False)
            monkeypatch.delenv(f"SAQBOL_{name.upper()}_{end}_FILE", raising=False)


def test_bots_run_when_their_token_is_given(stack: Any) -> None:
    pipeline.write_secrets(stack.home, [Origin(source="local-test", channel=Channel.PARTNER)])
    names = {service.name for service in pipeline.services(stack, {})}
    assert names == {*STAGES, "gateway"} - {pipeline.NOTIFY}
    services = {s.name: s for s in pipeline.services(stack, {"SAQBOL_TELEGRAM_TOKEN": "1:a"})}
    bot = services["telegram"].environment
    assert bot["SAQBOL_GATEWAY_URL"] == "http://127.0.0.1:8080"
    key = Path(bot["SAQBOL_TELEGRAM_KEY_FILE"])
    assert key.stat().st_mode & 0o777 == 0o600
    known = integrations.load(pipeline.integrations_file(stack.home)).by_key(key.read_text().strip())
    assert known is not None
    assert (known.source, known.channel) == ("telegram-bot", Channel.TELEGRAM)
    assert set(known.may) == {Permission.REPORT, Permission.LOOK_UP}


def test_notify_finds_the_people_on_call_wherever_it_works(
    stack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shipped = (CHECKOUT / "deploy" / "oncall.yaml").read_text(encoding="utf-8")
    Path("oncall.yaml").write_text(shipped, encoding="utf-8")
    told = {"SAQBOL_ONCALL": "oncall.yaml", "SAQBOL_ONCALL_URL": "json://127.0.0.1/"}
    notify = next(s for s in pipeline.services(stack, told) if s.name == pipeline.NOTIFY)
    assert notify.environment["SAQBOL_ONCALL"] == str(tmp_path / "oncall.yaml")
    Path("oncall.yaml").write_text(shipped.replace("language: ru", "language: de"), encoding="utf-8")
    with pytest.raises(StartError, match=r"nobody would be told of a wave: .*oncall.yaml:10: .*one of en, kk, ru"):
        pipeline.services(stack, told)


def test_a_bot_keeps_its_key_and_gets_another_when_it_was_lost(stack: Any) -> None:
    pipeline.write_secrets(stack.home, [Origin(source="local-test", channel=Channel.PARTNER)])
    told = {"SAQBOL_WHATSAPP_TOKEN_FILE": "/run/secrets/whatsapp"}

    def key() -> Path:
        (bot,) = [service for service in pipeline.services(stack, told) if service.name == "whatsapp"]
        return Path(bot.environment["SAQBOL_WHATSAPP_KEY_FILE"])

    first = key().read_text()
    assert key().read_text() == first
    key().unlink()
    second = key().read_text()
    assert second != first
    keys = integrations.load(pipeline.integrations_file(stack.home))
    assert keys.by_key(first.strip()) is None
    assert keys.by_key(second.strip()) is not None


def test_a_key_that_is_given_is_taken(stack: Any) -> None:
    pipeline.write_secrets(stack.home, [Origin(source="local-test", channel=Channel.PARTNER)])
    told = {"SAQBOL_TELEGRAM_TOKEN": "1:a", "SAQBOL_TELEGRAM_KEY": "sb_given"}
    (bot,) = [service for service in pipeline.services(stack, told) if service.name == "telegram"]
    assert "SAQBOL_TELEGRAM_KEY_FILE" not in bot.environment
    assert not (stack.home / "secrets" / "keys").exists()
