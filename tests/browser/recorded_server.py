"""A server that answers with recorded bytes, written and ended as the test says."""

import time
from dataclasses import dataclass
from importlib.resources import files
from threading import Event, Semaphore
from typing import Literal

from tests.browser.npm_files import HTMX
from tests.scripted_server import PATIENCE, Exchange, ScriptedServer

_STATIC = {
    "/client.js": files("streamhtml").joinpath("static/streamhtml/streaming-html.js"),
    "/plain.js": None,
    "/htmx2.js": HTMX["htmx2"],
    "/htmx4.js": HTMX["htmx4"],
}
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
    """One response. A header, ``Write-Lengths``, has the number of bytes of each write.

    Args:
        content_type: its media type, with the token of the format.
        writes: what is written to the network each time.
        pace: seconds between two writes; or "taken": each waits for a POST to /taken.
        end: "whole" ends the body properly; "cut" closes the connection without that; "reset"
            resets the connection. Neither "cut" nor "reset" happens before
            ``RecordedServer.release`` is set.
        status: of HTTP.
    """

    content_type: str
    writes: tuple[bytes, ...]
    pace: float | Literal["taken"] = 0.0
    end: Literal["whole", "cut", "reset"] = "whole"
    status: int = 200


class RecordedServer(ScriptedServer):
    """The running server.

    Attributes:
        page: the HTML of its page.
        recorded: what it answers.
        release: lets an answer be cut or reset.
        taken: counts the POSTs to /taken that no write has waited for yet.
    """

    def __init__(self) -> None:
        self.page = ""
        self.recorded = Answer("text/plain", ())
        self.release = Event()
        self.taken = Semaphore(0)
        super().__init__()

    def show(self, client: str, form: str | None = None) -> None:
        """Make the page one for "plain", "htmx2" or "htmx4".

        Args:
            client: one of these.
            form: the attributes of its form; by default the client's usual ones.
        """
        usual = 'data-stream="#messages"' if client == "plain" else _HTMX
        self.page = _PAGE.format(client=client, form=usual if form is None else form)

    def answer(self, exchange: Exchange) -> None:
        if exchange.method == "POST" and exchange.path == "/taken":
            self.taken.release()
            exchange.send("text/plain")
        elif exchange.method == "POST":
            self._stream(exchange, self.recorded)
        elif exchange.path in _STATIC:
            file = _STATIC[exchange.path]
            exchange.send("text/javascript", file.read_bytes() if file else b"")
        else:
            exchange.send("text/html; charset=utf-8", self.page.encode())

    def close(self) -> None:
        self.release.set()
        super().close()

    def _stream(self, exchange: Exchange, answer: Answer) -> None:
        lengths = ",".join(str(len(data)) for data in answer.writes)
        exchange.begin(answer.content_type, [("Write-Lengths", lengths)], answer.status)
        for number, data in enumerate(answer.writes):
            if answer.pace == "taken":
                assert number == 0 or self.taken.acquire(timeout=PATIENCE)
            elif number:
                time.sleep(answer.pace)
            exchange.write(data)
        if answer.end == "whole":
            exchange.end()
            return
        assert self.release.wait(PATIENCE)
        if answer.end == "reset":
            exchange.reset()
        exchange.cut()
