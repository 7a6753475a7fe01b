"""Notices that the time of a stream is over, or that its reader does not take the next Fragment.

The reader's task is then waiting elsewhere, mostly in the server's ``send()``, so this needs a
timer. The timer is not set again for each Fragment, which would cost more than the rest of a step.
When it fires, it looks at the time of the last Fragment, and is set for what is left.
"""

from collections.abc import Callable
from functools import partial
from math import inf
from time import monotonic
from typing import Final
from weakref import WeakMethod, ref

from streamhtml._eventloop import EventLoop
from streamhtml._limits import LimitName, Limits

LAST_READ_GRACE: Final = 1.0
"""Time in seconds that a reader has for each Fragment when the duration is over, so that they see
how the answer ended."""


class StreamTimer:
    """Calls a method when the duration is over, and another if the reader takes nothing.

    Neither this object nor the timer keeps the owner of the methods alive.

    Args:
        limits: ``duration`` and ``unread`` are applied here.
        on_duration: called in the event loop, and once at most.
        on_stalled: called in the event loop, and once at most, with the limit that was reached. If
            the duration is over, the reader has ``LAST_READ_GRACE`` left, and the limit is
            "duration".

    Attributes:
        handed_out: the time at which the reader got the last Fragment; ``inf`` while it waits for
            the next one.
        end: the time at which the duration is over. ``inf`` means that it does not matter any more.
    """

    def __init__(
        self,
        limits: Limits,
        on_duration: Callable[[], None],
        on_stalled: Callable[[LimitName], None],
    ) -> None:
        self.handed_out = self.end = inf
        self._duration = limits.duration or inf
        self._unread = limits.unread or inf
        self._limit: LimitName = "unread"
        self._on_duration = WeakMethod(on_duration)
        self._on_stalled = WeakMethod(on_stalled)
        self._cancel: Callable[[], object] | None = None

    def start(self, loop: EventLoop) -> None:
        """Start the timer in the event loop that is running."""
        now = monotonic()
        self.end = now + self._duration
        self._set(loop, now)

    def stop(self) -> None:
        """Stop the timer. May be called more than once."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    def check(self, loop: EventLoop) -> None:
        """Call the methods for which it is time, or set the timer again."""
        now = monotonic()
        if now >= self.end:
            self.end = inf
            self._limit = "duration"
            self._unread = min(self._unread, LAST_READ_GRACE)
            if (on_duration := self._on_duration()) is not None:
                on_duration()
        if now - self.handed_out < self._unread:
            self._set(loop, now)
        elif (on_stalled := self._on_stalled()) is not None:
            on_stalled(self._limit)

    def _set(self, loop: EventLoop, now: float) -> None:
        idle = max(now - self.handed_out, 0)
        seconds = min(self._unread - idle, self.end - now)
        if seconds < inf:
            self._cancel = loop.call_later(seconds, partial(_check, ref(self), loop))


def _check(timer_ref: "ref[StreamTimer]", loop: EventLoop) -> None:
    if (timer := timer_ref()) is not None:
        timer.check(loop)
