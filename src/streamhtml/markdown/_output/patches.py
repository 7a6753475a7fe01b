"""Turns the entries that were added to the buffer into patches, and remembers what the page shows.

The law: an entry that was sent is never read again. Only an element that has changed is sent again,
as a whole and once.
"""

from functools import partial
from typing import Final

from markupsafe import Markup

from streamhtml._patch import Action, Patch, closed_patch
from streamhtml.markdown._output.buffer import (
    BufferedElement,
    Entry,
    HTMLBuffer,
    blocks_of,
    html_of,
)
from streamhtml.markdown._output.growing_text import GrowingText

_markup: Final = partial(str.__new__, Markup)
"""``Markup(html)``, but faster: it does not check for an ``__html__`` method."""


class _PendingBlock:
    """A block that is complete, but may still be changed by a later definition.

    Attributes:
        child: the index of its element among the region's children.
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


def _is_pending(entries: list[Entry]) -> bool:
    """Return whether a later definition may change the HTML of one of the entries."""
    return any(isinstance(entry, GrowingText) and entry.pending for entry in entries)


def _fingerprint(html: str) -> tuple[int, int]:
    """Return a value that shows later whether the HTML has changed, without keeping the HTML."""
    return len(html), hash(html)


class PatchWriter:
    """Turns the entries of a buffer into patches.

    Args:
        root: the id of the region.
        buffer: the buffer that the parser writes to. Blocks that are closed and sent are removed
            from it here.
    """

    def __init__(self, root: str, buffer: HTMLBuffer) -> None:
        self._root = root
        self._buffer = buffer
        self._sent = 0  # index of the first entry that is not completely on the page
        self._innermost: BufferedElement | None = None  # the element on the page that it belongs to
        self._growing: GrowingText | None = None  # that entry, if it is text that was sent in part
        self._tail = ""
        self._children = 0  # number of blocks that were removed from the buffer
        self._pending: list[_PendingBlock] = []

    def flush(self) -> list[Patch]:
        """Return the patches that show everything written since the last call."""
        text, at, buffer = self._growing, self._innermost, self._buffer
        if text is None or at is None or buffer.has_changes or buffer.entries[-1] is not text:
            return self._flush_all()
        html = text.take()  # Fast path: only this text has grown.
        if text.restarted:
            return self._flush_all()
        patches = [closed_patch("append", _markup(html), self._root, at.depth)] if html else []
        tail = text.tail
        if tail if html else tail != self._tail:
            patches.append(closed_patch("tail", _markup(tail), self._root, at.depth))
        self._tail = tail
        return patches

    def _flush_all(self) -> list[Patch]:
        """Do what ``flush()`` does, whatever was written or has changed."""
        buffer = self._buffer
        if buffer.rewritten:
            if buffer.rewritten.index < self._sent:
                self._sent, self._innermost = buffer.rewritten.index, buffer.rewritten.parent
                self._growing = None
            buffer.rewritten = None
        if buffer.waiting is not None and self._must_resend_now():
            # If an earlier block has changed, the one that waits was not sent before.
            if buffer.changed is None or buffer.waiting < buffer.changed[0]:
                buffer.changed = (buffer.waiting, 1)
            buffer.waiting = None
        text = self._growing
        if text and self._innermost:
            text.advance()
            if text.restarted:
                text.restarted = False
                buffer.mark_changed(self._innermost)
        buffer.has_changes = buffer.waiting is not None
        return self._show()

    def _must_resend_now(self) -> bool:
        """Return whether what waits has ended, or text belongs into an element that has no tags."""
        at = self._innermost
        return bool(self._buffer.closed_blocks) or (at is not None and at.was_untagged)

    def _show(self) -> list[Patch]:
        """Return the patches for new entries, and for an element that has changed."""
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
        # The browser removes the tail with every patch. Without a patch, the tail stays.
        if tail if patches else tail != self._tail:
            patches.append(self._patch("tail", tail, self._innermost))
        self._tail = tail
        if buffer.closed_blocks:
            self._settle()
        return patches

    def finish(self) -> list[Patch]:
        """Return the patches for blocks that later definitions, or their absence, have changed.

        Call this when no more definitions can follow.
        """
        patches = []
        for block in self._pending:
            html = html_of(block.entries, reread=True)
            if _fingerprint(html) != block.sent:
                patches.append(
                    closed_patch("replace", _markup(html), self._root, child=block.child)
                )
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
        """Add the patches for the unsent entries, one for each element that receives some of them.

        Args:
            end: the index after the last entry to send.
            patches: the list that receives the patches.
        """
        buffer = self._buffer
        base = at = self._innermost
        pieces: list[str] = []
        for entry in buffer.entries[self._sent - buffer.offset : end - buffer.offset]:
            if entry is None:
                assert at is not None
                if at is base:  # The page has its start tag already, so this patch ends.
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
        """Return the patch that replaces an element with its present content.

        Args:
            index: the index of the element.
            end: the index after the last entry to send.
            depth: the depth of the element.
        """
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
            entries[-1].take()  # The patch contains this HTML already.
        return closed_patch("replace", _markup(html), self._root, depth)

    def _remember_sent(self, at: BufferedElement | None, end: int) -> None:
        """Record that the page shows all entries before ``end``, and that ``at`` is open there."""
        last = self._buffer.entries[end - self._buffer.offset - 1]
        # Text that may still grow stays the next entry, because there is more to send.
        self._growing = last if isinstance(last, GrowingText) and not last.closed else None
        self._sent = end - (self._growing is not None)
        self._innermost = at

    def _patch(self, action: Action, html: str, at: BufferedElement | None) -> Patch:
        return closed_patch(action, _markup(html), self._root, at.depth if at else 0)

    def _settle(self) -> None:
        """Remove the blocks from the buffer that are closed and were sent."""
        buffer = self._buffer
        at = self._innermost
        while at and at.parent:
            at = at.parent
        count = (at.index if at else self._sent) - buffer.offset
        buffer.offset += count
        entries = buffer.entries[:count]
        del buffer.entries[:count]
        if _is_pending(entries):
            for child, block in enumerate(blocks_of(entries), self._children):
                if _is_pending(block):
                    self._pending.append(_PendingBlock(child, block))
        self._children += buffer.closed_blocks
        buffer.closed_blocks = 0
