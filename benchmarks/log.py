"""Measures what a log costs: how long an entry takes to its readers, and what each of them costs.

    python benchmarks/log.py            # about two minutes, on a quiet machine
    python benchmarks/log.py append     # only one of the measurements

It starts a Redis of its own, on a Unix socket. Writers and readers are different processes. The
times of tokens are read from the same clock, which all processes of a machine share.
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from _texts import mixed, tokens
from redis.asyncio import Redis
from tests.servers.redis_server import RedisServer, redis_server

from streamhtml.asgi import StreamingHTMLResponse
from streamhtml.log import Log, MemoryLog
from streamhtml.redis import RedisLog

FOLLOWERS, RATE, SECONDS = 1000, 20, 10  # readers of one answer, tokens per second, and how long
APPENDS = 2000
LONG = 5000  # tokens of a long answer
STOPS = 100
IDLE = 300  # answers or readers that wait
KILLS, READERS, LEASE = 3, 50, 5.0  # rounds, readers in each of two processes, in seconds


def percentiles(times: Sequence[float]) -> str:
    """Return the median, the 99th percentile and the maximum of times, in milliseconds."""
    ordered = [each * 1e3 for each in sorted(times)]
    p99 = ordered[len(ordered) * 99 // 100]
    return f"p50 {statistics.median(ordered):.2f} ms, p99 {p99:.2f} ms, max {ordered[-1]:.2f} ms"


async def clock(seconds: float, rate: float) -> AsyncIterator[str]:
    """Yield the time, again and again."""
    due = time.monotonic()
    while seconds > 0:
        yield f"{time.monotonic()} "
        due += 1 / rate
        seconds -= 1 / rate
        await asyncio.sleep(max(due - time.monotonic(), 0))


def ages(text: str) -> list[float]:
    """Return how old the times in a text of ``clock()`` are."""
    now = time.monotonic()
    return [now - float(each) for each in text.split()]


@contextmanager
def process(role: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run a role of this file in a process of its own, and wait until it has printed a line."""
    command = [sys.executable, __file__, "--role", role, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            running.stdout.readline()
            yield running
        finally:
            running.kill()


def result(running: subprocess.Popen[str]) -> Any:
    """Return what a process prints as JSON at its end."""
    assert running.stdout is not None
    return json.loads(running.stdout.readline())


def begun() -> None:
    """Say that a process has begun."""
    print("begun", flush=True)


# Roles -----------------------------------------------------------------------------------------


async def write_clock(url: str) -> None:
    """Write the time for so many seconds."""
    begun()
    await RedisLog(url).record("clock", clock(SECONDS, RATE), interval=0).run()


async def write_endless(url: str, name: str, stalled: str) -> None:
    """Write answers until they are stopped. A stalled one says nothing more after a word."""

    async def endless() -> AsyncIterator[str]:
        while True:
            yield "word "
            await asyncio.sleep(3600 if stalled == "True" else 4 / RATE)

    log = RedisLog(url)
    begun()
    await asyncio.gather(*(log.record(f"{name}{n}", endless()).run() for n in range(STOPS)))


async def follow_until_killed(url: str, name: str, readers: str) -> None:
    """Follow an answer. Print the outcome and the time of each end."""
    log = RedisLog(url)
    ready = asyncio.Barrier(int(readers))

    async def follow() -> tuple[list[str], float]:
        body = ""
        async with aclosing(respond(log.follow(name, wait=10))) as response:
            async for chunk in response:
                if not body and await ready.wait() == 0:
                    begun()
                body += chunk.decode()
        return re.findall(" end (\\w+)>", body), time.monotonic()

    ends = await asyncio.gather(*(follow() for _ in range(int(readers))))
    print(json.dumps(ends), flush=True)


async def keep_idle(url: str, name: str) -> None:
    """Print the memory of answers that say nothing more, and of readers who wait."""

    async def idle() -> AsyncIterator[str]:
        yield "A first sentence of an answer."
        await asyncio.sleep(3600)

    async def follow(answer: str) -> None:
        async with aclosing(respond(log.follow(answer))) as response:
            async for _ in response:
                pass

    async def grown_by(tasks: list[asyncio.Task[Any]]) -> int:
        before, _ = tracemalloc.get_traced_memory()
        await asyncio.sleep(3)
        after, _ = tracemalloc.get_traced_memory()
        return (after - before) // len(tasks)

    log: Log = RedisLog(url) if name == "RedisLog" else MemoryLog()
    begun()
    tracemalloc.start()
    answers = [f"idle{number}" for number in range(IDLE)]
    sizes = {}
    kept = [asyncio.create_task(log.record(answer, idle()).run()) for answer in answers]
    sizes["for an answer that is written"] = await grown_by(kept)
    kept += (more := [asyncio.create_task(follow("idle0")) for _ in answers])
    sizes["for a reader of the same answer"] = await grown_by(more)
    if name == "RedisLog":
        log = RedisLog(url)
        kept += (more := [asyncio.create_task(follow(answer)) for answer in answers])
        sizes["for the one reader of an answer of another process"] = await grown_by(more)
    print(json.dumps(sizes), flush=True)
    os._exit(0)  # Nothing ends by itself here.


ROLES = {
    each.__name__: each for each in (write_clock, write_endless, follow_until_killed, keep_idle)
}


# Measurements ----------------------------------------------------------------------------------


def respond(source: Any, renderer: str = "text", headers: Any = ()) -> StreamingHTMLResponse:
    """Return the response of a view."""
    return StreamingHTMLResponse(
        {"method": "GET", "headers": headers}, source, renderer=renderer, format="html"
    )


async def append(server: RedisServer) -> None:
    """How long an append takes."""
    entry = json.dumps({"at": 1.234, "text": "a few tokens of an answer "})
    logs: dict[str, Log] = {"MemoryLog": MemoryLog(), "RedisLog": RedisLog(server.url)}
    for name, log in logs.items():

        async def write(answer: str, count: int, log: Log = log) -> list[float]:
            times = []
            epoch = await log.create(answer, "{}")
            assert epoch is not None
            for number in range(1, count + 1):
                started = time.perf_counter()
                await log.append(answer, epoch, number, entry)
                times.append(time.perf_counter() - started)
            return times

        started = time.perf_counter()
        times = await write("one", APPENDS)
        rate = APPENDS / (time.perf_counter() - started)
        print(f"  {name}, 1 writer:    {rate:9,.0f} per second, {percentiles(times)}")
        started = time.perf_counter()
        await asyncio.gather(*(write(f"many{n}", APPENDS // 20) for n in range(200)))
        rate = 10 * APPENDS / (time.perf_counter() - started)
        print(f"  {name}, 200 writers: {rate:9,.0f} per second")


async def deliver(server: RedisServer) -> None:
    """How long a token takes from the model to its readers in another process."""
    with process("write_clock", server.url):
        await _deliver(f"{FOLLOWERS} readers of deltas", server, FOLLOWERS, _read_deltas)
    with process("write_clock", server.url):
        await _deliver("100 responses in Markdown", server, 100, _read_response)
    with process("write_clock", server.url):
        readers = f"{FOLLOWERS} blocking XREADs"
        await _deliver(readers, server, FOLLOWERS, _read_blocking)


async def _deliver(
    name: str,
    server: RedisServer,
    readers: int,
    read: Callable[[RedisLog, RedisServer], AsyncIterator[str]],
) -> None:
    log = RedisLog(server.url)
    times: list[float] = []

    async def follow() -> None:
        late = True  # What was said before this reader came.
        async for text in read(log, server):
            if not late:
                times.extend(ages(text))
            late = False

    started, used = time.perf_counter(), time.process_time()
    following = asyncio.gather(*(follow() for _ in range(readers)))
    await asyncio.sleep(SECONDS / 2)
    with server.client() as client:
        connections = int(client.info("clients")["connected_clients"]) - 1
    await following
    cpu = (time.process_time() - used) / (time.perf_counter() - started)
    with server.client() as client:
        client.flushall()
    await log.aclose()
    used_by = f"{connections} connections with the writer's, {cpu:.0%} CPU"
    print(f"  {name}: {percentiles(times)}, {used_by}")


async def _read_deltas(log: RedisLog, server: RedisServer) -> AsyncIterator[str]:
    async for delta in log.follow("clock", wait=10):
        yield delta.text


async def _read_response(log: RedisLog, server: RedisServer) -> AsyncIterator[str]:
    async with aclosing(respond(log.follow("clock", wait=10), "markdown")) as response:
        async for chunk in response:
            yield " ".join(re.findall(r"\d+\.\d+", chunk.decode()))


async def _read_blocking(log: RedisLog, server: RedisServer) -> AsyncIterator[str]:
    """Read as many do who use streams of Redis: with a connection for each reader."""
    last = "0"
    async with Redis.from_url(server.url, decode_responses=True) as client:
        while True:
            found = await client.xread({"streamhtml:{clock}:entries": last}, block=5000)
            for _, entries in found or []:
                text = ""
                for entry_id, fields in entries:
                    last = entry_id
                    text += json.loads(fields["entry"]).get("text", "")
                yield text
                if "end" in fields:
                    return


async def join_late(server: RedisServer) -> None:
    """What a reader costs who comes when a long answer is complete."""
    (answer,) = mixed(LONG, LONG)
    pieces = tokens(answer)[:LONG]

    async def batches() -> AsyncIterator[str]:
        # At 100 tokens per second, and with a batch each 0.04 seconds.
        for number in range(0, LONG, 4):
            yield "".join(pieces[number : number + 4])
            await asyncio.sleep(0.004)

    logs: dict[str, Log] = {"MemoryLog": MemoryLog(), "RedisLog": RedisLog(server.url)}
    for name, log in logs.items():
        await log.record("long", batches(), interval=0).run()
        status = await log.status("long")
        assert status is not None
        size = len(await _body(log.follow("long"), "whole"))
        sent, used = 0, []
        for _ in range(5):
            started = time.process_time()
            sent = len(await _body(log.follow("long"), "html"))
            used.append(time.process_time() - started)
        print(
            f"  {name}: {len(pieces):,} tokens in {status.fragments:,} entries: {sent:,} bytes, "
            f"{sent / size:.2f} x the final HTML, {statistics.median(used) * 1e3:.0f} ms CPU"
        )


async def _body(source: Any, format: str) -> bytes:
    scope = {"method": "GET", "headers": []}
    response = StreamingHTMLResponse(scope, source, renderer="markdown", format=format)
    async with aclosing(response):
        return b"".join([chunk async for chunk in response])


async def remember(server: RedisServer) -> None:
    """How much memory an idle answer takes, and an idle reader."""
    for name in "MemoryLog", "RedisLog":
        with process("keep_idle", server.url, name) as running:
            sizes = result(running)
        print(f"  {name}: " + ", ".join(f"{size:,} bytes {of}" for of, size in sizes.items()))
    with server.client() as client:
        size = client.memory_usage("streamhtml:{idle0}:entries")
        print(f"  Redis: {size:,} bytes for the entries of such an answer")


async def stop(server: RedisServer) -> None:
    """How long it takes until a reader sees the end after the user has pressed stop elsewhere."""
    log = RedisLog(server.url)
    for stalled in (False, True):
        name = "stalled" if stalled else "streaming"
        times: list[float] = []
        with process("write_endless", server.url, name, stalled):
            for number in range(STOPS):
                body, began = "", asyncio.Event()

                async def follow(answer: str, began: asyncio.Event = began) -> str:
                    body = ""
                    async with aclosing(respond(log.follow(answer, wait=10))) as response:
                        async for chunk in response:
                            body += chunk.decode()
                            if "word" in body:
                                began.set()
                    return body

                following = asyncio.create_task(follow(f"{name}{number}"))
                await began.wait()
                started = time.perf_counter()
                await log.stop(f"{name}{number}")
                body = await following
                assert " end stopped>" in body, body[-200:]
                times.append(time.perf_counter() - started)
        print(f"  a model that is {name}: {percentiles(times)}")


async def kill(server: RedisServer) -> None:
    """How long it takes until readers see the end after the writer's process was killed."""
    times, ends = [], []
    for number in range(KILLS):
        answer = f"killed{number}-0"
        with (
            process("write_endless", server.url, f"killed{number}-", False) as writer,
            process("follow_until_killed", server.url, answer, READERS) as one,
            process("follow_until_killed", server.url, answer, READERS) as other,
        ):
            await asyncio.sleep(1)
            killed = time.monotonic()
            writer.kill()
            for outcomes, ended in [*result(one), *result(other)]:
                ends.append(outcomes)
                times.append(ended - killed)
    right = ends.count(["interrupted"])
    print(f"  {right} of {len(ends)} readers saw one end, {percentiles(times)}, lease {LEASE} s")


MEASUREMENTS = {each.__name__: each for each in (append, deliver, join_late, remember, stop, kill)}


def main() -> None:
    """Run the measurements that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(MEASUREMENTS))
    parser.add_argument("--role", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.role:
        name, *rest = arguments.role
        asyncio.run(ROLES[name](*rest))
        return
    for name in arguments.names or MEASUREMENTS:
        measure = MEASUREMENTS[name]
        print(f"\n{name}: {measure.__doc__}", flush=True)
        with redis_server() as server:
            asyncio.run(measure(server))


if __name__ == "__main__":
    main()
