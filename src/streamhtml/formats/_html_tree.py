"""HTML as a tree of elements that keeps the text: written out, it is exactly what was read.

It understands well-formed HTML. HTML that is not well-formed may give another tree than a browser
makes, but none of its text is lost.
"""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

_TAG: Final = re.compile(
    r"<(?P<end>/?)(?P<name>[a-z][^\s/>]*)"
    r"""(?P<more>(?:=\s*(?:"[^"]*"|'[^']*'|(?![\s"']))|[^>=])*)>"""
    r"|<!--.*?-->",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE: Final = re.compile(
    r"""(?P<name>[^\s=/]+)(?:\s*=\s*(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)'|(?P<c>[^\s"']\S*)))?"""
)
VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"}
    | {"source", "track", "wbr"}
)
# Nothing is written into these while they are open: what is inside is not HTML, or a comment or a
# CSS rule would not work there.
OPAQUE: Final = frozenset(
    {"iframe", "math", "noembed", "noframes", "script", "select", "style", "svg", "template"}
    | {"textarea", "title", "xmp"}
)


class Element:
    """An element of the finished HTML, and how much of it was written to the body so far.

    Args:
        name: the tag name, in lower case.
        start: the start tag, as it was read.
        parent: the element around it; None for the top of a tree, which has no tags.
    """

    __slots__ = (
        "_last_index", "children", "element_count", "end", "is_open", "last", "mark", "marked",
        "name", "parent", "position", "rewrite_from", "start", "written",
    )  # fmt: skip

    def __init__(self, name: str = "", start: str = "", parent: "Element | None" = None) -> None:
        self.name = name
        self.start = start
        self.end = ""
        self.parent = parent
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
        self.element_count = 0
        """How many elements were written into it, our ``<style>`` elements included."""
        self.written = 0
        """How many of the children were written."""
        self.is_open = False
        """Whether its start tag was written and its end tag was not."""
        self.rewrite_from: tuple[int, int] | None = None
        """From where on its children have to be rewritten at the end of the answer: the index of
        the first of them, and its position. None if what was written is still right."""

    def read(self, html: str) -> list["Element"]:
        """Add ``html``, which is well-formed by itself, to the children.

        Returns:
            All elements in it, at any depth, in the order of their start tags.
        """
        elements: list[Element] = []
        node, at = self, 0
        while tag := _TAG.search(html, at):
            if tag.start() > at:
                node.children.append(html[at : tag.start()])
            at = tag.end()
            name = (tag["name"] or "").lower()
            if not name:
                node.children.append(tag[0])
            elif tag["end"]:
                node = node._close(name, tag[0], self)
            else:
                child = Element(name, tag[0], node)
                node.children.append(child)
                node.last = child
                elements.append(child)
                if name in OPAQUE:
                    at = child._read_opaque(html, at)
                elif name not in VOID:
                    node = child
        if at < len(html):
            node.children.append(html[at:])
        return elements

    def _close(self, name: str, tag: str, top: "Element") -> "Element":
        """Apply an end tag, and return the element in which reading goes on."""
        node = self
        while node is not top and node.name != name:
            assert node.parent
            node = node.parent
        if node is top:  # An end tag without a start tag: keep it as text.
            self.children.append(tag)
            return self
        node.end = tag
        assert node.parent
        return node.parent

    def _read_opaque(self, html: str, at: int) -> int:
        """Take everything up to the end tag as text, and return where reading goes on."""
        end = re.compile(rf"</{re.escape(self.name)}\s*>", re.IGNORECASE).search(html, at)
        if end is None:
            return at
        self.children.append(html[at : end.start()])
        self.end = end[0]
        return end.end()

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

        It is mostly just after the child that was asked for before, or near the end. So these are
        tried first: trying all in order would take time quadratic in the number of children.
        """
        children, start = self.children, self._last_index
        nearby = range(start, min(start + 4, len(children)))
        candidates = chain(nearby, reversed(range(len(children))))
        self._last_index = next(i for i in candidates if children[i] is child)
        return self._last_index


def shows_text(child: Element | str) -> bool:
    """Return whether the child is text that a reader sees: no comment, and not only space."""
    return isinstance(child, str) and bool(child.strip()) and not child.startswith("<!--")


def _is_visible(child: Element | str) -> bool:
    return isinstance(child, Element) or shows_text(child)
