"""Pages that apply what the formats send, as each client would, on a DOM of Python."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from tests.docs.reference_client import Decoder, Page, spelled, token_of
from tests.formats.multipart_body import parts_of
from tests.formats.test_datastar import changes
from tests.formats.test_events import read
from tests.formats.visible_page import page_format, visible
from tests.formats.visible_page import spelled as spelled_tree

from streamhtml import Fragment, Patch
from streamhtml.formats import FORMATS, FormatRequest, Headers, create_format
from streamhtml.log._merged_patches import merge_patches

_STEP = re.compile(r"(:last-child|:nth-child\((\d+)\))\Z")
_TURBO = re.compile(
    r'<turbo-stream action=(\w+) (?:target=([\w-]+)|targets="([^"]+)")>'
    r"(?:<template>(.*?)</template>)?</turbo-stream>",
    re.DOTALL,
)
_OOB = re.compile(
    r'<(\w+) hx-swap-oob=("?)(\w+):([^"]+?)\2>(.*?)</\1>(?=<\w+ hx-swap-oob=|\Z)', re.DOTALL
)
_PARTIAL = re.compile(
    r'<hx-partial hx-target=("?)([^"]+?)\1 hx-swap=(\w+)>(.*?)</hx-partial>', re.DOTALL
)


def shown(fragments: Iterable[Fragment], name: str, resumed_at: int = 0) -> str:
    """Return the HTML of the message, after a client of the format has applied the fragments.

    Args:
        fragments: the fragments of an answer.
        name: the name of the format, or "turbo events".
        resumed_at: the number of the first fragment of a second response; 0 for one response.
    """
    if name == "page":
        return _shown_without_scripts(fragments)
    if name == "html":
        return _shown_by_our_client(fragments)
    request = FormatRequest(Headers(_HEADERS.get(name, {})), "messages")
    format_name: Any = name.removesuffix(" events")
    one_format = create_format(format_name, request)
    page, earlier = Page(), list[Patch]()
    for each in fragments:
        # Only a log can resume. An answer that was waited for has no tag before it begins.
        fragment = replace(each, tag="a") if resumed_at and each.index else each
        if fragment.index == resumed_at > 0:
            one_format = create_format(format_name, request)
            one_format.skip(Fragment(resumed_at - 1, tuple(merge_patches(earlier)), tag="a"))
        if fragment.index:
            earlier += fragment.patches
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
    for mode, name, selector, html in _TURBO.findall(text):
        yield mode, selector or f"#{name}", html


def _read_turbo_events(text: str) -> Iterator[tuple[str, str, str]]:
    for event in read([text.encode()]):
        yield from _read_turbo(event.data)


def _read_datastar(text: str) -> Iterator[tuple[str, str, str]]:
    for change in changes(text.partition("event: end\n")[0]):
        yield change["mode"], change["selector"], change.get("elements", "")


def _read_partials(text: str) -> Iterator[tuple[str, str, str]]:
    for event in read([text.encode()]):
        if event.event == "message":
            found = _PARTIAL.findall(event.data)
            if found:
                ((_, selector, style, html),) = found
                yield style, selector, html
            else:
                yield from _read_oob(event.data)


def _read_oob(text: str) -> Iterator[tuple[str, str, str]]:
    found = list(_OOB.finditer(text))
    first = text[: found[0].start()] if found else text
    if first.strip():
        yield "append", "#messages", first
    for each in found:
        _, _, style, selector, html = each.groups()
        yield style, selector, html


def _read_parts(text: str) -> Iterator[tuple[str, str, str]]:
    for part in parts_of(text):
        style, _, target = part.headers.get("hx-reswap", "append").partition(" target:")
        if style != "none":
            yield style, target or part.headers.get("hx-retarget", "#messages"), part.html
        for _, target, swap, html in _PARTIAL.findall(part.html if style == "none" else ""):
            yield swap, target, html


_HEADERS = {"sse": {"HX-Request": "true"}, "turbo events": {"Accept": "text/event-stream"}}
_BEFORE = "before", "beforebegin"
_READ: dict[str, Any] = {
    "multipart": _read_parts,
    "turbo": _read_turbo,
    "turbo events": _read_turbo_events,
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
    is_inside = mode in ("append", "beforeend", "innerHTML")
    new = page._parse(html, element if is_inside else parent)
    if is_inside:
        while mode == "innerHTML" and element.firstChild:
            element.removeChild(element.firstChild)
        for node in new:
            element.appendChild(node)
    elif mode == "afterend":
        for node in reversed(new):
            parent.insertBefore(node, element.nextSibling)
    else:
        assert mode in (*_BEFORE, "delete", "remove", "replace", "outer", "outerHTML")
        for node in new:
            parent.insertBefore(node, element)
        if mode not in _BEFORE:
            parent.removeChild(element)


def _select(page: Page, selector: str) -> list[Any]:
    root, _, path = selector.replace(" >", ">").partition(">")
    root, _, is_next = root.partition("+")
    name, _, root_id = root.partition("#")
    root_id = root_id.replace(r"\3a ", ":").replace("\\", "")
    found = [
        each
        for each in page.document.getElementsByTagName(name or "*")
        if each.getAttribute("id") == root_id
    ]
    assert found, selector
    if is_next:
        siblings = [_elements(each.parentNode) for each in found]
        found = [each[each.index(marker) + 1] for each, marker in zip(siblings, found, strict=True)]
    for step in path.split(">") if path else []:
        match = _STEP.match(step)
        assert match, step
        index = int(match[2]) - 1 if match[2] else -1
        found = [_elements(each)[index] for each in found]
    return found


def _elements(parent: Any) -> list[Any]:
    return [each for each in parent.childNodes if each.nodeType == each.ELEMENT_NODE]
