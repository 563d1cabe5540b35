"""From a submission to a report: what is refused, masked, hashed and filled in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from producers.intake import Origin, clean, read_report, to_report
from producers.problems import InvalidError, MalformedError
from producers.reporters import ReporterHasher
from producers.validation import encode_submission
from schemas.events import MAX_TEXT, Channel, GivenContact, Report, ReportSubmission, report_id, time_errors
from streams.understanding.secrets import mask

NOW = datetime(2026, 1, 14, 9, 30, tzinfo=UTC)
HASHER = ReporterHasher(b"k" * 32)
ORIGIN = Origin(source="desk", channel=Channel.HOTLINE, area_code="71541", region="KZ-59", district="Мамлютский")
CARD = "440043012345678" + luhn.calc_check_digit("440043012345678")


def submission(**fields: object) -> ReportSubmission:
    return msgspec.convert({"source_ref": "r1", "text": "Звонили с 1414"} | fields, ReportSubmission)


def wrong(**fields: object) -> list[str]:
    """The fields that are refused in a submission with these."""
    with pytest.raises(InvalidError) as caught:
        to_report(submission(**fields), ORIGIN, NOW, HASHER)
    return [problem.field for problem in caught.value.problems]


def test_defaults_come_from_the_integration_and_the_clock() -> None:
    report = to_report(submission(), ORIGIN, NOW, HASHER).report
    assert (report.source, report.channel, report.area_code) == ("desk", Channel.HOTLINE, "71541")
    assert (report.region, report.district) == ("KZ-59", "Мамлютский")
    assert report.received_at == report.happened_at == NOW
    assert report.id == report_id("desk", "r1")
    assert report.reporter is None


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"region": "KZ-75"}, ("KZ-75", None)),
        ({"district": "Кызылжарский"}, (None, "Кызылжарский")),
        ({"region": "KZ-33", "district": "Панфиловский"}, ("KZ-33", "Панфиловский")),
    ],
)
def test_a_place_that_the_report_names_is_not_mixed_with_the_default(
    said: dict[str, str], kept: tuple[str | None, str | None]
) -> None:
    report = to_report(submission(**said), ORIGIN, NOW, HASHER).report
    assert (report.region, report.district) == kept


def test_times_are_kept_in_utc() -> None:
    report = to_report(submission(happened_at="2026-01-14T09:30:00+05:00"), ORIGIN, NOW, HASHER).report
    assert msgspec.to_builtins(report)["happened_at"] == "2026-01-14T04:30:00Z"


def test_secrets_are_masked_wherever_they_stand() -> None:
    intake = to_report(
        submission(
            text=f"сказала код 4821 из смс, карта {CARD}, я с номера +77051234567",
            contacts=[{"value": CARD}],
            bank=f"карта {CARD}",
            district=f"Мамлютский {CARD}",
            reporter="8 (705) 123-45-67",
        ),
        ORIGIN,
        NOW,
        HASHER,
    )
    written = msgspec.json.encode(intake.report).decode()
    for secret in ("4821", CARD, "7051234567"):
        assert secret not in written
    assert intake.masked["card"] == 4
    assert intake.masked["one-time-code"] == 1


def test_the_reporters_own_contact_goes_no_further() -> None:
    own, suspect = {"value": "8 705 123 45 67", "role": "own"}, {"value": "8 701 765 43 21"}
    told = submission(text="Мой номер +7 705 123-45-67, звонили с 8 701 765 43 21", contacts=[own, suspect])
    report = to_report(told, ORIGIN, NOW, HASHER).report
    assert [contact.value for contact in report.contacts] == ["8 701 765 43 21"]
    assert "123-45-67" not in report.text
    assert "8 701 765 43 21" in report.text


def test_masks_never_make_a_text_longer_than_the_contract() -> None:
    text = ("код 1234 из смс " * 1000)[:MAX_TEXT]
    report = to_report(submission(text=text), ORIGIN, NOW, HASHER).report
    assert "1234" not in report.text
    assert len(report.text) <= MAX_TEXT
    msgspec.json.decode(msgspec.json.encode(report), type=Report)


@pytest.mark.parametrize("ref", ["+77051234567", "87051234567", "wa:7051234567:3", CARD, "код 4821 из смс"])
def test_a_reference_that_identifies_somebody_is_hashed_the_same_way_every_time(ref: str) -> None:
    first, second = (to_report(submission(source_ref=ref), ORIGIN, NOW, HASHER) for _ in range(2))
    assert first.report.source_ref == second.report.source_ref
    assert first.report.source_ref.startswith("h-")
    assert first.report.id == second.report.id == report_id("desk", first.report.source_ref)
    assert first.masked["source-ref"] == 1
    other = to_report(submission(source_ref=ref), Origin(source="bot", channel=Channel.TELEGRAM), NOW, HASHER)
    assert other.report.source_ref != first.report.source_ref


@pytest.mark.parametrize("ref", ["1", "2026-01-14/17", "wamid.HBgLNzcw", "message-1768383000123", "сообщение №5"])
def test_an_ordinary_reference_is_kept(ref: str) -> None:
    assert to_report(submission(source_ref=ref), ORIGIN, NOW, HASHER).report.source_ref == ref


@pytest.mark.parametrize("hasher", [HASHER, None])
@pytest.mark.parametrize("ref", ["a27b8062d2e84a4298e940319533089f", "5A5D1F08-4D97-4162-8848-838788CC8F8D"])
def test_a_uuid_whose_digits_pass_for_a_card_is_kept(ref: str, hasher: ReporterHasher | None) -> None:
    assert mask(ref.replace("-", "")).kinds
    assert to_report(submission(source_ref=ref), ORIGIN, NOW, hasher).report.source_ref == ref


def test_without_a_key_nothing_is_hashed_badly_but_refused() -> None:
    with pytest.raises(InvalidError) as caught:
        to_report(submission(source_ref="+77051234567", reporter="+77051234567"), ORIGIN, NOW, None)
    assert {problem.field for problem in caught.value.problems} == {"/source_ref", "/reporter"}
    assert "7051234567" not in str(caught.value)


def test_what_says_nothing_is_refused() -> None:
    assert wrong(text=" \n\u0000\u0007") == ["/text"]
    assert wrong(text="", contacts=[{"value": " "}]) == ["/text"]
    assert to_report(submission(text="", contacts=[{"value": "скрыт"}]), ORIGIN, NOW, HASHER).report.text == ""
    assert to_report(submission(text="\u202e"), ORIGIN, NOW, HASHER).report.text == "\u202e"


def test_rules_across_fields() -> None:
    assert wrong(happened_at="1970-01-01T00:00:00Z", money_moved_at="2090-01-01T00:00:00Z", region="KZ-99") == [
        "/happened_at",
        "/money_moved_at",
        "/region",
    ]
    assert wrong(source_ref="a\u0000b", reporter="\u0000") == ["/source_ref", "/reporter"]
    assert wrong(source_ref=" ") == ["/source_ref"]


def test_wrong_types_and_broken_rules_are_named_together() -> None:
    raw = b'{"text": 5, "happened_at": "1970-01-01T00:00:00Z", "region": "KZ-99", "source_ref": " "}'
    with pytest.raises(InvalidError) as caught:
        read_report(raw, ORIGIN, NOW, HASHER)
    assert {p.field for p in caught.value.problems} == {"/text", "/happened_at", "/region", "/source_ref"}


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [("a\r\nb\rc\u2028d", "a\nb\nc\nd"), ("a\tb\u0000c\u001b\u007f\u0080", "a\tbc"), ("\u200f😱қ", "\u200f😱қ")],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(
    text=st.text(max_size=300),
    contacts=st.lists(st.text(max_size=60), max_size=3),
    reporter=st.none() | st.text(min_size=1, max_size=40),
    reference=st.text(min_size=1, max_size=128),
    bank=st.none() | st.text(max_size=100),
    offset=st.timedeltas(timedelta(days=-3000), timedelta(days=30)),
)
def test_whatever_is_taken_is_a_valid_report(
    text: str, contacts: list[str], reporter: str | None, reference: str, bank: str | None, offset: timedelta
) -> None:
    given_contacts = [GivenContact(value=value) for value in contacts]
    sent = ReportSubmission(
        source_ref=reference, text=text, contacts=given_contacts, reporter=reporter, bank=bank, happened_at=NOW + offset
    )
    try:
        intake = read_report(encode_submission(sent), ORIGIN, NOW, HASHER)
    except (InvalidError, MalformedError):
        return  # every reason to refuse is tested above
    report = msgspec.json.decode(msgspec.json.encode(intake.report), type=Report)
    assert report == intake.report
    assert time_errors(report.happened_at, report.received_at) is None
    assert clean(report.text) == report.text
