"""A TCP proxy that cuts the connections through it, in the middle of whatever they carry."""

import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Thread
from typing import Self


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

    def cut_after(self, *sizes: int) -> None:
        """Cut all connections when so many bytes have come from the server, and so on."""
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
                self._start(self._copy, client, server, False)
                self._start(self._copy, server, client, True)

    def _copy(self, source: socket.socket, target: socket.socket, is_response: bool) -> None:
        with suppress(OSError):  # It was cut.
            while data := source.recv(65536):
                length = self._count(len(data)) if is_response else None
                target.sendall(data[:length])
                if length is not None:
                    self._close_all()
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            with self._lock:
                self._open.discard(each)
            each.close()

    def _count(self, size: int) -> int | None:
        """Return after how many of these bytes to cut; None if they are all sent."""
        with self._lock:
            if not self._left:
                return None
            self._left[0] -= size
            if self._left[0] > 0:
                return None
            self.cuts += 1
            return size + self._left.pop(0)

    def _close_all(self) -> None:
        with self._lock:
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
