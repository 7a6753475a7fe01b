"""The HTML that the parser has written but that is not settled yet, as a flat list of entries.

The law: entries are only added at the end. An element that must change, such as a paragraph that
becomes a heading, is changed in place. The change is recorded, because the element may have been
sent already.
"""

from collections.abc import Iterator
from typing import Final, TypeAlias

from streamhtml.markdown._output.growing_text import GrowingText

MAX_RESENT: Final = 4
"""How often an element in nested lists is sent again at once. Each list around it may become loose
after the other, and contains all of it. After that, it is sent once more when the outermost list
ends."""


class BufferedElement:
    """The tags of an element in the buffer, which may change later.

    Args:
        start: the start tag; ``""`` for a paragraph without tags, as in a tight list.
        end: the end tag.
        deferred: whether the element is shown only once it has content, because it may still
            become another element.

    Attributes (the first three are set when it is opened):
        parent: the element that contains it; None at the top level.
        index: the index of its entry, counted from the beginning of the document.
        depth: the number of elements with tags from the top level down to this one, included.
        resent: how often something in it was sent again, at most.
        was_untagged: whether it had no tags at first.
    """

    __slots__ = (
        "deferred", "depth", "end", "index", "parent", "resent", "start", "was_untagged",
    )  # fmt: skip
    parent: "BufferedElement | None"
    index: int
    depth: int

    def __init__(self, start: str, end: str, *, deferred: bool = False) -> None:
        self.start = start
        self.end = end
        self.deferred = deferred
        self.resent = 0
        self.was_untagged = False


Entry: TypeAlias = "str | BufferedElement | GrowingText | None"
"""HTML, the start of an element, text that may still grow, or None for the end of an element."""


class HTMLBuffer:
    """The entries of the document. Those of finished blocks are removed once they are sent.

    Attributes:
        entries: the entries that have not been removed.
        offset: the number of removed entries; the ``index`` of an element includes them.
        innermost: the innermost open element.
        changed: the index and depth of the outermost element that has changed since the last
            patches.
        waiting: the index of an open block that is sent again when it ends.
        rewritten: the first element that was written again while nothing of it was visible.
        has_changes: whether one of these may be set.
        closed_blocks: the number of closed blocks whose entries have not been removed.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.offset = 0
        self.innermost: BufferedElement | None = None
        self.changed: tuple[int, int] | None = None
        self.waiting: int | None = None
        self.rewritten: BufferedElement | None = None
        self.has_changes = False
        self.closed_blocks = 0

    def open(self, element: BufferedElement) -> BufferedElement:
        """Open an element inside the innermost open one, and return it."""
        element.parent = parent = self.innermost
        depth = parent.depth if parent is not None else 0
        element.depth = depth + 1 if element.start else depth
        element.index = self.offset + len(self.entries)
        self.entries.append(element)
        self.innermost = element
        return element

    def close(self) -> None:
        """Close the innermost open element."""
        innermost = self.innermost
        assert innermost is not None
        self.entries.append(None)
        self.innermost = parent = innermost.parent
        if parent is None:
            self.closed_blocks += 1

    def write(self, entry: str | GrowingText) -> None:
        """Add HTML, which is escaped and well-formed, or text that may still grow."""
        self.entries.append(entry)

    def retract(self, element: BufferedElement) -> None:
        """Remove an open element and everything in it."""
        del self.entries[element.index - self.offset :]
        self.innermost = element.parent

    def mark_rewritten(self, element: BufferedElement) -> None:
        """Record that an element is written again while nothing of it is visible."""
        self.has_changes = True
        if self.rewritten is None or element.index < self.rewritten.index:
            self.rewritten = element

    def mark_changed(self, element: BufferedElement, *, can_wait: bool = False) -> None:
        """Record that an element has changed, so that it is sent again if it was sent before.

        Args:
            element: the element.
            can_wait: whether the page can show the element as before until the block around it
                ends. It waits if its content was sent ``MAX_RESENT`` times again already.
        """
        self.has_changes = True
        while not element.start and element.parent:
            element = element.parent
        around: BufferedElement | None = element
        if can_wait and element.resent >= MAX_RESENT:
            while element.parent:
                element = element.parent
            if self.waiting is None:  # Otherwise, this is the same block, or it was not sent yet.
                self.waiting = element.index
            return
        resent = element.resent + 1
        while around and around.resent < resent:
            around.resent = resent
            around = around.parent
        if self.changed is None or element.index < self.changed[0]:
            self.changed = (element.index, element.depth)

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
        """Remove all entries."""
        self.offset += len(self.entries)
        self.entries.clear()


def blocks_of(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Yield the entries of each top-level element that has ended."""
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
    """Return the HTML of entries. Open elements are closed.

    Args:
        entries: the entries, from the start of an element on.
        reread: see ``GrowingText.html()``.
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
