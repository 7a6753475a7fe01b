"""A site whose answers are in a log. ``/CLIENT/PAIR`` is the page of one question and its answer.

``uvicorn --factory tests.browser.followed_site:make_asgi_site`` serves it, and so does ``gunicorn``
with ``make_wsgi_site()``. LOG is the URL of a Redis; without it, the log is in memory.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route
from tests.browser.format_clients import SCRIPTS as LIBRARIES

import streamhtml
from streamhtml import Delta, ToolDelta
from streamhtml.log import Log, MemoryLog, wait
from streamhtml.starlette import StreamingHTMLResponse

PACE: Final = float(os.environ.get("PACE", "0.003"))
"""Time in seconds between two tokens."""

TEXT: Final = """\
## Bread & 빵

Let $x$ be the *flour* and $y$ the [water][later], so **not** `x + y` &amp; <b>no tag</b>:

$$ x^2 + y^2 = \\frac{1}{2} $$

| grams | of |
|---|---|
| 500 | flour |
| 350 | water |

1. Mix, and wait.
   - An hour, or two.
2. Bake it for 45 minutes. 👩🏽‍🍳

```python
def bake(bread):
    return bread * 2  # loaves
```

[later]: https://example.com/later "at the end"
"""


def _pieces(text: str, length: int = 3) -> list[str]:
    return [text[start : start + length] for start in range(0, len(text), length)]


SCRIPTS: Final = {
    **LIBRARIES,
    "ours": Path(streamhtml.__file__).with_name("static") / "streamhtml/streaming-html.js",
}

DELTAS: Final = [
    *(Delta(piece, "reasoning") for piece in _pieces("First I *look* at the weather. " * 4)),
    *(ToolDelta(piece, id="1", name="weather") for piece in _pieces('{"city": "Seoul"}')),
    ToolDelta("24 °C & <sunny>", id="1", field="result"),
    *(Delta(piece) for piece in _pieces(TEXT)),
]

MESSAGE: Final = Environment(autoescape=True).from_string(
    '<article id="{{ message_pair_id }}"><h3>A question</h3>{{ parts }}</article>'
)
_ATTRIBUTES: Final = {
    "plain": 'action="{url}" method="post" data-stream="#messages"',
    "htmx2": 'hx-ext="streaming-html" hx-post="{url}" hx-target="#messages" hx-swap="beforeend"',
    "htmx4": 'hx-post="{url}" hx-target="#messages" hx-swap="beforeend"',
    "turbo": 'action="{url}" method="post" data-stream="#messages"',
}
_HTMX_GET: Final = 'hx-get="{url}" hx-trigger="load" hx-swap="outerHTML" data-stream-form="#ask"'
_FOLLOWERS: Final = {
    "data-stream-src": '<div data-stream-src="{url}" data-stream-form="#ask"></div>',
    "htmx2-get": f'<div hx-ext="streaming-html" {_HTMX_GET}></div>',
    "htmx4-get": f"<div {_HTMX_GET}></div>",
    "sse4": '<button id="follow" hx-sse:connect="{url}?{kind}" hx-trigger="click" '
    'hx-sse:close="end" '
    """hx-headers='{{"Streaming-HTML": "sse"}}' """
    'hx-target="#messages" hx-swap="beforeend" data-stream-form="#ask">Follow</button>',
    "multipart": '<button id="follow" hx-multipart:connect="{url}?{kind}" hx-trigger="click" '
    'hx-multipart:close="stream:end" hx-config="multipart.reconnectDelay:10ms" '
    'hx-target="#messages" hx-swap="beforeend">Follow</button>',
    "sse2": '<div hx-ext="sse" sse-connect="{url}?{kind}" sse-swap="message" sse-close="end" '
    'hx-target="#messages" hx-swap="beforeend" data-stream-form="#ask"></div>',
}
_PAGE: Final = """<!doctype html>
<html lang="en">
<title>A page</title>
<link rel="icon" href="data:,">
{head}
<form id="ask" {attributes}>
  <input type="hidden" name="{kind}">
  <button id="send">Send</button>
  <button type="button" id="stop" data-stream-stop hidden>Stop</button>
</form>
<p role="status" data-stream-status></p>
<div id="messages">{messages}</div>
{beside}
{scripts}
"""


def page(client: str, pair: str, kind: str, *, exists: bool) -> str:
    """Return the page of an answer. It asks for the answer again if it ``exists``.

    Args:
        client: "plain", "htmx2", "htmx4" or "turbo", "-get" for the second and the third if htmx
            asks for the answer again; or "sse2", "sse4" or "multipart", which only follow. The last
            does not load this library's client.
        pair: the id of the answer.
        kind: of the answer: "", "fails" or "endless".
        exists: whether it has begun.
    """
    libraries = {"sse2": "htmx2", "sse4": "htmx4", "multipart": "htmx4"}
    library = libraries.get(client, client.removesuffix("-get"))
    follower = _FOLLOWERS.get(client, _FOLLOWERS["data-stream-src"])
    follower = follower.format(url=f"/reply/{pair}", kind=kind or "usual")
    ours = "" if client == "multipart" else "ours"
    names = dict.fromkeys(each for each in (library, client, ours) if each in SCRIPTS)
    is_stream = client.startswith("sse") or client == "multipart"
    # Turbo wants to be in the head; htmx 4 would begin there before the client.
    load = "<script {}src='/scripts/{}'></script>"
    is_turbo = client == "turbo"
    scripts = "".join(load.format("defer " if is_turbo else "", name) for name in names)
    return _PAGE.format(
        head=scripts if is_turbo else "",
        scripts="" if is_turbo else scripts,
        attributes=_ATTRIBUTES[library].format(url=f"/reply/{pair}"),
        kind=kind or "usual",
        messages=follower if exists and not is_stream else "",
        beside=follower if is_stream else "",
    )


async def model(kind: str) -> AsyncIterator[Delta]:
    """Say something, and fail in the middle if the kind is "fails"."""
    for number, delta in enumerate(DELTAS):
        if kind == "fails" and number == len(DELTAS) // 2:
            raise RuntimeError("the model has failed, as the test wants it")
        yield delta
        await asyncio.sleep(PACE)
    while kind == "endless":
        yield Delta("more ")
        await asyncio.sleep(PACE * 10)


def sync_model(kind: str) -> Iterator[Delta]:
    """Say the same."""
    for number, delta in enumerate(DELTAS):
        if kind == "fails" and number == len(DELTAS) // 2:
            raise RuntimeError("the model has failed, as the test wants it")
        yield delta
        time.sleep(PACE)
    while kind == "endless":
        yield Delta("more ")
        time.sleep(PACE * 10)


def make_log() -> Log:
    """Return the log that LOG names."""
    if url := os.environ.get("LOG"):
        from streamhtml.redis import RedisLog

        return RedisLog(url)
    return MemoryLog()


def _kind(names: Any) -> str:
    return next((kind for kind in ("fails", "endless") if kind in names), "")


def _arguments(pair: str) -> dict[str, Any]:
    return {
        "context": {"message_pair_id": pair},
        "resume_url": f"/reply/{pair}",
        "stop_url": f"/reply/{pair}/stop",
    }


def make_asgi(answers: Log) -> Starlette:
    """Return the site for an ASGI server."""

    async def get_page(request: Request) -> Response:
        client, pair = request.path_params["client"], request.path_params["pair"]
        exists = await answers.status(pair) is not None
        return HTMLResponse(page(client, pair, _kind(request.query_params), exists=exists))

    async def reply(request: Request) -> Response:
        pair = request.path_params["pair"]
        names = await request.form() if request.method == "POST" else request.query_params
        if request.method == "POST" or (names and await answers.status(pair) is None):
            source: Any = answers.record(pair, model(_kind(names)))
        else:
            source = answers.follow(pair)
        return StreamingHTMLResponse(request, source, MESSAGE, **_arguments(pair))

    async def stop(request: Request) -> Response:
        await answers.stop(request.path_params["pair"])
        return Response(status_code=204)

    async def stored(request: Request) -> Response:
        pair = request.path_params["pair"]
        answer = await answers.answer(pair)
        assert answer is not None
        context = {"message_pair_id": pair}
        return HTMLResponse(StreamingHTMLResponse.render_message(request, answer, MESSAGE, context))

    async def script(request: Request) -> Response:
        return FileResponse(SCRIPTS[request.path_params["name"]], media_type="text/javascript")

    return Starlette(
        routes=[
            Route("/scripts/{name}", script),
            Route("/reply/{pair}", reply, methods=["GET", "POST"]),
            Route("/reply/{pair}/stop", stop, methods=["POST"]),
            Route("/stored/{pair}", stored),
            Route("/{client}/{pair}", get_page),
        ]
    )


def make_wsgi(answers: Log) -> Any:
    """Return the same site for a WSGI server."""
    import flask

    from streamhtml.flask import StreamingHTMLResponse as FlaskResponse

    app = flask.Flask(__name__)

    @app.get("/<client>/<pair>")
    def get_page(client: str, pair: str) -> Any:
        exists = wait(answers.status(pair)) is not None
        return page(client, pair, _kind(flask.request.args), exists=exists)

    @app.route("/reply/<pair>", methods=["GET", "POST"])
    def reply(pair: str) -> Any:
        names = flask.request.values
        if flask.request.method == "POST" or (names and wait(answers.status(pair)) is None):
            source: Any = answers.record(pair, sync_model(_kind(names)))
        else:
            source = answers.follow(pair)
        return FlaskResponse(flask.request, source, MESSAGE, **_arguments(pair))

    @app.post("/reply/<pair>/stop")
    def stop(pair: str) -> Any:
        wait(answers.stop(pair))
        return "", 204

    @app.get("/stored/<pair>")
    def stored(pair: str) -> Any:
        answer = wait(answers.answer(pair))
        assert answer is not None
        context = {"message_pair_id": pair}
        return str(FlaskResponse.render_message(flask.request, answer, MESSAGE, context))

    @app.get("/scripts/<name>")
    def script(name: str) -> Any:
        return flask.send_file(SCRIPTS[name], mimetype="text/javascript")

    return app


def make_asgi_site() -> Starlette:
    """Return the site with the log that LOG names."""
    return make_asgi(make_log())


def make_wsgi_site() -> Any:
    """Return the same site for a WSGI server."""
    return make_wsgi(make_log())
