"""How the log gets to the page: what was added to it becomes patches.

The law: what was sent is never looked at again, unless it has changed since. Then it is sent again,
from its start tag on, once.
"""

from functools import partial
from typing import Final

from markupsafe import Markup

from streamhtml._patch import Action, Patch
from streamhtml.markdown._log import Element, Entry, Log, html_of
from streamhtml.markdown._prose import Growing

_markup: Final = partial(str.__new__, Markup)
"""What ``Markup`` does with a string, without the question whether it is something else."""


class _Settled:
    """A block that is complete, but has text that a definition still to come may change."""

    def __init__(self, child: int, entries: list[Entry]) -> None:
        self.child = child
        self.entries = entries
        self.sent = _mark_of(html_of(entries))
        for entry in entries:
            if isinstance(entry, Growing) and entry.pending:
                entry.forget()


def _mark_of(html: str) -> tuple[int, int]:
    """Return what tells HTML from other HTML, without keeping it."""
    return len(html), hash(html)


class Patches:
    """Turns what was added to a log into patches, and remembers what stands on the page.

    Args:
        root: the id of the region.
        log: is written to by the parser; what is settled is taken out of it here.
    """

    def __init__(self, root: str, log: Log) -> None:
        self._root = root
        self._log = log
        self._sent = 0
        self._at: Element | None = None
        self._tail = ""
        self._children = 0
        self._settled: list[_Settled] = []

    def flush(self) -> list[Patch]:
        """Return what shows all that was written since the last time."""
        log = self._log
        if log.undone:
            if log.undone.index < self._sent:
                self._sent, self._at = log.undone.index, log.undone.parent
            log.undone = None
        position = self._sent - log.offset
        first = log.entries[position] if position < len(log.entries) else None
        if isinstance(first, Growing) and self._at:
            first.advance()
            if first.rejoined:
                first.rejoined = False
                log.change(self._at)
            elif position == len(log.entries) - 1 and log.changed is None:
                return self._grow(first, self._at)  # As it is most of the time.
        return self._show()

    def _grow(self, text: Growing, at: Element) -> list[Patch]:
        """Return what shows more of a text, nothing else having been written."""
        html, tail, before = text.take(), text.tail, self._tail
        self._tail = tail
        patches = [Patch("append", _markup(html), self._root, at.depth)] if html else []
        if tail if html else tail != before:
            patches.append(Patch("tail", _markup(tail), self._root, at.depth))
        return patches

    def _show(self) -> list[Patch]:
        """Return what shows new entries, and those that have changed."""
        log = self._log
        patches: list[Patch] = []
        end = log.offset + self._presentable()
        if log.changed:
            index, depth = log.changed
            log.changed = None
            if index < self._sent:
                patches.append(self._resend(index, end, depth))
        if self._sent < end:
            self._append(end, patches)
        last = log.entries[-1] if end > log.offset else None
        tail = last.tail if isinstance(last, Growing) and not last.closed else ""
        # Every patch has taken the tail away; without one it stands until there is another.
        if tail if patches else tail != self._tail:
            patches.append(self._patch("tail", tail, self._at))
        self._tail = tail
        if log.has_ended:
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
        entries = self._log.entries
        end = len(entries)
        while end:
            entry = entries[end - 1]
            if isinstance(entry, Growing):
                if entry.advance():
                    break
            elif not isinstance(entry, Element) or not entry.soft:
                break
            end -= 1
        return end

    def _append(self, end: int, patches: list[Patch]) -> None:
        """Add what appends the entries from the last sent one on: a patch for each place."""
        log = self._log
        base = at = self._at
        pieces: list[str] = []
        for entry in log.entries[self._sent - log.offset : end - log.offset]:
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
            elif isinstance(entry, Element):
                pieces.append(entry.start)
                at = entry
            elif isinstance(entry, Growing):
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
        entries = self._log.entries[index - self._log.offset : end - self._log.offset]
        element = entries[0]
        assert isinstance(element, Element)
        level = 0
        for position, entry in enumerate(entries, 1):
            if isinstance(entry, Element):
                level += 1
            elif entry is None:
                level -= 1
                if not level:
                    del entries[position:]
                    self._stand(element.parent, index + position)
                    break
        else:
            at = self._log.top
            while at and at.index >= end:
                at = at.parent
            self._stand(at, end)
        html = html_of(entries)
        if isinstance(entries[-1], Growing):
            entries[-1].take()  # It is in there already.
        return Patch("replace", _markup(html), self._root, depth)

    def _stand(self, at: Element | None, end: int) -> None:
        """Remember what is on the page: all up to ``end``, inside the element ``at``."""
        last = self._log.entries[end - self._log.offset - 1]
        # Text that still grows has more to send: it stays the next entry.
        self._sent = end - (isinstance(last, Growing) and not last.closed)
        self._at = at

    def _patch(self, action: Action, html: str, at: Element | None) -> Patch:
        return Patch(action, _markup(html), self._root, at.depth if at else 0)

    def _settle(self) -> None:
        """Take out the blocks that have ended and were sent."""
        log = self._log
        log.has_ended = False
        at = self._at
        while at and at.parent:
            at = at.parent
        count = (at.index if at else self._sent) - log.offset
        log.offset += count
        entries = log.entries[:count]
        del log.entries[:count]
        depth = start = 0
        pending = False
        for position, entry in enumerate(entries, 1):
            if isinstance(entry, Element):
                depth += 1
            elif isinstance(entry, Growing):
                pending = pending or entry.pending
            elif entry is None:
                depth -= 1
                if not depth:
                    if pending:
                        self._settled.append(_Settled(self._children, entries[start:position]))
                    self._children += 1
                    start, pending = position, False
