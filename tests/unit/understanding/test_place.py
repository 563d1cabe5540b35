"""Places: inflected names, what only looks like a place, and what the channel knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import reference
from schemas.events import ContactRole
from streams.understanding.numbers import normalise
from streams.understanding.place import Place, district_code, find_place

MAMLYUT = "595200000"


@pytest.mark.parametrize(
    ("text", "region", "district"),
    [
        ("в Мамлютском районе", "KZ-59", MAMLYUT),
        ("Мамлют ауданында тұрамын", "KZ-59", MAMLYUT),
        ("МАМЛЮТСКИЙ Р-Н", "KZ-59", MAMLYUT),
        ("район Магжана Жумабаева", "KZ-59", "593600000"),
        ("Мағжан Жұмабаев ауданынан", "KZ-59", "593600000"),
        ("Есильский район Акмолинской области", "KZ-11", "114800000"),
        ("СКО, Есильский район", "KZ-59", "594200000"),
        ("в Мамлютке", "KZ-59", None),
        ("Жетісу облысында", "KZ-33", None),
        ("Жетису облысында", "KZ-33", None),
        ("в области Жетысу", "KZ-33", None),
        ("Петропавловске", "KZ-59", None),
        ("область Абай", "KZ-10", None),
        ("в Абайской области", "KZ-10", None),
        ("Алматыда тұрамын", "KZ-75", None),
        ("Алматинская область", "KZ-19", None),
        ("ЮКО", "KZ-61", None),
        ("Семипалатинск", "KZ-10", None),
        ("усть-каменогорск", "KZ-63", None),
        ("Усть Каменогорске", "KZ-63", None),
        ("Нур-Султане", "KZ-71", None),
        ("Курчатов город", "KZ-10", None),
        ("Шу станция", "KZ-31", None),
        ("Мамлютский р/н", "KZ-59", MAMLYUT),
        ("в мамлютском раионе", "KZ-59", MAMLYUT),
        ("Мағжан Жұмабаев атындағы ауданда", "KZ-59", "593600000"),
        ("в Костанайской живём области", "KZ-39", None),
    ],
)
def test_names_in_any_inflection(text: str, region: str, district: str | None) -> None:
    assert find_place(text) == Place(region, district)


@pytest.mark.parametrize(
    "text",
    [
        "на улице Абая",
        "Абай Құнанбаев оқыған",
        "Абай көшесінде",
        "в гостинице Астана",
        "банк Астаны",
        "рейс Астана - Алматы",
        "ехала из Алматы в Астану",
        "много семей пострадало",
        "алға, жақсы болды",
        "карагандинский уголь",
        "в нашем районе",
        "сериал «Астана»",
        "команда Кайрат Алматы",
        "в Жамбылском районе",
        "",
    ],
)
def test_what_is_no_place(text: str) -> None:
    assert find_place(text) == Place()


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("живу в Костанае, звонили якобы из Астаны", "KZ-39"),
        ("Звонили из прокуратуры Астаны, а мы живем в Таразе", "KZ-31"),
        ("Астанадан қоңырау шалды, мен Атырауда тұрамын", "KZ-23"),
        ("звонил якобы сотрудник ДП Шымкента, проживаю в Павлодаре", "KZ-55"),
    ],
)
def test_of_two_places_the_reporters(text: str, region: str) -> None:
    assert find_place(text).region == region


def test_what_the_channel_gives_stands() -> None:
    assert find_place("в Мамлютском районе", region="KZ-10") == Place("KZ-10")
    assert find_place("в Мамлютском районе", region="KZ-59") == Place("KZ-59", MAMLYUT)
    assert find_place("живу в Астане", region="KZ-10", district="103200000") == Place("KZ-10", "103200000")
    assert find_place("", district=MAMLYUT) == Place("KZ-59", MAMLYUT)
    assert find_place("Есильский район", region="KZ-59") == Place("KZ-59", "594200000")


def test_an_area_code_tells_what_the_text_does_not() -> None:
    assert find_place("", area_code="71541") == Place("KZ-59", MAMLYUT)
    assert find_place("", area_code="7172") == Place("KZ-71")
    assert find_place("", area_code="71030").region == "KZ-62"
    assert find_place("живу в Петропавловске", area_code="71541") == Place("KZ-59", MAMLYUT)
    assert find_place("живу в Астане", area_code="71541") == Place("KZ-71")
    assert find_place("", area_code="799") == Place()


def test_only_the_reporters_own_landline_tells_a_place() -> None:
    own = normalise("8 (71541) 2-15-66", role=ContactRole.OWN)
    assert find_place("", contacts=[own]) == Place("KZ-59", MAMLYUT)
    assert find_place("", contacts=[normalise("8 (71541) 2-15-66")]) == Place()


def test_reference_data_fits_together() -> None:
    regions, districts = reference.regions(), reference.districts()
    assert len(regions) == 20
    assert {district.region for district in districts.values()} <= set(regions)
    codes = [code for r in regions.values() for code in r.area_codes]
    codes += [code for d in districts.values() for code in d.area_codes]
    assert len(codes) == len(set(codes))
    for district in districts.values():
        if district.code.isdigit():
            assert district.code.startswith(district.region.removeprefix("KZ-"))
            assert len(district.code) == 9
        else:
            assert district.code.startswith(district.name.ru)


@pytest.mark.parametrize("district", reference.districts().values(), ids=lambda d: d.code)
def test_every_district_is_found_by_its_names(district: reference.District) -> None:
    for name in (district.name.ru, district.name.kk):
        assert find_place(f"бұл {name}", region=district.region).district == district.code


@pytest.mark.parametrize("region", reference.regions().values(), ids=lambda r: r.code)
def test_every_region_is_found_by_its_names(region: reference.Region) -> None:
    for name in (region.name.ru, region.name.kk):
        assert find_place(name).region == region.code


@given(st.text(max_size=300))
def test_any_text_is_borne(text: str) -> None:
    find_place(text)


def test_a_district_that_a_channel_names_in_either_language_gets_its_code() -> None:
    for code, district in reference.districts().items():
        for name in (code, district.name.ru, district.name.kk):
            assert district_code(name, district.region) == code
    assert district_code("Мамлютский") == MAMLYUT
    assert district_code("Абайский") == "Абайский", "three regions have one"
    assert district_code("Нью-Йорк") == "Нью-Йорк"
    assert find_place("", "KZ-59", "Мамлютский").district == MAMLYUT
