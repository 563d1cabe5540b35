"""Settings of the gateway from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from producers.gateway.settings import Settings, SettingsError, from_environment

FILES = {"SAQBOL_INTEGRATIONS_FILE": "/a.yaml", "SAQBOL_HMAC_KEY_FILE": "/b.key"}


def test_defaults_stay_on_loopback() -> None:
    assert from_environment(FILES) == Settings(
        host="127.0.0.1", port=8080, kafka="127.0.0.1:9092", integrations=Path("/a.yaml"), hmac_key=Path("/b.key")
    )


def test_everything_can_be_set_and_empty_means_unset() -> None:
    settings = from_environment(
        FILES
        | {
            "SAQBOL_GATEWAY_HOST": "0.0.0.0",
            "SAQBOL_GATEWAY_PORT": "80",
            "SAQBOL_KAFKA": "a:1,b:2",
            "SAQBOL_TRUSTED_PROXIES": "",
        }
    )
    assert (settings.host, settings.port, settings.kafka, settings.trusted_proxies) == ("0.0.0.0", 80, "a:1,b:2", "")


@pytest.mark.parametrize("missing", list(FILES))
def test_a_missing_file_setting_is_named(missing: str) -> None:
    with pytest.raises(SettingsError, match=missing):
        from_environment({name: value for name, value in FILES.items() if name != missing})


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "8080.5"])
def test_a_wrong_port_is_named(port: str) -> None:
    with pytest.raises(SettingsError, match="SAQBOL_GATEWAY_PORT"):
        from_environment(FILES | {"SAQBOL_GATEWAY_PORT": port})
