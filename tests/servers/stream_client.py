"""One who reads a stream as it comes: over HTTP/1.1 or HTTP/2, compressed or not."""

import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Self

import httpx
from tests.servers.process import Server


def client(server: Server, *, timeout: float = 20, **more: Any) -> httpx.Client:
    """Return a client of a server, which may certify itself."""
    return httpx.Client(base_url=server.url, timeout=timeout, verify=False, **more)


class Reader:
    """Reads ``/stream``; a context that leaves at its end.

    Args:
        server: who is asked; or a client, which outlives the reader.
        query: of the URL.
        gzip: whether the reader understands it. What has come is decoded, and no more.
    """

    def __init__(
        self, server: Server | httpx.Client, *, gzip: bool = False, **query: str | float
    ) -> None:
        self._stack = ExitStack()
        if isinstance(server, Server):
            server = self._stack.enter_context(client(server))
        headers = {"Streaming-HTML": "html", "Accept-Encoding": "gzip" if gzip else "identity"}
        request = server.stream("GET", "/stream", params=query, headers=headers)
        self.response = self._stack.enter_context(request)
        assert self.response.status_code == 200, self.response.status_code
        self.text = ""
        self._parts = self._decoded()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def _decoded(self) -> Iterator[str]:
        unzip = zlib.decompressobj(wbits=31)
        zipped = self.response.headers.get("Content-Encoding") == "gzip"
        for part in self.response.iter_raw():
            yield (unzip.decompress(part) if zipped else part).decode()
        assert not zipped or unzip.eof, "the compressed body was cut"

    def read_until(self, text: str) -> None:
        """Read until ``text`` has come."""
        for part in self._parts:
            self.text += part
            if text in self.text:
                return
        raise AssertionError(f"the stream has ended without {text!r}: {self.text}")

    def read_for(self, seconds: float) -> None:
        """Read until something comes after so long; the stream must not end before that."""
        until = time.monotonic() + seconds
        for part in self._parts:
            self.text += part
            if time.monotonic() > until:
                return
        raise AssertionError(f"the stream has ended too soon: {self.text}")

    def read_on(self) -> str:
        """Read to the end, and return all; ``httpx.RemoteProtocolError`` if it is cut."""
        self.text += "".join(self._parts)
        return self.text

    def leave(self) -> float:
        """Close the connection; return when (``time.monotonic()``)."""
        left_at = time.monotonic()
        self._stack.close()
        return left_at
