"""One event loop, on one thread, for all streams of a process whose server or view is sync."""

import asyncio
import logging
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

logger = logging.getLogger("streamhtml")

# Reentrant, because the garbage collector may close a forgotten stream while the lock is held.
_lock = threading.RLock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None
_process = 0


def submit(coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
    """Run a coroutine in the shared loop of the process, and return its future."""
    return asyncio.run_coroutine_threadsafe(coroutine, shared_loop())


def shared_loop() -> asyncio.AbstractEventLoop:
    """Return the loop, which is started if it does not run in this process yet."""
    global _loop, _thread, _process
    with _lock:
        # A forked child inherits the loop of its parent, but not the thread that runs it.
        if _thread is None or not _thread.is_alive() or _process != os.getpid():
            _loop, _process = asyncio.new_event_loop(), os.getpid()
            _thread = threading.Thread(
                target=_run_forever, args=(_loop,), name="streamhtml-loop", daemon=True
            )
            _thread.start()
        assert _loop is not None
        return _loop


def _run_forever(loop: asyncio.AbstractEventLoop) -> None:
    """Run the loop, and run it again if a source ends it. No other stream loses anything.

    A loop that was ended by a SystemExit, a KeyboardInterrupt or ``stop()`` can go on where it was.
    """
    while not loop.is_closed():
        try:
            loop.run_forever()
            logger.critical("something has stopped the event loop of all streams; it goes on")
        except BaseException:
            logger.critical("the event loop of all streams was ended; it goes on", exc_info=True)


def is_loop_thread() -> bool:
    """Return whether the loop runs in the current thread."""
    return threading.current_thread() is _thread


def loop_thread() -> threading.Thread | None:
    """Return the thread that runs the loop; None if the loop was never started."""
    return _thread
