"""After ten thousand streams, most of them cut, a server holds no more than before.

``/state`` counts what it holds, after a garbage collection.
"""

import asyncio
import gc
import logging
import random
import re
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path
from statistics import median
from types import AsyncGeneratorType
from typing import Any, Literal, TypeAlias

import anyio
import anyio.to_thread
import h11
import httpx
import pytest
from anyio.lowlevel import checkpoint
from tests.servers.process import Server, complaints_in
from tests.servers.raw_client import RawClient, Way
from tests.servers.server_commands import running
from tests.servers.test_matrix import EXPECTED_LOG
from tests.servers.waiting import TIMEOUT, wait_until

from streamhtml import Reply, stream
from streamhtml._body import Body
from streamhtml.formats.html import HTMLFormat

AT_ONCE = {"uvicorn": 100, "gunicorn-gthread": 16, "gunicorn-gevent": 100}
PAIRS = [
    ("uvicorn", "starlette"),
    ("uvicorn", "fastapi-middleware"),
    ("uvicorn", "django-asgi"),
    ("gunicorn-gthread", "django-wsgi"),
    ("gunicorn-gthread", "flask"),
    ("gunicorn-gevent", "flask"),
]

QUIET = ["waiting", "opened", "failing-in-finally", "slow-finally"]
GOING_ON = {"steady": 600, "sync": 600, "fast": 60_000, "never-suspending": 60_000}
GOING_ON["back-pressured"] = 400_000
"""Maximum number of bytes that are read of each: what arrives in some tenths of a second."""
ENDING = ["ending", "failing"]
SOURCES = [*QUIET, *GOING_ON, *ENDING]

Point = Literal["request", "head", "token", "further", "end"]

State: TypeAlias = dict[str, Any]

FAILED = r".*the stream of \S+ failed\nTraceback[\s\S]*?ConnectionError: the secret\n"


@dataclass(frozen=True)
class Visit:
    """One request: its source, how far it is read, and how its reader leaves."""

    source: str
    point: Point
    way: Way
    size: int = 0
    head: bool = False
    whole: bool = False
    compress: bool = False

    @property
    def query(self) -> str:
        # A short ping: a WSGI server only notices that the reader left when it sends something.
        return f"source={self.source}&ping=0.1{'&compress=1' if self.compress else ''}"

    @property
    def headers(self) -> dict[str, str]:
        encoding = {"Accept-Encoding": "gzip" if self.compress else "identity"}
        return encoding | ({} if self.whole else {"Streaming-HTML": "html"})


def visits(chance: random.Random, number: int) -> Iterator[Visit]:
    for _ in range(number):
        source = chance.choice(SOURCES)
        points: list[Point] = ["request", "head", "token", "token"]
        points += ["further"] * 2 if source in GOING_ON else []
        points += ["end"] * 2 if source in ENDING else []
        point = chance.choice(points)
        yield Visit(
            source,
            point,
            chance.choice(("middle", "reset", "half-close")),
            size=chance.randrange(GOING_ON.get(source, 1)),
            head=chance.random() < 0.05,
            # Tokens of a fast source would be collected until the reader has left.
            whole=chance.random() < 0.15 and source in [*QUIET, *ENDING],
            compress=chance.random() < 0.25 and source != "back-pressured",
        )


class Visitor(RawClient):
    """A client that may read to the end."""

    def __init__(self, url: str, visit: Visit) -> None:
        super().__init__(url, "HEAD" if visit.head else "GET", visit.query, visit.headers)
        self._body = bytearray()

    def read(self, visit: Visit) -> bool:
        """Read as far as the visit says, or to the end. Return whether a token arrived."""
        if visit.point == "request":
            return False
        self.read_head()
        if visit.head or visit.point == "head":
            return False
        token = b"\n" if visit.whole else b" append #"
        size = {"further": visit.size, "end": 1 << 30}.get(visit.point, 0)
        while token not in self._body or len(self._body) < size:
            part = self._next()
            if isinstance(part, h11.EndOfMessage):
                break
            assert isinstance(part, h11.Data), f"{visit}: {part}"
            self._body += self._unzip(bytes(part.data))
        return bool(self._body)


def make(server: Server, visit: Visit) -> bool:
    """Make a visit, and return whether a token arrived."""
    with closing(Visitor(server.url, visit)) as visitor:
        saw = visitor.read(visit)
        visitor.leave(visit.way)
        if visit.way == "half-close":
            assert visitor.read_to_end(TIMEOUT), f"{visit}: the server went on sending"
    return saw


def unclosed(events: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Return the events of the sources that were not all closed exactly once and completely.

    A reader may leave while a source that has ended by itself is closing. Then its cleanup is
    cancelled, like every other await of the source.
    """

    def is_right(source: str, sums: dict[str, int]) -> bool:
        opened, cut = sums.get("opened", 0), sums.get("closing cut", 0)
        ended = sum(number for event, number in sums.items() if event.startswith("ended "))
        return (
            opened == sums.get("closing", 0) == sums.get("closed", 0) + cut
            and (not cut or source in ENDING)
            and (ended <= opened if source == "opened" else ended >= opened)
            and not any(event.endswith("again") for event in sums)
        )

    return {source: sums for source, sums in events.items() if not is_right(source, sums)}


HELD = ("tasks", "threads", "files", "sockets")
BLOCKS = 0.5
"""Number of memory blocks by which Python may grow per stream. An object takes at least one block.
Up to 0.16 were measured, most of it by chance."""
BYTES = 300
"""Number of resident bytes by which the process may grow per stream, and at most a tenth in all.

The allocator keeps what it took at a peak, so it grows in jumps, which become rarer. -70 to 145
were measured, and a twentieth in all.
"""


class Resources:
    """What a server holds, compared with the beginning."""

    def __init__(self, server: Server) -> None:
        self._url = f"{server.url}/state"
        self._first: State = {}
        self._first = self.settled()

    def settled(self) -> State:
        """Wait until no more is held than at the beginning. What remains is in ``more``."""
        state: State = {}

        def is_settled() -> bool:
            state.update(client.get(self._url).raise_for_status().json())
            state["threads"] -= state["pooled"]  # Pools keep these threads.
            state["more"] = {
                name: (self._first[name], state[name])
                for name in HELD
                if state[name] > self._first.get(name, state[name])
            }
            return not state["more"] and not unclosed(state["events"])

        # On one connection, because the server counts it too.
        with httpx.Client(timeout=TIMEOUT) as client:
            wait_until(is_settled, every=0.1)
        return state


def storm(
    server: Server, name: str, at_once: int, rounds: int, number: int
) -> Iterator[tuple[State, int]]:
    """Make rounds of visits. Yield what the server holds after each, and how many saw a token."""
    with ThreadPoolExecutor(at_once) as pool:
        for source in SOURCES:
            make(server, Visit(source, "token", "middle"))
        resources = Resources(server)
        for each in range(1, rounds + 1):
            chance = random.Random(f"{name} {each}")
            served = sum(pool.map(lambda visit: make(server, visit), visits(chance, number)))
            state = resources.settled()
            print(name, each, {key: state[key] for key in (*HELD, "resident", "blocks")})
            yield state, served


def slope(values: list[int]) -> float:
    """Return the growth per round: the median over all pairs, so that one jump has no effect."""
    return median(
        (values[later] - values[sooner]) / (later - sooner)
        for sooner, later in combinations(range(len(values)), 2)
    )


@pytest.fixture(autouse=True)
def one_arena(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the C library of the servers keep what threads have freed in one place.

    By default, each thread may take one of its own. On a busy machine more threads run at once, and
    the process grows for longer.
    """
    monkeypatch.setenv("MALLOC_ARENA_MAX", "1")


def check(server: str, site: str, folder: Path, rounds: int, number: int) -> list[State]:
    """Serve the streams, and check everything but the memory."""
    states, opened = [], 0
    with running(server, site, folder, may_complain=True) as process:
        name = f"{server} {site}"
        for state, served in storm(process, name, AT_ONCE[server], rounds, number):
            assert not state["more"], f"after round {len(states) + 1}"
            assert not unclosed(state["events"]), f"after round {len(states) + 1}"
            before, opened = opened, sum(sums["opened"] for sums in state["events"].values())
            assert opened - before >= served > number / 3
            states.append(state)
    assert not complaints_in(re.sub(f"{FAILED}|{EXPECTED_LOG}", "", process.log))
    return states


@pytest.mark.parametrize(
    ("server", "site"), [("uvicorn", "starlette"), ("gunicorn-gthread", "flask")]
)
def test_six_hundred_streams_leak_nothing(server: str, site: str, tmp_path: Path) -> None:
    first, second = check(server, site, tmp_path, 2, 300)
    # Too few for a slope: what is only kept for some seconds takes a hundred blocks per stream.
    assert second["blocks"] - first["blocks"] < 300 * 20


@pytest.mark.slow
@pytest.mark.parametrize(("server", "site"), PAIRS)
def test_ten_thousand_streams_leak_nothing(server: str, site: str, tmp_path: Path) -> None:
    # Caches and the allocator fill up in the first rounds.
    warm = check(server, site, tmp_path, 14, 1000)[4:]
    blocks, resident = ([state[name] for state in warm] for name in ("blocks", "resident"))
    assert slope(blocks) < 1000 * BLOCKS, blocks
    # A leak grows in both halves. The allocator takes some megabytes at once, in one of them.
    middle = len(resident) // 2
    growth = min(slope(resident[: middle + 1]), slope(resident[middle:]))
    assert growth < 1000 * BYTES, resident
    assert resident[-1] < resident[0] * 1.1, resident


async def _waiting() -> AsyncIterator[str]:
    try:
        yield "a "
        await anyio.sleep(30)
    finally:
        await checkpoint()


async def _ending() -> AsyncIterator[str]:
    for _ in range(3):
        yield "x "
        await checkpoint()


async def _fast() -> AsyncIterator[str]:
    while True:
        yield "x "


def _synchronous() -> Iterator[str]:
    while True:
        yield "x "


async def _read(body: Body) -> None:
    try:
        async for _ in body:
            pass
    finally:
        await body.aclose()


async def _read_some(body: Body) -> None:
    for _ in range(2):
        await anext(body)
    await body.aclose()


async def _be_cancelled(body: Body) -> None:
    # Without a task group, which creates reference cycles of its own.
    with anyio.move_on_after(0.01):
        await _read(body)


async def _close_from_elsewhere(body: Body) -> None:
    await anext(body)
    await anyio.to_thread.run_sync(body.close)
    await _read(body)


async def _stop(body: Body) -> None:
    await anext(body)
    body.stop()
    await _read(body)


async def _drop(body: Body) -> None:
    await anext(body)


async def _never_begin(body: Body) -> None:
    body.close()


WAYS_TO_END = [_read_some, _be_cancelled, _close_from_elsewhere, _stop, _drop, _never_begin]
# Streams that fail are missing: the traceback of the error refers to the pump, in a cycle.
STREAMS = [*product([_waiting, _ending, _fast, _synchronous], WAYS_TO_END), (_ending, _read)]


def _ours() -> Counter[str]:
    """Count our objects that were created since ``gc.freeze()``, and what would refer to them."""
    kinds = (asyncio.TimerHandle, asyncio.Task, AsyncGeneratorType)
    return Counter(
        type(thing).__name__
        for thing in gc.get_objects()
        if type(thing).__module__.startswith("streamhtml") or isinstance(thing, kinds)
    )


@pytest.mark.anyio
async def test_no_object_of_a_stream_needs_the_garbage_collector(
    anyio_backend_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A timer of this length that is left standing would keep a stream for too long.
    for module in "_source_reader", "_ending":
        monkeypatch.setattr(f"streamhtml.{module}.CLOSE_TIMEOUT", 10 * TIMEOUT)
    # Log records refer to tracebacks.
    monkeypatch.setattr(logging.getLogger("streamhtml"), "disabled", True)

    async def run(source: Callable[[], Any], end: Callable[[Body], Awaitable[None]]) -> None:
        fragments = stream(Reply(), source(), interval=0.001, on_end=lambda reply: None)
        await end(Body(fragments, HTMLFormat()))

    async def run_all(times: int) -> None:
        for source, end in STREAMS:
            async with anyio.create_task_group() as tasks:
                for _ in range(times):
                    tasks.start_soon(run, source, end)

    async def settled() -> Counter[str]:
        deadline = time.monotonic() + TIMEOUT
        while (more := _ours()) and time.monotonic() < deadline:
            await anyio.sleep(0.01)
            if anyio_backend_name == "trio":  # It creates reference cycles when it cancels.
                gc.collect()
        return more

    await run_all(1)
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        await run_all(500 // len(STREAMS) + 1)
        assert await settled() == {}
        assert "streamhtml" not in {thread.name for thread in threading.enumerate()}
    finally:
        gc.enable()
        gc.unfreeze()
