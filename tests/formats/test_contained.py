"""No format can emit a mark, a delimiter, a field or an element of its own from inside a patch."""

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup
from tests.formats.hostile import ALL_MARKS, HTML, PIECES, WELL_FORMED
from tests.formats.html_tokens import ONLY_TEXT, Token, tokens
from tests.formats.test_datastar import changes
from tests.formats.test_events import arrived, read
from tests.formats.visible_page import page_format

from streamhtml import Fragment, Patch
from streamhtml.formats import FormatRequest, Headers
from streamhtml.formats._contained import contained, stays_in_div
from streamhtml.formats._html_tokens import finish_tokens
from streamhtml.formats.datastar import DatastarFormat
from streamhtml.formats.htmx import HTMXFormat
from streamhtml.formats.sse import SSEFormat
from streamhtml.formats.turbo import TurboFormat

ACTIONS = st.sampled_from(["append", "replace", "tail"])
# A browser without scripts finds tags in <noscript>.
READINGS = [frozenset(ONLY_TEXT), frozenset(ONLY_TEXT - {"noscript"})]


def patches(action: str, html: str) -> tuple[Patch, ...]:
    """Return the patch between two others."""
    hostile = Patch(action, Markup(html), "r")  # type: ignore[arg-type]
    return Patch("append", Markup("before"), "first"), hostile, Patch("append", Markup("x"), "last")


def outermost(html: str, name: str, only_text: frozenset[str]) -> Iterator[tuple[Token, str]]:
    """Yield the outermost elements of this name, each with a ``<template>`` in it or itself one.

    Raises:
        AssertionError: something else is there, or an element does not end.
    """
    opened: Token | None = None
    depth = 0
    end = 0
    for token in tokens(html, only_text):
        assert token.kind != "unfinished", token
        if not depth and token.kind == "start" and token.name == name:
            assert html[end : token.at] == ""
            opened = token
        if token.name == "template":
            depth += 1 if token.kind == "start" else -1
        if not depth and opened and token.kind == "end" and token.name == name:
            yield opened, html[opened.end : token.at]
            opened, end = None, token.end
    assert (depth, opened, html[end:]) == (0, None, "")


@given(HTML, ACTIONS)
@example(ALL_MARKS, "append")
@example(f'<b title="{ALL_MARKS}">', "append")
def test_a_turbo_patch_stays_in_its_template(html: str, action: str) -> None:
    turbo_format = TurboFormat()
    token = turbo_format.token
    text = turbo_format.encode(Fragment(0, patches(action, html)))
    if text.startswith(f"<!{token} token "):
        announced, _, text = text.partition(">")
        token = announced.removeprefix(f"<!{token} token ")
    elements, mark, rest = text.partition(f"<!{token}")
    assert (mark + rest) == f"<!{token}>"
    for only_text in READINGS:
        found = [*outermost(elements, "turbo-stream", only_text)]
        assert [element.attributes["targets"] for element, _ in found] == [
            *("#first", *(["#r"] if html or action != "tail" else []), "#last")
        ]
        assert found[0][1] == "<template>before</template>"
        assert found[-1][1] == "<template>x</template>"


@given(HTML)
def test_a_turbo_replacement_by_id_stays_in_its_template(html: str) -> None:
    for wanted in (html, f'<p id="m">{html}</p>', f'<p id="m">{html}'):
        elements = "".join(TurboFormat().elements(Fragment(0, (Patch("replace", Markup(wanted)),))))
        for only_text in READINGS:
            for element, _ in outermost(elements, "turbo-stream", only_text):
                assert element.attributes["action"] == "replace"


@given(HTML, ACTIONS)
def test_a_partial_of_htmx_stays_in_its_element(html: str, action: str) -> None:
    sse_format = SSEFormat()
    sse_format.prepare(FormatRequest(headers=Headers({"HX-Request": "true"})))
    text = sse_format.encode(Fragment(0, patches(action, html)))
    messages = read([text.encode("utf-8", "replace")])
    assert {message.event for message in messages} == {"message"}
    for message, only_text in product(messages, READINGS):
        # htmx reads the elements as templates, without a look at what is around them.
        html_of_htmx = as_htmx_reads(message.data)
        ((element, _),) = outermost(html_of_htmx, "template", only_text)
        assert element.attributes["hx-target"] in {"#first", "#r", "#last"}


def as_htmx_reads(html: str) -> str:
    """Apply the replacements of htmx's makeFragment()."""
    html = re.sub(r"<hx-([a-zA-Z]+)(\s+|>)", r'<template hx type="\1"\2', html)
    html = re.sub(r"</hx-[a-zA-Z]+>", "</template>", html)
    return re.sub(r"<head(\s[^>]*)?>.*?</head>", "", html, flags=re.DOTALL | re.IGNORECASE)


@given(HTML, ACTIONS)
def test_a_swap_of_htmx_2_stays_in_its_element_or_in_a_template(html: str, action: str) -> None:
    text = HTMXFormat().encode(Fragment(0, patches(action, html)))
    first = '<div hx-swap-oob="beforeend:#first">before</div>'
    last = '<div hx-swap-oob="beforeend:#last">x</div>'
    assert text.startswith(first)
    in_template = f"<template>{last}</template>"
    if not text.endswith(in_template):
        assert text.endswith(last)
        return  # The Chromium test reads what is not in a template.
    for only_text in READINGS:
        found = [*outermost(as_htmx_reads(text).removeprefix(first), "template", only_text)]
        assert found[-1][1] == last


@given(HTML, ACTIONS)
def test_a_patch_cannot_make_a_field_of_an_event(html: str, action: str) -> None:
    text = DatastarFormat().encode(Fragment(7, patches(action, html)))
    found = changes(text)
    assert {change["id"] for change in found} == {"7"}
    assert {change["selector"] for change in found} == {
        *("#first", *(["#r"] if html or action != "tail" else []), "#last")
    }
    for change, end in product(found, ["</html>", "</head>", "</body>"]):
        # These make Datastar read a whole page.
        assert end not in change["elements"]
    if action != "tail":
        assert found[1]["elements"] == arrived(contained(html))


@given(HTML, st.sampled_from(["append", "tail"]), st.booleans())
def test_a_patch_of_the_page_leaves_no_tag_unfinished(
    html: str, action: Any, in_shell: bool
) -> None:
    one_format = page_format("<main>", "</main><footer>")
    shell = f'<p>{html if in_shell else ""}</p><p id="r" class="streamhtml"></p>'
    body = one_format.encode(Fragment(0, (Patch("append", Markup(shell)),)))
    body += one_format.encode(Fragment(1, (Patch(action, Markup(html), "r"),)))
    body += one_format.encode(Fragment(2, (Patch("append", Markup("x"), "r"),), "finished"))
    for only_text in READINGS:
        *_, main, footer = tokens(body, only_text)
        assert (main.kind, main.name, footer.name) == ("end", "main", "footer")


@pytest.mark.parametrize("html", WELL_FORMED)
def test_well_formed_html_is_not_torn_apart(html: str) -> None:
    assert contained(html).count("<template") == html.count("<template")
    assert contained(html).replace("&lt;", "<").replace("<\\/", "</") == html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("a < b", "a &lt; b"),
        ("a</template>b", "ab"),
        ("<template>a", "<template>a</template>"),
        ("<b title='a", "&lt;b title='a"),
        ("<b title='<i>'>", "<b title='&lt;i>'>"),
        ("a<!-- b", "a"),
        ("a<!-- </template> -->b", "ab"),
        ("a<?b>c</>d<!e>f", "acdf"),
        ("<!-- <b> -->", "<!-- <b> -->"),
        ("<script>a<b", "<script>a<b</script>"),
        ("a</script >b</title>", "ab"),
        ("<script>a</script x='>'>b", "<script>a</script>b"),
        ("<script>a</script x='>b", "<script>a</script> x='>b"),
        ("<script>'</template>'</script>", r"<script>'<\/template>'</script>"),
        ("<script><!--<script></script>", "<script>&lt;!--&lt;script></script>"),
        ("<textarea></template></textarea>", "<textarea>&lt;/template></textarea>"),
        ("<plaintext><body>a</body>", "a"),
        # Where it depends on the parser, there are no tags.
        ("<svg><style>a<b</style></svg>", "<svg><style>a&lt;b</style></svg>"),
        ("<svg><p><template>a</template>b", "<svg><p>b</svg>"),
        ("<svg><p><template>a<template>b</template></template>c", "<svg><p>c</svg>"),
        ("<svg><p><template>a", "<svg><p></svg>"),
        ("<svg/><template>a</template>", "<svg/><template>a</template>"),
        ("<svg><math></svg>a", "<svg><math>a</math></svg>"),
        ("<math><template>a</template>b</math>", "<math>b</math>"),
        ("<noscript><template>a</template>b</noscript>", "<noscript>b</noscript>"),
        ("<noscript><noscript>a</noscript>b</noscript>c", "<noscript>a</noscript>bc"),
        ("<select><b><style>a<b</style>", "<select><b><style>a&lt;b</style></select>"),
        ("<col><style>a<b</style>", "<col><style>a&lt;b</style>"),
        # htmx reads these as templates, and only if they are spelled as here.
        ("a</hx-a>b", "ab"),
        ("<HX-a/x=1/>b</hx-A >", "<hx-a x=1>b</hx-a>"),
        ("<hx-a\vb>c</hx-a\vb>", "c"),
        ("<hx-a><template></hx-a></template>", "<hx-a><template></template></hx-a>"),
    ],
)
def test_tags_that_are_not_well_formed_are_mended(html: str, expected: str) -> None:
    assert finish_tokens(html) == expected
    assert finish_tokens(expected) == expected


@given(HTML)
def test_what_is_contained_stays_as_it_is(html: str) -> None:
    assert contained(contained(html)) == contained(html)


@pytest.mark.parametrize(
    ("html", "nested"),
    [
        ("a", True),
        ("<p>a<br>b</p>", True),
        ("<DIV><ul><li>a</li></ul></div>", True),
        ("<b>a", False),
        ("a</div>", False),
        ("<b><i></b></i>", False),
        ("<b title='>'>a</b>", True),
        ("<b title='<'>a</b>", False),
        # The second <li> closes the first one, with the <div> in it.
        ("<li><div><li></li></div></li>", False),
    ],
)
def test_nested_elements_are_recognised(html: str, nested: bool) -> None:
    assert stays_in_div(html) == nested


def test_a_tail_stays_in_its_element() -> None:
    tail = Patch("tail", Markup("a</span><span>b"), "r")
    expected = '<span id="r-tail">a<span>b</span></span>'
    assert expected in TurboFormat().encode(Fragment(0, (tail,)))


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_the_time_grows_with_the_length(piece: str) -> None:
    contained(piece * (100_000 // len(piece)))  # The time limit of a test is 60 seconds.


def test_the_attribute_of_the_page_cannot_be_forged() -> None:
    shell = '<p DATA-streamhtml="08" title="data-streamhtml">data-streamhtml</p>'
    text = page_format("", "").encode(Fragment(0, (Patch("append", Markup(shell)),), "finished"))
    (tag,) = (token for token in tokens(text, READINGS[0]) if token.kind == "start")
    ours = tag.attributes.pop("data-streamhtml")
    assert ours != "08"
    assert tag.attributes == {"data-streamhtm&#108;": "08", "title": "data-streamhtm&#108;"}
    assert ">data-streamhtm&#108;<" in text
