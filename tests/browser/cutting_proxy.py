"""A TCP proxy that cuts the connections through it, in the middle of whatever they carry."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from typing import Final, Self

_STREAM: Final = re.compile(
    rb"\r\ncontent-type: [^\r\n]*(fragments=|event-stream|multipart)", re.IGNORECASE
)


class CuttingProxy:
    """The running proxy, a context manager.

    Args:
        port: of the server, on the loopback.

    Attributes:
        url: where it listens.
        cuts: how many connections were cut.
    """

    def __init__(self, port: int) -> None:
        self.cuts = 0
        self._target = ("127.0.0.1", port)
        self._left: list[int] = []
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._start(self._accept)

    def cut_streams(self, *sizes: int) -> None:
        """Cut each of the next connections that carry a stream after so many bytes of it.

        What was said before is forgotten. A connection whose stream was shorter goes on with
        another response, which is not cut.
        """
        with self._lock:
            self._left = list(sizes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._close_all()

    @staticmethod
    def _start(function: Callable[..., None], *arguments: object) -> None:
        Thread(target=function, args=arguments, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):  # The listener was closed.
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                with self._lock:
                    self._open |= {client, server}
                self._start(self._copy, client, server)
                self._start(self._copy_response, server, client)

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with self._closing(source, target):
            while data := source.recv(65536):
                target.sendall(data)

    def _copy_response(self, source: socket.socket, target: socket.socket) -> None:
        left = None  # bytes until the connection is cut
        sizes = self._left
        with self._closing(source, target):
            while data := source.recv(65536):
                if sizes is not self._left:
                    left, sizes = None, self._left
                if left is None and _STREAM.search(data):
                    left = self._next_size()
                if left is not None:
                    data, left = data[:left], left - len(data)
                target.sendall(data)
                if left is not None and left <= 0:
                    self.cuts += 1
                    break

    def _next_size(self) -> int | None:
        with self._lock:
            return self._left.pop(0) if self._left else None

    @contextmanager
    def _closing(self, *sockets: socket.socket) -> Iterator[None]:
        with suppress(OSError):  # It was cut.
            yield
        for each in sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _close_all(self) -> None:
        with self._lock:
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
