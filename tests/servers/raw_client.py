"""A client on a plain socket, which can leave in every way that TCP knows."""

import socket
import struct
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Literal

import h11
import httpx
from tests.servers.waiting import TIMEOUT

Way = Literal["before", "middle", "reset", "half-close"]
"""How a client leaves.

- before: it closes the connection before the first byte of the response;
- middle: it closes the connection in the middle of the body;
- reset: it resets the connection there (RST);
- half-close: it ends its own side there (FIN), and reads on.
"""


class RawClient:
    """One request on a connection of its own. It reads no more than it is asked to."""

    def __init__(self, url: str, method: str, query: str, headers: Mapping[str, str]) -> None:
        host, port = httpx.URL(url).host, httpx.URL(url).port
        assert port
        self._socket = socket.create_connection((host, port), timeout=TIMEOUT)
        self._http = h11.Connection(h11.CLIENT)
        request = h11.Request(
            method=method, target=f"/stream?{query}", headers=[("Host", host), *headers.items()]
        )
        self._socket.sendall(self._http.send(request) + self._http.send(h11.EndOfMessage()))
        self._unzip: Callable[[bytes], bytes] = bytes

    def _next(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(self._socket.recv(65536))
        return event

    def read_head(self) -> None:
        """Read the head, but not the body."""
        head = self._next()
        assert isinstance(head, h11.Response), head
        assert head.status_code == 200, head
        if (b"content-encoding", b"gzip") in head.headers:
            self._unzip = zlib.decompressobj(wbits=31).decompress

    def read_until(self, text: bytes) -> None:
        """Read the body, decompressed, until it contains ``text``."""
        body = b""
        while text not in body:
            part = self._next()
            assert isinstance(part, h11.Data), f"{part} came before {text!r}: {body[:1000]!r}"
            body += self._unzip(bytes(part.data))

    def leave(self, way: Way) -> float:
        """Leave, and return the time (``time.monotonic()``)."""
        left_at = time.monotonic()
        if way == "half-close":
            self._socket.shutdown(socket.SHUT_WR)
            return left_at
        if way == "reset":
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()
        return left_at

    def read_to_end(self, seconds: float) -> bool:
        """Read to the end of the connection, and return whether it came in time."""
        deadline = time.monotonic() + seconds
        with suppress(TimeoutError):
            while time.monotonic() < deadline:
                try:
                    if not self._socket.recv(1 << 20):
                        return True
                except ConnectionError:
                    return True
        return False

    def close(self) -> None:
        """Close the connection if it is still open."""
        self._socket.close()
