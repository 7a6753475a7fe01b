"""Measures what a stream costs a server, compared with a bare StreamingResponse.

Both send the same tokens.

    python benchmarks/server.py              # about five minutes, on a quiet machine
    python benchmarks/server.py --rounds 1   # a quick look
    python benchmarks/server.py --others     # only the last table

The last table, "others' latency", shows how long a trivial request takes while the server streams
to others: one source that yields 1,000,000 tokens without a pause, then 100 readers who read one
byte per second from such sources. A bare StreamingResponse sends the text as it is, so it has much
less to do than a renderer.

Each round runs every variant once, each in a uvicorn process of its own. The figures are medians
over the rounds, and each ratio compares two figures of the same round. CPU time is that of the
server only, because the client is another process.
"""

import argparse
import asyncio
import logging
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import uvicorn
from _latency import Latency
from _texts import mixed, tokens
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

import streamhtml
from streamhtml import Reply, stream
from streamhtml._body import Body
from streamhtml._pump import Pump
from streamhtml._wsgi_iterator import SyncIterator
from streamhtml.formats.html import HTMLFormat
from streamhtml.starlette import StreamingHTMLResponse

TOKEN = "token "
TICK = os.sysconf("SC_CLK_TCK")

FAST = 50_000  # tokens of one stream without pauses
STREAMS, LENGTH, RATE = 500, 300, 50  # tokens per stream, and per second
READ_EVERY = 0.02  # seconds between two reads of the client
BURST = 1_000_000  # tokens that are all there at once
READERS, SECONDS = 100, 15  # that read one byte per second, and for how long
RECEIVE_BUFFER = 4096  # of these readers

VARIANTS = {
    "bare StreamingResponse": "bare",
    "the pump alone, interval=0": "pump-0",
    "the pump alone, interval=0.05": "pump-0.05",
    'ours, renderer="text", interval=0': "text-0",
    'ours, renderer="text", interval=0.05': "text-0.05",
    'ours, renderer="markdown", interval=0': "markdown-0",
    'ours, renderer="markdown", interval=0.05': "markdown-0.05",
}

OTHERS = {
    "no stream": "",
    "bare StreamingResponse": "bare",
    'renderer="text"': "text-0.04",
    'renderer="markdown"': "markdown-0.04",
    'renderer="markdown", format="turbo"': "markdown-0.04-turbo",
    'renderer="markdown", format="page"': "markdown-0.04-page",
    'renderer="markdown", format="whole"': "markdown-0.04-whole",
}


async def fast(count: int) -> AsyncIterator[str]:
    """Yield tokens without pauses, but let other tasks run."""
    for _ in range(count):
        yield TOKEN
        await asyncio.sleep(0)


async def steady(count: int) -> AsyncIterator[str]:
    """Yield tokens at the rate of a model."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    for _ in range(count):
        yield TOKEN
        due += 1 / RATE
        await asyncio.sleep(max(due - loop.time(), 0))


@cache
def answer() -> list[str]:
    """Return the tokens of a long answer in Markdown."""
    return tokens(mixed(20_000)[0])


async def burst(count: int) -> AsyncIterator[str]:
    """Yield the tokens of a long answer, and never let other tasks run."""
    for token in islice(cycle(answer()), count):
        yield token


SOURCES = {"fast": fast, "steady": steady, "burst": burst, "limited": burst}

# The server ----------------------------------------------------------------------------------


class Batches:
    """The plain tokens in the batches of the pump. Nothing is rendered."""

    def __init__(self, pump: Pump) -> None:
        self._pump = pump

    def __aiter__(self) -> "Batches":
        return self

    async def __anext__(self) -> str:
        return "".join(delta.text for delta in await anext(self._pump))


async def reply(request: Request) -> Response:
    """Stream ``count`` tokens of a source in one of the variants."""
    variant, source, count = (request.path_params[name] for name in ("variant", "source", "count"))
    source = SOURCES[source](count)
    if variant == "bare":
        return StreamingResponse(source, media_type="text/html; charset=utf-8")
    renderer, interval, *formats = variant.split("-")
    if renderer == "pump":
        pump = Pump(source, interval=float(interval), ping=15)
        return StreamingResponse(Batches(pump), media_type="text/html; charset=utf-8")
    limits = {}
    if request.path_params["source"] == "burst" and hasattr(streamhtml, "Limits"):
        limits["limits"] = streamhtml.Limits(characters=None)  # Older versions have no limits.
    return StreamingHTMLResponse(
        request,
        source,
        **limits,
        renderer=renderer,
        interval=float(interval),
        format=formats[0] if formats else "html",
        into="messages",
    )


async def small(request: Request) -> Response:
    """Answer a trivial request."""
    return PlainTextResponse("ok")


def serve(loop: str) -> None:
    """Serve until the process is killed. Print the port first."""
    answer()
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # It warns of each write after the end.
    app = Starlette(routes=[Route("/{variant}/{source}/{count:int}", reply), Route("/", small)])

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            print(self.servers[0].sockets[0].getsockname()[1], flush=True)

    config = uvicorn.Config(
        app, port=0, log_level="warning", lifespan="off", backlog=2 * STREAMS, loop=loop
    )
    Server(config).run()


@contextmanager
def server() -> Iterator[tuple[int, int]]:
    """Run a server, and yield its process id and its port."""
    command = [sys.executable, __file__, "--serve", *sys.argv[1:]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.pid, int(process.stdout.readline())
        finally:
            process.kill()


def cpu(pid: int) -> float:
    """Return the CPU time of a process in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident(pid: int) -> int:
    """Return the resident memory of a process in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


# The client ----------------------------------------------------------------------------------


def ask(port: int, path: str, buffer: int = 1 << 22) -> socket.socket:
    """Send a request, and return its socket when the response has begun."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.connect(("127.0.0.1", port))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    connection.recv(1, socket.MSG_PEEK)
    connection.setblocking(False)
    return connection


def read(connections: list[socket.socket]) -> None:
    """Read every connection to its end, at intervals.

    A client that waited for data would be woken by each write, at the cost of the server.
    """
    while connections:
        time.sleep(READ_EVERY)
        for connection in connections.copy():
            try:
                while data := connection.recv(1 << 20):
                    pass
            except BlockingIOError:
                continue
            assert not data
            connections.remove(connection)
            connection.close()


def measure_fast(variant: str) -> float:
    """Return the CPU time per token of one stream, in microseconds."""
    with server() as (pid, port):
        read([ask(port, f"/{variant}/fast/1000")])
        before = cpu(pid)
        read([ask(port, f"/{variant}/fast/{FAST}")])
        return (cpu(pid) - before) / FAST * 1e6


def measure_many(variant: str) -> tuple[float, float]:
    """Return the CPU time per token of many streams, in microseconds, and the KiB per stream."""
    with server() as (pid, port):
        read([ask(port, f"/{variant}/fast/1000")])
        before, empty = cpu(pid), resident(pid)
        connections = [ask(port, f"/{variant}/steady/{LENGTH}") for _ in range(STREAMS)]
        held = resident(pid)
        read(connections)
        return (cpu(pid) - before) / STREAMS / LENGTH * 1e6, (held - empty) / STREAMS / 1024


def measure_burst(variant: str) -> tuple[float, float, float]:
    """Return p50 and p99 during a burst in milliseconds, and how long the burst took in seconds."""
    with server() as (_, port):
        if not variant:
            deadline = time.monotonic() + SECONDS
            quiet = Latency(port).measure(lambda: time.monotonic() > deadline)
            return quiet.percentile(50), quiet.percentile(99), 0
        reader = threading.Thread(
            target=lambda: read([ask(port, f"/{variant}/burst/{BURST}")]), daemon=True
        )
        latency = Latency(port)
        begun = time.monotonic()
        reader.start()
        latency.measure(lambda: not reader.is_alive())
        return latency.percentile(50), latency.percentile(99), time.monotonic() - begun


def measure_slow(variant: str) -> tuple[float, float, float]:
    """Return p50 and p99 in milliseconds while many read slowly, and the KiB for each of them."""
    with server() as (pid, port):
        read([ask(port, f"/{variant}/fast/1000")])
        latency = Latency(port)
        empty = resident(pid)
        most = empty
        deadline = time.monotonic() + SECONDS

        def read_slowly() -> None:
            nonlocal most
            path = f"/{variant}/limited/{BURST}"
            readers = [ask(port, path, RECEIVE_BUFFER) for _ in range(READERS)]
            while time.monotonic() < deadline:
                for each in readers:
                    with suppress(BlockingIOError):
                        each.recv(1)
                most = max(most, resident(pid))
                time.sleep(1)

        reader = threading.Thread(target=read_slowly, daemon=True)
        reader.start()
        latency.measure(lambda: not reader.is_alive())
        return latency.percentile(50), latency.percentile(99), (most - empty) / READERS / 1024


def show_others(rounds: int) -> None:
    """Print the latency of trivial requests while others stream."""
    print(f"\n{'':<42}{f'{BURST:,} tokens at once':>30}{f'{READERS} readers of 1 byte/s':>30}")
    header = "".join(f"{name:>10}" for name in ("p50 ms", "p99 ms", "s", "p50 ms", "p99 ms", "KiB"))
    print(f"{'the latency of others':<42}{header}")
    for name, variant in OTHERS.items():
        cells = []
        for measure in (measure_burst, measure_slow) if variant else (measure_burst,):
            found = [measure(variant) for _ in range(rounds)]
            for index, digits in (0, 2), (1, 1), (2, 1 if measure is measure_burst else 0):
                cells.append(f"{statistics.median(each[index] for each in found):>10.{digits}f}")
        print(f"{name:<42}{''.join(cells)}", flush=True)


# In this process -------------------------------------------------------------------------------


def measure_bridge(streams: int, tokens: Callable[[int], Any], count: int) -> float:
    """Return the CPU time per token through the WSGI bridge, in microseconds."""

    def consume() -> None:
        body = Body(stream(Reply(renderer="text"), tokens(count), interval=0), HTMLFormat())
        chunks = SyncIterator(body, {})
        for _ in chunks:
            pass
        chunks.close()

    consume()
    threads = [threading.Thread(target=consume) for _ in range(streams)]
    before = time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (time.process_time() - before) / streams / count * 1e6


def measure_sync_source() -> float:
    """Return the time per token of a sync source on its thread, in microseconds."""

    async def consume(count: int) -> None:
        async for _ in Pump((TOKEN for _ in range(count)), interval=0, ping=15):
            pass

    asyncio.run(consume(1000))
    before = time.perf_counter()
    asyncio.run(consume(FAST))
    return (time.perf_counter() - before) / FAST * 1e6


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measure what a stream costs a server.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--others", action="store_true", help="only the latency of others")
    parser.add_argument("--loop", choices=["asyncio", "uvloop"], default="asyncio")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.loop)
        return
    if not options.others:
        show_costs(range(options.rounds))
    show_others(options.rounds)


def show_costs(rounds: range) -> None:
    """Print what a stream costs."""
    fast_rounds = [
        {variant: measure_fast(variant) for variant in VARIANTS.values()} for _ in rounds
    ]
    many_rounds = [
        {variant: measure_many(variant) for variant in VARIANTS.values()} for _ in rounds
    ]
    print(f"{'':<42}{'one fast stream':>24}{f'{STREAMS} x {LENGTH} at {RATE}/s':>26}")
    print(f"{'':<42}{'us/token':>12}{'ratio':>12}{'us/token':>12}{'ratio':>8}{'KiB':>6}")
    for name, variant in VARIANTS.items():
        one = statistics.median(each[variant] for each in fast_rounds)
        one_ratio = statistics.median(each[variant] / each["bare"] for each in fast_rounds)
        many = statistics.median(each[variant][0] for each in many_rounds)
        many_ratio = statistics.median(each[variant][0] / each["bare"][0] for each in many_rounds)
        held = statistics.median(each[variant][1] for each in many_rounds)
        print(
            f"{name:<42}{one:>12.2f}{one_ratio:>12.2f}{many:>12.1f}{many_ratio:>8.2f}{held:>6.0f}"
        )

    one = statistics.median(measure_bridge(1, fast, FAST) for _ in rounds)
    many = statistics.median(measure_bridge(200, steady, LENGTH) for _ in rounds)
    sync = statistics.median(measure_sync_source() for _ in rounds)
    print(f"\nWSGI bridge, one fast stream:        {one:6.2f} us/token")
    print(f"WSGI bridge, 200 streams at {RATE}/s:    {many:6.2f} us/token")
    print(f"sync source, on its own thread:      {sync:6.2f} us/token")


if __name__ == "__main__":
    main()
