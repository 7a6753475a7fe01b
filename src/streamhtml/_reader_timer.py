"""Notices that the reader of a stream does not take the next Fragment.

The reader's task is then somewhere else, mostly in the server's ``send()``, so a timer does it. The
timer is not set again for each Fragment, which would cost more than the rest of a step. When it
fires, it looks at the time of the last Fragment, and is set for what is left.
"""

from collections.abc import Callable
from functools import partial
from math import inf
from time import monotonic
from weakref import WeakMethod, ref

from streamhtml._eventloop import EventLoop


class ReaderTimer:
    """Calls a method if the reader takes nothing for too long.

    Neither this object nor the timer keeps the owner of the method alive.

    Args:
        seconds: for how long; None for ever.
        on_stalled: the method, which is called in the event loop, and once at most.

    Attributes:
        handed_out: the time at which the reader got the last Fragment; ``inf`` while it waits for
            the next one.
    """

    def __init__(self, seconds: float | None, on_stalled: Callable[[], None]) -> None:
        self.handed_out = inf
        self._seconds = seconds
        self._on_stalled = WeakMethod(on_stalled)
        self._cancel: Callable[[], object] | None = None

    def start(self, loop: EventLoop) -> None:
        """Start the timer in the event loop that is running."""
        if self._seconds is not None:
            self._set(loop, self._seconds)

    def stop(self) -> None:
        """Stop the timer. May be called more than once."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    def check(self, loop: EventLoop) -> None:
        """Call the method if it is time, and otherwise set the timer again."""
        assert self._seconds is not None
        left = self._seconds - max(monotonic() - self.handed_out, 0)
        if left > 0:
            self._set(loop, left)
        elif (on_stalled := self._on_stalled()) is not None:
            on_stalled()

    def _set(self, loop: EventLoop, seconds: float) -> None:
        self._cancel = loop.call_later(seconds, partial(_check, ref(self), loop))


def _check(timer_ref: "ref[ReaderTimer]", loop: EventLoop) -> None:
    if (timer := timer_ref()) is not None:
        timer.check(loop)
