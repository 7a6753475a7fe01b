"""Measures the bytes of an answer in each format, against the HTML of the finished message.

    python benchmarks/wire.py         # simulates when the tokens arrive
    python benchmarks/wire.py --real  # also streams in real time, 50 s per text

"Body" is what the client reads. "Network" is everything that its socket receives from uvicorn: the
head of the response, the chunked framing and the body. "Gzip" is the body with compress=True.
"Linear" is the number of bytes per token in the longer answer, divided by that in the shorter one.
It is 1 if the format is linear.
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
from streamhtml.formats import FORMATS, Format, FormatRequest, Headers
from streamhtml.formats.htmx import HTMXFormat
from streamhtml.starlette import StreamingHTMLResponse

COUNTS = 1000, 5000
RATE = 100  # tokens per second
INTERVAL = 0.04  # seconds, the default
# The same text in two ways: the shorter the tokens, the more a format adds to each of them.
TEXTS = {
    "the demo's tokens": tokens(LONG),
    "words": tuple(re.findall(r"\s*\S+", "".join(tokens(LONG)))),
}
CONTEXT = {"human_message": "Tell me everything."}
MESSAGE = Environment(autoescape=True).from_string(
    '<div id="{{ message_pair_id }}"{% if is_again %} hx-swap-oob="true"{% endif %}>'
    '<p class="human">{{ human_message }}</p><div class="ai">{{ ai_message }}</div></div>'
)

Tokens = tuple[str, ...]
Writes = list[bytes]


def batches(source: Tokens, interval: float) -> list[Tokens]:
    """Return the tokens in batches, as they are collected if RATE of them arrive per second."""
    size = max(1, round(interval * RATE))
    return [source[start : start + size] for start in range(0, len(source), size)]


def ours(
    name: str,
    batched: list[Tokens],
    renderer: str = "markdown",
    request: FormatRequest | None = None,
    create: Callable[[], Format] | None = None,
) -> Writes:
    """Return what this library writes, fragment by fragment."""
    target = (create or FORMATS[name])()
    target.prepare(request or FormatRequest(into="log"))
    reply = Reply(MESSAGE.render, CONTEXT, renderer=renderer, into="log", at_once=target.at_once)
    fragments = [reply.open()]
    fragments += [reply.feed([Delta(token) for token in batch]) for batch in batched]
    fragments.append(reply.close("finished"))
    return [
        target.encode(fragment).encode()
        for fragment in fragments
        if fragment.patches or fragment.outcome
    ]


def tutorial(batched: list[Tokens]) -> Writes:
    """Return what a simple loop writes that renders the whole message each time."""
    message_pair_id, so_far, writes = pair_id(), "", []
    for batch in batched:
        is_again = so_far != ""
        so_far += "".join(batch)
        html = MESSAGE.render(
            message_pair_id=message_pair_id,
            is_again=is_again,
            ai_message=so_far,
            **CONTEXT,
        )
        writes.append(html.encode())
    return writes


def datastar_append(batched: list[Tokens]) -> Writes:
    """Return what a simple loop writes that appends escaped text with datastar-py."""
    selector = f"#{pair_id()}"
    return [
        ServerSentEventGenerator.patch_elements(
            str(escape("".join(batch))), selector=selector, mode=ElementPatchMode.APPEND
        ).encode()
        for batch in batched
    ]


def htmx_append(batched: list[Tokens]) -> Writes:
    """Return what a simple loop writes that appends escaped text out of band, for htmx."""
    selector = f"#{pair_id()}"
    return [
        f'<div hx-swap-oob="beforeend:{selector}">{escape("".join(batch))}</div>'.encode()
        for batch in batched
    ]


CHROMIUM = FormatRequest(
    Headers({"Sec-CH-UA": '"Chromium";v="150"', "Sec-Fetch-Dest": "document"}),
    render_page=lambda message: f"<main>{message}</main>",
)
WAYS: dict[str, Callable[[list[Tokens]], Writes]] = {
    **{name: partial(ours, name) for name in FORMATS},
    "htmx, for htmx 4": partial(ours, "htmx", create=partial(HTMXFormat, partials=True)),
    "multipart, without into": partial(ours, "multipart", request=FormatRequest()),
    "page, in Chromium 150": partial(ours, "page", request=CHROMIUM),
    'html, renderer="text"': partial(ours, "html", renderer="text"),
    'html, renderer="template"': partial(ours, "html", renderer="template"),
    "datastar-py, text appended": datastar_append,
    "htmx beforeend, text": htmx_append,
    "the tutorial's way": tutorial,
}


def finished(source: Tokens) -> int:
    """Return the size of the finished message's HTML, in bytes."""
    return len(b"".join(ours("whole", [source])))


def application(answers: list[Writes], tokens: Tokens) -> Starlette:
    """Return an application that sends recorded answers, and streams one in real time at /real."""

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
    """Run the application under uvicorn in a thread, and provide its address."""
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
    """Return how many bytes the socket received, and the body without its chunked framing."""
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
    """Return the size of the compressed body, flushed after each write."""
    gzip = Gzip()
    last = len(writes) - 1
    return sum(len(gzip.encode(data, last=number == last)) for number, data in enumerate(writes))


def measure(name: str, words: Tokens, count: int, before: dict[tuple[str, str], float]) -> None:
    """Print the table of one text.

    Args:
        name: the name of the text.
        words: its tokens. They are repeated until there are enough.
        count: the number of tokens.
        before: bytes per token of the shorter answer, by way and interval. Filled if it is empty.
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
    """Print the size of an answer that is streamed in real time."""
    with served(application([], source)) as address:
        network, body = receive(address, "/real")
    ratio = len(body) / finished(source)
    print(f"\n{name}, html, {len(source):,} tokens in real time")
    print(f"body {len(body):,} ({ratio:.2f} of the HTML), network {network:,}")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description="Measure the bytes of each format.")
    parser.add_argument("--real", action="store_true", help="also stream in real time")
    options = parser.parse_args()
    for name, words in TEXTS.items():
        before: dict[tuple[str, str], float] = {}
        for count in COUNTS:
            measure(name, words, count, before)
        if options.real:
            measure_real(name, (words * 9)[: COUNTS[-1]])


if __name__ == "__main__":
    main()
