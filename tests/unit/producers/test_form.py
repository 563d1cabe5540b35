"""The web form without HTTP: reading what was typed, the texts, the pages and the proof of work."""

from __future__ import annotations

import base64
import json
import string
from datetime import UTC, datetime
from html.parser import HTMLParser

import altcha
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.advice import report_number
from producers.advice import texts as advice_texts
from producers.gateway.form.challenge import LIFETIME, Challenges
from producers.gateway.form.handlers import FREE_PER_ADDRESS, MOST_PER_ADDRESS, Door
from producers.gateway.form.page import Notice, answer_page, form_page
from producers.gateway.form.reading import FIELDS, FormErrors, is_reference, read
from producers.gateway.form.texts import FILE, LANGUAGES, texts
from producers.intake import Intake, Origin, to_report
from producers.lookup import unreported
from producers.reporters import ReporterHasher
from producers.web.languages import preferred
from schemas.events import AffectedGroup, Channel, Medium, ReportSubmission
from schemas.reference import Words, load
from streams.reputation import State
from streams.understanding.enrich import enrich
from streams.wording import Locale

NOW = datetime(2026, 1, 14, 6, 0, tzinfo=UTC)
REFERENCE = "2f6c1d1e-5a0e-4c1b-9b7e-7a1414021565"
ORIGIN = Origin(source="web-form", channel=Channel.WEB)


def wrong(**form: str) -> list[tuple[str, str]]:
    """(field, text) of everything wrong with a form."""
    with pytest.raises(FormErrors) as caught:
        read({"text": "x"} | form, REFERENCE, NOW)
    return [(error.field, error.text) for error in caught.value.errors]


def intake(**form: str) -> Intake:
    return to_report(read(form, REFERENCE, NOW), ORIGIN, NOW, ReporterHasher(b"k" * 32))


class Page(HTMLParser):
    """What matters of a page: its elements with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_a_filled_in_form_becomes_a_submission() -> None:
    assert read(
        {
            "text": "  Звонили\r\nиз банка ",
            "contact": " +7 705 123 45 67 ",
            "medium": "call",
            "when": "2026-01-14T09:30",
            "region": "KZ-33",
            "district": "Панфиловский",
            "who": "elderly",
            "lost": "yes",
            "amount": "150 000 тг",
        },
        REFERENCE,
        NOW,
    ) == msgspec.convert(
        {
            "source_ref": REFERENCE,
            "text": "Звонили\nиз банка",
            "contacts": [{"value": "+7 705 123 45 67"}],
            "medium": "call",
            "happened_at": "2026-01-14T04:30:00Z",
            "region": "KZ-33",
            "district": "Панфиловский",
            "affected_group": "elderly",
            "outcome": "victim",
            "loss_kzt": 150_000,
        },
        ReportSubmission,
    )


@pytest.mark.parametrize(
    ("amount", "tenge"), [("150000", 150_000), ("150 000", 150_000), ("1\u00a0000,50 ₸", 1000), ("99.9 тенге", 99)]
)
def test_amounts(amount: str, tenge: int) -> None:
    assert read({"text": "x", "lost": "yes", "amount": amount}, REFERENCE, NOW).loss_kzt == tenge


def test_an_amount_counts_only_if_money_was_lost() -> None:
    assert read({"text": "x", "lost": "no", "amount": "many"}, REFERENCE, NOW).loss_kzt is None


@pytest.mark.parametrize(
    ("form", "errors"),
    [
        ({"text": " \x00 "}, [("text", "error_empty")]),
        ({"text": "x" * 10_001}, [("text", "error_long")]),
        ({"contact": "x" * 257, "district": "x" * 101}, [("contact", "error_long"), ("district", "error_long")]),
        ({"when": "14.01.2026"}, [("when", "error_when")]),
        ({"when": "2090-01-01T00:00"}, [("when", "error_future")]),
        ({"when": "0001-01-01T00:00"}, [("when", "error_old")]),
        ({"when": "1970-01-01T00:00"}, [("when", "error_old")]),
        ({"lost": "yes", "amount": "много"}, [("amount", "error_amount")]),
        ({"lost": "yes", "amount": "1" * 14}, [("amount", "error_amount")]),
        ({"lost": "yes", "amount": "-5"}, [("amount", "error_amount")]),
        (
            {"medium": "pigeon", "region": "KZ-99", "who": "x", "lost": "maybe"},
            [(name, "error_choice") for name in ("medium", "region", "who", "lost")],
        ),
    ],
)
def test_everything_wrong_is_named_in_the_order_of_the_page(
    form: dict[str, str], errors: list[tuple[str, str]]
) -> None:
    assert sorted(wrong(**form), key=lambda error: FIELDS.index(error[0])) == wrong(**form)
    assert set(wrong(**form)) == set(errors)


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=40)))
def test_what_the_form_takes_the_gateway_takes(form: dict[str, str]) -> None:
    try:
        submission = read(form, REFERENCE, NOW)
    except FormErrors as error:
        errors = error.errors
    else:
        assert to_report(submission, ORIGIN, NOW, ReporterHasher(b"k" * 32)).report.source == "web-form"
        return
    assert errors


def test_only_random_references_are_taken_from_the_page() -> None:
    assert is_reference(REFERENCE)
    for other in ("", "1", "+77051234567", REFERENCE.upper(), REFERENCE + "\n", "2f6c1d1e-5a0e-1c1b-9b7e-7a1414021565"):
        assert not is_reference(other)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "ru"),
        ("kk-KZ,kk;q=0.9,ru;q=0.8", "kk"),
        ("en-US,en;q=0.9", "en"),
        ("de,fr;q=0.9", "ru"),
        ("de,ru;q=0.3,kk;q=0.7", "kk"),
        ("*", "ru"),
        ("en;q=0,ru;q=0.1", "ru"),
        ("en;q=abc,kk;q=0.2", "kk"),
        (";;,=,", "ru"),
    ],
)
def test_the_language_of_the_browser(header: str, language: str) -> None:
    assert preferred(header, LANGUAGES) == language


def test_every_text_is_there_in_every_language_with_the_same_blanks() -> None:
    schema = json.loads(FILE.with_name("texts.schema.json").read_text())
    assert schema == msgspec.json.schema(dict[str, Words])
    for name, words in load(FILE, dict[str, Words]).items():
        blanks = {
            frozenset(blank for _, blank, _, _ in string.Formatter().parse(getattr(words, language)) if blank)
            for language in LANGUAGES
        }
        assert len(blanks) == 1, name
        assert all(getattr(words, language).strip() for language in LANGUAGES), name


def test_every_text_is_used() -> None:
    folder = FILE.parent
    code = "".join(path.read_text() for pattern in ("*.py", "templates/*.html") for path in folder.glob(pattern))
    choices = {f"medium_{m.value}" for m in Medium} | {f"who_{g.value}" for g in AffectedGroup}
    choices |= {"lost_yes", "lost_no", "lost_unknown"}
    assert [name for name in texts("ru") if name not in code and name not in choices] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_has_a_label_and_nothing_is_inline(language: str) -> None:
    page = Page(form_page(language, REFERENCE, errors=[]))
    labels = {attributes.get("for") for tag, attributes in page.elements if tag == "label"}
    controls = [
        attributes
        for tag, attributes in page.elements
        if tag in {"input", "select", "textarea"} and attributes.get("type") not in {"hidden", "radio"}
    ]
    assert {control["id"] for control in controls} <= labels
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        described = (attributes.get("aria-describedby") or "").split()
        assert set(described) <= set(ids)
    assert ("html", {"lang": language}) in page.elements


def test_what_was_typed_comes_back_escaped_with_each_error_at_its_field() -> None:
    typed = {"text": "\n<script>alert(1)</script>", "contact": '"><b>', "when": "x", "medium": "sms", "region": "KZ-75"}
    with pytest.raises(FormErrors) as caught:
        read(typed, REFERENCE, NOW)
    html = form_page("ru", REFERENCE, typed, errors=caught.value.errors)
    assert "<script>alert" not in html
    page = Page(html)
    assert typed["text"].strip() in page.text
    fields = {attributes.get("id"): attributes for _, attributes in page.elements}
    assert fields["contact"]["value"] == typed["contact"]
    assert fields["when"]["aria-invalid"] == "true"
    assert "when-wrong" in (fields["when"]["aria-describedby"] or "")
    assert "checked" in fields["medium-sms"]
    assert any(a.get("href") == "#when" for _, a in page.elements)


def test_a_challenge_reaches_the_script_unharmed() -> None:
    challenge = Challenges(b"key").new()
    html = form_page("kk", REFERENCE, notice=Notice("h", "t"), challenge=challenge)
    (form,) = [attributes for tag, attributes in Page(html).elements if tag == "form"]
    assert json.loads(form["data-challenge"] or "") == challenge


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answer_says_what_to_do_now(language: Locale) -> None:
    taken = intake(
        text="Звонили с 1414 из поликлиники, записать к врачу, просили код из смс 4821", contact="1414", lost="yes"
    )
    page = Page(answer_page(language, taken, enrich(taken.report)))
    assert report_number(taken.report.id) in page.text
    assert advice_texts(language)["money_today"] in page.text
    assert advice_texts(language)["masked"] in page.text
    assert "eGov" in page.text
    assert any(attributes.get("href") == "tel:102" for _, attributes in page.elements)
    assert "4821" not in page.text
    assert "1414 —" in page.text or "1414 is" in page.text


def test_the_answer_without_understanding_is_still_an_answer() -> None:
    taken = intake(text="что-то странное")
    page = Page(answer_page("ru", taken, None))
    assert report_number(taken.report.id) in page.text
    assert advice_texts("ru")["general"] in page.text
    assert advice_texts("ru")["money_today"] not in page.text


def test_a_loss_of_last_week_is_not_urgent() -> None:
    page = Page(answer_page("ru", intake(text="x", lost="yes", when="2026-01-01T10:00"), None))
    assert advice_texts("ru")["money_today"] not in page.text
    assert advice_texts("ru")["money_police"].partition(":")[0] in page.text


def test_a_number_that_others_complained_about_is_named_in_the_answer() -> None:
    taken = intake(text="звонили из банка", contact="8 705 111 22 33")
    known = msgspec.structs.replace(unreported("+77051112233"), state=State.SUSPECTED, reporters=5)
    page = Page(answer_page("ru", taken, enrich(taken.report), [known]))
    assert f"+7 705 111 22 33 : {advice_texts('ru')['headline_suspected']}" in page.text
    quiet = Page(answer_page("ru", taken, enrich(taken.report), [unreported("+77051112233")]))
    assert "705" not in quiet.text


def solved(challenge: dict[str, object]) -> str:
    task = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(task)
    assert solution is not None
    return altcha.Payload(task, solution).to_base64()


def test_a_solution_is_taken_once_and_by_every_process_with_the_key() -> None:
    here, elsewhere, stranger = Challenges(b"key"), Challenges(b"key"), Challenges(b"other")
    solution = solved(here.new())
    assert not stranger.accept(solution)
    assert here.accept(solution)
    assert not here.accept(solution)
    assert elsewhere.accept(solution)


def test_a_solution_comes_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    challenges = Challenges(b"key")
    solution = solved(challenges.new())
    import time

    late = time.time() + LIFETIME + 2
    monkeypatch.setattr(time, "time", lambda: late)
    assert not challenges.accept(solution)


def test_changed_or_foreign_solutions_are_refused() -> None:
    challenges = Challenges(b"key")
    payload = json.loads(base64.b64decode(solved(challenges.new())))
    for part, changes in (
        ("challenge", {"parameters": payload["challenge"]["parameters"] | {"cost": 1}}),
        ("challenge", {"parameters": payload["challenge"]["parameters"] | {"keyPrefix": "00"}}),
        ("challenge", {"parameters": payload["challenge"]["parameters"] | {"nonce": "00" * 16}}),
        ("challenge", {"signature": None}),
        ("solution", {"derivedKey": "00" * 32}),
        ("solution", {"derivedKey": None}),
    ):
        forged = payload | {part: payload[part] | changes}
        assert not challenges.accept(base64.b64encode(json.dumps(forged).encode()).decode())


@given(st.text(max_size=50) | st.binary(max_size=80).map(lambda b: base64.b64encode(b).decode()))
def test_garbage_is_no_solution(garbage: str) -> None:
    assert not Challenges(b"key").accept(garbage)


names_in_payload = st.sampled_from(["challenge", "solution", "parameters", "signature", "counter", "derivedKey"])
json_values = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["challenge", "solution", "parameters", "signature", "counter", "derivedKey", "nonce"]),
            inner,
        )
    ),
)


@given(json_values)
def test_strange_json_is_no_solution(value: object) -> None:
    assert not Challenges(b"key").accept(base64.b64encode(json.dumps(value).encode()).decode())


def test_the_door_asks_for_work_and_then_closes() -> None:
    door = Door(b"key")
    assert [door.open_for("a", "") for _ in range(FREE_PER_ADDRESS.amount + 1)] == [
        *[True] * FREE_PER_ADDRESS.amount,
        False,
    ]
    assert door.open_for("b", "")
    assert door.open_for("a", solved(door.challenges.new()))
    waits = [door.seconds_to_wait("a") for _ in range(MOST_PER_ADDRESS.amount + 1)]
    assert waits[:-1] == [None] * MOST_PER_ADDRESS.amount
    assert waits[-1] is not None
    assert 0 < waits[-1] <= 7200
