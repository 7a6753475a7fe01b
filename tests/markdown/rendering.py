"""Renders a text at once and by character, and checks that both give the same page."""

from typing import Any

import pytest
from tests.markdown.page import Page, canonical

from streamhtml.markdown import MarkdownRenderer, Options, render

REL = 'rel="noopener noreferrer nofollow ugc"'
TAB = ' target="_blank"'


def shown(text: str, **options: Any) -> str:
    """Return the HTML of a text in the region ``r``."""
    chosen = Options(**options)
    html = str(render(text, chosen, root="r"))
    assert streamed(list(text), chosen) == canonical(html)
    return html


def streamed(pieces: list[str], options: Options) -> str:
    page = Page("r")
    renderer = MarkdownRenderer("r", options)
    for piece in pieces:
        page.apply(renderer.feed(piece))
    page.apply(renderer.close())
    return page.html


def link(url: str, text: str) -> str:
    elsewhere = url.startswith("//") or url.lower().startswith(("http:", "https:"))
    return f'<a href="{url}"{TAB if elsewhere else ""} {REL}>{text}</a>'


def paragraph(*cases: tuple[str, str]) -> Any:
    """Parametrize with texts, and the content of the paragraph that becomes of each."""
    return pytest.mark.parametrize(("text", "content"), cases, ids=[ascii(c[0]) for c in cases])


def whole(*cases: tuple[str, str]) -> Any:
    """Parametrize with texts, and all the HTML that becomes of each."""
    return pytest.mark.parametrize(("text", "html"), cases, ids=[ascii(c[0]) for c in cases])
