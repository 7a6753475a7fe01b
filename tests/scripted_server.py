"""An HTTP server on a free loopback port that answers each request as the test has scripted it."""

import os
import select
import struct
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import IPPROTO_TCP, MSG_PEEK, SO_LINGER, SOL_SOCKET, TCP_NODELAY, socket
from threading import Thread
from typing import Final, Self
from urllib.parse import parse_qsl, urlsplit

PATIENCE: Final = 30.0
"""Seconds that a server waits for what must happen."""


class Exchange:
    """One request, and the means to answer it.

    Attributes:
        method: of the request.
        path: of the URL, without the query.
        headers: of the request, with names in lower case.
        body: of the request.
        connection: the socket.
    """

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self._handler = handler
        url = urlsplit(handler.path)
        self._query = url.query
        self.method = handler.command
        self.path = url.path
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self.body = handler.rfile.read(int(self.headers.get("content-length") or 0))
        self.connection: socket = handler.connection

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The fields of the query or else of the form, in their order."""
        return parse_qsl(self._query or self.body.decode(), keep_blank_values=True)

    def send(self, content_type: str, body: bytes = b"", status: int = 200) -> None:
        """Send a whole response."""
        self._send_head(status, content_type, [("Content-Length", str(len(body)))])
        self._handler.wfile.write(body)

    def begin(
        self, content_type: str, headers: Iterable[tuple[str, str]] = (), status: int = 200
    ) -> None:
        """Send the head of a response whose body is written piece by piece."""
        self.connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        self._send_head(status, content_type, [("Transfer-Encoding", "chunked"), *headers])

    def write(self, data: bytes, *, last: bool = False) -> None:
        """Write a piece of the body.

        Args:
            data: not empty.
            last: whether the end of the body goes with it, in one write to the network.
        """
        end = b"0\r\n\r\n" if last else b""
        self._handler.wfile.write(b"%x\r\n%b\r\n%b" % (len(data), data, end))

    def end(self) -> None:
        """End the body."""
        self._handler.wfile.write(b"0\r\n\r\n")

    def cut(self) -> None:
        """Close the connection when the handler returns, without the end of the body."""
        self._handler.close_connection = True

    def reset(self) -> None:
        """Reset the connection now."""
        self.cut()
        self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        # Closed here, because http.server would shut its side down properly first.
        os.close(self.connection.detach())

    def has_left(self) -> bool:
        """Return whether the client has closed the connection; call it when it can be read."""
        try:
            return self.connection.recv(1, MSG_PEEK) == b""
        except ConnectionError:
            return True

    def wait_until_left(self) -> bool:
        """Wait for the client to close the connection; return whether it did."""
        readable, _, _ = select.select([self.connection], [], [], PATIENCE)
        return bool(readable) and self.has_left()

    def _send_head(
        self, status: int, content_type: str, headers: Iterable[tuple[str, str]]
    ) -> None:
        self._handler.send_response(status)
        self._handler.send_header("Content-Type", content_type)
        for name, value in headers:
            self._handler.send_header(name, value)
        self._handler.end_headers()


class ScriptedServer:
    """The running server. A subclass answers by ``answer()``, which runs in a thread of its own.

    It is a context manager, which closes the server at the end of the block.

    Attributes:
        url: the address of the server, without a slash at the end.
    """

    def __init__(self) -> None:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.answer(Exchange(self))

            do_POST = do_GET  # noqa: N815  # the name that http.server calls

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # A browser may keep a connection open without a request.
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def answer(self, exchange: Exchange) -> None:
        """Answer one request."""
        raise NotImplementedError

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
