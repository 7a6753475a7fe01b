"""Makes patches of what was added to the buffer, and remembers what the page already shows.

The law: an entry that was sent is never looked at again unless it changed. Then its element is sent
again as a whole, once.
"""

from functools import partial
from typing import Final

from markupsafe import Markup

from streamhtml._patch import Action, Patch
from streamhtml.markdown._output.buffer import BufferedElement, Entry, HTMLBuffer, html_of
from streamhtml.markdown._output.growing_text import GrowingText

_markup: Final = partial(str.__new__, Markup)
"""Faster than ``Markup(html)``, which first checks for an ``__html__`` method."""


class _PendingBlock:
    """A block that is complete, but that a definition which may still follow could change.

    Attributes:
        child: index of its element among the region's children.
        entries: its entries, whose text can be read again.
        sent: the fingerprint of the HTML that the page shows.
    """

    def __init__(self, child: int, entries: list[Entry]) -> None:
        self.child = child
        self.entries = entries
        self.sent = _fingerprint(html_of(entries))
        for entry in entries:
            if isinstance(entry, GrowingText) and entry.pending:
                entry.discard_html()


def _fingerprint(html: str) -> tuple[int, int]:
    """Return a value that differs for different HTML, so that the HTML need not be kept."""
    return len(html), hash(html)


class PatchWriter:
    """Makes patches of what was added to a buffer.

    Args:
        root: the id of the region.
        buffer: the parser writes to it; settled blocks are taken out of it here.
    """

    def __init__(self, root: str, buffer: HTMLBuffer) -> None:
        self._root = root
        self._buffer = buffer
        self._sent = 0  # entries that the page shows
        self._innermost: BufferedElement | None = None  # open on the page
        self._tail = ""
        self._children = 0  # of the region, all of them settled
        self._pending: list[_PendingBlock] = []

    def flush(self) -> list[Patch]:
        """Return the patches that show everything written since the last call."""
        buffer = self._buffer
        if buffer.rewritten:
            if buffer.rewritten.index < self._sent:
                self._sent, self._innermost = buffer.rewritten.index, buffer.rewritten.parent
            buffer.rewritten = None
        position = self._sent - buffer.offset
        first = buffer.entries[position] if position < len(buffer.entries) else None
        if isinstance(first, GrowingText) and self._innermost:
            first.advance()
            if first.restarted:
                first.restarted = False
                buffer.mark_changed(self._innermost)
            elif position == len(buffer.entries) - 1 and buffer.changed is None:
                return self._grow(first, self._innermost)  # fast path: only this text grew
        return self._show()

    def _grow(self, text: GrowingText, at: BufferedElement) -> list[Patch]:
        """Return the patches for more of one text, when nothing else was written."""
        html, tail, before = text.take(), text.tail, self._tail
        self._tail = tail
        patches = [Patch("append", _markup(html), self._root, at.depth)] if html else []
        if tail if html else tail != before:
            patches.append(Patch("tail", _markup(tail), self._root, at.depth))
        return patches

    def _show(self) -> list[Patch]:
        """Return the patches for new entries, and for those that changed."""
        buffer = self._buffer
        patches: list[Patch] = []
        end = buffer.offset + self._presentable()
        if buffer.changed:
            index, depth = buffer.changed
            buffer.changed = None
            if index < self._sent:
                patches.append(self._resend(index, end, depth))
        if self._sent < end:
            self._append(end, patches)
        last = buffer.entries[-1] if end > buffer.offset else None
        tail = last.tail if isinstance(last, GrowingText) and not last.closed else ""
        # Any patch removes the tail. Without a patch, the tail stays until the next one.
        if tail if patches else tail != self._tail:
            patches.append(self._patch("tail", tail, self._innermost))
        self._tail = tail
        if buffer.has_closed_block:
            self._settle()
        return patches

    def finish(self) -> list[Patch]:
        """Return the patches for blocks whose references were defined later, or never."""
        patches = []
        for block in self._pending:
            html = html_of(block.entries, reread=True)
            if _fingerprint(html) != block.sent:
                patches.append(Patch("replace", _markup(html), self._root, child=block.child))
        return patches

    def _presentable(self) -> int:
        """Return the number of entries, without those at the end that show nothing yet."""
        entries = self._buffer.entries
        end = len(entries)
        while end:
            entry = entries[end - 1]
            if isinstance(entry, GrowingText):
                if entry.advance():
                    break
            elif not isinstance(entry, BufferedElement) or not entry.deferred:
                break
            end -= 1
        return end

    def _append(self, end: int, patches: list[Patch]) -> None:
        """Append the unsent entries: one patch for each element that receives some of them."""
        buffer = self._buffer
        base = at = self._innermost
        pieces: list[str] = []
        for entry in buffer.entries[self._sent - buffer.offset : end - buffer.offset]:
            if entry is None:
                assert at is not None
                if at is base:  # The page shows its start tag already, so this patch is complete.
                    if html := "".join(pieces):
                        patches.append(self._patch("append", html, at))
                    pieces = []
                    base = at = at.parent
                else:
                    pieces.append(at.end)
                    at = at.parent
            elif isinstance(entry, BufferedElement):
                pieces.append(entry.start)
                at = entry
            elif isinstance(entry, GrowingText):
                pieces.append(entry.take())
            else:
                pieces.append(entry)
        self._remember_sent(at, end)
        while at is not base:
            assert at is not None
            pieces.append(at.end)
            at = at.parent
        if html := "".join(pieces):
            patches.append(self._patch("append", html, base))

    def _resend(self, index: int, end: int, depth: int) -> Patch:
        """Return the patch that replaces an element by what it contains now."""
        entries = self._buffer.entries[index - self._buffer.offset : end - self._buffer.offset]
        element = entries[0]
        assert isinstance(element, BufferedElement)
        level = 0
        for position, entry in enumerate(entries, 1):
            if isinstance(entry, BufferedElement):
                level += 1
            elif entry is None:
                level -= 1
                if not level:
                    del entries[position:]
                    self._remember_sent(element.parent, index + position)
                    break
        else:
            at = self._buffer.innermost
            while at and at.index >= end:
                at = at.parent
            self._remember_sent(at, end)
        html = html_of(entries)
        if isinstance(entries[-1], GrowingText):
            entries[-1].take()  # The patch contains it already.
        return Patch("replace", _markup(html), self._root, depth)

    def _remember_sent(self, at: BufferedElement | None, end: int) -> None:
        """Remember that the page shows all entries up to ``end``, and that ``at`` is open there."""
        last = self._buffer.entries[end - self._buffer.offset - 1]
        # Text that still grows remains the next entry, because it has more to send.
        self._sent = end - (isinstance(last, GrowingText) and not last.closed)
        self._innermost = at

    def _patch(self, action: Action, html: str, at: BufferedElement | None) -> Patch:
        return Patch(action, _markup(html), self._root, at.depth if at else 0)

    def _settle(self) -> None:
        """Take the blocks that are closed and sent out of the buffer."""
        buffer = self._buffer
        buffer.has_closed_block = False
        at = self._innermost
        while at and at.parent:
            at = at.parent
        count = (at.index if at else self._sent) - buffer.offset
        buffer.offset += count
        entries = buffer.entries[:count]
        del buffer.entries[:count]
        depth = start = 0
        pending = False
        for position, entry in enumerate(entries, 1):
            if isinstance(entry, BufferedElement):
                depth += 1
            elif isinstance(entry, GrowingText):
                pending = pending or entry.pending
            elif entry is None:
                depth -= 1
                if not depth:
                    if pending:
                        self._pending.append(_PendingBlock(self._children, entries[start:position]))
                    self._children += 1
                    start, pending = position, False
