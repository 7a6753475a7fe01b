"""No format can emit a mark, a delimiter, a field or an element of its own from inside a patch."""

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import html5lib
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup
from tests.formats.hostile import ALL_MARKS, AROUND, HTML, NOT_AS_HTML5LIB, end_tags
from tests.formats.html_tokens import ONLY_TEXT, Token, tokens
from tests.formats.test_datastar import changes
from tests.formats.test_events import arrived, read
from tests.formats.visible_page import page_format

from streamhtml import Fragment, Patch
from streamhtml.formats import FormatRequest, Headers
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


def shows(html: str) -> bool:
    """Return whether there is anything to send of a patch with this HTML."""
    return bool(Patch("append", Markup(html)).html)


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
        assert [element.attributes["target"] for element, _ in found] == [
            *("first", *(["r"] if shows(html) or action == "replace" else []), "last")
        ]
        assert found[0][1] == "<template>before</template>"
        assert found[-1][1] == "<template>x</template>"


@given(HTML)
def test_a_turbo_replacement_by_id_stays_in_its_template(html: str) -> None:
    for wanted in (html, f'<p id="m">{html}</p>', f'<p id="m">{html}'):
        elements = TurboFormat().elements(Fragment(0, (Patch("replace", Markup(wanted)),)))
        for only_text in READINGS:
            for element, _ in outermost(elements, "turbo-stream", only_text):
                assert element.attributes["action"] == "replace"


@given(HTML, ACTIONS)
def test_a_swap_of_htmx_4_stays_in_its_element(html: str, action: str) -> None:
    sse_format = SSEFormat()
    sse_format.prepare(FormatRequest(headers=Headers({"HX-Request": "true"})))
    text = sse_format.encode(Fragment(0, patches(action, html)))
    messages = read([text.encode("utf-8", "replace")])
    assert {(message.event, message.id) for message in messages} == {("message", "0")}
    for message, only_text in product(messages, READINGS):
        html_of_htmx = as_htmx_reads(message.data)
        if html_of_htmx.startswith("<q "):
            assert html_of_htmx.endswith("</q>")
            continue  # The Chromium test reads what is not in a template.
        # htmx reads the elements as templates, without a look at what is around them.
        ((element, _),) = outermost(html_of_htmx, "template", only_text)
        assert element.attributes["hx-target"] in {"#first", "#r", "#last"}


def as_htmx_reads(html: str) -> str:
    """Apply the replacements of htmx's makeFragment()."""
    html = re.sub(r"<hx-([a-zA-Z]+)(\s+|>)", r'<template hx type="\1"\2', html)
    html = re.sub(r"</hx-[a-zA-Z]+>", "</template>", html)
    return re.sub(r"<head(\s[^>]*)?>.*?</head>", "", html, flags=re.DOTALL | re.IGNORECASE)


# What takes the place of an element that is replaced, before the new one.
PLACEHOLDER = (
    "<q hx-swap-oob=afterend:#r><i id=streamhtml-replaced></i></q><q hx-swap-oob=delete:#r></q>"
)


@given(HTML, ACTIONS)
def test_a_swap_of_htmx_2_stays_in_its_element_or_in_a_template(html: str, action: str) -> None:
    text = HTMXFormat().encode(Fragment(0, patches(action, html)))
    first = "<q hx-swap-oob=beforeend:#first>before</q>"
    last = "<q hx-swap-oob=beforeend:#last>x</q>"
    assert text.startswith(first)
    in_template = f"<template>{last}</template>"
    if not text.endswith(in_template):
        assert text.endswith(last)
        return  # The Chromium test reads what is not in a template.
    for only_text in READINGS:
        swaps = as_htmx_reads(text).removeprefix(first).removeprefix(PLACEHOLDER)
        found = [*outermost(swaps, "template", only_text)]
        assert found[-1][1] == last


@given(HTML, ACTIONS)
def test_a_patch_cannot_make_a_field_of_an_event(html: str, action: str) -> None:
    text = DatastarFormat().encode(Fragment(7, patches(action, html)))
    found = changes(text)
    assert {change["id"] for change in found} == {"7"}
    assert {change["selector"] for change in found} == {
        *("#first", *(["#r"] if shows(html) or action == "replace" else []), "#last")
    }
    for change, end in product(found, ["</html>", "</head>", "</body>"]):
        # These make Datastar read a whole page.
        assert end not in change["elements"]
    if len(found) == 3 and action != "tail":
        assert found[1]["elements"] == arrived(Patch("append", Markup(html)).html)


@given(
    st.sampled_from(AROUND),
    st.sampled_from(AROUND),
    st.sampled_from(["div", "span"]),
    st.lists(st.tuples(st.sampled_from(["append", "tail"]), HTML), max_size=3),
)
@example("ul><li", "div", "div", [("append", "<li>a<li>b")])
@example("button", "div", "span", [("append", "<p><button>a</button>")])
@example("p><a", "div", "div", [("append", "<a href=x>a</a><p>b</p><div>c</div>")])
@example("form", "div", "div", [("append", "<form>a</form>")])
@example("div", "table><tbody><tr><td", "div", [("append", "<tr><td>a<td>b"), ("tail", "<td>c")])
@example("div", "div", "div", [("append", "</div></div></main>")])
def test_no_patch_leaves_its_region_of_the_page(
    around: str, inside: str, name: str, changes: list[tuple[Any, str]]
) -> None:
    one_format = page_format(
        f"<!doctype html><body><main><{around}>",
        f"{end_tags(around)}</main><footer>END</footer></body>",
    )
    shell = f"<{inside}><{name} id=r class=streamhtml></{name}>{end_tags(inside)}"
    sent = [Patch("append", Markup(shell))]
    sent += [Patch(action, Markup(html.replace("\0", "")), "r") for action, html in changes]
    sent += [Patch("append", Markup("<i id=last>x</i>"), "r")]
    body = "".join(one_format.encode(Fragment(i, (patch,))) for i, patch in enumerate(sent))
    body += one_format.encode(Fragment(len(sent), (), "finished"))
    if NOT_AS_HTML5LIB.search(body):
        return
    page = html5lib.parse(body, namespaceHTMLElements=False).find("body")
    main, footer = page
    assert (main.tag, footer.tag, footer.text, len(footer)) == ("main", "footer", "END", 0)
    assert len(main) == 1  # What is open around the message.
    (region,) = (element for element in page.iter() if element.get("id") == "r")
    assert [*region.iter("i")][-1].get("id") == "last"


def test_only_columns_are_in_a_group_of_columns() -> None:
    one_format = page_format("", "")
    shell = "<table><colgroup id=r class=streamhtml></colgroup></table>"
    html = one_format.encode(Fragment(0, (Patch("append", Markup(shell)),)))
    for index, inside in enumerate(["<col span=2>", "<b>b</b><col>", "c", "<col> "], 1):
        html += one_format.encode(Fragment(index, (Patch("append", Markup(inside), "r"),)))
    html += one_format.encode(Fragment(5, (), "finished"))
    assert "<col span=2><col> </colgroup>" in re.sub("<!---->", "", html)


def test_text_in_a_part_of_a_table_gets_a_cell() -> None:
    one_format = page_format("", "")
    shell = "<table><tbody id=r class=streamhtml></tbody></table>"
    html = one_format.encode(Fragment(0, (Patch("append", Markup(shell)),)))
    for index, inside in enumerate(["<tr><td>1</td></tr>", "a<b>c</b>", "<td>2</td>", " "], 1):
        html += one_format.encode(Fragment(index, (Patch("append", Markup(inside), "r"),)))
    html += one_format.encode(Fragment(5, (), "finished"))
    expected = "<tr><td>1</td></tr><tr><td>a<b>c</b></td></tr><tr><td>2</td></tr> </tbody>"
    assert expected in re.sub(' data-streamhtml="[^"]*"|<!---->', "", html)


def test_a_tail_stays_in_its_element() -> None:
    tail = Patch("tail", Markup("a</span><span>b"), "r")
    expected = "<span id=_vABe3t>a<span>b</span></span>"
    assert expected in TurboFormat().encode(Fragment(0, (tail,)))


def test_the_attribute_of_the_page_cannot_be_forged() -> None:
    shell = '<p DATA-streamhtml="08" title="data-streamhtml">data-streamhtml</p>'
    text = page_format("", "").encode(Fragment(0, (Patch("append", Markup(shell)),), "finished"))
    (tag,) = (token for token in tokens(text, READINGS[0]) if token.kind == "start")
    ours = tag.attributes.pop("data-streamhtml")
    assert ours != "08"
    assert tag.attributes == {"data-streamhtm&#108;": "08", "title": "data-streamhtm&#108;"}
    assert ">data-streamhtm&#108;<" in text
