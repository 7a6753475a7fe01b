"""An answer that the reader stops is stored as stopped, each time, and no request is aborted."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
import uvicorn
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route
from tests.browser.chat_page import CLIENTS
from tests.browser.form_page import RECORD, wait_for
from tests.browser.format_clients import SCRIPTS
from tests.scripted_server import PATIENCE

from streamhtml import Reply
from streamhtml.starlette import StreamingHTMLResponse

pytestmark = pytest.mark.browser

TIMES = 14  # for each client; 42 in all
_TARGET = 'hx-ext="streaming-html" hx-target="#messages" hx-swap="beforeend" hx-post="/reply"'
_FORMS = {"plain": 'data-stream="#messages" action="/reply"', "htmx2": _TARGET, "htmx4": _TARGET}


ASK_AND_STOP = """(ms) => {
    document.querySelector("#send").click();
    return new Promise((done) => setTimeout(() => {
        document.querySelector("[data-stream-stop]").click();
        done();
    }, ms));
}"""


class Site:
    """The running site.

    Attributes:
        stored: how each answer has ended, in order.
        ends: whether an answer ends by itself.
    """

    def __init__(self, client: str) -> None:
        self.stored: list[str] = []
        self.ends = False
        self.html = (
            "<!doctype html><title>A page</title><link rel=icon href='data:,'>"
            + "".join(f"<script src={name}></script>" for name in (client, "ours"))
            + f'<form id=ask method=post {_FORMS[client]}><button id="send">Send</button></form>'
            '<button data-stream-stop="#ask">Stop</button><div id=messages></div>'
        )
        self._streaming: dict[str, StreamingHTMLResponse] = {}
        app = Starlette(
            routes=[
                Route("/", self._page),
                Route("/reply", self._reply, methods=["POST"]),
                Route("/stop/{pair}", self._stop, methods=["POST"]),
                Route("/{name}", self._script),
            ]
        )
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, log_level="critical", lifespan="off")
        )
        self._thread = Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(PATIENCE)
        self._socket.close()

    async def _page(self, _: Request) -> Response:
        return HTMLResponse(self.html)

    async def _script(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name == "plain":
            return Response("", media_type="text/javascript")
        return FileResponse(SCRIPTS[name], media_type="text/javascript")

    async def _reply(self, request: Request) -> Response:
        response = StreamingHTMLResponse(request, self._tokens(), on_end=self._store, interval=0.01)
        pair = response.reply.message_pair_id
        self._streaming[pair] = response
        response.headers["Streaming-HTML-Stop"] = f"/stop/{pair}"
        return response

    async def _tokens(self) -> AsyncIterator[str]:
        count = 0
        while count < 20 or not self.ends:
            yield "word "
            await asyncio.sleep(0.002)
            count += 1

    async def _stop(self, request: Request) -> Response:
        self._streaming[request.path_params["pair"]].stop()
        return Response(status_code=204)

    def _store(self, reply: Reply) -> None:
        assert reply.answer.outcome is not None
        self.stored.append(reply.answer.outcome)


@contextmanager
def serving(client: str) -> Iterator[Site]:
    site = Site(client)
    try:
        yield site
    finally:
        site.close()


@pytest.mark.parametrize("client", CLIENTS)
def test_each_stop_is_stored(client: str, page: Page) -> None:
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(f"{request.url} {request.failure}"))
    with serving(client) as site:
        page.add_init_script(path=RECORD)
        page.goto(site.url)
        for number in range(TIMES):
            if number % 2:
                page.locator("#send").click()
                expect(page.locator(".streamhtml").nth(number)).to_contain_text("word ")
                # A moment that differs, so that something is on its way.
                page.evaluate("ms => new Promise((done) => setTimeout(done, ms))", number)
                page.get_by_text("Stop", exact=True).click()
            else:  # Before the response has begun, or soon after that.
                page.evaluate(ASK_AND_STOP, number)
            wait_for(page, "stream:end", times=number + 1)
        ends = page.evaluate("events.filter(([name]) => name === 'stream:end')")
        assert ends == [["stream:end", "stopped"]] * TIMES
        assert site.stored == ["stopped"] * TIMES
        site.ends = True
        page.locator("#send").click()
        wait_for(page, "stream:end", "finished")
        assert failed == []
