"""Every example of CommonMark, and those of GFM's extensions."""

import re

import pytest
from tests.markdown.corpora import Example, commonmark, gfm, markdown_it
from tests.markdown.dom import dom
from tests.markdown.spec_renderer import render_spec

# It shows which raw HTML a renderer that lets raw HTML through should hold back. render_spec lets
# all of it through, since CommonMark's examples want that, and a MarkdownRenderer none.
NOT_OURS = {"Disallowed Raw HTML (extension)"}


def named(example: Example) -> str:
    return re.sub(r"\W+", "-", f"{example.section}-{example.number}")


@pytest.mark.parametrize("example", commonmark(), ids=named)
def test_commonmark(example: Example) -> None:
    html = render_spec(example.markdown, gfm=False)
    # The newline at the end goes into a tag that was never closed.
    assert dom(html.rstrip("\n") + "\n") == dom(example.html)
    if not dom(html):  # half a tag, or a doctype: raw HTML of which a browser builds nothing
        assert html.strip() == example.html.strip()


@pytest.mark.parametrize("example", [e for e in gfm() if e.section not in NOT_OURS], ids=named)
def test_gfm(example: Example) -> None:
    assert dom(render_spec(example.markdown, gfm=True)) == dom(example.html)


def test_the_corpora_are_whole() -> None:
    assert len(commonmark()) == 652
    assert len(gfm()) == 24
    assert sum(example.section in NOT_OURS for example in gfm()) == 1
    assert len(markdown_it()) > 300
    assert commonmark()[0].markdown == "\tfoo\tbaz\t\tbim\n"
