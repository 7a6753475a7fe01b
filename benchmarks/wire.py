"""How many bytes an answer of 2,000 tokens takes on each wire, against the bytes of its text.

    python benchmarks/wire.py          # the tokens' times are counted, not waited for
    python benchmarks/wire.py --real   # also an answer at 50 tokens per second: 40 s a text

"Body" is what the client reads; "network" is all that a client's socket receives from uvicorn:
the response's head, the chunked framing and the body. "Gzip" is the body with compress=True.
"""

import argparse
import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from jinja2 import Environment
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from streamhtml import Delta, Reply, pair_id
from streamhtml._gzip import Gzip
from streamhtml.demo._answers import LONG, tokens
from streamhtml.formats import Format
from streamhtml.formats.html import HTMLFormat
from streamhtml.formats.htmx import HTMXFormat
from streamhtml.starlette import StreamingHTMLResponse

COUNT = 2000
RATE = 50  # tokens per second
INTERVAL = 0.04  # seconds, the default
# The same text twice: the shorter the tokens, the more the wire adds to each.
TEXTS = {
    "the demo's tokens": (tokens(LONG) * 2)[:COUNT],
    "words": (tuple(re.findall(r"\s*\S+", "".join(tokens(LONG)))) * 2)[:COUNT],
}
CONTEXT = {"human_message": "Tell me everything."}
MESSAGE = Environment(autoescape=True).from_string(
    '<div id="{{ message_pair_id }}"{% if chunk_index %} hx-swap-oob="true"{% endif %}>'
    '<p class="human">{{ human_message }}</p><div class="ai">{{ ai_message }}</div></div>'
)

Tokens = tuple[str, ...]
Writes = list[bytes]


def batches(source: Tokens, interval: float) -> list[Tokens]:
    """Return the tokens as they gather: each comes 1 / RATE seconds after the one before."""
    size = max(1, round(interval * RATE))
    return [source[start : start + size] for start in range(0, len(source), size)]


def ours(wire: Format, renderer: str, gathered: list[Tokens]) -> Writes:
    """Return what the library writes: fragment by fragment."""
    reply = Reply(MESSAGE.render, CONTEXT, renderer=renderer)
    fragments = [reply.open()]
    fragments += [reply.feed([Delta(token) for token in batch]) for batch in gathered]
    fragments.append(reply.close("finished"))
    return [wire.encode(fragment).encode() for fragment in fragments]


def tutorial(gathered: list[Tokens]) -> Writes:
    """Return what a plain loop writes that renders the whole message each time."""
    message_pair_id, so_far, writes = pair_id(), "", []
    for chunk_index, batch in enumerate(gathered):
        so_far += "".join(batch)
        html = MESSAGE.render(
            message_pair_id=message_pair_id,
            chunk_index=chunk_index,
            ai_message=so_far,
            **CONTEXT,
        )
        writes.append(html.encode())
    return writes


WAYS: dict[str, Callable[[list[Tokens]], Writes]] = {
    'html, renderer="text"': lambda gathered: ours(HTMLFormat(), "text", gathered),
    'htmx, renderer="text"': lambda gathered: ours(HTMXFormat(), "text", gathered),
    'html, renderer="markdown"': lambda gathered: ours(HTMLFormat(), "markdown", gathered),
    'htmx, renderer="markdown"': lambda gathered: ours(HTMXFormat(), "markdown", gathered),
    'html, renderer="template"': lambda gathered: ours(HTMLFormat(), "template", gathered),
    'htmx, renderer="template"': lambda gathered: ours(HTMXFormat(), "template", gathered),
    "the tutorial's way": tutorial,
}


def application(answers: list[Writes], tokens: Tokens) -> Starlette:
    """Return an application that sends a recorded answer, or a real one at /real."""

    async def recorded(request: Request) -> Response:
        async def body() -> AsyncIterator[bytes]:
            for data in answers[request.path_params["number"]]:
                yield data

        return StreamingResponse(body(), media_type="text/html; charset=utf-8")

    async def real(request: Request) -> Response:
        async def source() -> AsyncIterator[str]:
            for token in tokens:
                await asyncio.sleep(1 / RATE)
                yield token

        return StreamingHTMLResponse(
            request, source(), MESSAGE, CONTEXT, renderer="text", format="html", interval=INTERVAL
        )

    return Starlette(routes=[Route("/real", real), Route("/{number:int}", recorded)])


@contextmanager
def served(app: Starlette) -> Iterator[tuple[str, int]]:
    """Run the application under uvicorn, in a thread; give its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            server.should_exit = True
            thread.join()


def receive(address: tuple[str, int], path: str) -> tuple[int, bytes]:
    """Return the bytes that the socket received, and the body out of its chunks."""
    with socket.create_connection(address) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    _, rest = received.split(b"\r\n\r\n", 1)
    body = b""
    while rest:
        length, rest = rest.split(b"\r\n", 1)
        size = int(length, 16)
        body += rest[:size]
        rest = rest[size + 2 :]
    return len(received), body


def compressed(writes: Writes) -> int:
    """Return the size of the body when each write is flushed."""
    gzip = Gzip()
    last = len(writes) - 1
    return sum(len(gzip.encode(data, last=number == last)) for number, data in enumerate(writes))


def measure(name: str, source: Tokens, *, real: bool) -> None:
    """Print the table of one text."""
    size = len("".join(source).encode())

    def row(way: str, sent: str, writes: int, body: int, network: int, *, gzip: str = "") -> None:
        factors = f"{body:>10,} {body / size:>8.2f} {network:>10,} {network / size:>8.2f}"
        print(f"{way:<27}{sent:<12}{writes:>6} {factors} {gzip:>9}")

    print(f"\n{len(source):,} tokens ({name}), {size:,} bytes of text")
    print(f"{'':<39}writes {'body':>10} {'/ text':>8} {'network':>10} {'/ text':>8} {'gzip':>9}")
    cases = [
        (way, sent, WAYS[way](batches(source, interval)))
        for sent, interval in (("each 40 ms", INTERVAL), ("each token", 0.0))
        for way in WAYS
    ]
    with served(application([writes for *_, writes in cases], source)) as address:
        for number, (way, sent, writes) in enumerate(cases):
            network, body = receive(address, f"/{number}")
            assert body == b"".join(writes)
            row(way, sent, len(writes), len(body), network, gzip=f"{compressed(writes):,}")
        if real:
            network, body = receive(address, "/real")
            row("html, in real time", "each 40 ms", body.count(b"<!"), len(body), network)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measure the bytes on each wire.")
    parser.add_argument("--real", action="store_true", help="also in real time: 40 s a text")
    options = parser.parse_args()
    for name, source in TEXTS.items():
        measure(name, source, real=options.real)


if __name__ == "__main__":
    main()
