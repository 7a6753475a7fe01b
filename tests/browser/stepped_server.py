"""A server that records each request, and writes its answer step by step when the test says so."""

import select
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.resources import files
from threading import Condition, Event

from tests.browser.npm_files import HTMX, TURBO
from tests.scripted_server import PATIENCE, Exchange, ScriptedServer

TOKEN = "T4k9Zq"
STREAMED = f"text/html; charset=utf-8; fragments={TOKEN}"
_ORDINARY = "text/html; charset=utf-8"
_STATIC = {
    "/client.js": files("streamhtml").joinpath("static/streamhtml/streaming-html.js"),
    "/extras.js": files("streamhtml").joinpath("static/streamhtml/streaming-html-extras.js"),
    "/plain.js": None,
    "/htmx2.js": HTMX["htmx2"],
    "/htmx4.js": HTMX["htmx4"],
    "/turbo.js": TURBO,
}
_PAGE = """<!doctype html>
<title>A page</title>
<link rel="icon" href="data:,">
<script defer src="/{client}.js"></script>
<script defer src="/client.js"></script>
{body}
"""


@dataclass(frozen=True)
class Answer:
    """One response. The first of its writes is made at once, each other when the test says so.

    If it ``waits``, its headers too are sent only when the test says so.
    """

    writes: tuple[str, ...]
    content_type: str = STREAMED
    headers: tuple[tuple[str, str], ...] = ()
    status: int = 200
    waits: bool = False


def streamed(
    *pieces: tuple[str, str],
    headers: dict[str, str] | None = None,
    status: int = 200,
    end: str = "finished",
) -> Answer:
    """Return an answer of fragments: the HTML and the operation of each."""
    writes = [f"{html}<!{TOKEN} {operation}>" for html, operation in pieces]
    return Answer(
        (*writes, f"<!{TOKEN} end {end}>"), headers=tuple((headers or {}).items()), status=status
    )


def ordinary(html: str, headers: dict[str, str] | None = None, status: int = 200) -> Answer:
    """Return an answer that any server could give."""
    return Answer((html,), _ORDINARY, tuple((headers or {}).items()), status)


@dataclass
class Request:
    """One request. The test decides when its answer is written.

    Attributes:
        number: from 1, in the order in which the requests arrived.
        others: how many other requests were being answered when it arrived.
        fields: of the query or the form, in their order.
        disconnected: is set when the page has closed the connection before the end.
        ended: is set when nothing more will be written.
    """

    number: int
    others: int
    method: str
    path: str
    headers: dict[str, str]
    fields: list[tuple[str, str]]
    disconnected: Event = field(default_factory=Event)
    ended: Event = field(default_factory=Event)
    # The test sends a byte for each write, which the server's thread receives.
    _test_end: socket.socket = field(init=False)
    _server_end: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self._test_end, self._server_end = socket.socketpair()

    def write(self) -> None:
        """Let the server make the next write."""
        self._test_end.send(b".")

    def finish(self) -> None:
        """Let the server make all other writes, without a pause."""
        self._test_end.close()

    def end(self) -> None:
        """Say that nothing more will be written."""
        self.ended.set()
        self._server_end.close()

    def wait_for_write(self, exchange: Exchange) -> bool:
        """Wait for ``write()`` or ``finish()``; return False if the page disconnects instead."""
        connection = exchange.connection
        ready, _, _ = select.select([self._server_end, connection], [], [], PATIENCE)
        if connection in ready and exchange.has_left():
            self.disconnected.set()
            return False
        assert ready, "the test has not called write() or finish()"
        self._server_end.recv(1)
        return True


class SteppedServer(ScriptedServer):
    """The running server.

    Attributes:
        client: "plain", "htmx2", "htmx4" or "turbo": what the page loads before our client.
        body: the HTML in the page's body.
        answers: functions that return the answer to a request, by path. Other paths get the page.
        requests: those of the paths in ``answers``.
        page_loads: how often the page was requested.
    """

    def __init__(self) -> None:
        self.client = "plain"
        self.body = ""
        self.page_loads = 0
        self.answers: dict[str, Callable[[Request], Answer]] = {}
        self.requests: list[Request] = []
        self._arrived = Condition()
        self._closed = False
        super().__init__()

    @property
    def page(self) -> str:
        """The HTML of the page."""
        return _PAGE.format(client=self.client, body=self.body)

    def wait_for(self, number: int = 1) -> Request:
        """Wait until this many requests have arrived; return the last of them."""
        with self._arrived:
            arrived = self._arrived.wait_for(lambda: len(self.requests) >= number, PATIENCE)
            assert arrived, f"{len(self.requests)} requests, {number} expected"
            return self.requests[number - 1]

    def answer(self, exchange: Exchange) -> None:
        if exchange.path in _STATIC:
            file = _STATIC[exchange.path]
            exchange.send("text/javascript", file.read_bytes() if file else b"")
        elif exchange.path in self.answers:
            self._reply(exchange)
        else:
            self.page_loads += 1
            exchange.send(_ORDINARY, self.page.encode())

    def close(self) -> None:
        for request in self.requests:
            request.finish()
            request.ended.wait(PATIENCE)
        super().close()
        with self._arrived:  # A page may send a request while it is closed.
            self._closed = True
            for request in self.requests:
                request.finish()

    def _reply(self, exchange: Exchange) -> None:
        with self._arrived:
            if self._closed:
                return
            request = Request(
                len(self.requests) + 1,
                sum(not other.ended.is_set() for other in self.requests),
                exchange.method,
                exchange.path,
                exchange.headers,
                exchange.fields,
            )
            self.requests.append(request)
            self._arrived.notify_all()
        try:
            _stream(exchange, request, self.answers[exchange.path](request))
        finally:
            request.end()


def _stream(exchange: Exchange, request: Request, answer: Answer) -> None:
    if answer.waits and not request.wait_for_write(exchange):
        exchange.cut()
        return
    exchange.begin(answer.content_type, answer.headers, answer.status)
    for number, last, text in _numbered(answer.writes):
        if number and not request.wait_for_write(exchange):
            exchange.cut()
            return
        # The end goes with the last piece, because the page may leave as soon as it has that.
        exchange.write(text.encode(), last=last)


def _numbered(writes: tuple[str, ...]) -> Iterable[tuple[int, bool, str]]:
    return ((number, number == len(writes) - 1, text) for number, text in enumerate(writes))
