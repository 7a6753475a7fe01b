"""What a reader sees of a streamed page: the page without what its own CSS rules hide."""

import re
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

import html5lib
import pytest
from jinja2 import Environment
from markupsafe import Markup
from tests.markdown.page import VOID

from streamhtml import Delta, Fragment, MarkdownRenderer, Patch, Reply
from streamhtml.formats import FormatRequest
from streamhtml.formats.page import PageFormat

BEFORE = "<!doctype html><title>T</title><body><h1>Chat</h1><main>"
AFTER = "</main><footer>End</footer></body>"
MARK = "data-streamhtml"

_ONE_REGION = Environment(autoescape=True).from_string(
    '<article id="{{ message_pair_id }}"><div>{{ ai_message }}</div></article>'
)


@pytest.fixture(scope="module")
def same_marks() -> Iterator[None]:
    """Let the marks of all pages begin alike, so that pages can be compared."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("streamhtml.formats._spine.new_token", lambda: "")
        yield


def page_format(before: str = BEFORE, after: str = AFTER, nonce: str = "") -> PageFormat:
    one_format = PageFormat()
    one_format.prepare(
        FormatRequest(nonce=nonce, render_page=lambda message: f"{before}{message}{after}")
    )
    return one_format


def fragments(texts: Iterable[str]) -> Iterator[Fragment]:
    reply = Reply(_ONE_REGION.render, {"message_pair_id": "m"}, renderer=MarkdownRenderer)
    yield reply.open()
    for text in texts:
        fragment = reply.feed([Delta(text)])
        if fragment.patches:
            yield fragment
    yield reply.close("finished")


def whole(texts: Iterable[str]) -> str:
    one_format = page_format()
    return "".join(map(one_format.encode, fragments(texts)))


def shell(html: str) -> Fragment:
    return Fragment(0, (Patch("append", Markup(html)),))


def visible(html: str) -> Element:
    """Return the page's body, without our rules and what they hide."""
    body = html5lib.parse(html, namespaceHTMLElements=False).find("body")
    assert body is not None
    rules = [style for style in body.iter("style") if f"[{MARK}" in (style.text or "")]
    hidden: set[Element] = {*rules}
    by_mark = {mark: element for element in body.iter() if (mark := element.get(MARK))}
    for rule in rules:
        selectors = re.fullmatch(r"(.*)\{display:none!important\}", rule.text or "")
        assert selectors, rule.text
        for selector in selectors[1].split(","):
            hidden.update(selected(by_mark, selector))
    drop(body, hidden)
    return body


def selected(by_mark: dict[str, Element], selector: str) -> Iterable[Element]:
    """Return what a selector of ours finds, as Selectors level 3 says."""
    marked, *steps = selector.split(">")
    mark = re.fullmatch(rf'\[{MARK}="(\w+)"\]', marked)
    assert mark, selector
    found = [by_mark[mark[1]]]
    for step in steps:
        one = re.fullmatch(r":nth-child\((\d+)\)", step)
        range_ = re.fullmatch(r":nth-child\(n\+(\d+)\):nth-child\(-n\+(\d+)\)", step)
        match = one or range_
        assert match, selector
        first, last = int(match[1]), int(match[match.lastindex or 1])
        children = [[child for child in element if isinstance(child.tag, str)] for element in found]
        assert all(len(those) >= last for those in children), f"{selector} finds too little"
        found = [child for those in children for child in those[first - 1 : last]]
    return found


def drop(element: Element, hidden: set[Element]) -> None:
    before: Element | None = None
    for child in list(element):
        if child not in hidden:
            drop(child, hidden)
            before = child
            continue
        if before is None:
            element.text = (element.text or "") + (child.tail or "")
        else:
            before.tail = (before.tail or "") + (child.tail or "")
        element.remove(child)


def spelled(element: Element) -> str:
    """Return what is inside in the spelling of ``Page.html``; a tail without what holds it."""
    return "".join(pieces(element))


def pieces(element: Element) -> Iterator[str]:
    yield escaped(element.text)
    for child in element:
        if callable(child.tag):  # A ping.
            assert child.text == ""
        elif child.tag == "span" and not {*child.keys()} - {MARK}:
            yield from pieces(child)
        else:
            attributes = sorted(item for item in child.items() if item[0] != MARK)
            written = "".join(f' {name}="{escaped(value)}"' for name, value in attributes)
            yield f"<{child.tag}{written}>"
            yield from pieces(child)
            yield "" if child.tag in VOID else f"</{child.tag}>"
        yield escaped(child.tail)


def escaped(text: str | None) -> str:
    return str(Markup.escape(text or "")).replace("&#34;", "&quot;").replace("&#39;", "'")


def region(html: str, root: str = "m_text") -> str:
    (found,) = (element for element in visible(html).iter() if element.get("id") == root)
    return spelled(found)


def without_last_space(html: str) -> str:
    """Drop white space at the end, where end tags are kept back with what is between them."""
    return re.sub(
        r"(?:\s|</\w+>)+\Z", lambda match: re.sub(r"\s", "", match[0]), html.rstrip(" \t\n\f")
    )
