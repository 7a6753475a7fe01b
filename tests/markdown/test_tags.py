"""HTML tags in the text: the few that are elements, and all others, which are text."""

import re

import pytest
from tests.markdown.rendering import link, paragraph, shown

from streamhtml.markdown._dialect import MAX_EMPHASIS, MAX_TAGS


@paragraph(
    ("a<br>b<br/>c<br />d<BR>e", "a<br>b<br>c<br>d<br>e"),
    (
        "**a<br>b** [c<br>d](u) ![e<br>f](u)",
        f"<strong>a<br>b</strong> {link('u', 'c<br>d')} {link('u', 'e f')}",
    ),
    ("`<br>` \\<br> &lt;br>", "<code>&lt;br&gt;</code> &lt;br&gt; &lt;br&gt;"),
    (
        "H<sub>2</sub>O x<SUP>n</sup> <kbd>Ctrl</KBD>",
        "H<sub>2</sub>O x<sup>n</sup> <kbd>Ctrl</kbd>",
    ),
    ("<sub>a <sup>b<br></sup>\nc</sub>", "<sub>a <sup>b<br></sup>\nc</sub>"),
    ("<sub>a <sub>b</sub></sub>", "<sub>a <sub>b</sub></sub>"),
    ("**a <sub>*b* `c`</sub>**", "<strong>a <sub><em>b</em> <code>c</code></sub></strong>"),
    ("**a <sub>b** c</sub>", "**a <sub>b** c</sub>"),
    ("<kbd>*a</kbd>*", "<kbd>*a</kbd>*"),
    (
        "[a<sup>1</sup>](u)<sup>[b](v)</sup>",
        f"{link('u', 'a<sup>1</sup>')}<sup>{link('v', 'b')}</sup>",
    ),
    ("[a <sub>b](u) c</sub>", f"{link('u', 'a &lt;sub&gt;b')} c&lt;/sub&gt;"),
    ("<sub>a [b</sub>](u)", "<sub>a [b</sub>](u)"),
    ("[a <sub>b [c</sub>](u)", f"{link('u', 'a <sub>b [c</sub>')}"),
    ("<sub>a <sup>b</sub> c</sup>", "<sub>a &lt;sup&gt;b</sub> c&lt;/sup&gt;"),
    ("<sub>a <sub>b</sub>", "&lt;sub&gt;a <sub>b</sub>"),
    ("`<sub>`a</sub>", "<code>&lt;sub&gt;</code>a&lt;/sub&gt;"),
    ("![<sub>a</sub>](u)", link("u", "a")),
    ("<sub>https://a.b</sub>", f"<sub>{link('https://a.b', 'https://a.b')}</sub>"),
)
def test_the_tags_that_are_elements(text: str, content: str) -> None:
    assert shown(text) == f"<p>{content}</p>"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "<br  >",
            "<br x>",
            "<br/ >",
            "</br>",
            "<sub>a",
            "a</sub>",
            "<sub/>a</sub>",
            "<sub x>a</sub>",
        ),
        *("<sub>a</sup>", "<b>a</b>", "<div>", "<script>x</script>", "<a href='*x*'>*", "<b c=d>"),
        *(
            '<a href="https://x.com/a">word</a>',
            "<a href=https://x.com/?a=1#b>w</a>",
            "<b _c_ _d_/>",
        ),
        *(
            '<A\nHREF = "mailto:a@b.c" x>',
            "<img alt='a > b' src=\"https://x.com/*a*\" />",
            "<a b=''>",
        ),
    ],
)
def test_the_tags_that_are_text(text: str) -> None:
    escaped = text.replace("<", "&lt;").replace(">", "&gt;")
    assert shown(f"x {text}") == f"<p>x {escaped}</p>"


def test_blocks_with_tags() -> None:
    assert (
        shown("# a<br>b\n\n- c<sub>d</sub>\n") == "<h1>a<br>b</h1><ul><li>c<sub>d</sub></li></ul>"
    )
    assert shown("|a|\n|-|\n|b<br>c<sup>|") == (
        "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b<br>c&lt;sup&gt;</td></tr></tbody>"
        "</table>"
    )
    assert shown("<sub>a\n\nb</sub>") == "<p>&lt;sub&gt;a</p><p>b&lt;/sub&gt;</p>"


def test_a_tag_is_at_most_1000_characters_long() -> None:
    for length, emphasis in (1000, "*b*"), (1001, "<em>b</em>"):
        text = f"<a b='*b*{'c' * (length - 11)}'>"
        assert len(text) == length
        assert emphasis in shown(text)


def test_tags_are_nested_up_to_20() -> None:
    for depth in MAX_TAGS, MAX_TAGS + 1:
        html = shown("<sub>" * depth + "a" + "</sub>" * depth)
        assert html.count("<sub>") == html.count("</sub>") == MAX_TAGS


@pytest.mark.parametrize(
    ("opening", "closing"), [("<sub>*a **b ", " c** d*</sub>"), ("***a <kbd>b ", "</kbd> c***")]
)
def test_tags_and_emphasis_together_are_not_nested_deeply(opening: str, closing: str) -> None:
    html = shown(opening * 200 + "x" + closing * 200)
    depth = deepest = 0
    for tag in re.findall("</?(?:sub|kbd|em|strong)>", html):
        depth += -1 if tag[1] == "/" else 1
        deepest = max(deepest, depth)
    assert MAX_TAGS < deepest <= MAX_EMPHASIS + MAX_TAGS
