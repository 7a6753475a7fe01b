"""How the log gets to the page: what was added to it becomes patches.

The law: what was sent is never looked at again, unless it has changed since. Then it is sent again,
from its start tag on, once.
"""

from functools import partial
from typing import Final

from markupsafe import Markup

from streamhtml._patch import Action, Patch
from streamhtml.markdown._output.growing import GrowingText
from streamhtml.markdown._output.output import Entry, Output, TagPair, html_of

_markup: Final = partial(str.__new__, Markup)
"""What ``Markup`` does with a string, without the question whether it is something else."""


class _SettledBlock:
    """A block that is complete, but has text that a definition still to come may change."""

    def __init__(self, child: int, entries: list[Entry]) -> None:
        self.child = child
        self.entries = entries
        self.sent = _mark_of(html_of(entries))
        for entry in entries:
            if isinstance(entry, GrowingText) and entry.pending:
                entry.forget()


def _mark_of(html: str) -> tuple[int, int]:
    """Return what tells HTML from other HTML, without keeping it."""
    return len(html), hash(html)


class PatchWriter:
    """Turns what was added to a log into patches, and remembers what stands on the page.

    Args:
        root: the id of the region.
        log: is written to by the parser; what is settled is taken out of it here.
    """

    def __init__(self, root: str, output: Output) -> None:
        self._root = root
        self._output = output
        self._sent = 0
        self._at: TagPair | None = None
        self._tail = ""
        self._children = 0
        self._settled: list[_SettledBlock] = []

    def flush(self) -> list[Patch]:
        """Return what shows all that was written since the last time."""
        output = self._output
        if output.undone:
            if output.undone.index < self._sent:
                self._sent, self._at = output.undone.index, output.undone.parent
            output.undone = None
        position = self._sent - output.offset
        first = output.entries[position] if position < len(output.entries) else None
        if isinstance(first, GrowingText) and self._at:
            first.advance()
            if first.rejoined:
                first.rejoined = False
                output.change(self._at)
            elif position == len(output.entries) - 1 and output.changed is None:
                return self._grow(first, self._at)  # As it is most of the time.
        return self._show()

    def _grow(self, text: GrowingText, at: TagPair) -> list[Patch]:
        """Return what shows more of a text, nothing else having been written."""
        html, tail, before = text.take(), text.tail, self._tail
        self._tail = tail
        patches = [Patch("append", _markup(html), self._root, at.depth)] if html else []
        if tail if html else tail != before:
            patches.append(Patch("tail", _markup(tail), self._root, at.depth))
        return patches

    def _show(self) -> list[Patch]:
        """Return what shows new entries, and those that have changed."""
        output = self._output
        patches: list[Patch] = []
        end = output.offset + self._presentable()
        if output.changed:
            index, depth = output.changed
            output.changed = None
            if index < self._sent:
                patches.append(self._resend(index, end, depth))
        if self._sent < end:
            self._append(end, patches)
        last = output.entries[-1] if end > output.offset else None
        tail = last.tail if isinstance(last, GrowingText) and not last.closed else ""
        # Every patch has taken the tail away; without one it stands until there is another.
        if tail if patches else tail != self._tail:
            patches.append(self._patch("tail", tail, self._at))
        self._tail = tail
        if output.has_ended:
            self._settle()
        return patches

    def finish(self) -> list[Patch]:
        """Return what brings text up to date whose references were defined later, or never."""
        patches = []
        for block in self._settled:
            html = html_of(block.entries, anew=True)
            if _mark_of(html) != block.sent:
                patches.append(Patch("replace", _markup(html), self._root, child=block.child))
        return patches

    def _presentable(self) -> int:
        """Return how many entries there are, but for those at the end that show nothing yet."""
        entries = self._output.entries
        end = len(entries)
        while end:
            entry = entries[end - 1]
            if isinstance(entry, GrowingText):
                if entry.advance():
                    break
            elif not isinstance(entry, TagPair) or not entry.soft:
                break
            end -= 1
        return end

    def _append(self, end: int, patches: list[Patch]) -> None:
        """Add what appends the entries from the last sent one on: a patch for each place."""
        output = self._output
        base = at = self._at
        pieces: list[str] = []
        for entry in output.entries[self._sent - output.offset : end - output.offset]:
            if entry is None:
                assert at is not None
                if at is base:  # Its start is on the page already: the patch ends with it.
                    if html := "".join(pieces):
                        patches.append(self._patch("append", html, at))
                    pieces = []
                    base = at = at.parent
                else:
                    pieces.append(at.end)
                    at = at.parent
            elif isinstance(entry, TagPair):
                pieces.append(entry.start)
                at = entry
            elif isinstance(entry, GrowingText):
                pieces.append(entry.take())
            else:
                pieces.append(entry)
        self._stand(at, end)
        while at is not base:
            assert at is not None
            pieces.append(at.end)
            at = at.parent
        if html := "".join(pieces):
            patches.append(self._patch("append", html, base))

    def _resend(self, index: int, end: int, depth: int) -> Patch:
        """Put an element on the page anew, with all that is in it now."""
        entries = self._output.entries[index - self._output.offset : end - self._output.offset]
        element = entries[0]
        assert isinstance(element, TagPair)
        level = 0
        for position, entry in enumerate(entries, 1):
            if isinstance(entry, TagPair):
                level += 1
            elif entry is None:
                level -= 1
                if not level:
                    del entries[position:]
                    self._stand(element.parent, index + position)
                    break
        else:
            at = self._output.top
            while at and at.index >= end:
                at = at.parent
            self._stand(at, end)
        html = html_of(entries)
        if isinstance(entries[-1], GrowingText):
            entries[-1].take()  # It is in there already.
        return Patch("replace", _markup(html), self._root, depth)

    def _stand(self, at: TagPair | None, end: int) -> None:
        """Remember what is on the page: all up to ``end``, inside the element ``at``."""
        last = self._output.entries[end - self._output.offset - 1]
        # Text that still grows has more to send: it stays the next entry.
        self._sent = end - (isinstance(last, GrowingText) and not last.closed)
        self._at = at

    def _patch(self, action: Action, html: str, at: TagPair | None) -> Patch:
        return Patch(action, _markup(html), self._root, at.depth if at else 0)

    def _settle(self) -> None:
        """Take out the blocks that have ended and were sent."""
        output = self._output
        output.has_ended = False
        at = self._at
        while at and at.parent:
            at = at.parent
        count = (at.index if at else self._sent) - output.offset
        output.offset += count
        entries = output.entries[:count]
        del output.entries[:count]
        depth = start = 0
        pending = False
        for position, entry in enumerate(entries, 1):
            if isinstance(entry, TagPair):
                depth += 1
            elif isinstance(entry, GrowingText):
                pending = pending or entry.pending
            elif entry is None:
                depth -= 1
                if not depth:
                    if pending:
                        self._settled.append(_SettledBlock(self._children, entries[start:position]))
                    self._children += 1
                    start, pending = position, False
