from __future__ import annotations

import pytest
from msgspec import MsgspecError

from schemas.events import Signal
from streams.wire import MAX_BATCH_BYTES, decode_batch, encode_batches
from tests.builders import a_signal


def test_batches_hold_all_events_in_order_and_keep_to_the_size() -> None:
    events = [a_signal(report_id=str(i), excerpt="я" * 200) for i in range(3000)]
    batches = list(encode_batches(events))
    assert len(batches) > 1
    assert all(len(batch) <= MAX_BATCH_BYTES for batch in batches)
    assert [event for batch in batches for event in decode_batch(batch, Signal)] == events


def test_nothing_gives_no_batch() -> None:
    assert list(encode_batches([])) == []
    assert decode_batch(None, Signal) == []


def test_an_event_larger_than_a_batch_travels_alone() -> None:
    large = a_signal(excerpt="x" * MAX_BATCH_BYTES)
    assert len(list(encode_batches([a_signal(), large, a_signal()]))) == 3


@pytest.mark.parametrize("garbage", [b"", b"{}", b"[1]", b"\xff"])
def test_garbage_is_an_error_not_a_crash(garbage: bytes) -> None:
    with pytest.raises((MsgspecError, UnicodeDecodeError)):
        decode_batch(garbage, Signal)
