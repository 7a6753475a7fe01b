"""The ``page`` format: a whole page, in which the message grows while the browser loads it.

It needs no JavaScript. A browser can only be sent more HTML after what it already has; ``_spine``
says how the message is written under that condition. What is still visible at the end is exactly
the finished message.

The browser parses the HTML of a patch among all elements that are open on the page. So
``_html_tree`` replaces those in the HTML that would end one of them.
"""

import re
import secrets
from typing import Final

from markupsafe import Markup

from streamhtml._closed_html import open_elements
from streamhtml._patch import Fragment, Patch
from streamhtml.formats._format import Format, FormatRequest
from streamhtml.formats._html_tree import Element, shows_text
from streamhtml.formats._spine import MARK, Spine

_EMPTY: Final = "<!---->"
"""A comment: it may be anywhere in a page and changes nothing."""

_REGION_CLASS: Final = "streamhtml"
"""The class of the regions: elements that are empty at first and that patches fill."""

# What has a region in it has other places for patches, too. So has a part, mostly.
_REGION_INSIDE: Final = re.compile(
    r"""\sclass=["']?(?:[^"'>]*\s)?streamhtml(?:-part)?[\s"'>]""", re.IGNORECASE
)

# The attribute that our CSS rules look for, if it is in the message.
_MARK_INSIDE: Final = re.compile(MARK, re.IGNORECASE | re.ASCII)

# Elements that a parser drops or moves if they are not directly in their usual parent.
_NEEDS_PARENT: Final = re.compile(
    r"\s*<(?:caption|col|colgroup|dd|dt|li|tbody|td|tfoot|th|thead|tr)\b", re.IGNORECASE
)


class PageFormat(Format):
    """Encodes one response."""

    media_type = "text/html; charset=utf-8"

    def __init__(self) -> None:
        self._before = self._after = ""
        self._begun = self._shows_state = False
        self._top = Element()
        self._spine = Spine(self._top)
        self._ids: dict[str, Element] = {}
        self._tails: dict[str, tuple[Element, int]] = {}
        self._counted: Element | None = None
        """The root whose ``_child_elements`` are known."""
        self._child_elements: list[Element] = []

    def prepare(self, request: FormatRequest) -> None:
        super().prepare(request)
        self._spine.nonce = request.nonce
        # It is random, so that nothing else in the page can be mistaken for it.
        placeholder = f"<!--{secrets.token_hex(16)}-->"
        # Markup would escape what is added to it.
        page = str(request.render_page(Markup(placeholder)))
        self._before, _, self._after = page.partition(placeholder)
        self._top.name, self._top.reach = open_elements(self._before)

    def encode(self, fragment: Fragment) -> str:
        """Return the next piece of the page; a ping is a comment, which may be anywhere."""
        before = after = ""
        if not self._begun:
            self._begun = True
            before = self._before
        for patch in fragment.patches:
            self._apply(patch)
        if fragment.outcome:
            self._spine.finish()
            after = self._after
        elif self._shows_state:
            self._spine.catch_up()
        self._shows_state = False
        return before + self._spine.take() + after or _EMPTY

    def _apply(self, patch: Patch) -> None:
        html = str(patch.html)
        if "=" in html and MARK in html.lower():
            html = _MARK_INSIDE.sub(_spell_differently, html)
        # A root that is not in the message is the container, which is part of the page.
        root = self._ids.get(patch.root)
        if root is None:
            if patch.action == "append":
                self._open(html)
            else:
                self._swap(html)
            return
        if patch.root in self._tails:
            self._spine.remove(*self._tails.pop(patch.root))
        node = self._find(root, patch)
        if patch.action == "append":
            if node.name == "pre" and not node.children and html.startswith("\n"):
                # A parser drops a newline that comes directly after the start tag.
                html = _EMPTY + html
            self._append(node, html)
        elif patch.action == "replace":
            assert node.parent
            new = node.parent.empty()
            elements = new.read(html)
            self._spine.replace(node, new)
            # A part or a region is replaced when its state changes, and a reader waits for that.
            self._shows_state |= bool(_REGION_INSIDE.search(html))
            self._register(elements)
            if patch.child is not None:
                self._child_elements[patch.child : patch.child + 1] = new.elements()
        elif html:
            self._add_tail(patch.root, node, html)

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
        elements = node.read(html)
        if _REGION_INSIDE.search(html):
            self._register(elements)
        self._spine.show(node)
        if node.last is not before:
            # No patch can name an element in these any more. Most of a long answer is in them.
            for child in before, *node.children[count:]:
                if isinstance(child, Element) and child is not node.last and not child.is_named:
                    child.compact()

    def _open(self, html: str) -> None:
        """Begin the message: write its HTML up to the place where the first region is filled."""
        regions = self._register(self._top.read(html))
        self._top.children = [_as_element(child, self._top) for child in self._top.children]
        if regions:
            self._spine.move_to(regions[0])
        else:
            self._spine.show(self._top)

    def _swap(self, html: str) -> None:
        """Replace elements of the message by those with the same ids.

        An element that is elsewhere on the page was written already, so it stays as it is.
        """
        new = Element()
        new.read(html)
        for child in new.elements():
            if old := self._ids.get(child.attributes().get("id", "")):
                assert old.parent
                replacement = old.parent.empty()
                elements = replacement.read(child.html())
                self._spine.replace(old, replacement, now=True)
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

    def _add_tail(self, root: str, node: Element, html: str) -> None:
        """Show a tail as elements with marks, so that a CSS rule can hide it later."""
        tail = node.empty()
        if _NEEDS_PARENT.match(html):
            tail.read(html)
        if not tail.children or any(map(shows_text, tail.children)):
            span = Element("span", "<span>", node)
            span.end = "</span>"
            span.read(html)
            tail.children = [span]
        for child in tail.children:
            if isinstance(child, Element):
                child.parent = node
                child.marked = True
        # Patches do not count a tail, so it does not become node.last.
        node.children += tail.children
        self._tails[root] = node, len(tail.children)
        self._spine.show(node)


def _spell_differently(name: re.Match[str]) -> str:
    """Write the last letter as a character reference: the same as text, but another name."""
    return f"{name[0][:-1]}&#{ord(name[0][-1])};"


def _as_element(child: Element | str, parent: Element) -> Element | str:
    """Return the child; visible text in a ``<span>``, because a CSS rule cannot hide bare text."""
    if not shows_text(child):
        return child
    span = Element("span", "<span>", parent)
    span.children, span.end = [child], "</span>"
    return span
