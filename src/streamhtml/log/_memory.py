"""``MemoryLog``: keeps answers in the memory of one process."""

import sys
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic, time_ns
from typing import Final

from streamhtml._arguments import check_count
from streamhtml._eventloop import EventLoop, current_event_loop
from streamhtml.log._log import Log
from streamhtml.log._storage import AnswerGone, Change, End, Entries, Watch, WriterFenced

_ENTRY_BYTES: Final = 16
"""What an entry takes besides its text: its place in a list, and in the list of its number."""


class MemoryLog(Log):
    """A log in the memory of one process, for an app that runs in one process.

    Its limits hold for all answers together. The answers that have not changed for the longest time
    are forgotten first. All of its methods can be used from any event loop, of asyncio or trio, and
    in any thread.

    Args:
        max_bytes: maximum memory of the stored entries, in bytes.
        max_answers: maximum number of answers.
        ttl: as for ``Log``.
        lease: as for ``Log``.

    Raises:
        ValueError: a limit is not a whole number above 0, or a time is not above 0.
    """

    def __init__(
        self,
        *,
        max_bytes: int = 64 * 1024 * 1024,
        max_answers: int = 10_000,
        ttl: float = 3600.0,
        lease: float = 5.0,
    ) -> None:
        super().__init__(lease=lease, ttl=ttl)
        check_count("max_bytes", max_bytes)
        check_count("max_answers", max_answers)
        self._max_bytes = max_bytes
        self._max_answers = max_answers
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, _Stored] = OrderedDict()
        """Those that have changed last at the end."""
        self._size = 0
        self._watches: dict[tuple[str, Change], set[_MemoryWatch]] = {}

    async def create(self, id: str, entry: str) -> int | None:
        with self._lock:
            self._forget_expired()
            found = self._answers.get(id)
            if found is not None:
                if found.entries[0] == entry:
                    self._touch(id, found)
                    return found.epoch
                if found.is_final or found.lease_left > 0:
                    return None
                self._forget(id)
            epoch = max(time_ns() // 1000, 0 if found is None else found.epoch + 1)
            stored = self._answers[id] = _Stored(epoch)
            while len(self._answers) > self._max_answers:
                self._forget(next(iter(self._answers)))
            try:
                self._add(id, stored, entry)
            except MemoryError:
                self._forget(id)
                raise
        self._notify(id, "entries")
        return epoch

    async def append(
        self, id: str, epoch: int, number: int, entry: str, end: End | None = None
    ) -> bool:
        with self._lock:
            stored = self._find(id, epoch)
            if number > len(stored.entries):
                raise AnswerGone
            if number == len(stored.entries):
                self._add(id, stored, entry)
            elif stored.entries[number] != entry:
                raise WriterFenced
            self._touch(id, stored)
            if end is not None:
                stored.end()
                stored.is_final = end == "final"
            stop = stored.is_stopped
        self._notify(id, "entries")
        return stop

    async def renew(self, id: str, epoch: int) -> bool:
        with self._lock:
            stored = self._find(id, epoch)
            if stored.has_ended:
                raise WriterFenced
            self._touch(id, stored)
            return stored.is_stopped

    async def read(self, id: str, after: int) -> Entries | None:
        with self._lock:
            self._forget_expired()
            stored = self._answers.get(id)
            if stored is None:
                return None
            first = max(after + 1, 0)
            entries = list(enumerate(stored.entries[first:], first))
            return Entries(stored.epoch, entries, stored.lease_left)

    async def end_lost(self, id: str, epoch: int, number: int, entry: str) -> None:
        with self._lock:
            stored = self._answers.get(id)
            if (
                stored is None
                or (stored.epoch, len(stored.entries)) != (epoch, number)
                or stored.lease_left > 0
            ):
                return
            self._add(id, stored, entry)
            stored.end()
        self._notify(id, "entries")

    async def request_stop(self, id: str) -> None:
        with self._lock:
            stored = self._answers.get(id)
            if stored is None:
                return
            stored.is_stopped = True
        self._notify(id, "stop")

    @asynccontextmanager
    async def watch(self, id: str, what: Change) -> AsyncIterator[Watch]:
        watch = _MemoryWatch(current_event_loop())
        with self._lock:
            self._watches.setdefault((id, what), set()).add(watch)
        try:
            yield watch
        finally:
            with self._lock:
                watches = self._watches[id, what]
                watches.discard(watch)
                if not watches:
                    del self._watches[id, what]
            watch.close()

    def _find(self, id: str, epoch: int) -> "_Stored":
        stored = self._answers.get(id)
        if stored is None:
            raise AnswerGone
        if stored.epoch != epoch:
            raise WriterFenced
        return stored

    def _add(self, id: str, stored: "_Stored", entry: str) -> None:
        size = sys.getsizeof(entry) + _ENTRY_BYTES
        self._touch(id, stored)
        while self._size + size > self._max_bytes:
            oldest = next(iter(self._answers))
            if oldest == id:
                raise MemoryError(f"the answer {id!r} does not fit into {self._max_bytes:,} bytes")
            self._forget(oldest)
        stored.entries.append(entry)
        stored.size += size
        self._size += size

    def _touch(self, id: str, stored: "_Stored") -> None:
        now = monotonic()
        stored.changed = now
        if not stored.has_ended:
            stored.lease_until = now + self.lease
        self._answers.move_to_end(id)

    def _forget(self, id: str) -> None:
        self._size -= self._answers.pop(id).size

    def _forget_expired(self) -> None:
        before = monotonic() - self.ttl
        while self._answers:
            oldest, stored = next(iter(self._answers.items()))
            if stored.changed > before:
                return
            self._forget(oldest)

    def _notify(self, id: str, what: Change) -> None:
        with self._lock:
            watches = tuple(self._watches.get((id, what), ()))
        for watch in watches:
            watch.notify()


class _Stored:
    """One answer.

    Args:
        epoch: the number of its writer.
    """

    __slots__ = (
        *("changed", "entries", "epoch", "has_ended", "is_final", "is_stopped", "lease_until"),
        "size",
    )

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.entries: list[str] = []
        self.size = 0
        self.changed = self.lease_until = 0.0
        self.has_ended = self.is_final = self.is_stopped = False

    def end(self) -> None:
        """Note that the last entry was stored."""
        self.has_ended = True
        self.lease_until = 0.0

    @property
    def lease_left(self) -> float:
        """Time in seconds until the writer counts as gone."""
        return max(self.lease_until - monotonic(), 0.0)


class _MemoryWatch:
    """A watch of a task, which any thread can notify.

    Args:
        loop: the event loop that is running.
    """

    def __init__(self, loop: EventLoop) -> None:
        self._loop = loop
        self._thread = threading.get_ident()
        self._wakeup = loop.create_wakeup()
        self._is_notified = False

    def notify(self) -> None:
        """Note a change, and wake the task."""
        self._is_notified = True
        if threading.get_ident() == self._thread:
            self._wakeup.notify()
        else:
            self._loop.call_threadsafe(self._wakeup.notify)

    async def wait(self, seconds: float) -> None:
        if not self._is_notified:
            await self._wakeup.wait(seconds)
        self._is_notified = False

    def close(self) -> None:
        """Release the timer."""
        self._wakeup.close()
