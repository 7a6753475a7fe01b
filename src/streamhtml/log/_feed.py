"""``Feed``: what one event loop knows of one answer. All of its readers share one feed.

The feed of an answer that is written in the same loop is filled by its writer. Any other is filled
by a ``FeedReader``, which is the only one in its loop that reads the storage for this answer.
"""

import logging
from collections.abc import Callable
from contextvars import Context
from math import inf
from time import monotonic, time
from typing import Final

from anyio.lowlevel import checkpoint

from streamhtml._eventloop import EventLoop
from streamhtml.log._entries import Batch, EndEntry, Entry, Header, decode, encode
from streamhtml.log._storage import Entries, Storage

POLL_EVERY: Final = 1.0
"""Time in seconds after which the storage is read again, because a notification can be lost."""

RETRY_AFTER: Final = 0.1
"""Time in seconds after which a storage that did not answer is asked again."""

CHECKPOINT_EVERY: Final = 100
"""Number of entries after which other tasks run, while the entries so far are decoded."""

MIN_PAUSE: Final = 0.001
"""Time in seconds between two reads at least, if nothing has changed."""

logger = logging.getLogger("streamhtml")


class Feed:
    """The entries of one answer, as far as they are known.

    Attributes:
        header: its first entry; None if the storage was not read yet, or has no such answer.
        batches: its batches; the first has the number 1.
        end: its end; None while it is written.
        is_missing: whether the storage has no such answer, or has not replied in time.
        is_outdated: whether the storage has another answer, or another end of this one.
        wakeup: notified when any of this has changed.
    """

    __slots__ = ("batches", "end", "header", "is_missing", "is_outdated", "wakeup")

    def __init__(self, loop: EventLoop) -> None:
        self.header: Header | None = None
        self.batches: list[Batch] = []
        self.end: EndEntry | None = None
        self.is_missing = self.is_outdated = False
        self.wakeup = loop.create_wakeup()

    @property
    def duration(self) -> float | None:
        """Seconds from the start of the answer to its last batch; None if it has none."""
        return self.batches[-1].at if self.batches else None

    @property
    def last_number(self) -> int:
        """The number of the last entry; -1 if there is none."""
        return -1 if self.header is None else len(self.batches) + (self.end is not None)

    def add(self, entry: Entry) -> None:
        """Add the next entry."""
        if isinstance(entry, Batch):
            self.batches.append(entry)
        elif isinstance(entry, EndEntry):
            self.end = self.end or entry
        else:
            self.header = entry
            self.is_missing = False

    def interrupt(self, *, is_outdated: bool = False) -> None:
        """End the answer here, because nobody knows how it goes on.

        Args:
            is_outdated: whether the storage has another answer now, or another end of this one.
        """
        if self.end is None:
            self.end = EndEntry("interrupted", round(time(), 3), self.duration)
            self.is_outdated = is_outdated
        self.wakeup.notify()


class FeedReader:
    """Fills the feed of an answer from the storage, while it has readers.

    Args:
        storage: the storage.
        id: the answer.
        loop: the event loop that is running.
        on_end: called when nothing more is read.

    Attributes:
        feed: the feed.
        readers: how many use it.
        id: the answer.
        identity: the identity of the event loop.
    """

    def __init__(
        self, storage: Storage, id: str, loop: EventLoop, on_end: "Callable[[FeedReader], object]"
    ) -> None:
        self.feed = Feed(loop)
        self.readers = 0
        self.id = id
        self.identity = loop.identity
        self._storage = storage
        self._on_end = on_end
        self._epoch = 0
        self._read_at = monotonic()
        """The time of the last successful read. Once the answer has been found, a read that does
        not find it does not count."""
        self._trusted_from = 0.0
        """The time from which a lease that is over means that the writer is gone."""
        self._lost_at = inf
        """The time at which the lease was first seen to be over."""
        self.cancel = loop.spawn(self._run, Context())

    async def _run(self) -> None:
        try:
            async with self._storage.watch(self.id, "entries") as changes:
                while self.feed.end is None:
                    await changes.wait(await self._read())
        except Exception:
            logger.exception("the log could not be read for %s", self.id)
            self.feed.interrupt()
        finally:
            # A reader who comes later reads the storage again: the id may have been used again.
            self._on_end(self)

    async def _read(self) -> float:
        """Read what is new. Return the seconds after which to read again."""
        try:
            found = await self._storage.bounded(self._storage.read(self.id, self.feed.last_number))
            if found is not None and found.epoch != self._epoch and self._epoch:
                found = await self._storage.bounded(self._storage.read(self.id, -1))
        except Exception as error:
            return self._wait_for_storage(error)
        if found is None:
            return self._note_missing()
        self._read_at = monotonic()
        try:
            self._add(found, await _decode(found))
        except ValueError:
            logger.exception("the log has a wrong entry for %s", self.id)
            self.feed.interrupt()
        if found.entries or found.lease_left > 0:
            self._lost_at = inf
        if self.feed.end is None and found.lease_left <= 0 and self._read_at >= self._trusted_from:
            return await self._end_lost()
        return min(
            POLL_EVERY, max(found.lease_left, MIN_PAUSE) if found.lease_left else RETRY_AFTER
        )

    def _wait_for_storage(self, error: Exception) -> float:
        # The writer could not renew its lease either, so it gets some time to do so.
        self._trusted_from = monotonic() + self._storage.lease
        if monotonic() - self._read_at > 2 * self._storage.lease:
            logger.error("the log cannot be reached, which ends %s here", self.id, exc_info=error)
            self.feed.interrupt()
        return RETRY_AFTER

    def _note_missing(self) -> float:
        if self.feed.header is None:
            self._read_at = monotonic()
            if not self.feed.is_missing:
                self.feed.is_missing = True
                self.feed.wakeup.notify()
        elif monotonic() - self._read_at > 2 * self._storage.lease:
            # If its writer were still there, it would have stored it again.
            self.feed.interrupt()
        return RETRY_AFTER if self.feed.header else POLL_EVERY

    def _add(self, found: Entries, entries: list[tuple[int, Entry]]) -> None:
        if found.epoch != self._epoch and self._epoch:
            entries = self._skip_known(entries)
        self._epoch = found.epoch
        for number, entry in entries:
            if number != self.feed.last_number + 1 or isinstance(entry, Header) != (number == 0):
                raise ValueError(f"entry {number} follows {self.feed.last_number}")
            self.feed.add(entry)
        if entries:
            self.feed.wakeup.notify()

    def _skip_known(self, entries: list[tuple[int, Entry]]) -> list[tuple[int, Entry]]:
        """Return what is new, after the storage has got the entries from the beginning again.

        If the storage has lost the entries of a writer, the writer stores the same ones again. If
        another writer has stored others, what was shown here is no longer the answer.
        """
        feed = self.feed
        known: list[Entry] = [] if feed.header is None else [feed.header, *feed.batches]
        for (_, entry), before in zip(entries, known, strict=False):
            if entry != before:
                feed.interrupt(is_outdated=True)
                return []
        return entries[len(known) :]

    async def _end_lost(self) -> float:
        """End an answer whose writer is gone. Return the seconds after which to read again."""
        now, storage = monotonic(), self._storage
        self._lost_at = min(self._lost_at, now)
        if now - self._lost_at > storage.lease:
            logger.error("the end of %s could not be stored, which ends it here", self.id)
            self.feed.interrupt()
            return 0
        end = EndEntry("interrupted", round(time(), 3), self.feed.duration)
        number = self.feed.last_number + 1
        is_first = now == self._lost_at
        try:
            await storage.bounded(storage.end_lost(self.id, self._epoch, number, encode(end)))
        except Exception as error:
            return self._wait_for_storage(error)
        return 0 if is_first else RETRY_AFTER


async def _decode(found: Entries) -> list[tuple[int, Entry]]:
    """Decode entries, while other tasks run in between."""
    entries: list[tuple[int, Entry]] = []
    for number, text in found.entries:
        entries.append((number, decode(text)))
        if len(entries) % CHECKPOINT_EVERY == 0:
            await checkpoint()
    return entries
