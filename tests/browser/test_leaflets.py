"""The printable warnings: each fits one sheet, and its code leads to the form."""

from __future__ import annotations

import io
import re

import numpy
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from producers.gateway.form.texts import LANGUAGES
from schemas.reference import schemes
from tests.browser.conftest import DESKTOP, PHONE, OpenPage
from tests.browser.test_form import assert_accessible, assert_fits
from tests.gateway_process import Gateway

PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")


def code_on(page: Page) -> str:
    """What a phone's camera reads from the page."""
    picture = Image.open(io.BytesIO(page.locator(".code").screenshot())).convert("L")
    (found,) = zxingcpp.read_barcodes(numpy.asarray(picture))
    return str(found.text)


def test_the_code_opens_the_form_in_the_warnings_language(open_page: OpenPage, gateway: Gateway) -> None:
    page = open_page("/kk/leaflets")
    page.get_by_role("link", name="Дәрігерге жазылу").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Дәрігерге жазылу")
    address = code_on(page)
    assert address == f"{gateway.url}/kk"
    page.goto(address)
    expect(page.locator("form")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_warning_fits_one_sheet(open_page: OpenPage, language: str) -> None:
    page = open_page(f"/{language}/leaflets")
    addresses = [link.get_attribute("href") or "" for link in page.locator(".leaflets a").all()]
    assert len(addresses) == len(schemes())
    sheets = {}
    for address in addresses:
        page.goto(address)
        sheets[address] = len(PAGE.findall(page.pdf(prefer_css_page_size=True)))
    assert set(sheets.values()) == {1}, sheets


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("path", ["/ru/leaflets", "/kk/leaflets/investment"])
def test_the_pages_are_accessible_and_fit_the_screen(open_page: OpenPage, path: str, size: tuple[int, int]) -> None:
    page = open_page(path, size)
    assert_accessible(page)
    assert_fits(page)


@pytest.mark.parametrize("path", ["/de/leaflets", "/ru/leaflets/nonsense"])
def test_what_is_not_there_is_not_found(open_page: OpenPage, path: str) -> None:
    page = open_page("/ru/leaflets")
    response = page.goto(path)
    assert response is not None
    assert response.status == 404
