"""ReportProducer's own checks; what it publishes is tested against a real Kafka."""

from __future__ import annotations

import pytest

from producers.client import ReportProducer


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"source": "Clinic Bot", "channel": "telegram"}, "source"),
        ({"source": "bot", "channel": "pigeon"}, "channel"),
        ({"source": "bot", "channel": "telegram", "area_code": "x"}, "area_code"),
        ({"source": "bot", "channel": "telegram", "region": "59"}, "region"),
        ({"source": "bot", "channel": "telegram", "reporter_key": b"short"}, "32"),
    ],
)
def test_a_wrong_argument_is_named_before_kafka_is_asked(arguments: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ReportProducer("127.0.0.1:1", **arguments)  # type: ignore[arg-type]
