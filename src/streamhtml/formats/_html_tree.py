"""HTML as a tree of elements that keeps the text: written out, it is exactly what was read.

It understands well-formed HTML. HTML that is not well-formed may give another tree than a browser
makes, but none of its text is lost. End tags without a start tag are dropped, and elements that are
left open are closed, so that what is written cannot end an element around it.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Final

from streamhtml.formats._html_tokens import FLAGS, RAW, RCDATA, TAG

_TOKEN: Final = re.compile(TAG + r"|<!--(?:-?>|.*?--!?>)", FLAGS)
_ATTRIBUTE: Final = re.compile(
    r"""(?P<name>[^\s=/]+)(?:\s*=\s*(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)'|(?P<c>[^\s"']\S*)))?"""
)
VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"}
    | {"source", "track", "wbr"}
)
# Nothing is written into these while they are open: what is inside is not HTML, or a comment or a
# CSS rule would not work there.
OPAQUE: Final = frozenset({"math", "select", "svg", "template"}) | RAW | RCDATA
# A parser closes these by itself. An additional </p> would be another paragraph.
_CLOSED_BY_ITSELF: Final = frozenset(
    {"colgroup", "dd", "dt", "li", "optgroup", "option", "p", "rp", "rt"}
    | {"tbody", "tfoot", "thead", "tr"}
)

# The start tag of one of these closes what is open of the others, with every <div> in it, but not
# outside of a list or of a part of a table.
_CLOSES: Final = {"button": {"button"}, "dd": {"dd", "dt"}, "dt": {"dd", "dt"}, "li": {"li"}}
# These end SVG and MathML, but not inside of an element that may contain HTML.
_ENDS_XML: Final = frozenset(
    {"b", "big", "blockquote", "body", "br", "center", "code", "dd", "div", "dl", "dt", "em"}
    | {"embed", "h1", "h2", "h3", "h4", "h5", "h6", "head", "hr", "i", "img", "li", "listing"}
    | {"menu", "meta", "nobr", "ol", "p", "pre", "ruby", "s", "small", "span", "strong", "strike"}
    | {"sub", "sup", "table", "tt", "u", "ul", "var"}
)
_MAY_CONTAIN_HTML: Final = frozenset(
    {"annotation-xml", "desc", "foreignobject", "mi", "mn", "mo", "ms", "mtext"}
)
_KEEPS_OPEN: Final = frozenset({"dl", "menu", "object", "ol", "table", "td", "th", "ul"}) | OPAQUE


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
        """Add ``html`` to the children. ``finish_tokens()`` does not change it.

        Returns:
            All elements in it, at any depth, in the order of their start tags. What is inside of
            ``OPAQUE`` elements is not among them.
        """
        if "<" not in html:  # fast path
            if html:
                self.children.append(html)
            return []
        return _Reader(self).read(html)

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


def balanced(html: str) -> str:
    """Return HTML, which ``finish_tokens()`` does not change, with its elements closed in order."""
    top = Element()
    top.read(html)
    return "".join(top.pieces())


class _Reader:
    """Adds HTML to the children of an element."""

    def __init__(self, top: Element) -> None:
        self._top = self._node = top
        self._elements: list[Element] = []
        self._open: Counter[str] = Counter()
        """How many elements of each name are open."""
        self._opaque: Element | None = None
        """The outermost of the open elements that are opaque."""

    def read(self, html: str) -> list[Element]:
        at = 0
        while tag := _TOKEN.search(html, at):
            if tag.start() > at:
                self._node.children.append(html[at : tag.start()])
            at = tag.end()
            name = (tag["name"] or "").lower()
            if not name:
                self._node.children.append(tag[0])
            elif not tag["end"]:
                at = self._start(name, tag[0], html, at)
            elif self._open[name]:  # Any other could end an element around the top.
                while self._node.name != name:
                    self._close(self._missing_end())
                self._close(tag[0])
        if at < len(html):
            self._node.children.append(html[at:])
        while self._node is not self._top:
            self._close(self._missing_end())
        return self._elements

    def _start(self, name: str, tag: str, html: str, at: int) -> int:
        """Add an element, and return where reading goes on."""
        if name in _ENDS_XML and self._is_in_xml():
            self._end_xml()
        if name in _CLOSES:
            self._close_before(_CLOSES[name])
        child = Element(name, tag, self._node)
        self._node.children.append(child)
        self._node.last = child
        if not self._opaque:
            self._elements.append(child)
        if name in RAW or name in RCDATA:
            end = re.compile(rf"</{name}[ \t\n\f\r]*>", FLAGS).search(html, at)
            if end is None:
                child.end = f"</{name}>"
                return at
            child.children.append(html[at : end.start()])
            child.end = end[0]
            return end.end()
        is_empty = name in VOID or (tag.endswith("/>") and self._is_in_xml())
        if not is_empty:
            self._node = child
            self._open[name] += 1
            if not self._opaque and name in OPAQUE:
                self._opaque = child
        return at

    def _end_xml(self) -> None:
        """Close the ``<svg>`` and ``<math>`` elements that no HTML can be in."""
        node, outermost = self._node, None
        left = self._open["svg"] + self._open["math"]
        while left and node.name not in _MAY_CONTAIN_HTML:
            if node.name in ("svg", "math"):
                outermost = node
                left -= 1
            assert node.parent
            node = node.parent
        while outermost and self._node is not outermost.parent:
            self._close(self._missing_end())

    def _close_before(self, names: set[str]) -> None:
        """Close the open element that has one of these names, as a start tag does."""
        node = self._node
        while any(self._open[name] for name in names) and node.name not in _KEEPS_OPEN:
            if node.name in names:
                while self._node is not node.parent:
                    self._close(self._missing_end())
                return
            assert node.parent
            node = node.parent

    def _close(self, end: str) -> None:
        node = self._node
        node.end = end
        self._open[node.name] -= 1
        if node is self._opaque:
            node.children, node.last = ["".join(node.pieces())], None
            self._opaque = None
        assert node.parent
        self._node = node.parent

    def _missing_end(self) -> str:
        """Return the end tag of an element that has none in the HTML; ``""`` if it needs none."""
        # In SVG and MathML, no element closes another one.
        needs_none = self._node.name in _CLOSED_BY_ITSELF and not self._is_in_xml()
        return "" if needs_none else f"</{self._node.name}>"

    def _is_in_xml(self) -> bool:
        return bool(self._open["svg"] or self._open["math"])


def shows_text(child: Element | str) -> bool:
    """Return whether the child is text that a reader sees: no comment, and not only space."""
    return isinstance(child, str) and bool(child.strip()) and not child.startswith("<!--")


def _is_visible(child: Element | str) -> bool:
    return isinstance(child, Element) or shows_text(child)
