"""Names of places and their order."""

from __future__ import annotations

import pytest

from producers.places import alphabetical, named_districts, named_regions, named_schemes, place_name


def test_kazakh_names_follow_the_kazakh_alphabet() -> None:
    names = [
        "Ұлытау",
        "Шала",
        "Шал ақын",
        "Қостанай",
        "Кентау",
        "«Банк»",
        "eGov",
        "Әйтеке би",
        "Абай",
        "Өскемен",
        "Орал",
    ]
    expected = ["Абай", "Әйтеке би", "«Банк»", "Кентау", "Қостанай", "Орал", "Өскемен", "Ұлытау", "Шал ақын", "Шала"]
    assert sorted(names, key=alphabetical) == [*expected, "eGov"]


@pytest.mark.parametrize(
    ("region", "district", "name"),
    [
        ("KZ-59", "595200000", "Мамлют ауданы"),
        ("KZ-33", None, "Жетісу облысы"),
        ("KZ-33", "Новый район", "Новый район"),
        (None, None, ""),
    ],
)
def test_a_place_is_named_in_the_language_of_the_page(region: str | None, district: str | None, name: str) -> None:
    assert place_name(region, district, "kk") == name


def test_lists_are_whole_and_in_order() -> None:
    for named in (named_regions("kk"), named_schemes("ru"), named_districts("kk", "KZ-59")):
        assert named == sorted(named, key=lambda pair: alphabetical(pair[1]))
    assert len(named_regions("en")) == 20
    assert ("KZ-33", "область Жетісу") in named_regions("ru")
    assert 0 < len(named_districts("ru", "KZ-59")) < len(named_districts("ru"))
