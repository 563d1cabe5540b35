"""The conversation: what is answered, what is asked, and what the reports hold that come of it."""

from __future__ import annotations

import json
import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.advice import report_number
from producers.bots.drafts import HOLD, HOLD_URGENT, Question, submission
from producers.bots.messages import Attachment
from producers.bots.wording import FILE, LANGUAGES, texts
from producers.lookup import unreported
from producers.validation import decode_submission
from schemas.events import Outcome, Stance, report_id
from schemas.reference import Words, load, regions
from streams.reputation import State
from streams.wording import Locale
from tests.unit.bots.talk import BOT, NARROW, Talk

STORY = "Звонили якобы из поликлиники с 8 705 111 22 33, просили код из смс 4821"
NUMBER = "+77051112233"


def test_a_story_is_answered_at_once_and_sent_with_the_answers() -> None:
    talk = Talk()
    answer, question = talk.say(STORY)
    assert answer.startswith("🔴 Это очень похоже на мошенников.")
    for said in ("Что делать:\nПоложите трубку", "+7 705 111 22 33", "«Запись к врачу»", "личные данные"):
        assert said in answer
    number = report_number(report_id(BOT.source, "tg-" + "a" * 32))
    assert number in answer
    assert question == "Вы потеряли деньги?"
    assert talk.finished == []
    assert talk.tap("Нет") == ["Где это было? Выберите или напишите."]
    assert talk.label == "Нет"
    assert talk.tap("Шымкент") == [f"Спасибо! Сообщение {number} передаём киберполиции."]
    (draft,) = talk.finished
    report = submission(draft)
    assert (report.outcome, report.region, report.stance, report.reporter) == (
        Outcome.ATTEMPT,
        "KZ-79",
        Stance.REPORT,
        "1001",
    )
    assert "4821" not in report.text
    assert decode_submission(msgspec.json.encode(report)) == report
    assert talk.chat.draft is None


def test_money_that_left_today_is_urgent_and_waits_less() -> None:
    talk = Talk()
    talk.say(STORY)
    assert talk.chat.draft
    assert talk.chat.draft.hold == HOLD
    steps, where = talk.tap("Да, сегодня")
    assert steps.startswith("🚨 Деньги ушли меньше суток назад")
    assert "\n2. " in steps
    assert where.startswith("Где это было?")
    assert talk.chat.draft.hold == HOLD_URGENT
    talk.say("Мамлютский район")
    (draft,) = talk.finished
    assert (draft.outcome, draft.urgent, draft.region) == (Outcome.VICTIM, True, "KZ-59")


def test_a_place_that_was_told_is_not_asked_for() -> None:
    talk = Talk()
    talk.say("В Петропавловске звонили из банка с 8 705 111 22 33, просили код из смс")
    assert len(talk.tap("Да, раньше")) == 2
    (draft,) = talk.finished
    assert (draft.outcome, draft.urgent) == (Outcome.VICTIM, False)


def test_a_number_alone_is_a_question_until_somebody_says_more() -> None:
    talk = Talk()
    answer, question = talk.say("8 705 111 22 33")
    assert answer.startswith("⚪ Жалоб на этот номер пока нет.")
    assert question == "Что случилось?"
    assert talk.chat.draft
    assert talk.chat.draft.stance is Stance.QUESTION
    talk.tap("Просто проверяю")
    assert talk.finished[0].stance is Stance.QUESTION
    talk.say("8 705 111 22 33")
    talk.tap("Звонили или писали")
    talk.tap("Пропустить")
    assert (talk.finished[1].stance, talk.finished[1].outcome) == (Stance.REPORT, Outcome.ATTEMPT)


def test_a_shared_contact_is_a_suspect_and_ones_own_is_refused() -> None:
    talk = Talk(known={NUMBER: msgspec.structs.replace(unreported(NUMBER), state=State.SUSPECTED, reporters=4)})
    answer, _ = talk.say(numbers=(NUMBER,))
    assert answer.startswith("🔴 Осторожно")
    assert "Сообщили о нём: 4 чел." in answer
    assert "подделать" in answer
    assert submission(talk.chat.draft).contacts[0].value == NUMBER  # type: ignore[arg-type]
    assert "собственный контакт" in talk.say(attachment=Attachment.OWN_CONTACT)[0]


def test_a_number_and_its_story_become_one_report_in_either_order() -> None:
    for messages in (["8 705 111 22 33", "звонил якобы следователь, пугал уголовным делом"], ["", ""]):
        talk = Talk()
        for text in messages if messages[0] else ["звонил якобы следователь, пугал уголовным делом", "87051112233"]:
            talk.say(text)
        assert talk.finished == []
        talk.say("нет")
        talk.tap("Астана")
        (draft,) = talk.finished
        assert "следователь" in draft.text
        assert "705" in draft.text
        assert (draft.stance, draft.outcome) == (Stance.REPORT, Outcome.ATTEMPT)


def test_another_story_ends_the_first_report() -> None:
    talk = Talk()
    talk.say(STORY)
    talk.say("Потом звонили из банка с 8 747 222 33 44 и просили перевести деньги на безопасный счёт")
    (first,) = talk.finished
    assert (first.question, first.outcome) == (Question.LOSS, Outcome.UNKNOWN)
    assert talk.chat.draft
    assert talk.chat.draft.ref != first.ref


def test_a_warning_that_goes_round_is_passed_on_without_questions() -> None:
    for how in ({"forwarded": True, "passed_on": True}, {}):
        talk = Talk()
        replies = talk.say("ВНИМАНИЕ! Мошенники звонят от имени Казпочты и просят код. Перешлите всем!", **how)
        assert replies[-1].startswith("Спасибо, что предупреждаете других")
        (draft,) = talk.finished
        assert draft.stance is (Stance.WARNING if how else Stance.REPORT)  # the agents see by its words what it is
        assert not talk.buttons


def test_forwarded_words_say_nothing_about_a_persons_language() -> None:
    talk = Talk()
    talk.say("Сәлеметсіз бе")
    answer, question = talk.say("Поздравляем! Вы выиграли приз, оплатите доставку", forwarded=True)
    assert "Не істеу керек" in answer
    assert question == "Ақшаңыз кетті ме?"
    assert talk.chat.locale == "kk"


def test_who_begins_with_forwarded_words_can_read_them() -> None:
    won = "Құттықтаймыз! Сіз ұтып алдыңыз, сілтеме арқылы өтіп, картаңызды енгізіңіз"
    talk = Talk()
    assert "Не істеу керек" in talk.say(won, forwarded=True)[0]
    talk = Talk()
    assert "Что делать" in talk.say(won, forwarded=True, spoken="ru")[0]


def test_the_language_follows_the_words_until_it_is_chosen() -> None:
    talk = Talk()
    talk.say("/start", spoken="en")
    assert talk.chat.locale == "en"
    assert talk.say("Банктен қоңырау шалып, SMS кодты сұрады")[1] == "Ақшаңыз кетті ме?"
    assert talk.say("/lang") == ["Қай тілде жауап берейін?"]
    assert talk.tap("Русский") == ["Буду отвечать по-русски."]
    assert talk.say("Банктен қоңырау шалып, SMS кодты сұрады")[1] == "Вы потеряли деньги?"
    assert talk.say("/lang kk") == ["Қазақша жауап беремін."]
    assert talk.say("русский") == ["Буду отвечать по-русски."]


def test_check_only_looks() -> None:
    talk = Talk(known={"1414": msgspec.structs.replace(unreported("1414"), impersonated=True)})
    assert talk.say("/check 1414")[0].startswith("🟠 Номер настоящий")
    assert talk.say("/check@saqbol_bot 8 705 111 22 33")[0].startswith("⚪ Жалоб на этот номер пока нет")
    assert talk.say("/check")[0].startswith("Напишите номер после команды")
    assert talk.say("/check привет")[0].startswith("Напишите номер после команды")
    talk.away = True
    assert "не получилось" in talk.say("/check 8 705 111 22 33")[0]
    assert (talk.finished, talk.chat.draft) == ([], None)


def test_an_answer_comes_even_if_numbers_cannot_be_looked_up() -> None:
    talk = Talk()
    talk.away = True
    answer, _ = talk.say(STORY)
    assert answer.startswith("🔴 Это очень похоже на мошенников.")
    assert "Проверить номер сейчас не получилось" in answer


def test_small_talk_is_no_report() -> None:
    talk = Talk()
    assert talk.say("Здравствуйте")[0].startswith("Здравствуйте! Я помогаю")
    assert talk.say("Здравствуйте")[0].startswith("Расскажите, что произошло")
    assert talk.say("Здравствуйте, у меня вопрос")[0].startswith("Расскажите, что произошло")
    assert talk.say("4821")[0].startswith("Расскажите, что произошло")
    assert talk.say("Спасибо большое!") == ["Берегите себя и близких!"]
    assert talk.say("рахмет") == ["Сақ болыңыз! Жақындарыңызға да айтып жүріңіз."] or talk.chat.locale == "ru"
    talk.say(STORY)
    assert talk.say("ага") == ["Вы потеряли деньги?"]
    assert talk.finished == []


@pytest.mark.parametrize("attachment", Attachment)
def test_what_cannot_be_read_gets_a_kind_answer(attachment: Attachment) -> None:
    talk = Talk()
    (said,) = talk.say(attachment=attachment)
    assert said == texts("ru")[f"attachment_{attachment}"]
    answer, _ = talk.say(STORY, attachment=attachment)
    assert answer.startswith("🔴")


def test_a_late_or_foreign_tap_changes_nothing() -> None:
    talk = Talk()
    talk.say(STORY)
    old = talk.buttons["Да, сегодня"]
    talk.tap("Нет")
    assert talk.say(choice=old) == ["Спасибо, это сообщение уже передано."]
    talk.tap("Пропустить")
    for token in (old, "", "x|loss|today", "|||", old.replace("today", "nonsense"), old.replace("loss", "region")):
        assert talk.say(choice=token or "-") == ["Спасибо, это сообщение уже передано."]
    assert len(talk.finished) == 1


def test_regions_come_in_pages_where_a_menu_is_short() -> None:
    talk = Talk(NARROW)
    talk.say(STORY)
    talk.tap("Нет")
    shown: list[str] = []
    while "Другая область…" in talk.buttons:
        assert len(talk.buttons) == 10
        shown += [label for label in talk.buttons if label != "Другая область…"]
        talk.tap("Другая область…")
    shown += talk.buttons
    assert len(shown) == len(regions()) + 1
    assert len(set(shown)) == len(shown)
    assert shown[-1] == "Пропустить"
    talk.tap("область Ұлытау") if "область Ұлытау" in talk.buttons else talk.tap("Пропустить")
    assert len(talk.finished) == 1


def test_too_many_are_asked_to_wait() -> None:
    assert Talk().say(wait=61) == ["Вы пишете слишком часто. Подождите, пожалуйста, 2 мин."]


def test_labels_fit_and_tokens_are_short() -> None:
    for locale in LANGUAGES:
        words = texts(locale)
        assert len(words["choose"]) <= 20
        for name in ("today", "earlier", "no"):
            assert len(words[f"option_{name}"]) <= 20
        assert all(len(text) <= 24 for name, text in words.items() if name.startswith("option_"))
        assert len(words["start"]) <= 1024
        talk = Talk(NARROW)
        talk.say("/lang " + locale)
        talk.say(STORY)
        for _ in range(2):
            assert all(len(label) <= 24 and len(token.encode()) <= 64 for label, token in talk.buttons.items())
            talk.tap(words["option_no"]) if words["option_no"] in talk.buttons else None


@given(text=st.text(max_size=300), forwarded=st.booleans(), locale=st.sampled_from(LANGUAGES))
def test_any_words_get_an_answer(text: str, forwarded: bool, locale: Locale) -> None:
    talk = Talk()
    assert talk.say(text or "x", forwarded=forwarded, spoken=locale)
    assert all(reply.text for reply in talk.replies)
    for draft in talk.finished:
        decode_submission(msgspec.json.encode(submission(draft)))


def test_texts_are_complete_and_used() -> None:
    assert json.loads(FILE.with_name("texts.schema.json").read_text()) == msgspec.json.schema(dict[str, Words])
    code = "".join(
        path.read_text() for folder in ("bots", "telegram") for path in FILE.parents[1].glob(f"{folder}/*.py")
    )
    for name, words in load(FILE, dict[str, Words]).items():
        blanks = {
            frozenset(blank for _, blank, _, _ in string.Formatter().parse(getattr(words, locale)) if blank)
            for locale in LANGUAGES
        }
        assert len(blanks) == 1, name
        families = ("command_", "attachment_", "ask_")
        assert name in code or name.startswith(families), f"{name} is not used"
