"""Ten thousand streams, most of them cut: a server holds no more after them than before.

What it holds is told by ``/state``, after a collection.
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
from tests.servers.server_commands import running
from tests.servers.raw_client import PATIENCE, Leaver, Way, wait_until
from tests.servers.process import Server, complaints_in
from tests.servers.test_matrix import DUE

from streamhtml import Reply, stream
from streamhtml._pump import CLOSE_TIMEOUT
from streamhtml._response import Body
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
"""Bytes of each that are read at the most: what comes in some tenths of a second."""
ENDING = ["ending", "failing"]
SOURCES = [*QUIET, *GOING_ON, *ENDING]

Point = Literal["request", "head", "token", "further", "end"]

State: TypeAlias = dict[str, Any]

FAILED = r".*the stream of \S+ failed\nTraceback[\s\S]*?ConnectionError: the secret\n"


@dataclass(frozen=True)
class Visit:
    """One request: for a source, how far it is read, and how its reader leaves."""

    source: str
    point: Point
    way: Way
    size: int = 0
    head: bool = False
    whole: bool = False
    compress: bool = False

    @property
    def query(self) -> str:
        # Small: a WSGI server looks whether the reader is there when it has something to send.
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
            # What is made fast would gather until the reader has left.
            whole=chance.random() < 0.15 and source in [*QUIET, *ENDING],
            compress=chance.random() < 0.25 and source != "back-pressured",
        )


class Visitor(Leaver):
    """One who may read to the end."""

    def __init__(self, url: str, visit: Visit) -> None:
        super().__init__(url, "HEAD" if visit.head else "GET", visit.query, visit.headers)
        self._body = bytearray()

    def read(self, visit: Visit) -> bool:
        """Read as far as the visit says, or to the end; return whether a token came."""
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


def pay(server: Server, visit: Visit) -> bool:
    """Make the visit; return whether it saw a token."""
    with closing(Visitor(server.url, visit)) as visitor:
        saw = visitor.read(visit)
        visitor.leave(visit.way)
        if visit.way == "half-close":
            assert visitor.read_on(PATIENCE), f"{visit}: the server went on sending"
    return saw


def unclosed(events: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Return the events of those sources that were not all closed, once, to the end.

    A source that has ended by itself may be left while it closes itself: that is one wait of it
    like all others, and is cut.
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
"""Blocks of Python's memory that may be held more of by the stream: one object takes one at least.
Measured: up to 0.16, most of it chance."""
BYTES = 300
"""Resident bytes that may be, and a tenth in all: the allocator keeps what it took at a peak, and
so grows by jumps, the fewer the later. Measured: -70 to 145, and a twentieth."""


class Holdings:
    """What a server holds, compared with what it held at first."""

    def __init__(self, server: Server) -> None:
        self._url = f"{server.url}/state"
        self._first: State = {}
        self._first = self.settled()

    def settled(self) -> State:
        """Wait until nothing is held that was not at first; what is, is in ``more``."""
        state: State = {}

        def is_settled() -> bool:
            state.update(client.get(self._url).raise_for_status().json())
            state["threads"] -= state["pooled"]  # They are kept for the next one.
            state["more"] = {
                name: (self._first[name], state[name])
                for name in HELD
                if state[name] > self._first.get(name, state[name])
            }
            return not state["more"] and not unclosed(state["events"])

        # By one connection: it is one of those that the server holds.
        with httpx.Client(timeout=PATIENCE) as client:
            wait_until(is_settled, every=0.1)
        return state


def storm(
    server: Server, name: str, at_once: int, rounds: int, number: int
) -> Iterator[tuple[State, int]]:
    """Make so many rounds of visits; yield what is held after each, and how many saw a token."""
    with ThreadPoolExecutor(at_once) as pool:
        for source in SOURCES:
            pay(server, Visit(source, "token", "middle"))
        holdings = Holdings(server)
        for each in range(1, rounds + 1):
            chance = random.Random(f"{name} {each}")
            served = sum(pool.map(lambda visit: pay(server, visit), visits(chance, number)))
            state = holdings.settled()
            print(name, each, {key: state[key] for key in (*HELD, "resident", "blocks")})
            yield state, served


def slope(values: list[int]) -> float:
    """Return the growth by the round: the median over all pairs, which one jump does not change."""
    return median(
        (values[later] - values[sooner]) / (later - sooner)
        for sooner, later in combinations(range(len(values)), 2)
    )


def check(server: str, site: str, folder: Path, rounds: int, number: int) -> list[State]:
    """Serve the streams, and check all but the memory."""
    states, opened = [], 0
    with running(server, site, folder, may_complain=True) as process:
        name = f"{server} {site}"
        for state, served in storm(process, name, AT_ONCE[server], rounds, number):
            assert not state["more"], f"after round {len(states) + 1}"
            assert not unclosed(state["events"]), f"after round {len(states) + 1}"
            before, opened = opened, sum(sums["opened"] for sums in state["events"].values())
            assert opened - before >= served > number / 3
            states.append(state)
    assert not complaints_in(re.sub(f"{FAILED}|{DUE}", "", process.log))
    return states


@pytest.mark.parametrize(
    ("server", "site"), [("uvicorn", "starlette"), ("gunicorn-gthread", "flask")]
)
def test_six_hundred_streams_leave_nothing(server: str, site: str, tmp_path: Path) -> None:
    first, second = check(server, site, tmp_path, 2, 300)
    # So few are too few for a slope: what is kept for some seconds only takes a hundred by each.
    assert second["blocks"] - first["blocks"] < 300 * 20


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("server", "site"), PAIRS)
def test_ten_thousand_streams_leave_nothing(server: str, site: str, tmp_path: Path) -> None:
    warm = check(server, site, tmp_path, 10, 1000)[1:]
    blocks, resident = ([state[name] for state in warm] for name in ("blocks", "resident"))
    assert slope(blocks) < 1000 * BLOCKS, blocks
    assert slope(resident) < 1000 * BYTES, resident
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
    # Not by a task group, which makes cycles of its own.
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


ENDS = [_read_some, _be_cancelled, _close_from_elsewhere, _stop, _drop, _never_begin]
# One that fails has an error with a traceback, which holds the pump: for the collector.
LIVES = [*product([_waiting, _ending, _fast, _synchronous], ENDS), (_ending, _read)]


def _ours() -> Counter[str]:
    """Count what the collector sees of ours, since it was frozen, and what would hold it."""
    kinds = (asyncio.TimerHandle, asyncio.Task, AsyncGeneratorType)
    return Counter(
        type(thing).__name__
        for thing in gc.get_objects()
        if type(thing).__module__.startswith("streamhtml") or isinstance(thing, kinds)
    )


@pytest.mark.anyio
async def test_no_object_of_a_stream_waits_for_the_collector(
    anyio_backend_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("streamhtml"), "disabled", True)  # A record holds much.

    async def live(source: Callable[[], Any], end: Callable[[Body], Awaitable[None]]) -> None:
        fragments = stream(Reply(), source(), interval=0.001, on_end=lambda reply: None)
        await end(Body(fragments, HTMLFormat()))

    async def live_all(times: int) -> None:
        for source, end in LIVES:
            async with anyio.create_task_group() as tasks:
                for _ in range(times):
                    tasks.start_soon(live, source, end)

    async def settled() -> Counter[str]:
        deadline = time.monotonic() + 0.8 * CLOSE_TIMEOUT  # A timer of such a length would hold much.
        while (more := _ours()) and time.monotonic() < deadline:
            await anyio.sleep(0.01)
            if anyio_backend_name == "trio":  # It makes cycles of its own, of what it cancels.
                gc.collect()
        return more

    await live_all(1)
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        await live_all(2000 // len(LIVES) + 1)
        assert await settled() == {}
        assert "streamhtml" not in {thread.name for thread in threading.enumerate()}
    finally:
        gc.enable()
        gc.unfreeze()
