"""A server that answers with recorded bytes, each of its writes as the test wants it."""

import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from socket import IPPROTO_TCP, SO_LINGER, SOL_SOCKET, TCP_NODELAY
from threading import Event, Semaphore, Thread
from typing import Literal

from tests.browser.htmx import HTMX

_STATIC = {
    "/client.js": files("streamhtml").joinpath("static/streamhtml/streaming-html.js"),
    "/plain.js": None,
    "/htmx2.js": HTMX["htmx2"],
    "/htmx4.js": HTMX["htmx4"],
}
_PATIENCE = 30.0

_PAGE = """<!doctype html>
<title>A recorded answer</title>
<script defer src="/{client}.js"></script>
<script defer src="/client.js"></script>
<form action="/reply" method="post" {form}><button>Send</button></form>
<div id="messages"></div>
"""
_HTMX = 'hx-ext="streaming-html" hx-post="/reply" hx-target="#messages" hx-swap="beforeend"'


@dataclass(frozen=True)
class Answer:
    """One response.

    Args:
        content_type: its media type, with the token of the wire.
        writes: what is written to the network each time.
        pace: seconds between two writes; or "taken": each waits for a POST to /taken.
        end: "whole" ends the body as HTTP wants it; "cut" closes the connection without that;
            "reset" too, by a reset, and neither does it before ``Replay.release`` is set.
        status: of HTTP.
    """

    content_type: str
    writes: tuple[bytes, ...]
    pace: float | Literal["taken"] = 0.0
    end: Literal["whole", "cut", "reset"] = "whole"
    status: int = 200


class Replay:
    """The running server: ``page`` is what it shows, ``answer`` what it replies with."""

    def __init__(self) -> None:
        replay = self

        class Handler(_Handler):
            def do_GET(self) -> None:
                self.get(replay)

            def do_POST(self) -> None:
                self.post(replay)

        self.answer = Answer("text/plain", ())
        self.page = ""
        self.release = Event()
        self.taken = Semaphore(0)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def show(self, client: str, form: str | None = None) -> None:
        """Make the page one for "plain", "htmx2" or "htmx4", with their form or another."""
        usual = 'data-stream="#messages"' if client == "plain" else _HTMX
        self.page = _PAGE.format(client=client, form=usual if form is None else form)

    def close(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def replaying() -> Iterator[Replay]:
    """Run a Replay server."""
    replay = Replay()
    try:
        yield replay
    finally:
        replay.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def get(self, replay: Replay) -> None:
        if self.path in _STATIC:
            file = _STATIC[self.path]
            self._send("text/javascript", file.read_bytes() if file else b"")
        else:
            self._send("text/html; charset=utf-8", replay.page.encode())

    def post(self, replay: Replay) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        if self.path == "/taken":
            replay.taken.release()
            self._send("text/plain", b"")
        else:
            self._stream(replay, replay.answer)

    def _send(self, content_type: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, replay: Replay, answer: Answer) -> None:
        self.connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number, data in enumerate(answer.writes):
            if answer.pace == "taken":
                assert number == 0 or replay.taken.acquire(timeout=_PATIENCE)
            elif number:
                time.sleep(answer.pace)
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        if answer.end == "whole":
            self.wfile.write(b"0\r\n\r\n")
            return
        assert replay.release.wait(_PATIENCE)
        if answer.end == "reset":
            self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            # Closed here, before http.server ends its side in good order.
            os.close(self.connection.detach())
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass
