"""On SIGTERM, send every open stream its final fragment before the server shuts down.

A server informs the application too late that it is about to stop. First it waits until the
streams have ended by themselves, or it cuts them off. So this module installs its own handler,
which ends the streams. When their last fragments have been sent, which takes milliseconds, or after
``GRACE_PERIOD``, it passes the signal on to the server's handler.
"""

import _thread
import os
import signal
import time  # Import modules, not functions: gevent replaces the functions inside the modules.
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol
from weakref import ref

GRACE_PERIOD: Final = 1.0
"""Time in seconds after which the server receives the signal, even if streams are still open."""

_CHECK_EVERY: Final = 0.01
_EVENT_LOOP_HANDLERS: Final = ("_sighandler_noop", "_Loop__sighandler")  # of asyncio and uvloop


class Interruptible(Protocol):
    """A stream that can be ended from any thread and in a signal handler."""

    def interrupt(self) -> None: ...


# The references are weak, so that a stream that nobody closes can be garbage-collected.
_streams: set[ref[Interruptible]] = set()
# There is more than one if a library replaced our handler by its own, and we then installed ours
# again.
_server_handlers: list[Callable[[int, Any], Any]] = []
_received = False


def register(stream: Interruptible) -> None:
    """Remember an open stream until ``unregister()``, so that SIGTERM interrupts it.

    If SIGTERM has arrived before, the stream is interrupted at once.
    """
    _streams.add(ref(stream, _streams.discard))
    install_handler()
    if _received:
        stream.interrupt()


def unregister(stream: Interruptible) -> None:
    """Forget a stream that was sent completely, or whose reader left. May be called twice."""
    _streams.discard(ref(stream))


def interrupt_streams() -> None:
    """End every open stream with its final fragment, whose outcome is "interrupted".

    This function does not wait. The event loop has to keep running until the fragments are sent.
    """
    for stream_ref in tuple(_streams):
        if (stream := stream_ref()) is not None:
            stream.interrupt()


def install_handler() -> None:
    """Install our handler of SIGTERM over the server's. May be called more than once.

    Does nothing outside the main thread, or if the process has no handler of SIGTERM. Without a
    handler the signal ends the process at once, as it would without this module. So a program that
    is not a server is not affected.
    """
    handler = signal.getsignal(signal.SIGTERM)
    if _received or handler is _on_sigterm or not callable(handler):
        return
    _server_handlers.append(handler)
    try:
        signal.signal(signal.SIGTERM, _on_sigterm)
    except ValueError:
        # Only the main thread may do this. For servers that handle requests in other threads, an
        # adapter has already called this function at start-up.
        with suppress(ValueError):  # SIGTERM came in between and took the handler.
            _server_handlers.remove(handler)


def _on_sigterm(number: int, frame: object) -> None:
    global _received
    server_handler = _server_handlers.pop()
    if _received:
        # The server's handler is installed again. A library's handler, which replaced ours, has
        # called ours once more.
        server_handler(number, frame)
        return
    _received = True
    signal.signal(number, server_handler)
    interrupt_streams()
    # The handler of an event loop does nothing: the loop receives the signal in another way.
    if getattr(server_handler, "__name__", "") not in _EVENT_LOOP_HANDLERS:
        # Do not use threading: the interrupted code may hold its locks.
        _thread.start_new_thread(_send_again, (number, server_handler))


def _send_again(number: int, server_handler: object) -> None:
    """Send the signal to the server's handler when the streams have ended."""
    deadline = time.monotonic() + GRACE_PERIOD
    while _streams and time.monotonic() < deadline:
        time.sleep(_CHECK_EVERY)
    time.sleep(_CHECK_EVERY)  # Some servers drop what they have not written when they stop.
    # A second signal may have stopped the server already.
    if signal.getsignal(number) == server_handler:
        os.kill(os.getpid(), number)
