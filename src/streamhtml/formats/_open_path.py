"""The write position of a page with ``<template for>``: elements, and the markers in them.

What is open is a path of elements. The last element, and its last element, and so on, stay open as
long as they may grow. What grows elsewhere ends the template and begins another. Elements that are
left while they may still grow get a marker.
"""

from collections.abc import Iterator
from itertools import count
from secrets import token_hex
from typing import Final

from streamhtml.formats._html_tree import PLACES, Element

# When more of the answer is known, a paragraph becomes a heading, a list becomes a loose one, and
# text in any of these becomes a link. Other elements are seldom replaced.
_BLOCKS: Final = frozenset({"blockquote", "ol", "p", "table", "ul"})
_LISTS: Final = frozenset({"ol", "ul"})


class OpenPath:
    """Writes elements, with places in them for what may change.

    Args:
        top: the top of the tree. Its own tags are not written.
        page: the HTML of the page around the message.

    Attributes:
        ranges: the names of the ranges that are an element and nothing else, by the element.
        markers: the names of the markers at the end of what an element contains, by the element.
        tails: the range of the tail of an element, and its end tags that are still to be written.
        wanted: the elements that get a marker when they are written, and those around them.
        length: how many characters were written.
    """

    def __init__(self, top: Element, page: str) -> None:
        # The page may have markers of its own.
        is_used = "<?" in page or "<template" in page.lower()
        self._prefix = token_hex(8) if is_used else ""
        self._numbers = count()
        self._free: list[str] = []
        self._top = top
        top.is_open = True
        self._open = [top]
        self._target: Element | None = None
        """The element whose content the open template continues."""
        self._target_name = ""
        self._out: list[str] = []
        self.ranges: dict[Element, str] = {}
        self.markers: dict[Element, str] = {}
        self.tails: dict[Element, tuple[str, str]] = {}
        self.wanted: set[Element] = set()
        self.length = 0

    def write(self, html: str) -> None:
        """Write at the write position."""
        self._out.append(html)
        self.length += len(html)

    def take(self) -> str:
        """Return what was written since the last call."""
        html = "".join(self._out)
        self._out.clear()
        return html

    def new_name(self) -> str:
        """Return a name that no marker on the page has."""
        return self._free.pop() if self._free else f"{self._prefix}{next(self._numbers)}"

    def enter(self, node: Element) -> bool:
        """Move the write position to the end of what ``node`` contains, if that is possible."""
        if node.is_open:
            self.close_to(node, node)
            return True
        if node not in self.markers:
            return False
        self.close_to(self._top, node)
        name = self.markers.pop(node)
        self.tails.pop(node, None)
        self._begin(node, name)
        self._open.append(node)
        return True

    def _begin(self, node: Element, name: str) -> None:
        """Begin a template that continues ``node``."""
        self.write(f"<template for={name}>")
        node.is_open = True
        self._target, self._target_name = node, name

    def _end_template(self) -> None:
        self.write("</template>")
        self._free.append(self._target_name)  # The browser has removed the marker.
        self._target = None

    def is_continued(self, element: Element) -> bool:
        """Return whether the open template continues an element, which others may come after."""
        return element is self._target

    def close_to(self, node: Element, following: Element | None = None) -> None:
        """Close the open elements inside ``node``.

        Args:
            node: an open element.
            following: where the writing goes on; None if nothing follows. What can still grow then
                gets a marker: the elements around it, and those in another region.
        """
        around = list(self_and_ancestors(following)) if following else None
        while (closing := self._open[-1]) is not node:
            self._leave(closing, around)
            self._open.pop()
            closing.is_open = False
            if closing is self._target:
                self._end_template()
            else:
                self._write_end(closing)

    def close(self, element: Element) -> None:
        """Close what is open in an element whose content is going to be replaced."""
        for at, each in enumerate(self._open):
            if any(one is element for one in self_and_ancestors(each)):
                self.close_to(self._open[at - 1])
                return

    def _leave(self, closing: Element, around: list[Element] | None) -> None:
        """Write the rest of an element, and a marker if it may still grow."""
        if closing in self.tails:
            # The tail is removed before the element grows, so its range serves as a marker.
            name, end = self.tails[closing]
            self.write(end)
            self.tails[closing] = name, ""
            self.markers[closing] = name
            return
        self.write_rest(closing)
        region = next((each for each in self_and_ancestors(closing) if each.marked), None)
        may_grow = region and around is not None and (closing in around or region not in around)
        if may_grow or closing in self.wanted:
            self._write_marker(closing)

    def _write_marker(self, node: Element) -> None:
        name = self.markers[node] = self.new_name()
        self.write(f'<?marker name="{name}">')

    def grow(self) -> None:
        """Write all that is visible, and leave the last element of each level open."""
        node = self._open[-1]
        end = node.visible_end()
        while node.written < end:
            last = node.last
            if (
                last
                and node.children[end - 1] is last
                and node.written == end - 1
                and _can_grow(last)
            ):
                node.written += 1
                self._open_element(last)
                node, end = last, last.visible_end()
            else:
                self._write_child(node)

    def take_growth(self) -> str:
        """Return what ``grow()`` writes, instead of writing it."""
        before, length = self._out, self.length
        self._out = []
        self.grow()
        added = self.take()
        self._out, self.length = before, length
        return added

    def write_rest(self, node: Element) -> None:
        """Write what is left of the children of an open element."""
        while node.written < len(node.children):
            self._write_child(node)

    def _write_child(self, node: Element) -> None:
        """Write the next child of an open element, complete."""
        child = node.children[node.written]
        node.written += 1
        if isinstance(child, str):
            self.write(child)
        else:
            self._write_whole(child)

    def _write_whole(self, element: Element) -> None:
        """Write an element with both tags, and with places in it for what may change."""
        html = element.html()
        if not (self._is_place(element) or PLACES.search(html) or element in self.wanted):
            is_range = self._is_block(element)
            self.write(f"{self._start(element)}{html}<?end>" if is_range else html)
            element.written = len(element.children)
            return
        self._open_element(element)
        self.write_rest(element)
        self._open.pop()
        element.is_open = False
        if _is_region(element) or element in self.wanted:
            self._write_marker(element)
        self._write_end(element)

    def _open_element(self, element: Element) -> None:
        if self._is_place(element) or self._is_block(element) or element.name in _LISTS:
            self.write(self._start(element))
        self.write(element.start)
        element.written, element.is_open = 0, True
        self._open.append(element)

    def _start(self, element: Element) -> str:
        """Return the beginning of a range that is an element."""
        name = self.ranges[element] = self.new_name()
        return f'<?start name="{name}">'

    def _write_end(self, element: Element) -> None:
        """Write the end tag of an element, and the end of its range."""
        self.write(element.end)
        if element not in self.ranges:
            return
        if self._is_place(element) or self._is_block(element) or element in self.markers:
            self.write("<?end>")
        else:
            del self.ranges[element]

    def _is_place(self, element: Element) -> bool:
        """Return whether an element is a region or a part, or at the top of the message."""
        return element.parent is self._top or PLACES.search(element.start) is not None

    def _is_block(self, element: Element) -> bool:
        """Return whether an element may be replaced although others have come after it."""
        return element.name in _BLOCKS and bool(element.parent and element.parent.marked)

    def empty(self, name: str, node: Element) -> None:
        """Empty a range at the end of the innermost open element."""
        if node is self._target:
            # One template in another would look for the marker beside itself.
            self._end_template()
            self._begin(node, name)
        else:
            self.write(f"<template for={name}></template>")
            self._free.append(name)

    def write_range(self, name: str, parent: Element, content: list[Element | str]) -> None:
        """Replace a range in ``parent``."""
        in_parent = parent.is_open and parent is not self._target
        # All that is left may grow later.
        self.close_to(parent if in_parent else self._top, self._top)
        self.write(f"<template for={name}>")
        for child in content:
            if isinstance(child, str):
                self.write(child)
            elif _can_grow(child) and (child is parent.last or PLACES.search(child.start)):
                self._open_element(child)
                self.grow()
                self.close_to(self._open[self._open.index(child) - 1], self._top)
            else:
                self._write_whole(child)
        self.write("</template>")
        self._free.append(name)


def _is_region(element: Element) -> bool:
    """Return whether an element is a region."""
    found = PLACES.search(element.start)
    return bool(found and not found["part"])


def self_and_ancestors(element: Element) -> Iterator[Element]:
    """Yield an element, and those around it."""
    around: Element | None = element
    while around:
        yield around
        around = around.parent


def _can_grow(element: Element) -> bool:
    # Where scripts run, there are no elements and no processing instructions in a <noscript>.
    return element.can_grow() and element.name != "noscript"
