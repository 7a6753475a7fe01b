"""What the parser has written, in order: elements, their contents and their ends.

The law: entries are added at the end. What must change (a paragraph turns out to be a heading, a
list to be loose) is changed in its place, and noted, for it may have been sent already.
"""

from collections.abc import Iterator
from typing import TypeAlias

from streamhtml.markdown._output.growing import GrowingText


class TagPair:
    """An element, from its start tag to its end tag. The tags may be changed later.

    Args:
        start: the start tag; ``""`` for a paragraph that shows none, as in a tight list.
        end: the end tag.
        soft: not shown before it has content, since it may still turn out to be something else.
    """

    __slots__ = ("depth", "end", "index", "parent", "soft", "start")

    def __init__(self, start: str, end: str, *, soft: bool = False) -> None:
        self.start = start
        self.end = end
        self.soft = soft
        self.parent: TagPair | None = None
        self.index = self.depth = 0


Entry: TypeAlias = "str | TagPair | GrowingText | None"
"""HTML; the beginning of an element; text that may still grow; None: the end of an element."""


class Output:
    """The entries of the blocks that are not settled yet.

    Attributes:
        entries: from the first unsettled one.
        offset: how many there were before them; an element's ``index`` counts these too.
        top: the innermost open element.
        changed: index and depth of the outermost element that changed since the last patches.
        undone: the last element that was written anew without having been seen.
        has_ended: whether a block has ended that was not taken out yet.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.offset = 0
        self.top: TagPair | None = None
        self.changed: tuple[int, int] | None = None
        self.undone: TagPair | None = None
        self.has_ended = False

    def open(self, element: TagPair) -> TagPair:
        """Begin an element inside the innermost open one."""
        parent = self.top
        element.parent = parent
        element.depth = (parent.depth if parent else 0) + bool(element.start)
        element.index = self.offset + len(self.entries)
        self.entries.append(element)
        self.top = element
        return element

    def close(self) -> None:
        """End the innermost open element."""
        assert self.top is not None
        self.entries.append(None)
        self.top = self.top.parent
        if self.top is None:
            self.has_ended = True

    def write(self, entry: str | GrowingText) -> None:
        """Add HTML, already escaped and well-formed, or text that grows by itself."""
        self.entries.append(entry)

    def retract(self, element: TagPair) -> None:
        """Take back an open element and all that is in it."""
        del self.entries[element.index - self.offset :]
        self.top = element.parent

    def step_back(self, element: TagPair) -> None:
        """Note that an element of which nothing can be seen is written anew, if it was sent."""
        self.undone = element

    def change(self, element: TagPair) -> None:
        """Note that an element is not what it was when it may have been sent."""
        shown: TagPair | None = element
        while shown and not shown.start:
            shown = shown.parent
        assert shown is not None
        if self.changed is None or shown.index < self.changed[0]:
            self.changed = (shown.index, shown.depth)

    def html(self, *, ending: str = "") -> str:
        """Return all of it as HTML; ``ending`` is added to a paragraph at its end, or behind it."""
        if not ending:
            return html_of(self.entries)
        *_, last = [[], *blocks_of(self.entries)]
        if last and isinstance(last[0], TagPair) and last[0].start == "<p>":
            return html_of([*self.entries[:-1], ending, None])
        return html_of(self.entries) + ending

    def clear(self) -> None:
        """Forget all that has been written."""
        self.offset += len(self.entries)
        self.entries.clear()


def blocks_of(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Yield the top-level elements, each with all that is in it."""
    depth = start = 0
    for position, entry in enumerate(entries):
        if entry is None:
            depth -= 1
            if not depth:
                yield entries[start : position + 1]
                start = position + 1
        elif isinstance(entry, TagPair):
            depth += 1


def html_of(entries: list[Entry], *, anew: bool = False) -> str:
    """Return the HTML of entries, open elements closed; ``anew`` reads their text once more."""
    pieces: list[str] = []
    ends: list[str] = []
    for entry in entries:
        if entry is None:
            pieces.append(ends.pop())
        elif isinstance(entry, TagPair):
            pieces.append(entry.start)
            ends.append(entry.end)
        elif isinstance(entry, GrowingText):
            pieces.append(entry.html(anew=anew))
        else:
            pieces.append(entry)
    return "".join(pieces + ends[::-1])
