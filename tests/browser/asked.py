"""A server that remembers what a page asked of it, and writes an answer when the test says so."""

import select
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from socket import IPPROTO_TCP, MSG_PEEK, TCP_NODELAY
from threading import Condition, Event, Thread
from urllib.parse import parse_qsl, urlsplit

from tests.browser.htmx import HTMX

TOKEN = "T4k9Zq"
_STREAMED = f"text/html; charset=utf-8; fragments={TOKEN}"
_ORDINARY = "text/html; charset=utf-8"
_STATIC = {
    "/client.js": files("streamhtml").joinpath("static/streamhtml/streaming-html.js"),
    "/copy-code.js": files("streamhtml").joinpath("static/streamhtml/copy-code.js"),
    "/plain.js": None,
    "/htmx2.js": HTMX["htmx2"],
    "/htmx4.js": HTMX["htmx4"],
}
_PATIENCE = 30.0
_PAGE = """<!doctype html>
<title>A page</title>
<link rel="icon" href="data:,">
<script defer src="/{client}.js"></script>
<script defer src="/client.js"></script>
{body}
"""


@dataclass(frozen=True)
class Answer:
    """One response: the first of its writes is made at once, each other when the test says so."""

    writes: tuple[str, ...]
    content_type: str = _STREAMED
    headers: tuple[tuple[str, str], ...] = ()
    status: int = 200


def streamed(
    *pieces: tuple[str, str],
    headers: dict[str, str] | None = None,
    status: int = 200,
    end: str = "finished",
) -> Answer:
    """Return an answer of fragments: the HTML and the operation of each."""
    writes = [f"{html}<!{TOKEN} {operation}>" for html, operation in pieces]
    said = tuple((headers or {}).items())
    return Answer((*writes, f"<!{TOKEN} end {end}>"), headers=said, status=status)


def ordinary(html: str, headers: dict[str, str] | None = None, status: int = 200) -> Answer:
    """Return an answer that any server could give."""
    return Answer((html,), _ORDINARY, tuple((headers or {}).items()), status)


@dataclass
class Asked:
    """One request, and the say over what is written as its answer.

    Args:
        number: from 1, in the order in which they came.
        beside: how many others were being answered when it came.
        fields: of the query or the form, in their order.
        gone: the page has closed the connection before the end.
        ended: nothing more is written.
    """

    number: int
    beside: int
    method: str
    path: str
    headers: dict[str, str]
    fields: list[tuple[str, str]]
    gone: Event = field(default_factory=Event)
    ended: Event = field(default_factory=Event)
    _ours: socket.socket = field(init=False)
    _theirs: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self._ours, self._theirs = socket.socketpair()

    def write(self) -> None:
        """Let the next write be made."""
        self._ours.send(b".")

    def finish(self) -> None:
        """Let all the others be made, without a pause."""
        self._ours.close()

    def end(self) -> None:
        """Nothing more is written."""
        self.ended.set()
        self._theirs.close()

    def may_write(self, connection: socket.socket) -> bool:
        """Wait for the test; return False if the page has gone instead."""
        ready, _, _ = select.select([self._theirs, connection], [], [], _PATIENCE)
        if connection in ready and not connection.recv(1, MSG_PEEK):
            self.gone.set()
            return False
        assert ready, "the test has forgotten an answer"
        self._theirs.recv(1)
        return True


class Asking:
    """The running server: ``body`` is in its page, ``answers`` are what it replies, by path."""

    def __init__(self) -> None:
        asking = self

        class Handler(_Handler):
            def do_GET(self) -> None:
                self.get(asking)

            def do_POST(self) -> None:
                self.reply(asking)

        self.client = "plain"
        self.body = ""
        self.shown = 0
        self.answers: dict[str, Callable[[Asked], Answer]] = {}
        self.asked: list[Asked] = []
        self.changed = Condition()
        self.closed = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def page(self) -> str:
        """The HTML of ``/``."""
        return _PAGE.format(client=self.client, body=self.body)

    def wait_for(self, number: int = 1) -> Asked:
        """Wait until there were so many requests, of the paths in ``answers``; return that one."""
        with self.changed:
            came = self.changed.wait_for(lambda: len(self.asked) >= number, _PATIENCE)
            assert came, f"{len(self.asked)} requests, {number} expected"
            return self.asked[number - 1]

    def close(self) -> None:
        for asked in self.asked:
            asked.finish()
            asked.ended.wait(_PATIENCE)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        with self.changed:  # A page may ask while it goes.
            self.closed = True
            for asked in self.asked:
                asked.finish()


@contextmanager
def asking() -> Iterator[Asking]:
    """Run such a server."""
    server = Asking()
    try:
        yield server
    finally:
        server.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def get(self, server: Asking) -> None:
        path = urlsplit(self.path).path
        if path in _STATIC:
            file = _STATIC[path]
            self._send("text/javascript", file.read_bytes() if file else b"")
        elif path in server.answers:
            self.reply(server)
        else:
            server.shown += 1
            self._send(_ORDINARY, server.page.encode())

    def reply(self, server: Asking) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        url = urlsplit(self.path)
        with server.changed:
            if server.closed:
                return
            asked = Asked(
                len(server.asked) + 1,
                sum(not other.ended.is_set() for other in server.asked),
                self.command,
                url.path,
                {name.lower(): value for name, value in self.headers.items()},
                parse_qsl(url.query or body, keep_blank_values=True),
            )
            server.asked.append(asked)
            server.changed.notify_all()
        try:
            self._stream(asked, server.answers[url.path](asked))
        finally:
            asked.end()

    def _send(self, content_type: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, asked: Asked, answer: Answer) -> None:
        self.connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Transfer-Encoding", "chunked")
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        for number, text in enumerate(answer.writes):
            if number and not asked.may_write(self.connection):
                self.close_connection = True
                return
            data = text.encode()
            last = number == len(answer.writes) - 1
            # The end of the body goes with the last piece: the page may leave when it has that.
            self.wfile.write(b"%x\r\n%b\r\n%b" % (len(data), data, b"0\r\n\r\n" if last else b""))

    def log_message(self, *_: object) -> None:
        pass
