"""HTML as a tree of elements, in its own spelling: what is read and written is the same text.

It reads what is well-formed by itself, and loses nothing of what is not.
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
# What is inside is not HTML: neither our comments nor our rules would work there.
OPAQUE: Final = frozenset(
    {"iframe", "math", "noembed", "noframes", "script", "select", "style", "svg", "template"}
    | {"textarea", "title", "xmp"}
)


class Element:
    """An element as it is to be, and how much of it has been written.

    Args:
        start: its start tag, as it came.
        parent: None for the top, which has no tags.
    """

    __slots__ = (
        "_near", "children", "count", "end", "is_open", "last", "later", "mark", "marked", "name",
        "parent", "position", "sent", "start",
    )  # fmt: skip

    def __init__(self, name: str = "", start: str = "", parent: "Element | None" = None) -> None:
        self.name = name
        self.start = start
        self.end = ""
        self.parent = parent
        self.children: list[Element | str] = []
        self.last: Element | None = None
        self._near = 0
        self.marked = False
        """Whether rules need to find it by itself, as those in the top."""
        self.mark = ""
        """The word by which rules find it, where it has been written with one."""
        self.position = 0
        """Among the elements that were written into its parent, from 1; 0 if it was not."""
        self.count = 0
        """How many elements were written into it, those of ours included."""
        self.sent = 0
        """How many of the children have been written."""
        self.is_open = False
        self.later: tuple[int, int] | None = None
        """From which child on, written at which position, it must be written again at the end."""

    def read(self, html: str) -> list["Element"]:
        """Add ``html``, well-formed by itself, to the children; return the elements in it."""
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
                node = node._ended(name, tag[0], self)
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

    def _ended(self, name: str, tag: str, top: "Element") -> "Element":
        node = self
        while node is not top and node.name != name:
            assert node.parent
            node = node.parent
        if node is top:  # An end without a beginning.
            self.children.append(tag)
            return self
        node.end = tag
        assert node.parent
        return node.parent

    def _read_opaque(self, html: str, at: int) -> int:
        end = re.compile(rf"</{re.escape(self.name)}\s*>", re.IGNORECASE).search(html, at)
        if end is None:
            return at
        self.children.append(html[at : end.start()])
        self.end = end[0]
        return end.end()

    def attributes(self) -> dict[str, str]:
        """Return the attributes; an id or a class has nothing to unescape."""
        found = _ATTRIBUTE.finditer(self.start[1 + len(self.name) : -1])
        return {one["name"].lower(): one["a"] or one["b"] or one["c"] or "" for one in found}

    def elements(self) -> list["Element"]:
        """Return the children that are elements."""
        return [child for child in self.children if isinstance(child, Element)]

    def pieces(self) -> Iterator[str]:
        """Yield the HTML of what is inside."""
        todo: list[Element | str] = self.children[::-1]
        while todo:
            child = todo.pop()
            if isinstance(child, str):
                yield child
            else:
                yield child.start
                todo.append(child.end)
                todo += reversed(child.children)

    def shown(self) -> int:
        """Return how many of the children it takes to show all that there is to see."""
        end = len(self.children)
        if self.last:
            while end and not _shows(self.children[end - 1]):
                end -= 1
        return end

    def index(self, child: "Element") -> int:
        """Return where a child is: near the end, or behind the one that was asked for before."""
        children, near = self.children, self._near
        around = range(near, min(near + 4, len(children)))
        everywhere = chain(around, reversed(range(len(children))))
        self._near = next(i for i in everywhere if children[i] is child)
        return self._near


def shows_text(child: Element | str) -> bool:
    """Return whether it is text, and text that is seen."""
    return isinstance(child, str) and bool(child.strip()) and not child.startswith("<!--")


def _shows(child: Element | str) -> bool:
    return isinstance(child, Element) or shows_text(child)
