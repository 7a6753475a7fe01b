"""Runs async streams for sync servers.

A WSGI server iterates ``bytes`` in its own threads. Every step of the stream runs in the shared
loop, so a source sees the same loop from its first step to its cleanup.
"""

import queue
import select
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final

from streamhtml._handoff import ClosableIterator, Handoff
from streamhtml._shared_loop import is_loop_thread, loop_thread, shared_loop, submit
from streamhtml._source_reader import CLOSE_TIMEOUT
from streamhtml._type_name import with_article

CHECK_CLIENT_EVERY: Final = 0.5
"""Time in seconds without a chunk after which the bridge checks if the client is still there."""


class SyncIterator:
    """Iterate an async iterator from any thread, never more than two steps ahead of the caller.

    The iteration ends when the client has left. ``close()`` waits until the iterator is closed, for
    a few seconds at most, because a server may end its worker right after the call.

    Args:
        iterator: the async iterator. This object closes it.
        environ: the environ of the WSGI request.
    """

    def __init__(self, iterator: ClosableIterator, environ: Mapping[str, Any]) -> None:
        self._iterator = iterator
        self._environ = environ
        self._handoff: Handoff | None = None
        self._loop_thread: threading.Thread | None = None
        self._ended = False

    def __iter__(self) -> "SyncIterator":
        return self

    def __next__(self) -> bytes:
        if self._ended:
            raise StopIteration
        if self._handoff is None:
            self._handoff = Handoff(shared_loop())
            self._loop_thread = loop_thread()
            producer = submit(self._handoff.produce(self._iterator))
            _producers.add(producer)
            producer.add_done_callback(_producers.discard)
        chunk = self._wait(self._handoff)
        if isinstance(chunk, BaseException):
            self._ended = True
            if isinstance(chunk, Exception):
                raise chunk
            # A SystemExit, for instance, would end the server.
            raise RuntimeError(f"the response raised {with_article(chunk)}") from chunk
        if chunk is None or _client_has_left(self._environ):
            self._start_closing()  # The server calls close() when it has sent the end.
            raise StopIteration
        return chunk

    def _wait(self, handoff: Handoff) -> bytes | BaseException | None:
        """Return the next chunk, or an error; None at the end, or if the client leaves."""
        while True:
            try:
                return handoff.take(CHECK_CLIENT_EVERY)
            except queue.Empty:
                if _client_has_left(self._environ):
                    return None
                if self._loop_thread is None or not self._loop_thread.is_alive():
                    return RuntimeError("the event loop of this stream has ended")

    def close(self) -> None:
        """Close the iterator. Wait up to ``CLOSE_TIMEOUT`` for its source, and for ``on_end``."""
        closed = self._start_closing()
        if not is_loop_thread():
            with suppress(TimeoutError):
                closed.result(2 * CLOSE_TIMEOUT)

    def __del__(self) -> None:
        # Some servers iterate a response and then forget to close it.
        if self._handoff is not None and not self._ended:
            self._start_closing()

    def _start_closing(self) -> "Future[None]":
        self._ended = True
        closed = submit(self._iterator.aclose())
        if self._handoff is not None:
            self._handoff.close()
        return closed


def _client_has_left(environ: Mapping[str, Any]) -> bool:
    """Return whether the client has closed the connection.

    The first write to a closed connection succeeds. So without checking the socket, which gunicorn
    and Werkzeug provide, the server would only find out one ping later. A TLS socket cannot be
    checked. Waitress does the check itself if its ``channel_request_lookahead`` is above 0.
    """
    if disconnected := environ.get("waitress.client_disconnected"):
        return bool(disconnected())
    connection = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if connection is None or not hasattr(select, "poll"):  # Windows has no poll().
        return False
    try:
        poll = select.poll()  # gevent's recv() would block, in spite of MSG_DONTWAIT.
        poll.register(connection, select.POLLIN)
        if not poll.poll(0):
            return False
        return bool(connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"")
    except (BlockingIOError, ValueError):
        return False
    except OSError:
        return True


_producers: set[Future[None]] = set()
"""Running producers. asyncio itself only keeps weak references to tasks."""
