"""HTML as a tree of elements that keeps the text: written out, it is what was read.

It reads HTML that is closed (see ``_closed_html``), as that of every patch is. It only looks for
elements that a parser would not leave where they are, because of the elements around the HTML.
"""

import re
from collections.abc import Iterator
from itertools import chain
from sys import intern
from typing import Final, TypeGuard

from streamhtml._closed_html import FLAGS, TAG, closed
from streamhtml._nesting import (
    CHANGES_REACH,
    FOREIGN,
    INVISIBLE,
    ONLY_TABLE_PARTS,
    RAW,
    RCDATA,
    TABLE_PARTS,
    VOID,
    Names,
    is_ignored,
    reach_inside,
    stays,
)

_TOKEN: Final = re.compile(rf"{TAG}|<!--(?:-?>|.*?--!?>)", FLAGS)
_ATTRIBUTE: Final = re.compile(
    r"""(?P<name>[^\s=/]+)(?:\s*=\s*(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)'|(?P<c>[^\s"']\S*)))?"""
)
# Nothing is written into these while they are open: what is inside is not HTML, or a comment or a
# CSS rule would not work there. Those around a region have to be open.
OPAQUE: Final = frozenset({"math", "select", "svg", "template"}) | RAW | RCDATA

PLACES: Final = re.compile(
    r"""\sclass=["']?(?:[^"'>]*\s)?streamhtml(?P<part>-part)?[\s"'>]""", re.IGNORECASE
)
"""Finds a region, or a part, which is replaced when its state changes."""


class Element:
    """An element of the finished HTML, and how much of it was written to the body so far.

    Args:
        name: the tag name, in lower case.
        start: the start tag, as it was read.
        parent: the element around it; None for the top of a tree, which has no tags.
    """

    __slots__ = (
        "_last_index", "children", "element_count", "end", "is_compact", "is_named", "is_open",
        "last", "mark", "marked", "name", "offset", "parent", "position", "reach", "replaces",
        "rewrite_from", "start", "written",
    )  # fmt: skip

    def __init__(self, name: str = "", start: str = "", parent: "Element | None" = None) -> None:
        self.name = name
        self.start = start
        self.end = ""
        self.replaces = ""
        """The name that it had before ``become_span()``; ``""`` if that was not called."""
        self.parent = parent
        self.reach: Names = parent.reach if parent else frozenset()
        """Which of the elements around its content a start tag there can reach."""
        self.children: list[Element | str] = []
        self.last: Element | None = None
        """The last of the children that is an element."""
        self._last_index = 0
        """Where ``index()`` found a child the last time."""
        self.marked = False
        """Whether it gets a mark when it is written. Elements in the top get one in any case."""
        self.mark = ""
        """The value of the attribute by which CSS rules find it; ``""`` if it has none."""
        self.position = 0
        """Its position among the elements written into its parent, from 1; 0 if not written."""
        self.offset = 0
        """How many characters were written before it."""
        self.element_count = 0
        """How many elements were written into it, our ``<style>`` elements included."""
        self.written = 0
        """How many of the children were written."""
        self.is_compact = False
        """Whether ``compact()`` was called."""
        self.is_named = False
        """Whether a patch can name it, or an element in it, by an id."""
        self.is_open = False
        """Whether its start tag was written and its end tag was not."""
        self.rewrite_from: tuple[int, int, int] | None = None
        """From where on its children have to be rewritten at the end of the answer: the index of
        the first of them, its position and its offset. None if what was written is still right."""

    def read(self, html: str) -> list["Element"]:
        """Add ``html``, which is closed, to the children.

        A parser must leave all of its elements in this element. If it would not leave one there,
        that becomes a ``<span>``, and if that is a table, so do its parts: patches count them. The
        tags of other parts of tables are left out if a parser would ignore them.

        Returns:
            All elements in it, at any depth, in the order of their start tags. What is inside of
            opaque elements is not among them, except in those around a region.
        """
        if self.name in ONLY_TABLE_PARTS:
            return self._read_for_table(html)
        if "<" in html:
            return self._read(html)
        if html:
            self.children.append(html)
        return []

    def _read_for_table(self, html: str) -> list["Element"]:
        """Read, and put into cells what a parser would move out of the table."""
        count, last = len(self.children), self.last
        elements = self._read(html)
        if all(map(self._can_contain, self.children[count:])):
            return elements
        del self.children[count:]
        self.last = last
        if self.name == "colgroup":
            return []  # It has no place for anything else.
        return self._read(closed(html, self.name))

    def _can_contain(self, child: "Element | str") -> bool:
        if isinstance(child, str):
            return not shows_text(child)
        return child.name in INVISIBLE or child.name in ONLY_TABLE_PARTS[self.name]

    def _read(self, html: str) -> list["Element"]:
        elements: list[Element] = []
        left_out: list[tuple[Element, str]] = []  # The parent and the name of each open one.
        opaque: Element | None = None  # The outermost one that is open.
        count = 0  # How many elements there were up to it.
        node, at = self, 0
        while tag := _TOKEN.search(html, at):
            if tag.start() > at:
                node.children.append(html[at : tag.start()])
            at = tag.end()
            end, name, last = tag.groups()
            if not name:
                node.children.append(tag[0])
                continue
            name = name.lower()
            if end:
                if left_out and left_out[-1] == (node, name):
                    left_out.pop()
                    continue
                node.end = node.end or tag[0]
                if node is opaque:
                    elements[count:] = node._hide_opaque()
                    opaque = None
                assert node.parent
                node = node.parent
                continue
            reach = node.reach
            is_void = name in VOID
            if name in FOREIGN or (reach and not FOREIGN.isdisjoint(reach)):
                is_void = last.endswith("/")
            is_misplaced = name in TABLE_PARTS and is_ignored(name, node.name)
            if is_misplaced and name not in ONLY_TABLE_PARTS.get(node.replaces, ()):
                if not is_void:
                    left_out.append((node, name))
                continue
            child = Element(name, tag[0], node)
            if is_misplaced or (reach and not stays(name, reach)):
                child.become_span()
            elif name in CHANGES_REACH:
                child.reach = reach_inside(name, reach)
            node.children.append(child)
            node.last = child
            elements.append(child)
            if name in OPAQUE:
                if name in RAW or (name in RCDATA and FOREIGN.isdisjoint(reach)):
                    at = child._read_text(name, html, at)
                    continue
                if opaque is None and not is_void:
                    opaque, count = child, len(elements)
            if not is_void:
                node = child
        if at < len(html):
            node.children.append(html[at:])
        return elements

    def become_span(self) -> None:
        """Take another name, because a parser would not leave the element here."""
        self.start = f"<span{self.start[1 + len(self.name) :]}"
        self.replaces, self.name, self.end = self.name, "span", "</span>"

    def _hide_opaque(self) -> list["Element"]:
        """Keep what is in opaque elements as strings, except around a region.

        Returns:
            The elements inside of this one that are left.
        """
        left: list[Element] = []
        todo: list[Element] = [self]
        while todo:
            element = todo.pop()
            if element is not self:
                left.append(element)
            if not OPAQUE.isdisjoint((element.name, element.replaces)):
                html = "".join(element.pieces())
                # What is in a template is not on the page.
                if element.name == "template" or not PLACES.search(html):
                    element.children, element.last = [html], None
            todo += reversed(element.elements())
        return left

    def _read_text(self, name: str, html: str, at: int) -> int:
        """Read the content of an element that contains no tags, and return where it ends."""
        end = re.compile(f"</{name}>", FLAGS).search(html, at)
        assert end, "the HTML is closed"
        text = html[at : end.start()]
        self.children.append(text if self.name == name else text.replace("<", "&lt;"))
        self.end = self.end or end[0]
        return end.end()

    def can_grow(self) -> bool:
        """Return whether anything can be written into it while it is open."""
        return self.name not in VOID and (self.name not in OPAQUE or self.last is not None)

    def empty_copy(self) -> "Element":
        """Return an element without children. What it reads can become children of this one."""
        element = Element(self.name)
        element.reach, element.replaces = self.reach, self.replaces
        return element

    def replace_child(self, old: "Element", new: "Element") -> int:
        """Put the children of ``new`` in the place of a child, and return the index of the first.

        If the last element changes, it is expanded, because it may grow again.
        """
        index = self.index(old)
        self.children[index : index + 1] = new.children
        if index < self.written:
            self.written += len(new.children) - 1
        for child in new.elements():
            child.parent = self
        if self.last is old:
            self.last = next(filter(_is_element, reversed(self.children)), None)
            if self.last:
                self.last.expand()
        return index

    def attributes(self) -> dict[str, str]:
        """Return the attributes: names in lower case, values still escaped."""
        found = _ATTRIBUTE.finditer(self.start[1 + len(self.name) : -1])
        return {one["name"].lower(): one["a"] or one["b"] or one["c"] or "" for one in found}

    def elements(self) -> list["Element"]:
        """Return the children that are elements."""
        return [child for child in self.children if isinstance(child, Element)]

    def pieces(self) -> Iterator[str]:
        """Yield the HTML of the children, in pieces."""
        todo: list[Element | str] = self.children[::-1]
        while todo:
            child = todo.pop()
            if isinstance(child, str):
                yield child
            else:
                yield child.start
                todo.append(child.end)
                todo += reversed(child.children)

    def html(self) -> str:
        """Return the HTML of the element itself."""
        return "".join([self.start, *self.pieces(), self.end])

    def compact(self) -> None:
        """Keep the content as one string, which takes a fraction of the memory of elements."""
        html = "".join(self.pieces())
        self.children.clear()
        if html:
            self.children.append(html)
        self.last, self.is_compact = None, True
        # Most elements of an answer have one of a few tags.
        self.name, self.start, self.end = intern(self.name), intern(self.start), intern(self.end)

    def expand(self) -> None:
        """Undo ``compact()``, if it was called."""
        if self.is_compact:
            html = "".join(self.pieces())
            self.children, self.is_compact = [], False
            self.read(html)

    def visible_end(self) -> int:
        """Return the number of children without the invisible ones after the last element.

        Without an element among the children, it is the number of all children.
        """
        end = len(self.children)
        if self.last:
            while end and not _is_visible(self.children[end - 1]):
                end -= 1
        return end

    def index(self, child: "Element") -> int:
        """Return the index of a child.

        It is mostly just after the child of the previous call, or near the end. So these are tried
        first: trying all in order would take time quadratic in the number of children.
        """
        children, start = self.children, self._last_index
        nearby = range(start, min(start + 4, len(children)))
        candidates = chain(nearby, reversed(range(len(children))))
        self._last_index = next(i for i in candidates if children[i] is child)
        return self._last_index


def elements_with_id(html: str) -> Iterator[tuple[str, Element]]:
    """Yield each outermost element that has an id. The id, first, is escaped as in the source."""
    top = Element()
    top.read(html)
    for element in top.elements():
        if name := element.attributes().get("id"):
            yield name, element


def shows_text(child: Element | str) -> bool:
    """Return whether the child is text that a reader sees: no comment, and not only space."""
    return isinstance(child, str) and bool(child.strip()) and not child.startswith("<!--")


def _is_element(child: Element | str) -> TypeGuard[Element]:
    return isinstance(child, Element)


def _is_visible(child: Element | str) -> bool:
    return isinstance(child, Element) or shows_text(child)
