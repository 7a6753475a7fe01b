"""A site for Turbo under a strict policy: ``uvicorn tests.browser.turbo_site:app`` serves it.

``/`` is a page with a form; ``?scripts=turbo,streaming-html`` are its scripts, ``?types`` asks for
trusted types, ``?source`` is what is in the field of that name. ``/frame`` has the form in a Turbo
Frame, ``/permanent`` in an element that stays when ``/other``, another page, is visited, and
``/events`` has a ``<turbo-stream-source>``. ``/reply`` answers, POST ``/stop`` stops the answer.
The sources and their accounts are those of the servers' tests.
"""

import secrets
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from importlib.resources import files
from pathlib import Path

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from tests.servers.framework_sites import ACCOUNTS
from tests.servers.recorded_sources import SOURCES, Account

from streamhtml.starlette import StreamingHTMLResponse

_CLIENTS = Path(str(files("streamhtml"))) / "static/streamhtml"
_SCRIPTS = {
    "turbo": Path(sys.prefix, "npm/node_modules/@hotwired/turbo/dist/turbo.es2017-umd.js"),
    "streaming-html": _CLIENTS / "streaming-html.js",
}
_STRICT = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; "
    "style-src 'nonce-{nonce}'; base-uri 'none'{types}"
)
_TYPES = "; require-trusted-types-for 'script'; trusted-types streaming-html"
_FORM = """<form id="ask" action="/reply" method="post" {plain} data-stream-reset
data-stream-lost="The line is dead.">
<input type="hidden" name="source" value="{source}"><input type="hidden" name="account" value="a">
<label>Message <input id="message" name="message"></label> <button>Send</button></form>
<button data-stream-stop="#ask">Stop</button>
<a href="/other" data-turbo-prefetch="false">Away</a>"""
_PAGES = {
    "/": _FORM + '<div id="messages"></div>',
    "/permanent": f'<div id="chat" data-turbo-permanent>{_FORM}<div id="messages"></div></div>',
    "/frame": f'<turbo-frame id="messages">{_FORM}</turbo-frame>',
    "/events": '<div id="messages"></div>'
    '<turbo-stream-source src="/reply?source=asked&account=a"></turbo-stream-source>',
    "/other": '<h1>Another page</h1><div id="chat" data-turbo-permanent></div>',
}
MARKDOWN = """# Überschrift 한국어 😀

A [link][far] and *emphasis with `code`*, a tail `that

- one
  1. *two*
- three

| a | b |
|---|:-:|
| `c` | **d** |

```python
print("<turbo-stream>", '😀')
```

<b>raw</b> &amp; $x^2$

[far]: https://example.org/
"""

_asked: Counter[str] = Counter()
_replies: dict[str, StreamingHTMLResponse] = {}


async def _markdown(account: Account) -> AsyncIterator[str]:
    for start in range(0, len(MARKDOWN), 3):
        yield MARKDOWN[start : start + 3]
        await anyio.sleep(0.002)


async def page(request: Request) -> Response:
    query = request.query_params
    nonce = secrets.token_urlsafe()
    names = query.get("scripts", "turbo,streaming-html").split(",")
    scripts = "".join(f'<script src="/{name}.js" defer></script>' for name in names)
    # Without Turbo, the client sends the form by itself.
    plain = "" if "turbo" in names else 'data-stream="#messages"'
    body = _PAGES[request.url.path].format(source=query.get("source", "asked"), plain=plain)
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Turbo</title>'
        f'<link rel="icon" href="data:,"><meta name="csp-nonce" content="{nonce}">{scripts}</head>'
        f"<body>{body}</body>"
    )
    policy = _STRICT.format(nonce=nonce, types=_TYPES if "types" in query else "")
    return HTMLResponse(html, headers={"Content-Security-Policy": policy})


async def script(request: Request) -> Response:
    return FileResponse(_SCRIPTS[request.path_params["name"]])


async def reply(request: Request) -> Response:
    fields = request.query_params if request.method == "GET" else await request.form()
    source, name = str(fields["source"]), str(fields["account"])
    _asked[name] += 1
    known = {**SOURCES, "markdown": _markdown}
    _replies[name] = StreamingHTMLResponse(
        request,
        known[source](Account(ACCOUNTS, name)),
        context={"message_pair_id": "ai_1", "human_message": fields.get("message")},
        renderer="markdown" if source == "markdown" else "text",
        into=None if "Turbo-Frame" in request.headers else "messages",
        format="turbo" if request.method == "GET" else "auto",
        interval=0.01,
    )
    return _replies[name]


async def stop(request: Request) -> Response:
    _replies["a"].stop()
    return Response(status_code=204)


async def asked(request: Request) -> Response:
    return JSONResponse(_asked)


async def ended(request: Request) -> Response:
    """Answer with an event stream that ends without an end event."""
    return Response(": \n\n", media_type="text/event-stream")


def _routes() -> Iterator[Route]:
    for path in _PAGES:
        yield Route(path, page)
    yield Route("/reply", reply, methods=["GET", "POST"])
    yield Route("/stop", stop, methods=["POST"])
    yield Route("/asked", asked)
    yield Route("/ended", ended)
    yield Route("/{name}.js", script)


app = Starlette(routes=list(_routes()))
