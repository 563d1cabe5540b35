"""The printable warnings as HTML: the list of them, and one page a scheme."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Final, cast

import jinja2
import segno
from markupsafe import Markup

from producers.gateway.form.texts import LANGUAGES
from producers.places import named_schemes
from schemas.reference import Scheme, Words, load
from streams.wording import Locale

_FOLDER: Final = Path(__file__).parent
_templates: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def list_page(language: str) -> str:
    """The warnings to choose from, by the name of their scheme."""
    return _templates.get_template("list.html").render(
        t=_texts(language), language=language, languages=LANGUAGES, leaflets=named_schemes(cast(Locale, language))
    )


def leaflet_page(language: str, scheme: Scheme, form: str) -> str:
    """One warning, for a sheet of A4; its code opens `form`, the address of the web form."""
    return _templates.get_template("leaflet.html").render(
        t=_texts(language),
        language=language,
        languages=LANGUAGES,
        code=scheme.code,
        name=getattr(scheme.name, language),
        how=getattr(scheme.definition, language),
        what=getattr(scheme.advice, language),
        form=form.partition("://")[2],
        qr=_qr_code(form),
    )


def _qr_code(text: str) -> Markup:
    """The text as an SVG element (ISO/IEC 18004, a quarter of it may be dirty or torn)."""
    drawing = io.BytesIO()
    segno.make(text, error="q", micro=False).save(
        drawing, kind="svg", xmldecl=False, svgclass="qr", lineclass=None, omitsize=True, border=2
    )
    return Markup(drawing.getvalue().decode())  # noqa: S704 - drawn by the library from squares


@cache
def _texts(language: str) -> dict[str, str]:
    """Every text by name, in one language."""
    return {name: getattr(words, language) for name, words in load(_FOLDER / "texts.yaml", dict[str, Words]).items()}
