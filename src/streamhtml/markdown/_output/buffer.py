"""The HTML that the parser has written but that is not settled yet, as a flat list of entries.

The law: entries are only added at the end. If one must change (a paragraph turns out to be a
heading, a list to be loose), it is changed in place and reported, because it may have been sent.
"""

from collections.abc import Iterator
from typing import TypeAlias

from streamhtml.markdown._output.growing_text import GrowingText


class BufferedElement:
    """An element in the buffer: its start tag and end tag, either of which may change later.

    Args:
        start: the start tag; ``""`` for a paragraph without tags, as in a tight list.
        end: the end tag.
        deferred: do not show the element before it has content, because it may still turn out to
            be something else.
    """

    __slots__ = ("deferred", "depth", "end", "index", "parent", "start")

    def __init__(self, start: str, end: str, *, deferred: bool = False) -> None:
        self.start = start
        self.end = end
        self.deferred = deferred
        self.parent: BufferedElement | None = None
        self.index = self.depth = 0


Entry: TypeAlias = "str | BufferedElement | GrowingText | None"
"""HTML; the beginning of an element; text that may still grow; or None, the end of an element."""


class HTMLBuffer:
    """The entries of the blocks that are not settled yet.

    Attributes:
        entries: the entries, from the first unsettled one.
        offset: how many entries came before them. An element's ``index`` counts those too.
        innermost: the innermost open element.
        changed: index and depth of the outermost element that changed since the last patches.
        rewritten: the last element that was replaced without having been visible.
        has_closed_block: whether a top-level block was closed and not taken out yet.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.offset = 0
        self.innermost: BufferedElement | None = None
        self.changed: tuple[int, int] | None = None
        self.rewritten: BufferedElement | None = None
        self.has_closed_block = False

    def open(self, element: BufferedElement) -> BufferedElement:
        """Begin an element inside the innermost open one, and return it."""
        parent = self.innermost
        element.parent = parent
        element.depth = (parent.depth if parent else 0) + bool(element.start)
        element.index = self.offset + len(self.entries)
        self.entries.append(element)
        self.innermost = element
        return element

    def close(self) -> None:
        """End the innermost open element."""
        assert self.innermost is not None
        self.entries.append(None)
        self.innermost = self.innermost.parent
        if self.innermost is None:
            self.has_closed_block = True

    def write(self, entry: str | GrowingText) -> None:
        """Add HTML, already escaped and well-formed, or text that grows by itself."""
        self.entries.append(entry)

    def retract(self, element: BufferedElement) -> None:
        """Remove an open element and everything in it."""
        del self.entries[element.index - self.offset :]
        self.innermost = element.parent

    def mark_rewritten(self, element: BufferedElement) -> None:
        """Note that an invisible element is written anew, in case it was already sent."""
        self.rewritten = element

    def mark_changed(self, element: BufferedElement) -> None:
        """Note that an element changed, and must be sent again if it was already sent."""
        visible: BufferedElement | None = element
        while visible and not visible.start:
            visible = visible.parent
        assert visible is not None
        if self.changed is None or visible.index < self.changed[0]:
            self.changed = (visible.index, visible.depth)

    def html(self, *, ending: str = "") -> str:
        """Return everything as HTML.

        Args:
            ending: HTML to add inside the last block if that is a paragraph, otherwise after it.
        """
        if not ending:
            return html_of(self.entries)
        *_, last = [[], *blocks_of(self.entries)]
        if last and isinstance(last[0], BufferedElement) and last[0].start == "<p>":
            return html_of([*self.entries[:-1], ending, None])
        return html_of(self.entries) + ending

    def clear(self) -> None:
        """Remove everything that has been written."""
        self.offset += len(self.entries)
        self.entries.clear()


def blocks_of(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Yield the entries of each top-level element."""
    depth = start = 0
    for position, entry in enumerate(entries):
        if entry is None:
            depth -= 1
            if not depth:
                yield entries[start : position + 1]
                start = position + 1
        elif isinstance(entry, BufferedElement):
            depth += 1


def html_of(entries: list[Entry], *, reread: bool = False) -> str:
    """Return the HTML of entries, with open elements closed.

    Args:
        reread: whether to read the text in them once more.
    """
    pieces: list[str] = []
    ends: list[str] = []
    for entry in entries:
        if entry is None:
            pieces.append(ends.pop())
        elif isinstance(entry, BufferedElement):
            pieces.append(entry.start)
            ends.append(entry.end)
        elif isinstance(entry, GrowingText):
            pieces.append(entry.html(reread=reread))
        else:
            pieces.append(entry)
    return "".join(pieces + ends[::-1])
