"""From async to sync: one event loop in a thread of its own, for all the streams of a process.

A WSGI server iterates ``bytes`` in its own threads; each step is taken here, on the shared loop,
so that a source sees one loop from its first step to its cleanup.
"""

import asyncio
import os
import queue
import select
import socket
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final, Protocol, TypeVar

from streamhtml._pump import CLEANUP

T = TypeVar("T")

LOOK_EVERY: Final = 0.5
"""Seconds of silence after which a bridge looks whether the client is still there."""

SMALL: Final = 1024
"""Bytes of a step behind which the next is begun at once: a reader keeps up with a model. What is
made faster waits until it is wanted, for it may be wanted by nobody."""


class Closable(Protocol):
    """What can be bridged: an async iterator of bytes that is closed."""

    async def __anext__(self) -> bytes: ...

    async def aclose(self) -> None: ...


class SyncIterator:
    """Iterates an async iterator from any thread, at most two steps ahead of who asks.

    It ends when the client has left. ``close()`` waits until what it closes is closed, some
    seconds at the most: a server may end its worker right after.

    Args:
        iterator: what is iterated.
        environ: of the WSGI request.
    """

    def __init__(self, iterator: Closable, environ: Mapping[str, Any]) -> None:
        self._iterator = iterator
        self._environ = environ
        self._belt: _Belt | None = None
        self._ended = False

    def __iter__(self) -> "SyncIterator":
        return self

    def __next__(self) -> bytes:
        if self._ended:
            raise StopIteration
        if self._belt is None:
            self._belt = _Belt()
            carrying = submit(self._belt.carry(self._iterator))
            _carrying.add(carrying)
            carrying.add_done_callback(_carrying.discard)
        chunk = self._wait(self._belt)
        if isinstance(chunk, BaseException):
            self._ended = True
            raise chunk
        if chunk is None or _has_left(self._environ):
            self.close()
            raise StopIteration
        return chunk

    def _wait(self, belt: "_Belt") -> bytes | BaseException | None:
        """Wait for a step; return None if there is none, or the client leaves meanwhile."""
        while True:
            try:
                return belt.take(LOOK_EVERY)
            except queue.Empty:
                if _has_left(self._environ):
                    return None

    def close(self) -> None:
        self._ended = True
        closed = submit(self._iterator.aclose())
        if self._belt is not None:
            self._belt.close()
        if threading.current_thread() is not _thread:
            with suppress(TimeoutError):
                closed.result(CLEANUP)

    def __del__(self) -> None:
        # For a server that forgets to close what it has begun.
        if self._belt is not None and not self._ended:
            submit(self._iterator.aclose())
            self._belt.close()


class _Belt:
    """Carries steps from the loop to a thread. One lies on it; a small one's next waits behind.

    A call back into the loop costs more than all the rest: it is made only when the loop waits.
    """

    def __init__(self) -> None:
        self._steps: queue.SimpleQueue[bytes | BaseException | None] = queue.SimpleQueue()
        self._waits = False
        self._closed = False
        self._room = asyncio.Event()

    async def carry(self, iterator: Closable) -> None:
        """Carry all steps, then None or the exception that ended them."""
        last: BaseException | None = None
        try:
            while not self._closed:
                step = await iterator.__anext__()
                await self._until_empty()
                self._steps.put(step)
                if len(step) > SMALL:
                    await self._until_empty()
        except StopAsyncIteration:
            pass
        except BaseException as error:
            last = error
        self._steps.put(last)

    async def _until_empty(self) -> None:
        self._waits = True
        # Looked at now that the flag stands: the thread may take the step in between.
        if not self._closed and not self._steps.empty():
            await self._room.wait()
        self._waits = False
        self._room.clear()

    def take(self, seconds: float) -> bytes | BaseException | None:
        """Return the next step, from the thread.

        Raises:
            queue.Empty: there was none for so long.
        """
        step = self._steps.get(timeout=seconds)
        if self._waits:
            self._let_go_on()
        return step

    def close(self) -> None:
        """Wait for room no more, from any thread: nobody takes anything from here."""
        self._closed = True
        self._let_go_on()

    def _let_go_on(self) -> None:
        _shared_loop().call_soon_threadsafe(self._room.set)


def _has_left(environ: Mapping[str, Any]) -> bool:
    """Look whether the client has closed the connection.

    A first write to a closed connection succeeds: without a look at the socket, which gunicorn
    and Werkzeug give, one would learn it a ping later. TLS sockets cannot be looked at. Waitress
    looks itself, where its ``channel_request_lookahead`` is above 0.
    """
    if looks := environ.get("waitress.client_disconnected"):
        return bool(looks())
    connection = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if connection is None or not hasattr(select, "poll"):  # Windows has none.
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


_carrying: set[Future[None]] = set()  # asyncio itself holds its tasks weakly
_lock = threading.RLock()  # A collection may close a forgotten stream while it is held.
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
