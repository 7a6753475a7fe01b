"""How many bytes an answer takes in each format, against the finished message's HTML.

    python benchmarks/formats.py         # the tokens' times are counted, not waited for
    python benchmarks/formats.py --real  # also an answer in real time: 50 s a text

"Body" is what the client reads; "network" is all that a client's socket receives from uvicorn:
the response's head, the chunked framing and the body. "Gzip" is the body with compress=True. The
last column shows whether the format is linear: a token's bytes in the longer answer against a
token's bytes in the shorter.
"""

import argparse
import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Thread

import uvicorn
from datastar_py import ServerSentEventGenerator
from datastar_py.consts import ElementPatchMode
from jinja2 import Environment
from markupsafe import escape
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from streamhtml import Delta, Reply, pair_id
from streamhtml._gzip import Gzip
from streamhtml.demo._answers import LONG, tokens
from streamhtml.formats import FORMATS
from streamhtml.starlette import StreamingHTMLResponse

COUNTS = 1000, 5000
RATE = 100  # tokens per second
INTERVAL = 0.04  # seconds, the default
# The same text twice: the shorter the tokens, the more the format adds to each.
TEXTS = {
    "the demo's tokens": tokens(LONG),
    "words": tuple(re.findall(r"\s*\S+", "".join(tokens(LONG)))),
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


def ours(name: str, gathered: list[Tokens], renderer: str = "markdown") -> Writes:
    """Return what the library writes: fragment by fragment."""
    one_format = FORMATS[name]()
    reply = Reply(
        MESSAGE.render, CONTEXT, renderer=renderer, into="log", at_once=one_format.at_once
    )
    fragments = [reply.open()]
    fragments += [reply.feed([Delta(token) for token in batch]) for batch in gathered]
    fragments.append(reply.close("finished"))
    return [
        one_format.encode(fragment).encode()
        for fragment in fragments
        if fragment.patches or fragment.outcome
    ]


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


def datastar_append(gathered: list[Tokens]) -> Writes:
    """Return what a plain loop writes with datastar-py: the text as it is, escaped."""
    selector = f"#{pair_id()}"
    return [
        ServerSentEventGenerator.patch_elements(
            str(escape("".join(batch))), selector=selector, mode=ElementPatchMode.APPEND
        ).encode()
        for batch in gathered
    ]


def htmx_append(gathered: list[Tokens]) -> Writes:
    """Return what a plain loop writes for htmx: the text as it is, out of band."""
    selector = f"#{pair_id()}"
    return [
        f'<div hx-swap-oob="beforeend:{selector}">{escape("".join(batch))}</div>'.encode()
        for batch in gathered
    ]


WAYS: dict[str, Callable[[list[Tokens]], Writes]] = {
    **{name: partial(ours, name) for name in FORMATS},
    'html, renderer="text"': partial(ours, "html", renderer="text"),
    'html, renderer="template"': partial(ours, "html", renderer="template"),
    "datastar-py, text appended": datastar_append,
    "htmx beforeend, text": htmx_append,
    "the tutorial's way": tutorial,
}


def finished(source: Tokens) -> int:
    """Return the bytes of the finished message's HTML."""
    return len(b"".join(ours("whole", [source])))


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
            request, source(), MESSAGE, CONTEXT, format="html", interval=INTERVAL
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
    at = received.index(b"\r\n\r\n") + 4
    body: list[bytes] = []
    while at < len(received):
        begin = received.index(b"\r\n", at) + 2
        end = begin + int(received[at:begin], 16)
        body.append(received[begin:end])
        at = end + 2
    return len(received), b"".join(body)


def compressed(writes: Writes) -> int:
    """Return the size of the body when each write is flushed."""
    gzip = Gzip()
    last = len(writes) - 1
    return sum(len(gzip.encode(data, last=number == last)) for number, data in enumerate(writes))


def measure(name: str, words: Tokens, count: int, before: dict[tuple[str, str], float]) -> None:
    """Print the table of one text.

    Args:
        name: of the text.
        words: its tokens, repeated as often as the count needs.
        count: of the tokens.
        before: bytes a token by way and interval, of the shorter answer; filled if empty.
    """
    source = (words * (count // len(words) + 1))[:count]
    size = finished(source)
    print(f"\n{count:,} tokens ({name}), {size:,} bytes of HTML when finished")
    print(f"{'':<41}writes {'body':>11} {'/ HTML':>8} {'network':>11} {'gzip':>10} {'linear':>7}")
    cases = [
        (way, sent, WAYS[way](batches(source, interval)))
        for sent, interval in (("each 40 ms", INTERVAL), ("each token", 0.0))
        for way in WAYS
    ]
    first = not before
    with served(application([writes for *_, writes in cases], source)) as address:
        for number, (way, sent, writes) in enumerate(cases):
            network, body = receive(address, f"/{number}")
            assert body == b"".join(writes)
            each = len(body) / count
            linear = "" if first else f"{each / before[way, sent]:.2f}"
            before.setdefault((way, sent), each)
            print(
                f"{way:<29}{sent:<12}{len(writes):>6} {len(body):>11,} {len(body) / size:>8.2f}"
                f" {network:>11,} {compressed(writes):>10,} {linear:>7}"
            )


def measure_real(name: str, source: Tokens) -> None:
    """Print what an answer takes in real time."""
    with served(application([], source)) as address:
        network, body = receive(address, "/real")
    ratio = len(body) / finished(source)
    print(f"\n{name}, html, {len(source):,} tokens in real time")
    print(f"body {len(body):,} ({ratio:.2f} of the HTML), network {network:,}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measure the bytes of each format.")
    parser.add_argument("--real", action="store_true", help="also in real time: 50 s a text")
    options = parser.parse_args()
    for name, words in TEXTS.items():
        before: dict[tuple[str, str], float] = {}
        for count in COUNTS:
            measure(name, words, count, before)
        if options.real:
            measure_real(name, (words * 9)[: COUNTS[-1]])


if __name__ == "__main__":
    main()
