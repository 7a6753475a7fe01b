"""The end of the process: what streams when SIGTERM comes gets its last fragment first.

A server tells an application of its end too late: it waits until the streams have ended by
themselves, or cuts them. So a handler stands in front of the server's own. It ends the streams and
gives the signal back when they have gone out, which takes milliseconds, or after ``GRACE``.
"""

import _thread
import os
import signal
import time  # Each function by its place in it: gevent replaces them.
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol
from weakref import ref

GRACE: Final = 1.0
"""Seconds after which the server gets the signal, whatever still streams."""

_LOOK_EVERY: Final = 0.01
_LOOPS_HANDLERS: Final = ("_sighandler_noop", "_Loop__sighandler")  # of asyncio and uvloop


class Streaming(Protocol):
    """What streams, and can be ended from any thread and in a signal's handler."""

    def interrupt(self) -> None: ...


_streaming: set[ref[Streaming]] = set()  # Weakly: who forgets to close a stream may collect it.
_servers: list[Callable[[int, Any], Any]] = []  # More than one where others came in front of us.
_came = False


def enter(stream: Streaming) -> None:
    """Count a stream that has begun, until ``leave()``. One that begins too late ends at once."""
    _streaming.add(ref(stream, _streaming.discard))
    stand_in_front()
    if _came:
        stream.interrupt()


def leave(stream: Streaming) -> None:
    """A stream has gone out to its end, or its reader has left; twice does no harm."""
    _streaming.discard(ref(stream))


def stand_in_front() -> None:
    """Put our handler of SIGTERM before the server's, if it has one and this is the main thread.

    Where nothing handles the signal it ends the process at once, which stays so: a program that
    is no server never notices this module.
    """
    handler = signal.getsignal(signal.SIGTERM)
    if _came or handler is _on_sigterm or not callable(handler):
        return
    _servers.append(handler)
    try:
        signal.signal(signal.SIGTERM, _on_sigterm)
    except ValueError:  # Another thread may not; for those an adapter has called this at start.
        with suppress(ValueError):  # The signal came in between.
            _servers.remove(handler)


def _on_sigterm(number: int, frame: object) -> None:
    global _came
    server = _servers.pop()
    if _came:  # A handler that had found this one, and calls it, has been given the signal back.
        server(number, frame)
        return
    _came = True
    signal.signal(number, server)
    for stream in tuple(_streaming):
        if (streaming := stream()) is not None:
            streaming.interrupt()
    # An event loop's own handler does nothing: the loop has heard of the signal by itself.
    if getattr(server, "__name__", "") not in _LOOPS_HANDLERS:
        # Not by threading, whose locks the interrupted code may hold.
        _thread.start_new_thread(_give_back, (number, server))


def _give_back(number: int, server: object) -> None:
    deadline = time.monotonic() + GRACE
    while _streaming and time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY)
    time.sleep(_LOOK_EVERY)  # For the servers that cut what they have not written yet.
    # A second signal may have ended the server already.
    if signal.getsignal(number) == server:
        os.kill(os.getpid(), number)
