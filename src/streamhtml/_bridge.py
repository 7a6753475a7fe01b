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

LOOK_EVERY = 0.5
"""Seconds of silence after which a bridge looks whether the client is still there."""


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
            chunk = self._wait(submit(self._iterator.__anext__()))
        except StopAsyncIteration:
            raise StopIteration from None
        if chunk is None or _has_left(self._environ):
            self.close()
            raise StopIteration
        return chunk

    def _wait(self, step: "Future[bytes]") -> bytes | None:
        """Wait for a step; return None if the client leaves while the source says nothing."""
        while True:
            try:
                return step.result(LOOK_EVERY)
            except TimeoutError:
                if step.done():  # Just now; or it is the error of the step itself.
                    return step.result()
                if _has_left(self._environ):
                    return None

    def close(self) -> None:
        closed = submit(self._iterator.aclose())
        if threading.current_thread() is not _thread:
            with suppress(TimeoutError):
                closed.result(CLEANUP)


def _has_left(environ: Mapping[str, Any]) -> bool:
    """Look whether the client has closed the connection.

    A first write to a closed connection succeeds: without a look at the socket, which gunicorn
    and Werkzeug give, one would learn it a ping later. TLS sockets cannot be looked at. Waitress
    looks itself, where its ``channel_request_lookahead`` is above 0.
    """
    if looks := environ.get("waitress.client_disconnected"):
        return bool(looks())
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
