"""Decoding: fast when right, every wrong field when not, and the two never disagree."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.problems import InvalidError, MalformedError
from producers.validation import decode_submission, encode_submission, pointer
from schemas.events import ReportSubmission


def problems(body: object) -> dict[str, str]:
    """Pointer → remedy of each problem."""
    with pytest.raises(InvalidError) as caught:
        decode_submission(msgspec.json.encode(body))
    return {problem.field: problem.remedy for problem in caught.value.problems}


def test_a_right_body_is_decoded() -> None:
    assert decode_submission(b'{"source_ref": "1", "text": "x"}') == ReportSubmission(source_ref="1", text="x")


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff", b'{"text": "\xc3"}', rb'{"source_ref": "\ud800"}', b"\xef\xbb\xbf{}", b"[" * 100_000]
)
def test_what_is_not_json_is_malformed(raw: bytes) -> None:
    with pytest.raises((MalformedError, InvalidError)):
        decode_submission(raw)


def test_every_wrong_field_has_a_remedy_in_plain_words() -> None:
    found = problems(
        {
            "medium": "pigeon",
            "contacts": [{"value": "1", "role": "enemy"}, 5],
            "region": "59",
            "loss_kzt": 1.0,
            "urgent": None,
            "happened_at": "yesterday",
            "text": "x" * 10_001,
            "reporter": "",
        }
    )
    assert found == {
        "/source_ref": "this field must be sent",
        "/medium": "send one of call, other, sms, telegram, web, whatsapp",
        "/contacts/0/role": "send one of helpline, official, other, own, suspect",
        "/contacts/1": "send an object",
        "/region": "send ISO 3166-2 code of a region of Kazakhstan (^KZ-[0-9]{2}$)",
        "/loss_kzt": "send a whole number",
        "/urgent": "send true or false",
        "/happened_at": "send RFC 3339 with a time zone, e.g. 2026-01-14T09:30:00+05:00",
        "/text": "send at most 10,000 characters",
        "/reporter": "send at least 1 characters",
    }


def test_values_are_never_repeated() -> None:
    secret = "4400430123456784"
    with pytest.raises(InvalidError) as caught:
        decode_submission(msgspec.json.encode({"medium": secret, secret: 1, "region": secret, "a" + secret: 2}))
    assert secret not in str(caught.value)
    assert {p.field for p in caught.value.problems} == {"/source_ref", "/medium", "/region", "/(unknown)"}


def test_what_only_the_fast_decoder_refuses_is_named_too() -> None:
    assert list(problems({"source_ref": "1", "loss_kzt": 2**60})) == ["/loss_kzt"]
    with pytest.raises(InvalidError) as caught:
        decode_submission(b'{"source_ref": "1", "loss_kzt": 1e400}')
    assert [p.field for p in caught.value.problems] == ["/loss_kzt"]


def test_the_rest_of_a_wrong_body_is_kept_for_further_rules() -> None:
    with pytest.raises(InvalidError) as caught:
        decode_submission(b'{"text": 1, "region": "KZ-75", "happened_at": "2020-01-01T00:00:00Z", "x": 1}')
    assert caught.value.rest is not None
    assert caught.value.rest.region == "KZ-75"
    with pytest.raises(InvalidError) as caught:
        decode_submission(b"[1]")
    assert caught.value.rest is None


def test_encode_submission() -> None:
    assert encode_submission({"source_ref": "1"}) == b'{"source_ref":"1"}'
    assert encode_submission(ReportSubmission(source_ref="1")) == b'{"source_ref":"1"}'
    for impossible in ({"source_ref": "\ud800"}, {"source_ref": object()}, {1j: 2}):
        with pytest.raises(MalformedError):
            encode_submission(impossible)  # type: ignore[arg-type]


def test_pointer() -> None:
    assert pointer(["contacts", 0, "a/b~c"]) == "/contacts/0/a~1b~0c"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(ReportSubmission.__struct_fields__) | st.text(max_size=8), json_values))
def test_a_refused_body_always_names_each_field_once(body: dict[str, Any]) -> None:
    fields = ["valid"]
    try:
        decode_submission(msgspec.json.encode(body))
    except InvalidError as error:
        fields = [problem.field for problem in error.problems]
    assert fields
    assert len(set(fields)) == len(fields)
