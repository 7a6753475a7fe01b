"""The ways to stream that client.py compares: their pages, server and finished messages."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Any

import comrak
import uvicorn
from _texts import mixed, tokens
from jinja2 import Environment
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from streamhtml import pair_id
from streamhtml.markdown import render
from streamhtml.starlette import StreamingHTMLResponse


@dataclass(frozen=True, slots=True)
class Way:
    """One way to stream.

    Args:
        name: for the tables.
        scripts: the keys in ``SCRIPTS`` of what the page loads.
        form: the attributes of the page's form, with ``{}`` for the URL of the answer.
        renderer: a key of ``RENDERED``.
        compared_with: the tutorial's way that shows the same; ``""`` for the tutorial's own ways.
    """

    name: str
    scripts: tuple[str, ...]
    form: str
    renderer: str = "markdown"
    compared_with: str = "tutorial-markdown"


_PLAIN = 'method="post" action="{}" data-stream="#messages"'
_HTMX = 'hx-post="{}" hx-target="#messages" hx-swap="beforeend" hx-ext='
_WHOLE = ("htmx2", "whole")
WAYS = {
    "plain": Way("streamhtml, no htmx", ("client",), _PLAIN),
    "htmx2": Way("streamhtml, htmx 2", ("htmx2", "client"), _HTMX + '"streaming-html"'),
    "htmx4": Way("streamhtml, htmx 4", ("htmx4", "client"), _HTMX + '"streaming-html"'),
    "text": Way("streamhtml, text", ("client",), _PLAIN, "text", "tutorial"),
    "tutorial": Way("tutorial, text", _WHOLE, _HTMX + '"whole-message"', "whole-text", ""),
    "tutorial-markdown": Way(
        "tutorial, Markdown", _WHOLE, _HTMX + '"whole-message"', "whole-markdown", ""
    ),
}

_HTMX_FILES = files("django_htmx").joinpath("static/django_htmx")
SCRIPTS = {
    "client": files("streamhtml").joinpath("static/streamhtml/streaming-html.min.js"),
    "htmx2": _HTMX_FILES.joinpath("htmx-2.min.js"),
    "htmx4": _HTMX_FILES.joinpath("htmx-4.min.js"),
    "whole": Path(__file__).with_name("_client") / "whole-message.js",
}

PAGE = """<!doctype html>
<html lang="en">
<title>An answer</title>
<link rel="icon" href="data:,">
<style>
  body {{ max-width: 44rem; margin: 1rem auto; font: 16px/1.5 sans-serif }}
  .whole-text {{ white-space: pre-wrap }}
</style>
{scripts}
<form {form}><button>Send</button></form>
<div id="messages"></div>
"""
CONTEXT = {"human_message": "Tell me everything."}
MESSAGE = Environment(autoescape=True).from_string(
    '<div id="{{ message_pair_id }}"{% if is_again %} hx-swap-oob="true"{% endif %}>'
    '<p>{{ human_message }}</p><div class="{{ kind }}">{{ ai_message }}</div></div>'
)


ANYTHING = comrak.ExtensionOptions()
for _name in ("table", "strikethrough", "tasklist", "autolink", "footnotes", "alerts"):
    setattr(ANYTHING, _name, True)
ANYTHING.math_dollars = True
ESCAPING = comrak.RenderOptions()
ESCAPING.escape = True


def commonmark(text: str) -> Markup:
    """Render Markdown with a fast library, so that the server has time for it at each token."""
    return Markup(comrak.render_markdown(text, extension_options=ANYTHING, render_options=ESCAPING))


RENDERED: dict[str, Callable[[str], str]] = {
    "markdown": lambda text: Markup(render(text)),
    "text": str,
    "whole-markdown": commonmark,
    "whole-text": str,
}
"""What renders the finished answer, by the renderer's name."""


@cache
def answer(size: int) -> tuple[str, ...]:
    """Return the tokens of an answer; a shorter one is the beginning of a longer one."""
    return tuple(tokens(mixed(20_000)[0])[:size])


def finished(way: Way, size: int) -> str:
    """Return the finished message, rendered once."""
    html = RENDERED[way.renderer]("".join(answer(size)))
    return MESSAGE.render(ai_message=html, message_pair_id=pair_id(), **CONTEXT)


async def paced(size: int, rate: int) -> AsyncIterator[str]:
    """Yield an answer's tokens, so many in a second; with a rate of 0, as fast as possible."""
    begun = perf_counter()
    for number, token in enumerate(answer(size), 1):
        await asyncio.sleep(begun + number / rate - perf_counter() if rate else 0)
        yield token


def ours(request: Request, source: AsyncIterator[str], renderer: Any, rate: int) -> Response:
    """Answer as an application does. With a rate of 0, each fragment is sent immediately."""
    respond = StreamingHTMLResponse if rate else partial(StreamingHTMLResponse, interval=0)
    return respond(request, source, MESSAGE, CONTEXT, renderer=renderer)


def whole(source: AsyncIterator[str], renderer: str) -> Response:
    """Answer with the whole message for each token."""
    message_pair_id = pair_id()

    async def body() -> AsyncIterator[str]:
        so_far = ""
        async for token in source:
            is_again = so_far != ""
            so_far += token
            yield MESSAGE.render(
                message_pair_id=message_pair_id,
                is_again=is_again,
                ai_message=RENDERED[renderer](so_far),
                kind=renderer,
                **CONTEXT,
            )

    return StreamingResponse(body(), media_type="text/html; charset=utf-8")


def page_of(way: Way, size: int, rate: int) -> str:
    scripts = "\n".join(f'<script src="/{name}.js" defer></script>' for name in way.scripts)
    form = way.form.format(f"/reply/{way.renderer}/{size}/{rate}")
    return PAGE.format(scripts=scripts, form=form)


async def show_page(request: Request) -> Response:
    path = request.path_params
    return HTMLResponse(page_of(WAYS[path["way"]], path["size"], path["rate"]))


async def script(request: Request) -> Response:
    return Response(SCRIPTS[request.path_params["name"]].read_text(), media_type="text/javascript")


async def reply(request: Request) -> Response:
    path = request.path_params
    source = paced(path["size"], path["rate"])
    if path["renderer"].startswith("whole"):
        return whole(source, path["renderer"])
    return ours(request, source, path["renderer"], path["rate"])


class Server:
    """The application, which counts the bytes of its bodies.

    Args:
        url: of the running server.

    Attributes:
        sent: bytes so far, with HTTP's chunk headers.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.sent = 0
        self._application = Starlette(
            routes=[
                Route("/{name}.js", script),
                Route("/page/{way}/{size:int}/{rate:int}", show_page),
                Route("/reply/{renderer}/{size:int}/{rate:int}", reply, methods=["POST"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counting(message: Message) -> None:
            if body := message.get("body"):
                self.sent += len(f"{len(body):x}\r\n\r\n") + len(body)  # a chunk of HTTP
            await send(message)

        await self._application(scope, receive, counting)


@contextmanager
def served() -> Iterator[Server]:
    """Run the server in uvicorn, in a thread."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(f"http://127.0.0.1:{listener.getsockname()[1]}")
        uvicorn_ = uvicorn.Server(uvicorn.Config(server, log_level="warning", lifespan="off"))
        thread = Thread(target=uvicorn_.run, args=([listener],))
        thread.start()
        try:
            yield server
        finally:
            uvicorn_.should_exit = True
            thread.join()
