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
        ("живу в Сатпаеве", "KZ-62", None),
        ("живу в сатпаеве", "KZ-62", None),
        ("в Алге обманули соседку", "KZ-15", None),
        ("Есікте тұрамын", "KZ-19", None),
        ("живу в Аксуате", "KZ-10", None),
        ("с. Переметное, пенсионер", "KZ-27", None),
        ("из Переметного пишу", "KZ-27", None),
        ("пос. Майкудук", "KZ-35", None),
        ("мы из Чилика", "KZ-19", None),
        ("в Лениногорске", "KZ-63", None),
        ("г. Шевченко (Актау)", "KZ-47", None),
        ("пишу с Экибаза", "KZ-55", None),
        ("мен оралданмын", "KZ-27", None),
        ("Щучинский район", "KZ-11", "117000000"),
        ("Курдайский р-н", "KZ-31", "Кордайский район"),
        ("р-н Г. Мусрепова, с. Новоишимское", "KZ-59", "596600000"),
        ("Ордабасинский район", "KZ-61", "614600000"),
        ("Мендыкара ауданы, Боровской ауылы", "KZ-39", "395600000"),
        ("Есильский район г. Астана", "KZ-71", "район Есиль"),
        ("Жамбыл ауданында тұрамын, СҚО", "KZ-59", "594600000"),
        ("карагандинец потерял 11 миллионов", "KZ-35", None),
        ("Экибастузская пенсионерка отдала деньги", "KZ-55", None),
        ("алматинская пенсионерка", "KZ-75", None),
        ("Полиция Костаная предупреждает", "KZ-39", None),
        ("Звонит из Карагандинской области, пенсионер", "KZ-35", None),
        ("Звонила из Костанайской обл., заявительница 1958 г.р.", "KZ-39", None),
        ("Обратилась женщина из Актау", "KZ-47", None),
        ("Поступил звонок от пенсионерки из Риддера", "KZ-63", None),
        ("Отправлено из: Экибастуз", "KZ-55", None),
        ("подписчица из Экибастуза", "KZ-55", None),
        ("Область Абай, город Аягоз", "KZ-10", None),
        ("Облыс: Қызылорда\nАудан: Сырдария", "KZ-43", "434800000"),
        ("Город/район: Темиртау", "KZ-35", None),
        ("Диван везли из Алматы, я в Таразе жду", "KZ-31", None),
        ("товар из Шымкента не дошёл до Кентау, где я живу", "KZ-61", None),
        ("ДП Карагандинской области сообщает", "KZ-35", None),
        ("Целиноградская область", "KZ-11", None),
        ("Чимкентская обл.", "KZ-61", None),
        ("Талды-Курганская область", "KZ-33", None),
        ("Курчатовтанмын, банктен деп звондады", "KZ-10", None),
        ("Прописан в Семее, но полгода живу в Астане", "KZ-71", None),
        ("сообщить о мошеннике из Тараза, сам я из Кордая", "KZ-31", None),
        ("бірақ өзім Леңгірденмін", "KZ-61", None),
        ("Учительница из Экибастуза Галина", "KZ-55", None),
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
        "живу по адресу Сатпаева 2-15",
        "диктовал адрес: Абая 150",
        "Сатпаев деген біреу жазды",
        "в Заводском районе",
        "билет Актау-Алматы",
        "хоккейный клуб Барыс Астана",
        "мошенник сказал, что он из Актобе",
        "деньги ушли на карту в Шымкент",
        "проспект Кабанбай батыра",
        "возле Байтерека",
        "звонок с кодом Актау",
        "кинотеатр Тараз, билеты за репост",
        "менеджер Атырау Нефть Сервис",
        "представились ДП Карагандинской области",
        "доставка еды «Шымкент кебаб»",
        "«Шахтёр Караганда» проводит розыгрыш",
        "Тараз Шаруашылық деген ЖШС",
        "новостройка на Туркестана 34",
        "груз Новосибирск — Караганда",
        "Алматыдан Қапшағайға кетіп бара жатқанда",
        "до Алматы не доехали",
        "дядя Аркалык Сейтов потерял миллион",
        "Меня зовут Аягоз",
        "Темирлан деген жігіт",
        "Алмат Серикович звонил",
        "уральские пельмени",
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
