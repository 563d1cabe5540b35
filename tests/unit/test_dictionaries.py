"""Dictionaries are complete, marked as modified, and fold one letter to one other."""

from pathlib import Path

import pytest

from deploy import dictionaries
from schemas import indices
from schemas.reference import load


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hunspell")
    dictionaries.install(folder)
    return folder


def test_every_locale_of_the_analysis_is_installed(installed: Path) -> None:
    filters = indices.analysis()["template"]["settings"]["analysis"]["filter"]
    locales = {f["locale"] for f in filters.values() if f["type"] == "hunspell"}
    assert locales == {folder.name for folder in installed.iterdir()}
    for locale in locales:
        assert (installed / locale / f"{locale}.dic").stat().st_size > 1_000_000


@pytest.mark.parametrize("locale", ["ru_RU", "kk_KZ"])
def test_affixes_are_kept_and_the_folding_is_marked(installed: Path, locale: str) -> None:
    lines = (installed / locale / f"{locale}.aff").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "SET UTF-8"
    assert dictionaries.MARK in lines
    table = [line.split() for line in lines if line.startswith("ICONV")]
    assert int(table[0][1]) == len(table) - 1
    assert ["ICONV", "o", "о"] in table


def test_again_changes_nothing(installed: Path) -> None:
    before = (installed / "ru_RU" / "ru_RU.aff").read_bytes()
    dictionaries.install(installed)
    assert (installed / "ru_RU" / "ru_RU.aff").read_bytes() == before


def test_every_ending_may_follow_something_and_every_rule_counts(installed: Path) -> None:
    affixes = (installed / "kk_KZ" / "kk_KZ.aff").read_text(encoding="utf-8")
    added = affixes.partition(dictionaries.MARK)[2].splitlines()
    rules = [line.split() for line in added if line.startswith("SFX")]
    heads = {rule[1]: int(rule[3]) for rule in rules if len(rule) == 4}
    bodies = [rule for rule in rules if len(rule) == 5]
    assert heads == {flag: sum(rule[1] == flag for rule in bodies) for flag in heads}
    followers = {flag for rule in bodies for flag in rule[3].partition("/")[2]}
    words = (installed / "kk_KZ" / "kk_KZ.dic").read_text(encoding="utf-8").splitlines()
    taken = {flag for word in words[1:] for flag in word.partition("/")[2] if flag.isdigit()}
    assert followers | taken == set(heads)


def test_words_that_were_added_are_not_there_twice(installed: Path) -> None:
    words = (installed / "kk_KZ" / "kk_KZ.dic").read_text(encoding="utf-8").splitlines()[1:]
    names = [word.partition("/")[0] for word in words]
    lacking = load(dictionaries.ADDITIONS, dict[str, dictionaries.Additions])["kk_KZ"].words
    assert {word: names.count(word) for word in lacking} == dict.fromkeys(lacking, 1)
