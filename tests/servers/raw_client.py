"""A reader over a plain socket, and the ways in which one leaves."""

import socket
import struct
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Literal

import h11
import httpx

Way = Literal["before", "middle", "reset", "half-close"]

PATIENCE = 15.0
"""Seconds to wait for what must come, on a loaded machine."""


def wait_until(
    condition: Callable[[], object], seconds: float = PATIENCE, *, every: float = 0.002
) -> bool:
    """Return whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


class Leaver:
    """A connection with one request, of which no more is read than what is asked for."""

    def __init__(self, url: str, method: str, query: str, headers: Mapping[str, str]) -> None:
        host, port = httpx.URL(url).host, httpx.URL(url).port
        assert port
        self._socket = socket.create_connection((host, port), timeout=PATIENCE)
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
        """Read the head, and no more."""
        head = self._next()
        assert isinstance(head, h11.Response), head
        assert head.status_code == 200, head
        if (b"content-encoding", b"gzip") in head.headers:
            self._unzip = zlib.decompressobj(wbits=31).decompress

    def read_until(self, text: bytes) -> None:
        """Read the body, and unzip it, until the text has come."""
        body = b""
        while text not in body:
            part = self._next()
            assert isinstance(part, h11.Data), f"{part} came before {text!r}: {body[:1000]!r}"
            body += self._unzip(bytes(part.data))

    def leave(self, way: Way) -> float:
        """Leave, and return when (``time.monotonic()``); by half it is so that one reads on."""
        left_at = time.monotonic()
        if way == "half-close":
            self._socket.shutdown(socket.SHUT_WR)
            return left_at
        if way == "reset":
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()
        return left_at

    def read_on(self, seconds: float) -> bool:
        """Read to the end; return whether it came within the time."""
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
        """Close the connection, if it is not closed yet."""
        self._socket.close()
