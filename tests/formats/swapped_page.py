"""Pages that apply what the formats send, as each client would, on a DOM of Python."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tests.docs.reference_client import Decoder, Page, spelled, token_of
from tests.formats.multipart_body import parts_of
from tests.formats.test_datastar import changes
from tests.formats.test_events import read
from tests.formats.visible_page import page_format, visible
from tests.formats.visible_page import spelled as spelled_tree

from streamhtml import Fragment
from streamhtml.formats import FORMATS, FormatRequest, Headers, create_format

_STEP = re.compile(r"(:last-child|:nth-child\((\d+)\))\Z")
_TURBO = re.compile(
    r'<turbo-stream action="(\w+)" targets="([^"]+)">(?:<template>(.*?)</template>)?'
    "</turbo-stream>",
    re.DOTALL,
)
_OOB = re.compile(
    r'<(\w+) hx-swap-oob="(\w+):([^"]+)">(.*?)</\1>(?=<\w+ hx-swap-oob=|\Z)', re.DOTALL
)
_PARTIAL = re.compile(
    r'<hx-partial hx-target="([^"]+)" hx-swap="(\w+)">(.*?)</hx-partial>', re.DOTALL
)


def shown(fragments: Iterable[Fragment], name: str) -> str:
    """Return the HTML of the message, after a client of the format has applied the fragments."""
    if name == "page":
        return _shown_without_scripts(fragments)
    if name == "html":
        return _shown_by_our_client(fragments)
    headers = {"HX-Request": "true"} if name == "sse" else {}
    one_format = create_format(name, FormatRequest(Headers(headers), "messages"))  # type: ignore[arg-type]
    page = Page()
    for fragment in fragments:
        for mode, selector, html in _READ[name](one_format.encode(fragment)):
            _swap(page, mode, selector, html)
    return page.inner()


def expected(html: str, name: str) -> str:
    """Return HTML in the spelling of ``shown()``."""
    return _tree(f"<body>{html}</body>") if name == "page" else spelled(html)


def _shown_by_our_client(fragments: Iterable[Fragment]) -> str:
    html_format = FORMATS["html"]()
    decoder, page = Decoder(token_of(html_format.media_type)), Page()
    for fragment in fragments:
        for each in decoder.feed(html_format.encode(fragment).encode()):
            page.apply(each)
    return page.inner()


def _shown_without_scripts(fragments: Iterable[Fragment]) -> str:
    one_format = page_format("<!doctype html><body>", "</body>")
    return _tree("".join(map(one_format.encode, fragments)))


def _tree(html: str) -> str:
    # A rule hides elements, and not the white space between them, which shows nothing either.
    return re.sub(r">\s+<", "> <", spelled_tree(visible(html)))


def _read_turbo(text: str) -> Iterator[tuple[str, str, str]]:
    yield from _TURBO.findall(text)


def _read_datastar(text: str) -> Iterator[tuple[str, str, str]]:
    for change in changes(text.partition("retry:")[0]):
        yield change["mode"], change["selector"], change.get("elements", "")


def _read_partials(text: str) -> Iterator[tuple[str, str, str]]:
    for event in read([text.encode()]):
        if event.event == "message":
            found = _PARTIAL.findall(event.data)
            if found:
                ((selector, style, html),) = found
                yield style, selector, html
            else:
                yield "append", "#messages", event.data


def _read_oob(text: str) -> Iterator[tuple[str, str, str]]:
    found = list(_OOB.finditer(text))
    first = text[: found[0].start()] if found else text
    if first.strip():
        yield "append", "#messages", first
    for each in found:
        _, style, selector, html = each.groups()
        yield style, selector, html


def _read_parts(text: str) -> Iterator[tuple[str, str, str]]:
    for part in parts_of(text):
        style, _, selector = part.headers.get("hx-reswap", "append target:#messages").partition(" ")
        if style != "none":
            yield style, selector.removeprefix("target:").strip('"'), part.html


_READ: dict[str, Any] = {
    "multipart": _read_parts,
    "turbo": _read_turbo,
    "datastar": _read_datastar,
    "sse": _read_partials,
    "htmx": _read_oob,
}


def _swap(page: Page, mode: str, selector: str, html: str) -> None:
    """Change every element that the selector finds, as htmx, Turbo and Datastar do."""
    for element in _select(page, selector):
        _swap_one(page, mode, element, html)


def _swap_one(page: Page, mode: str, element: Any, html: str) -> None:
    parent = element.parentNode
    new = page._parse(html, element if mode in ("append", "beforeend") else parent)
    if mode in ("append", "beforeend"):
        for node in new:
            element.appendChild(node)
    elif mode == "afterend":
        for node in new:
            parent.insertBefore(node, element.nextSibling)
    else:
        assert mode in ("beforebegin", "delete", "remove", "replace", "outer", "outerHTML")
        for node in new:
            parent.insertBefore(node, element)
        if mode != "beforebegin":
            parent.removeChild(element)


def _select(page: Page, selector: str) -> list[Any]:
    root, *steps = re.split(" ?> ?", selector)
    element_id = root.removeprefix("#").replace(r"\3a ", ":").replace("\\", "")
    found = [
        each
        for each in page.document.getElementsByTagName("*")
        if each.getAttribute("id") == element_id
    ]
    assert found, selector
    for step in steps:
        match = _STEP.match(step)
        assert match, step
        index = int(match[2]) - 1 if match[2] else -1
        found = [_elements(each)[index] for each in found]
    return found


def _elements(parent: Any) -> list[Any]:
    return [each for each in parent.childNodes if each.nodeType == each.ELEMENT_NODE]
