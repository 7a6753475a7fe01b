"""The ``page`` format: a whole page, in which the message grows while the browser loads it.

It needs no JavaScript. A browser can only be sent more HTML after what it already has;
``_in_order`` writes the message under that condition. Chromium, from version 150 on, knows
``<template for>``, which puts HTML where it belongs; ``_in_place`` writes the message with it. In
both ways, what is visible at the end is exactly the finished message.

``_html_tree`` replaces the elements in the HTML of a patch that would end others, which are open on
the page.
"""

import re
import secrets
from typing import Final

from markupsafe import Markup

from streamhtml._closed_html import open_elements
from streamhtml._nesting import FOREIGN, ONLY_TABLE_PARTS
from streamhtml._patch import Fragment, Patch
from streamhtml.formats import _client_hints as hints
from streamhtml.formats._format import Format, FormatRequest
from streamhtml.formats._html_tree import PLACES, Element
from streamhtml.formats._in_order import InOrder
from streamhtml.formats._in_place import InPlace

_EMPTY: Final = "<!---->"

_REGION_CLASS: Final = "streamhtml"
"""The class of the regions: elements that are empty at first and that patches fill."""

_WITH_TEMPLATE_FOR: Final = 150
"""The first version of Chromium that knows ``<template for>``."""

DESTINATIONS: Final = frozenset({"document", "embed", "frame", "iframe", "object"})
"""The values of ``Sec-Fetch-Dest`` of a request whose answer the browser shows as a page."""

_DESTINATION: Final = "Sec-Fetch-Dest"

_BODY_TAG: Final = re.compile(r"</?(?:body|html)(?=[\s/>])", re.IGNORECASE)


class PageFormat(Format):
    """Encodes one response.

    Args:
        native: use ``<template for>`` where the browser knows it.
    """

    media_type = "text/html; charset=utf-8"

    def __init__(self, *, native: bool = True) -> None:
        self._native = native
        if native:
            self.vary = (hints.HEADER, _DESTINATION)
        self._before = self._after = ""
        self._begun = self._shows_state = False
        self._top = Element()
        self._writer: InOrder | InPlace = InOrder(self._top, "")
        self._ids: dict[str, Element] = {}
        self._counted: Element | None = None
        """The root whose ``_child_elements`` are known."""
        self._child_elements: list[Element] = []

    def prepare(self, request: FormatRequest) -> None:
        super().prepare(request)
        # It is random, so that nothing else in the page can be mistaken for it.
        placeholder = f"<!--{secrets.token_hex(16)}-->"
        # Markup would escape what is added to it.
        page = str(request.render_page(Markup(placeholder)))
        self._before, _, self._after = page.partition(placeholder)
        self._top.name, self._top.reach = open_elements(self._before)
        if self._native and _knows_template_for(request) and _can_hold_markers(self._before):
            self._writer = InPlace(self._top, page)
        else:
            self._writer = InOrder(self._top, request.nonce)

    def encode(self, fragment: Fragment) -> str:
        """Return the next piece of the page. A ping is something that may be anywhere."""
        before = after = ""
        if not self._begun:
            self._begun = True
            before = self._before
        for patch in fragment.patches:
            self._apply(patch)
        if fragment.outcome:
            self._writer.finish()
            after = self._after
        elif self._shows_state:
            self._writer.catch_up()
        self._shows_state = False
        return before + self._writer.take() + after or self._writer.nothing

    def _apply(self, patch: Patch) -> None:
        html = str(patch.html)
        # A root that is not in the message is the container, which is part of the page.
        root = self._ids.get(patch.root)
        if root is None:
            if patch.action == "append":
                self._writer.open(self._register(self._writer.read(html, self._top)))
            else:
                self._swap(html)
            return
        self._writer.remove_tail(patch.root)
        node = self._find(root, patch)
        if patch.action == "append":
            if node.name == "pre" and not node.children and html.startswith("\n"):
                # A parser drops a newline that comes directly after the start tag.
                html = _EMPTY + html
            self._append(node, html)
        elif patch.action == "replace":
            assert node.parent
            new = node.parent.empty_copy()
            elements = self._writer.read(html, new)
            self._writer.replace(node, new)
            # A part or a region is replaced when its state changes, and a reader waits for that.
            self._shows_state |= bool(PLACES.search(html))
            self._register(elements)
            if patch.child is not None:
                self._child_elements[patch.child : patch.child + 1] = new.elements()
        elif html:
            self._writer.show_tail(patch.root, node, html)

    def _find(self, root: Element, patch: Patch) -> Element:
        """Return the element that a patch names."""
        if patch.child is None:
            self._counted = None
            node = root
            for _ in range(patch.depth):
                assert node.last, "there is no such element"
                node = node.last
            return node
        if self._counted is not root:
            # Many such patches come in a row, so the elements are counted for the first only.
            self._child_elements, self._counted = root.elements(), root
        return self._child_elements[patch.child]

    def _append(self, node: Element, html: str) -> None:
        before, count = node.last, len(node.children)
        elements = self._writer.read(html, node)
        if PLACES.search(html):
            self._register(elements)
        self._writer.show(node)
        if node.last is not before:
            # No patch can name an element in these any more. Most of a long answer is in them.
            for child in before, *node.children[count:]:
                if isinstance(child, Element) and child is not node.last and not child.is_named:
                    self._writer.compact(child)

    def _swap(self, html: str) -> None:
        """Replace elements of the message by those with the same ids.

        An element that is elsewhere on the page was written already, so it stays as it is.
        """
        new = Element()
        self._writer.read(html, new)
        for child in new.elements():
            if old := self._ids.get(child.attributes().get("id", "")):
                assert old.parent
                replacement = old.parent.empty_copy()
                elements = self._writer.read(child.html(), replacement)
                self._writer.replace(old, replacement, now=True)
                self._register(elements)

    def _register(self, elements: list[Element]) -> list[Element]:
        """Remember the elements by their ids; return the regions among them."""
        regions = []
        for element in elements:
            attributes = element.attributes()
            if "id" in attributes:
                self._ids[attributes["id"]] = element
                around: Element | None = element
                while around and not around.is_named:
                    around.is_named, around = True, around.parent
                if _REGION_CLASS in attributes.get("class", "").split():
                    element.marked = True
                    regions.append(element)
        return regions


def _knows_template_for(request: FormatRequest) -> bool:
    """Return whether the browser itself parses the answer, and knows ``<template for>``."""
    sent = request.headers
    # A browser that sends one of the headers sends both. A script may put the answer anywhere.
    is_page = sent.get(_DESTINATION, "").strip().lower() in DESTINATIONS
    return is_page and hints.chromium_version(sent.get(hints.HEADER, "")) >= _WITH_TEMPLATE_FOR


def _can_hold_markers(before: str) -> bool:
    """Return whether a parser leaves elements and processing instructions after the HTML.

    It does not in a table, in an element of text, in a comment, and before the body.
    """
    if before.rfind("<!--") > before.rfind("-->"):
        return False
    name, reach = open_elements(f"{before}<x-probe>")
    if name != "x-probe" or not (FOREIGN | {"select"}).isdisjoint(reach):
        return False
    parent, _ = open_elements(before)
    if parent:
        return parent not in ONLY_TABLE_PARTS
    tags = _BODY_TAG.findall(before)
    return bool(tags) and tags[-1].lower() == "<body"
