"""A site with a page for each client, and a model that says no more than the test lets it."""

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from threading import Condition, Thread
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send
from tests.browser.npm_files import HTMX
from tests.browser.sample_replies import SampleReply

from streamhtml import Fragment
from streamhtml.demo._answers import tokens
from streamhtml.formats import encoder
from streamhtml.starlette import StreamingHTMLResponse

ID: Final = "ai_1"
PARTS: Final = 6
"""How often the model waits for the test before it goes on."""

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
"""About 1,000; with every construct, and links whose definitions come last."""

FIRST_PART: Final = "".join(
    token for number, token in enumerate(TOKENS) if number * PARTS < len(TOKENS)
)
"""What it says before it waits for the second time."""

_PATIENCE: Final = 30.0
_BETWEEN: Final = 0.001  # seconds between two tokens: a model that is fast, but no burst

_NODE: Final = Path(sys.prefix, "npm", "node_modules")
_OURS: Final = files("streamhtml").joinpath("static/streamhtml")
_SSE2: Final = files("django_htmx").joinpath("static/django_htmx/ext/hx-sse-2.min.js")
SCRIPTS: Final = {
    "htmx2": HTMX["htmx2"],
    "htmx4": HTMX["htmx4"],
    "sse2": Path(str(_SSE2)),
    "sse4": _NODE / "htmx4/dist/ext/hx-sse.min.js",
    "turbo": _NODE / "@hotwired/turbo/dist/turbo.es2017-umd.js",
    "datastar": Path(__file__).with_name("datastar-protocol.js"),
    "ours": Path(str(_OURS.joinpath("streaming-html.js"))),
}


@dataclass(frozen=True)
class Client:
    """How a page asks.

    Args:
        format: what the library must say to it.
        body: of the page, where ``/answer/NAME`` is the answer's address.
        scripts: of the page, in their order.
        again: whether it asks again where the connection is lost, with ``Last-Event-ID``.
        closes: what htmx says of the stream that has ended.
        options: of the response.
    """

    format: str
    body: str
    scripts: tuple[str, ...] = ()
    again: bool = False
    closes: str = ""
    options: dict[str, Any] = field(default_factory=dict)


_BUTTON: Final = "<button>Send</button>"
_HTMX: Final = 'hx-target="#messages" hx-swap="beforeend"'
_HERE: Final = '<div id="messages"></div>'
_INTO: Final = {"into": "messages"}

CLIENTS: Final = {
    "html": Client(
        "html",
        '<form action="{url}" method="post" data-stream="#messages beforeend">'
        f"{_BUTTON}</form>{_HERE}",
        ("ours",),
    ),
    "html-htmx2": Client(
        "html",
        f'<form hx-ext="streaming-html" hx-post="{{url}}" {_HTMX}>{_BUTTON}</form>{_HERE}',
        ("htmx2", "ours"),
    ),
    "html-htmx4": Client(
        "html",
        f'<form hx-post="{{url}}" {_HTMX}>{_BUTTON}</form>{_HERE}',
        ("htmx4", "ours"),
    ),
    "sse-htmx4-post": Client(
        "sse",
        f'<form hx-post="{{url}}" {_HTMX}>{_BUTTON}</form>{_HERE}',
        ("htmx4", "sse4"),
        closes="ended",
    ),
    "sse-htmx4-post-again": Client(
        "sse",
        f'<form hx-post="{{url}}" hx-config="sse.reconnect:true" hx-sse:close="end" {_HTMX}>'
        f"{_BUTTON}</form>{_HERE}",
        ("htmx4", "sse4"),
        again=True,
        closes="message",
    ),
    "sse-htmx4-connect": Client(
        "sse",
        f'<button hx-sse:connect="{{url}}" hx-sse:close="end" hx-trigger="click" {_HTMX}>'
        f"Send</button>{_HERE}",
        ("htmx4", "sse4"),
        again=True,
        closes="message",
    ),
    "sse-htmx2": Client(
        "sse",
        # A source connects when htmx sees it: here it is what the form brings.
        f'<form hx-get="/source/sse-htmx2" hx-target="#source">{_BUTTON}</form>'
        '<div id="source"></div>',
        ("htmx2", "sse2"),
        again=True,
        closes="message",
    ),
    "turbo": Client(
        "turbo",
        f'<form action="{{url}}" method="post">{_BUTTON}</form>{_HERE}',
        ("turbo", "ours"),
        options=_INTO,
    ),
    "turbo-source": Client(
        "sse",
        f'<form action="/source/turbo-source" method="post">{_BUTTON}</form>{_HERE}',
        ("turbo",),
        again=True,
        # An EventSource cannot say whose it is.
        options={**_INTO, "format": "turbo"},
    ),
    "datastar": Client(
        "datastar",
        f'<form data-datastar="{{url}}">{_BUTTON}</form>{_HERE}',
        ("datastar",),
        again=True,
        options=_INTO,
    ),
    "page": Client("page", f'<form action="{{url}}">{_BUTTON}</form>'),
    "whole": Client(
        "whole",
        f'<form hx-post="{{url}}" {_HTMX}>{_BUTTON}</form>{_HERE}',
        ("htmx2",),
    ),
}

_SOURCES: Final = {
    "sse-htmx2": (
        "text/html",
        """<div id="messages" hx-ext="sse" sse-connect="{url}"
            sse-swap="message" hx-swap="beforeend" sse-close="end"></div>""",
    ),
    "turbo-source": (
        "text/vnd.turbo-stream.html",
        """<turbo-stream action="before" target="messages"><template>
            <turbo-stream-source src="{url}"></turbo-stream-source></template></turbo-stream>""",
    ),
}

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
class Asked:
    """One request for an answer."""

    last_event_id: str
    content_type: str


class Site:
    """The running site. What it was asked, and how much the model may say."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.begun = 0
        """How often the model was asked for an answer."""
        self.fails = False
        """Whether the model raises when it would go on."""
        self.recording: SampleReply | None = None
        """What is answered instead of the model's words, in one piece."""
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
        """Forget what was."""
        self.asked, self.begun, self.fails, self.recording = [], 0, False, None
        self._cut, self._parts, self._said, self._response = False, 0, 0, None

    def go_on(self, parts: int = 1) -> None:
        """Let the model say so many more of its parts."""
        self._parts += parts
        self._ring()

    def stop(self) -> None:
        """Stop the answer, as a request of the user does."""
        assert self._response is not None
        self._response.stop()

    def cut(self) -> None:
        """Close the connection when the answer goes on, and let it."""
        self._cut = True
        self.go_on()

    def wait_until_asked(self, times: int) -> None:
        """Wait for so many requests for an answer."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.asked) >= times, _PATIENCE)
        assert came, self.asked

    def wait_until_said(self, parts: int) -> None:
        """Wait until the model has said so many parts, and waits itself."""
        with self._changed:
            came = self._changed.wait_for(lambda: self._said >= parts, _PATIENCE)
        assert came, f"{self._said} parts"

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(_PATIENCE)
        self._socket.close()

    def respond(self, request: Request) -> Response:
        """Answer, as a site does."""
        client = CLIENTS[request.path_params["client"]]
        if self.recording:
            wire = encoder(client.options.get("format", "auto"), request.headers)
            pieces = map(wire.encode, self._placed(self.recording, client))
            return Response("".join(pieces), headers={"Content-Type": wire.media_type})
        self._response = StreamingHTMLResponse(
            request,
            self._model(),
            context={"message_pair_id": ID, "human_message": "Bread & 빵?"},
            interval=0.02,
            nonce=_NONCE,
            headers={"Content-Security-Policy": _POLICY},
            **client.options,
        )
        with self._changed:
            self.asked.append(
                Asked(
                    request.headers.get("Last-Event-ID", ""), self._response.headers["Content-Type"]
                )
            )
            self._changed.notify_all()
        return self._response

    @staticmethod
    def _placed(recording: SampleReply, client: Client) -> Iterator[Fragment]:
        """Yield the fragments; the first says where it goes, as the response would let it."""
        opened, *rest = recording.fragments
        (shell,) = opened.patches
        yield replace(opened, patches=(replace(shell, root=client.options.get("into", "")),))
        yield from rest

    def takes_cut(self) -> bool:
        """Return whether the next bytes meet a closed connection; once."""
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
                if self._parts <= part:  # Another thread may have gone on in between.
                    await self._more.wait()
            if self.fails:
                raise RuntimeError("the test wants it")
            await asyncio.sleep(_BETWEEN)
            yield token

    def _ring(self) -> None:
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


class _Cut:
    """An application whose connection the test can close in the middle of an answer."""

    def __init__(self, app: Starlette, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message.get("more_body") and self._site.takes_cut():
                raise OSError("the test has cut the connection")
            await send(message)

        # The server closes the connection of an application that returns too early.
        await self._app(scope, receive, sending)


def _app(site: Site) -> _Cut:
    async def page(request: Request) -> Response:
        name = request.path_params["client"]
        client = CLIENTS[name]
        html = _PAGE.format(
            nonce=_NONCE,
            # Not deferred: htmx 4 would not always wait for its extension then.
            scripts="".join(f'<script src="/js/{each}"></script>' for each in client.scripts),
            body=client.body.format(url=f"/answer/{name}"),
        )
        return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY})

    async def script(request: Request) -> Response:
        return FileResponse(SCRIPTS[request.path_params["name"]], media_type="text/javascript")

    async def source(request: Request) -> Response:
        name = request.path_params["client"]
        media_type, html = _SOURCES[name]
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
        Route("/favicon.ico", icon),  # Our own page names none.
        Route("/source/{client}", source, methods=methods),
        Route("/answer/{client}", answer, methods=methods),
    ]
    return _Cut(Starlette(routes=routes), site)
