"""A client that reads a stream as it arrives: over HTTP/1.1 or HTTP/2, compressed or not."""

import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Self

import httpx
from tests.servers.process import Server
from tests.servers.waiting import TIMEOUT


def http_client(server: Server, *, timeout: float = TIMEOUT, **more: Any) -> httpx.Client:
    """Return an HTTP client for a server, which may have a self-signed certificate."""
    return httpx.Client(base_url=server.url, timeout=timeout, verify=False, **more)


class StreamClient:
    """Read ``/stream``. At the end of the ``with`` block it closes the connection.

    Args:
        server: the server; or an HTTP client for it, which stays open.
        gzip: whether to accept gzip. What has arrived is decompressed at once.
        query: the query of the URL.
    """

    def __init__(
        self, server: Server | httpx.Client, *, gzip: bool = False, **query: str | float
    ) -> None:
        self._stack = ExitStack()
        if isinstance(server, Server):
            server = self._stack.enter_context(http_client(server))
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
        """Read until the body contains ``text``."""
        for part in self._parts:
            self.text += part
            if text in self.text:
                return
        raise AssertionError(f"the stream has ended without {text!r}: {self.text}")

    def read_for(self, seconds: float) -> None:
        """Read until something arrives after ``seconds``. The stream must not end before that."""
        until = time.monotonic() + seconds
        for part in self._parts:
            self.text += part
            if time.monotonic() > until:
                return
        raise AssertionError(f"the stream has ended too soon: {self.text}")

    def read_to_end(self) -> str:
        """Read to the end, and return the whole body.

        Raises:
            httpx.RemoteProtocolError: the body was cut.
        """
        for part in self._parts:
            self.text += part
        return self.text

    def leave(self) -> float:
        """Close the connection, and return the time (``time.monotonic()``)."""
        left_at = time.monotonic()
        self._stack.close()
        return left_at
