"""From async to sync: one event loop in a thread of its own, for all the streams of a process.

A WSGI server iterates ``bytes`` in its own threads; each step is taken here, on the shared loop,
so that a source sees one loop from its first step to its cleanup.
"""

import asyncio
import os
import select
import socket
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from streamhtml._pump import CLEANUP

T = TypeVar("T")


class Closable(Protocol):
    """What can be bridged: an async iterator of bytes that is closed."""

    def __anext__(self) -> Coroutine[Any, Any, bytes]: ...

    async def aclose(self) -> None: ...


class SyncIterator:
    """Iterates an async iterator from any thread, one step at a time.

    It ends when the client has left. ``close()`` waits until what it closes is closed, some
    seconds at the most: a server may end its worker right after.

    Args:
        iterator: what is iterated.
        environ: of the WSGI request.
    """

    def __init__(self, iterator: Closable, environ: Mapping[str, Any]) -> None:
        self._iterator = iterator
        self._environ = environ

    def __iter__(self) -> "SyncIterator":
        return self

    def __next__(self) -> bytes:
        try:
            chunk = submit(self._iterator.__anext__()).result()
        except StopAsyncIteration:
            raise StopIteration from None
        if _has_left(self._environ):
            self.close()
            raise StopIteration
        return chunk

    def close(self) -> None:
        closed = submit(self._iterator.aclose())
        if threading.current_thread() is not _thread:
            with suppress(TimeoutError):
                closed.result(CLEANUP)


def _has_left(environ: Mapping[str, Any]) -> bool:
    """Look whether the client has closed the connection.

    A first write to a closed connection succeeds: without a look at the socket, which gunicorn
    and Werkzeug give, one would learn it a ping later. TLS sockets cannot be looked at.
    """
    connection = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if connection is None:
        return False
    try:
        poll = select.poll()  # gevent's recv() would wait, whatever its flags say.
        poll.register(connection, select.POLLIN)
        if not poll.poll(0):
            return False
        return bool(connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"")
    except (BlockingIOError, ValueError):
        return False
    except OSError:
        return True


_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None
_process = 0


def submit(coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
    """Run a coroutine on the process's shared loop."""
    return asyncio.run_coroutine_threadsafe(coroutine, _shared_loop())


def _shared_loop() -> asyncio.AbstractEventLoop:
    global _loop, _thread, _process
    with _lock:
        # A forked child has the parent's loop, but not the thread that ran it.
        if _loop is None or _process != os.getpid():
            _loop, _process = asyncio.new_event_loop(), os.getpid()
            _thread = threading.Thread(
                target=_loop.run_forever, name="streamhtml-loop", daemon=True
            )
            _thread.start()
        return _loop
