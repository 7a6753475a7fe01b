"""The renderer for plain text."""

import html5lib
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from streamhtml import Patch, TextRenderer
from streamhtml._scrub import Scrubber


def render(*texts: str) -> str:
    renderer = TextRenderer("r")
    patches = [patch for text in texts for patch in renderer.feed(text)] + renderer.close()
    assert all((p.action, p.root, p.depth, p.child) == ("append", "r", 0, None) for p in patches)
    assert all(patch.html for patch in patches)
    return "".join(patch.html for patch in patches)


def test_text_is_escaped_but_quotes_are_not() -> None:
    assert render("<b>&amp; \"'") == "&lt;b&gt;&amp;amp; \"'"
    assert TextRenderer("r").feed("<") == [Patch("append", Markup("&lt;"), "r")]


def test_empty_text_makes_no_patch() -> None:
    renderer = TextRenderer("r")
    assert renderer.feed("") == renderer.feed("\u202e") == renderer.close() == []


def test_markup_is_not_escaped_and_keeps_its_place_in_the_text() -> None:
    assert render("a\r", Markup("<b>x</b>"), "<") == "a\n<b>x</b>&lt;"


@given(st.text(st.characters(), max_size=60), st.data())
def test_law_the_page_shows_the_scrubbed_text_however_it_was_cut(
    text: str, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)))))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    scrubber = Scrubber()
    expected = scrubber.feed(text) + scrubber.close()
    assert render(*pieces) == render(text)
    page = html5lib.parseFragment(render(*pieces), container="span")
    assert "".join(page.itertext()) == expected
