"""A site with a page for each client of a format, and a model that the test lets continue.

The model waits several times in an answer, and says no more than the test allows.
"""

import asyncio
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Condition, Thread
from typing import Final

import uvicorn
from jinja2 import Environment
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send
from tests.browser.format_clients import CLIENTS, SCRIPTS, SOURCES, Client, decisive
from tests.browser.sample_replies import SampleReply
from tests.scripted_server import PATIENCE

from streamhtml import Fragment
from streamhtml.demo._answers import tokens
from streamhtml.formats import FormatRequest, Headers, create_format
from streamhtml.starlette import StreamingHTMLResponse

ID: Final = "ai_1"
PARTS: Final = 6
"""How many times the model waits for the test."""

_BEGIN: Final = """\
## A first part 🏴󠁧󠁢󠁷󠁬󠁳󠁿

What [this][late] is and what [that one][late too] is, comes last. <b>No tag</b> & no &lt;entity;

"""
_END: Final = """

[late]: https://example.com/late "It has 'quotes' & more"
[late too]: <https://example.com/too?a=1&b=2>
"""
TOKENS: Final = (
    *(_BEGIN[start : start + 4] for start in range(0, len(_BEGIN), 4)),
    *tokens("bread"),
    "\n\n",
    *tokens("한국어"),
    *(_END[start : start + 4] for start in range(0, len(_END), 4)),
)
"""About 1,000 tokens, with every construct. The definitions of some links come last."""

FIRST_PART: Final = "".join(
    token for number, token in enumerate(TOKENS) if number * PARTS < len(TOKENS)
)
"""What the model says before it waits for the second time."""

_BETWEEN: Final = 0.001  # seconds between two tokens: fast, but not all at once

MESSAGE: Final = Environment(autoescape=True).from_string(
    '<article id="{{ message_pair_id }}"><p>{{ human_message }}</p>{{ ai_message }}</article>'
)
_NONCE: Final = "r4nd0m"
_POLICY: Final = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; img-src 'self' data:; "
    f"style-src 'self' 'nonce-{_NONCE}'"
)
_PAGE: Final = """<!doctype html>
<html lang="en">
<title>A page</title>
<link rel="icon" href="data:,">
<meta name="csp-nonce" content="{nonce}">
<meta name="htmx-config"
    content='{{"includeIndicatorStyles": false, "includeIndicatorCSS": false}}'>
{scripts}
{body}
"""


@dataclass(frozen=True)
class AnswerRequest:
    """One request for an answer."""

    last_id: str
    """What the client has received last."""
    content_type: str
    sends: str
    """The request headers that decide the format."""


class Site:
    """The running site: the requests that arrived, and how much the model may say."""

    def __init__(self) -> None:
        self.requests: list[AnswerRequest] = []
        self.begun = 0
        """How often the model has begun an answer."""
        self.fails = False
        """Whether the model raises when it continues."""
        self.sample: SampleReply | None = None
        """This reply is sent in one piece, in the place of the model's."""
        self._changed = Condition()
        self._cut = False
        self._parts = 0
        self._said = 0
        self._response: StreamingHTMLResponse | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._more: asyncio.Event | None = None
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(_app(self), log_config=None, log_level="critical", lifespan="off")
        )
        self._thread = Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()

    def reset(self) -> None:
        """Forget everything."""
        self.requests, self.begun, self.fails, self.sample = [], 0, False, None
        self._cut, self._parts, self._said, self._response = False, 0, 0, None

    def continue_model(self, parts: int = 1) -> None:
        """Let the model say this many more of its parts."""
        self._parts += parts
        self._wake_model()

    def stop(self) -> None:
        """Stop the answer, as a request from the user does."""
        assert self._response is not None
        self._response.stop()

    def cut(self) -> None:
        """Let the answer continue, and close its connection at the next write."""
        self._cut = True
        self.continue_model()

    def wait_for_requests(self, times: int) -> None:
        """Wait until this many requests for an answer have arrived."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.requests) >= times, PATIENCE)
        assert came, self.requests

    def wait_for_parts(self, parts: int) -> None:
        """Wait until the model has said this many parts and waits for the test."""
        with self._changed:
            came = self._changed.wait_for(lambda: self._said >= parts, PATIENCE)
        assert came, f"{self._said} parts"

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(PATIENCE)
        self._socket.close()

    def respond(self, request: Request) -> Response:
        """Answer a request."""
        client = CLIENTS[request.path_params["client"]]
        if self.sample:
            sent = FormatRequest(Headers(request.headers), client.options.get("into", ""))
            chosen = create_format(client.options.get("format", "auto"), sent)
            body = "".join(map(chosen.encode, self._with_container(self.sample, client)))
            return Response(body, headers={"Content-Type": chosen.media_type})
        self._response = StreamingHTMLResponse(
            request,
            self._model(),
            MESSAGE,
            context={"message_pair_id": ID, "human_message": "Bread & 빵?"},
            interval=0.02,
            nonce=_NONCE,
            headers={"Content-Security-Policy": _POLICY},
            **client.options,
        )
        sent = request.headers
        last_id = sent.get("Last-Event-ID") or sent.get("HX-Last-Part-ID") or ""
        with self._changed:
            media_type = self._response.headers["Content-Type"]
            self.requests.append(AnswerRequest(last_id, media_type, decisive(sent)))
            self._changed.notify_all()
        return self._response

    @staticmethod
    def _with_container(recording: SampleReply, client: Client) -> Iterator[Fragment]:
        """Yield the fragments. The first has a container, as the response would give it one."""
        opened, *rest = recording.fragments
        (shell,) = opened.patches
        yield replace(opened, patches=(replace(shell, root=client.options.get("into", "")),))
        yield from rest

    def take_cut(self) -> bool:
        """Return whether to cut the connection at this write."""
        cut, self._cut = self._cut, False
        return cut

    async def _model(self) -> AsyncGenerator[str]:
        self.begun += 1
        self._loop = asyncio.get_running_loop()
        self._more = asyncio.Event()
        for number, token in enumerate(TOKENS):
            part = number * PARTS // len(TOKENS)
            while self._parts <= part:
                self._more.clear()
                with self._changed:
                    self._said = part
                    self._changed.notify_all()
                if self._parts <= part:  # continue_model() may have been called in between.
                    await self._more.wait()
            if self.fails:
                raise RuntimeError("the test lets the model fail")
            await asyncio.sleep(_BETWEEN)
            yield token

    def _wake_model(self) -> None:
        if self._loop is not None and self._more is not None:
            self._loop.call_soon_threadsafe(self._more.set)


@contextmanager
def serving() -> Iterator[Site]:
    """Run the site."""
    site = Site()
    try:
        yield site
    finally:
        site.close()


class _Cuttable:
    """An application whose connection the test can close in the middle of an answer."""

    def __init__(self, app: Starlette, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message.get("more_body") and self._site.take_cut():
                raise OSError("the test has cut the connection")
            await send(message)

        # uvicorn closes the connection of an application that returns too early.
        await self._app(scope, receive, sending)


def _app(site: Site) -> _Cuttable:
    async def page(request: Request) -> Response:
        name = request.path_params["client"]
        client = CLIENTS[name]
        html = _PAGE.format(
            nonce=_NONCE,
            # Not deferred, because htmx 4 would not always wait for its extension.
            scripts="".join(f'<script src="/js/{each}"></script>' for each in client.scripts),
            body=client.body.format(url=f"/answer/{name}"),
        )
        return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY})

    async def script(request: Request) -> Response:
        return FileResponse(SCRIPTS[request.path_params["name"]], media_type="text/javascript")

    async def source(request: Request) -> Response:
        name = request.path_params["client"]
        media_type, html = SOURCES[name]
        return Response(html.format(url=f"/answer/{name}"), media_type=media_type)

    async def answer(request: Request) -> Response:
        return site.respond(request)

    async def stop(_: Request) -> Response:
        site.stop()
        return Response(status_code=204)

    async def icon(_: Request) -> Response:
        return Response(media_type="image/x-icon")

    methods = ["GET", "POST"]
    routes = [
        Route("/page/{client}", page),
        Route("/js/{name}", script),
        Route("/stop", stop, methods=["POST"]),
        Route("/favicon.ico", icon),  # The built-in page does not name an icon.
        Route("/source/{client}", source, methods=methods),
        Route("/answer/{client}", answer, methods=methods),
    ]
    return _Cuttable(Starlette(routes=routes), site)
