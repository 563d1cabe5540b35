"""Stance: what the channel said stands; otherwise the words decide."""

from __future__ import annotations

import pytest

from schemas.events import Stance
from streams.understanding.stance import detect


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("Мне звонили с номера 8 705 111 22 33, просили код", Stance.REPORT),
        ("Мошенники начали рассылать поддельные квитанции, предупредите близких", Stance.WARNING),
        ("Полиция ескертеді: белгісіз сілтемелерге өтпеңіздер", Stance.WARNING),
        ("Подскажите, это мошенники или правда банк?", Stance.QUESTION),
        ("Бұл нөмір кімдікі, алаяқ емес пе?", Stance.QUESTION),
        ("", Stance.REPORT),
    ],
)
def test_words_decide(text: str, stance: Stance) -> None:
    assert detect(text) is stance


@pytest.mark.parametrize("given", [Stance.WARNING, Stance.QUESTION])
def test_what_the_channel_said_stands(given: Stance) -> None:
    assert detect("Мне звонили и просили код", given) is given
