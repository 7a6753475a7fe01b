"""A character reference gives the same as the character itself, wherever it is resolved."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.invisible import CHANGED, ENGLAND, KEPT
from tests.markdown.page import canonical
from tests.markdown.rendering import link, paragraph, shown, streamed

from streamhtml._invisible import CONTROLS, INVISIBLE
from streamhtml.markdown import Options, render

PLACES = {
    "text": "{}",
    "emphasis": "**a {} b**",
    "heading": "# {}",
    "item": "- {}",
    "cell": "| {} |\n|-|",
    "link": "[{}](/u)",
    "title": '[a](/u "{}")',
    "title in parentheses": "[a](/u ({}))",
    "destination": "[a](<{}>)",
    "description": "![{}](/u)",
    "definition": "[a]\n\n[a]: </{}> '{}'",
    "fence": "~~~ {}\nx\n~~~",
}
_PAIRS = [*zip(KEPT, KEPT, strict=True), *CHANGED]
# Line breaks have a meaning of their own, and a colon ends a scheme. A block that contains a
# reference is not empty, and white space before one is not at the end.
TEXTS = [text for text, after in _PAIRS if not {*"\n:"} & {*text} and after.strip() == after != ""]
CHARACTERS = sorted({*"".join(TEXTS)} - {*"#*()\t "} | {*"a.&"})


def referenced(text: str, form: str = "&#x{:x};") -> str:
    """Return the text with references instead of invisible and control characters."""
    return "".join(
        form.format(ord(character))
        if character in INVISIBLE or character in CONTROLS
        else character
        for character in text
    )


def escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in "#*()[]" else character for character in text)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_references_in_every_place(place: str) -> None:
    for text in (escaped(cut) for whole in TEXTS for cut in (whole, f"x {whole} x", f"x{whole}x")):
        html = render(place.replace("{}", text))
        for form in ("&#x{:x};", "&#X{:06X};", "&#{:d};"):
            assert render(place.replace("{}", referenced(text, form))) == html, ascii(text)


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_references_in_pieces(text: str) -> None:
    assert shown(referenced(escaped(text))) == shown(escaped(text))


@given(st.text(st.sampled_from(CHARACTERS), min_size=1))
def test_law_a_reference_is_the_character(text: str) -> None:
    raw, reference = f"x {text} x", f"x {referenced(text)} x"
    html = render(reference)
    assert html == render(raw)
    assert streamed(list(reference), Options()) == canonical(html)


# Everything as references, the neighbours too.
@given(st.text(st.sampled_from(CHARACTERS), min_size=1), st.integers(1, 9))
def test_law_references_are_neighbours_of_references(text: str, size: int) -> None:
    reference = "x " + "".join(f"&#{ord(character)};" for character in text) + " x"
    html = render(reference)
    assert html == render(f"x {text.replace('&', '&amp;')} x")
    pieces = [reference[at : at + size] for at in range(0, len(reference), size)]
    assert streamed(pieces, Options()) == canonical(html)


@paragraph(
    ("a&zwj;b &#x9b;&#127;", "ab \ufffd\ufffd"),
    ("pass&ZeroWidthSpace;word &shy;&NoBreak;&af;&it;&ic;.", "password ."),
    ("می&zwnj;خواهم &rlm;C++&lrm;&rlm;.", "می\u200cخواهم \u200fC++\u200e."),
    ("&#128105;&zwj;&#x1F4BB; ❤️&zwj;🔥 &hearts;&#xfe0f;", "👩‍💻 ❤️‍🔥 ♥️"),
    ("&#35;&#xfe0f;&#x20e3; &caps;&cups; &amp;&zwj;&amp;", "#️⃣ \u2229\ufe00\u222a\ufe00 &amp;&amp;"),
    ("".join(f"&#x{ord(character):x};" for character in f"{ENGLAND}x"), f"{ENGLAND}x"),
    ("&#xd83d;&#xdc4b; &#xdfff;&#x110000;", "\ufffd\ufffd \ufffd\ufffd"),
    ("`&zwj;\u200b\x9b` \\&zwj; &zwjx;", "<code>&amp;zwj;\ufffd</code> &amp;zwj; &amp;zwjx;"),
    ("<http://a\u200b.b\u00ad>", link("http://a.b", "http://a.b")),
    ("http://a.b\u200b/c\u2060", link("http://a.b/c", "http://a.b/c")),
    ("[a](http&#x200b;s://b)", link("https://b", "a")),
    ("[a](java&#x200b;script:b)", "a"),
)
def test_characters_and_references(text: str, content: str) -> None:
    assert shown(text) == f"<p>{content}</p>"


def test_the_language_of_code() -> None:
    for text in ("py\u200bthon", "py&#x200b;thon", "py&ZeroWidthSpace;thon", "py\U000e0041thon"):
        assert '<code class="language-python">' in shown(f"~~~{text}\nx\n~~~")
