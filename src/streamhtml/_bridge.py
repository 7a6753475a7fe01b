"""From async to sync: one event loop in a thread of its own, for all the streams of a process.

A WSGI server iterates ``bytes`` in its own threads; each step is taken here, on the shared loop,
so that a source sees one loop from its first step to its cleanup.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Closable(Protocol):
    """What can be bridged: an async iterator of bytes that is closed."""

    def __anext__(self) -> Coroutine[Any, Any, bytes]: ...

    async def aclose(self) -> None: ...


class SyncIterator:
    """Iterates an async iterator from any thread, one step at a time.

    ``close()`` returns at once; what it closes is closed on the shared loop.
    """

    def __init__(self, iterator: Closable) -> None:
        self._iterator = iterator

    def __iter__(self) -> "SyncIterator":
        return self

    def __next__(self) -> bytes:
        try:
            return submit(self._iterator.__anext__()).result()
        except StopAsyncIteration:
            raise StopIteration from None

    def close(self) -> None:
        submit(self._iterator.aclose())


_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_process = 0


def submit(coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
    """Run a coroutine on the process's shared loop."""
    return asyncio.run_coroutine_threadsafe(coroutine, _shared_loop())


def _shared_loop() -> asyncio.AbstractEventLoop:
    global _loop, _process
    with _lock:
        # A forked child has the parent's loop, but not the thread that ran it.
        if _loop is None or _process != os.getpid():
            _loop, _process = asyncio.new_event_loop(), os.getpid()
            threading.Thread(target=_loop.run_forever, name="streamhtml-loop", daemon=True).start()
        return _loop
