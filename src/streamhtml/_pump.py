"""Decides when the deltas of a source are due: in batches, with pings in between.

``Pump`` is an iterator class and not a generator: it holds no cancel scope between two steps, so
the reader can be cancelled at any step (PEP 789).
"""

from collections.abc import AsyncIterator
from math import inf
from time import monotonic
from typing import Protocol

from streamhtml._batch import MAX_BATCH_CHARS, MAX_BUFFERED_CHARS, take_batch
from streamhtml._delta import Delta, Facts
from streamhtml._eventloop import EventLoop, Wakeup
from streamhtml._limits import NO_LIMITS, LimitName, Limits, Silence
from streamhtml._ping import Ping
from streamhtml._source_reader import SourceReader
from streamhtml._turns import MAX_CHARS_BETWEEN_TURNS, take_turn
from streamhtml.sources import Tokens


class Batches(Protocol):
    """Where a stream gets its batches: from a ``Pump``, or from an answer in a log.

    Each attribute and method is explained at ``Pump`` or ``SourceReader``.
    """

    batch_after: float
    error: BaseException | None
    first_delta_after: float | None
    interrupted: bool
    limit: LimitName | None
    loop: EventLoop | None
    ping: Ping
    source_has_ended: bool
    started_at: float

    @property
    def facts(self) -> Facts: ...

    def start(self) -> None: ...

    def __aiter__(self) -> AsyncIterator[list[Delta]]: ...

    def close(self) -> None: ...

    async def aclose(self) -> None: ...

    async def wait_until_closed(self, seconds: float) -> bool: ...

    def end_at_limit(self, limit: LimitName) -> None: ...

    def take_rest(self) -> list[Delta]: ...


class Pump(SourceReader):
    """Iterate over a source in batches of Deltas.

    A batch holds the deltas that have arrived since the last batch, in order. The first delta is
    delivered at once, and so is any delta that arrives after a pause. Deltas that arrive within
    ``interval`` of the last batch are collected. More than ``max_chars`` characters become several
    batches, and other tasks run in between. An empty batch means that a ping is due.

    After ``close()`` and ``aclose()`` the iteration delivers what has already arrived, and ends
    without waiting for the source's cleanup.

    Args:
        tokens: the source, as ``deltas()`` takes it.
        interval: time in seconds.
        ping: see ``Ping``.
        max_chars: maximum number of characters in a batch.
        limits: ``characters`` and ``silence`` are applied here.

    Attributes (besides those of ``SourceReader``):
        limit: the name of the limit that ended the iteration, or None.
        batch_after: seconds from the start until the last batch was taken.
        ping: says when a ping is due.

    Raises:
        TypeError: ``tokens`` cannot be iterated.
    """

    __slots__ = (
        *("_chars_since_wait", "_interval", "_limits", "_max_chars", "_max_chars_in_all"),
        *("_silence", "batch_after", "limit", "ping"),
    )

    def __init__(
        self,
        tokens: Tokens,
        *,
        interval: float,
        ping: float | None,
        max_chars: float = MAX_BATCH_CHARS,
        limits: Limits = NO_LIMITS,
    ) -> None:
        super().__init__(tokens)
        self.limit: LimitName | None = None
        self.batch_after = 0.0
        self.ping = Ping(ping)
        self._interval = interval
        self._max_chars = max_chars
        self._limits = limits
        self._chars_since_wait = 0

    @property
    def facts(self) -> Facts:
        """What the source has reported so far."""
        return self.source.report.facts

    def start(self, wakeup: Wakeup | None = None) -> None:
        """Start the source in the running event loop, unless it was started before."""
        if not self._started:
            self._max_chars_in_all = self._limits.characters or inf
            self._silence = Silence(self._limits.silence, monotonic())
        super().start(wakeup)

    def __aiter__(self) -> "Pump":
        return self

    async def __anext__(self) -> list[Delta]:
        if not self._started:
            self.start()
        now = monotonic()
        self.ping.restart(now)
        while True:
            # Set the flag before checking the buffer, so that a thread that appends something
            # afterwards still wakes us.
            self._reader_is_idle = True
            if self._buffer:
                self._reader_is_idle = False
                if now >= self._batch_due or self._ended or self._closing or self._is_full():
                    unread = self._chars_written - self._chars_read
                    if self._chars_since_wait + unread > MAX_CHARS_BETWEEN_TURNS:
                        await take_turn()
                        self._chars_since_wait, now = 0, monotonic()
                    if now >= self._silence.next_check:
                        self._check_silence(now)
                    return self._next_batch(now)
                await self._reader_wakeup.wait(self._batch_due - now)
            elif self._ended or self._closing:
                raise StopAsyncIteration
            elif now < (due := min(self.ping.due, self._silence.next_check)):
                await self._reader_wakeup.wait(due - now)
            elif now >= self._silence.next_check:
                self._check_silence(now)
            else:
                return []
            self._chars_since_wait = 0
            now = monotonic()

    def _check_silence(self, now: float) -> None:
        too_long = self._silence.is_too_long(now, self.source.reads, silent=not self._buffer)
        if too_long and not self._ended:
            self.end_at_limit("silence")

    def end_at_limit(self, limit: LimitName) -> None:
        """Close the source because of a limit. Does nothing after ``close()``."""
        if not self._closing:
            self.limit = limit
            self.close()

    def _next_batch(self, now: float) -> list[Delta]:
        max_chars = self._max_chars
        if (left := self._max_chars_in_all - self._chars_read) < max_chars:
            if left <= 0:
                self.end_at_limit("characters")
                raise StopAsyncIteration
            max_chars = left
        batch, size = take_batch(self._buffer, max_chars)
        self.batch_after = now - self.started_at
        self._chars_read += size
        self._chars_since_wait += size + 1
        if not self._buffer:
            self._batch_due = now + self._interval
        self._silence.heard_at = now
        if self._source_waits:
            self._wake_source()
        return batch

    def take_rest(self) -> list[Delta]:
        """Take a batch of what has arrived, for a reader who has left; an empty one at the end."""
        left = min(self._max_chars_in_all - self._chars_read, MAX_BUFFERED_CHARS)
        batch, size = take_batch(self._buffer, left) if left > 0 else ([], 0)
        self._chars_read += size
        return batch
