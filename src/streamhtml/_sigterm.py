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
from typing import Any, Final, Protocol
from weakref import ref

GRACE: Final = 1.0
"""Seconds after which the server gets the signal, whatever still streams."""

_LOOK_EVERY: Final = 0.01


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
    """Be called before the server's handler of SIGTERM, if it has one and this is the main thread.

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
    # asyncio's own handler does nothing: its loop hears of the signal by itself, and has by now.
    if getattr(server, "__name__", "") != "_sighandler_noop":
        # Not by threading, whose locks the interrupted code may hold.
        _thread.start_new_thread(_give_back, (number,))


def _give_back(number: int) -> None:
    deadline = time.monotonic() + GRACE
    while _streaming and time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY)
    time.sleep(_LOOK_EVERY)  # For the servers that cut what they have not written yet.
    os.kill(os.getpid(), number)
