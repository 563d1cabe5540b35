"""Dictionaries are complete, marked as modified, and fold one letter to one other."""

from pathlib import Path

import pytest

from deploy import dictionaries
from schemas import indices


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
