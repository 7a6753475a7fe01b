"""Whatever is cancelled or closed at whichever await: the source is closed once and nothing stays.

Each test takes a reader and a source, and disturbs one run at its first suspension, another at its
second, and so on until a run has no such suspension: no await is named here.
"""

import gc
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from itertools import count
from typing import Any

import anyio
import hypothesis.strategies as st
import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given, settings
from tests.cancelling import Account, How, Reading, Run, Source

from streamhtml import Reply, stream
from streamhtml._pump import MAX_BUFFERED_DELTAS, Pump
from streamhtml._response import Body
from streamhtml.formats.html import HTMLFormat

PING = 0.002


@pytest.fixture(autouse=True, scope="module")
def _quick_collections() -> Iterator[None]:
    gc.collect()
    gc.freeze()  # Each run collects its own garbage: nobody else's is to be looked through.
    yield
    gc.unfreeze()


# The sources ---------------------------------------------------------------------------------


async def waiting(account: Account) -> AsyncIterator[str]:
    account.opened += 1
    try:
        yield account.token("a")
        await anyio.sleep(60)
    finally:
        await account.close()


async def fast(account: Account) -> AsyncIterator[str]:
    account.opened += 1
    try:
        for text in "abc":
            yield account.token(text)
            await checkpoint()
        account.ended_by_itself = True
    finally:
        await account.close()


async def never_suspending(account: Account) -> AsyncIterator[str]:
    account.opened += 1
    try:
        while True:
            yield account.token("x")
    finally:
        await account.close()


async def running_ahead(account: Account) -> AsyncIterator[str]:
    account.opened += 1
    try:
        for _ in range(MAX_BUFFERED_DELTAS + 50):
            yield account.token("x")
        account.ended_by_itself = True
    finally:
        await account.close()


async def cleaning_up_slowly(account: Account) -> AsyncIterator[str]:
    account.opened += 1
    try:
        yield account.token("a")
        await anyio.sleep(60)
    finally:
        await account.close(waits=8)


async def nested(account: Account) -> AsyncIterator[str]:
    async def inner() -> AsyncIterator[str]:
        account.opened += 1
        try:
            while True:
                yield account.token("x")
                await checkpoint()
        finally:
            await account.close()

    async for text in inner():  # Without aclosing(), as many write it.
        yield text


async def failing(account: Account) -> AsyncIterator[str]:
    account.opened += 1
    try:
        yield account.token("a")
        await checkpoint()
        account.ended_by_itself = True
        raise OSError("the source failed")
    finally:
        await account.close()


async def failing_in_finally(account: Account) -> AsyncIterator[str]:
    account.opened += 1
    try:
        yield account.token("a")
        await anyio.sleep(60)
    finally:
        await account.close()
        raise OSError("the source failed")


async def swallowing(account: Account) -> AsyncIterator[str]:
    account.opened += 1
    try:
        yield account.token("a")
        try:
            await anyio.sleep(60)
        except anyio.get_cancelled_exc_class():
            yield account.token("b")
        await anyio.sleep(60)
    finally:
        await account.close()


def synchronous(account: Account, texts: str = "abcd", seconds: float = 0.001) -> Iterator[str]:
    account.opened += 1
    try:
        for text in texts:
            yield account.token(text)
            if seconds:
                time.sleep(seconds)
    finally:
        account.closing += 1
        account.closed += 1


def synchronous_ahead(account: Account) -> Iterator[str]:
    return synchronous(account, texts="x" * (MAX_BUFFERED_DELTAS + 50), seconds=0)


class SDK:
    """A stream that is not its own iterator, and holds a connection before its first step."""

    def __init__(self, account: Account, *, finite: bool = False) -> None:
        self._account = account
        self._finite = finite
        account.opened += 1

    async def __aiter__(self) -> AsyncIterator[str]:
        for text in "ab":
            yield self._account.token(text)
            await checkpoint()
        if not self._finite:
            await anyio.sleep(60)

    async def close(self) -> None:
        await self._account.close(in_generator=False)


def opening(account: Account) -> Callable[[], Any]:
    async def create() -> SDK:
        await checkpoint()
        return SDK(account)

    return create


SOURCES = {
    "waiting": Source(waiting, steps=3),
    "fast": Source(fast, steps=9),
    "never-suspending": Source(never_suspending, steps=2, pause=0.003),
    "running-ahead": Source(running_ahead, pause=0.003),
    "cleaning-up-slowly": Source(cleaning_up_slowly, steps=3),
    "nested": Source(nested),
    "failing": Source(
        failing,
        steps=9,
        logs="the stream of .* failed|the source failed while it was cancelled",
    ),
    "failing-in-finally": Source(
        failing_in_finally,
        steps=3,
        logs="closing the source failed|the source failed while it was cancelled",
    ),
    "swallowing": Source(swallowing, steps=3),
    "synchronous": Source(synchronous, steps=9),
    "synchronous-ahead": Source(synchronous_ahead, pause=0.003),
    "sdk": Source(SDK, steps=3),
    "sdk-that-ends": Source(lambda account: SDK(account, finite=True), steps=9),
    "opening": Source(opening, steps=3),
    "never-started": Source(SDK, steps=0),
    "generator-never-started": Source(waiting, steps=0),
}


# The readers ---------------------------------------------------------------------------------


def pump(tokens: Any) -> Reading:
    return Reading(
        Pump(tokens, interval=0, ping=PING),
        text=lambda batches: "".join(delta.text for batch in batches for delta in batch),
    )


def gathering_pump(tokens: Any) -> Reading:
    reading = pump(tokens)
    reading.iterator = Pump(tokens, interval=PING, ping=2 * PING)
    return reading


def text(tokens: Any) -> Reading:
    return _stream(tokens, Reply(renderer="text"), asynchronous=True)


def template(tokens: Any) -> Reading:
    def render(context: Mapping[str, Any]) -> str:
        return f"<p id={context['message_pair_id']}>{context['ai_message']}</p>"

    return _stream(tokens, Reply(render, renderer="template"), asynchronous=False)


def body(tokens: Any) -> Reading:
    reading = text(tokens)
    reading.iterator = Body(reading.iterator, HTMLFormat())
    return reading


def _stream(tokens: Any, reply: Reply, *, asynchronous: bool) -> Reading:
    def on_end(reply: Reply) -> None:
        reading.told.append(reply.state)
        reading.told_to_the_end.append(reply.state)

    async def on_end_later(reply: Reply) -> None:
        reading.told.append(reply.state)
        await checkpoint()
        await anyio.sleep(0.0002)
        reading.told_to_the_end.append(reply.state)

    iterator = stream(
        reply, tokens, interval=0, ping=PING, on_end=on_end_later if asynchronous else on_end
    )
    reading = Reading(iterator, reply=reply)
    return reading


READERS = {
    "pump": pump,
    "gathering": gathering_pump,
    "text": text,
    "template": template,
    "body": body,
}


# The tests -----------------------------------------------------------------------------------


def disturb(
    backend: str, reader: str, source: str, how: How, then: How | None = None, *, late: bool = False
) -> None:
    """Disturb a run at each suspension; with ``then``, at each and at each later one again.

    How many suspensions a run has depends on the clock a little: one that was not reached is
    passed over, and the last to be tried is past those of an undisturbed run.
    """

    def run(acts: dict[int, How]) -> Run:
        done = Run(backend, READERS[reader], SOURCES[source], acts, late=late).run()
        assert not done.problems, (acts, done.problems)
        return done

    undisturbed = run({}).suspensions["ours" if how == "outside" else "reader"]
    for k in count(1):
        reached = run({k: how}).reached
        if not reached and k > undisturbed:
            break
        if then is not None and reached:
            for later in count(k + 1):
                if not run({k: how, later: then}).reached:
                    break


LONG = {"never-suspending", "running-ahead", "nested"}
"""Sources that give way often: each time is a suspension of their task."""


def grid(*backends: str, readers: list[str], hows: list[How], slow: bool = False) -> Any:
    """Parametrize a test with all that makes sense of these."""
    return pytest.mark.parametrize(
        ("backend", "reader", "how", "source"),
        [
            pytest.param(*case, marks=[pytest.mark.slow] if slow or _takes_long(*case) else [])
            for backend in backends
            for reader in readers
            for how in hows
            for source in SOURCES
            for case in [(backend, reader, how, source)]
            if _makes_sense(*case)
        ],
    )


def _makes_sense(backend: str, reader: str, how: How, source: str) -> bool:
    if how == "stop" and reader in ("pump", "gathering"):
        return False
    if how in ("outside", "end") and source == "swallowing":
        return (
            backend == "trio"
        )  # What swallows the cancellation of its loop keeps that from ending.
    return True


def _takes_long(backend: str, reader: str, how: How, source: str) -> bool:
    return how == "outside" and source in LONG and (reader, source) != ("pump", "running-ahead")


HOWS: list[How] = ["cancel", "scope", "close", "stop", "outside", "end"]


@grid("asyncio", "trio", readers=["pump", "text", "template"], hows=HOWS)
def test_a_disturbance_at_each_suspension(backend: str, reader: str, how: How, source: str) -> None:
    disturb(backend, reader, source, how)


@grid("asyncio", "trio", readers=["body"], hows=["cancel"])
def test_a_body_is_cancelled_at_each_suspension(
    backend: str, reader: str, how: How, source: str
) -> None:
    disturb(backend, reader, source, how)


@grid("asyncio", readers=["pump", "text"], hows=["cancel"])
def test_a_cancellation_when_what_was_awaited_is_there(
    backend: str, reader: str, how: How, source: str
) -> None:
    disturb(backend, reader, source, how, late=True)


@grid("asyncio", "trio", readers=["pump", "text"], hows=["cancel"])
def test_a_second_cancellation_while_aclose_waits(
    backend: str, reader: str, how: How, source: str
) -> None:
    disturb(backend, reader, source, how, how)


# The larger grid -----------------------------------------------------------------------------


@grid("uvloop", readers=["pump", "text", "template", "body"], hows=HOWS, slow=True)
def test_a_disturbance_at_each_suspension_on_uvloop(
    backend: str, reader: str, how: How, source: str
) -> None:
    disturb(backend, reader, source, how)


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("reader", ["gathering", "template"])
@pytest.mark.parametrize(
    ("backend", "first", "second"),
    [
        ("asyncio", "cancel", "cancel"),
        ("asyncio", "close", "cancel"),
        ("trio", "close", "scope"),
    ],
)
def test_two_disturbances(backend: str, first: How, second: How, reader: str, source: str) -> None:
    disturb(backend, reader, source, first, second)


@st.composite
def programs(draw: st.DrawFn) -> Source:
    """A source that does at each step one thing of several, and so does its cleanup."""
    steps = draw(st.lists(st.sampled_from("tttcsyf"), max_size=12))
    endless = draw(st.booleans())
    waits = draw(st.integers(0, 4))

    async def source(account: Account) -> AsyncIterator[str]:
        account.opened += 1
        try:
            for step in itertools.chain(steps, itertools.repeat("y", 10**6 * endless)):
                if step == "t":
                    yield account.token("t")
                elif step == "c":
                    await checkpoint()
                elif step == "s":
                    await anyio.sleep(0.0005)
                elif step == "y":
                    yield account.token("y")
                    await checkpoint()
                else:
                    account.ended_by_itself = True
                    raise OSError("the source failed")
            account.ended_by_itself = True
        finally:
            await account.close(waits)

    async def nesting(account: Account) -> AsyncIterator[str]:
        async for text in source(account):
            yield text

    return Source(
        draw(st.sampled_from([source, nesting])),
        steps=draw(st.integers(0, 9)),
        pause=draw(st.sampled_from([0, 0, 0.001])),
        logs="the stream of .* failed|the source failed while it was cancelled",
    )


@pytest.mark.slow
@settings(max_examples=1500, deadline=None)
@given(
    source=programs(),
    backend=st.sampled_from(["asyncio", "trio", "uvloop"]),
    reader=st.sampled_from([*READERS]),
    acts=st.dictionaries(st.integers(1, 30), st.sampled_from(HOWS), max_size=3),
    late=st.booleans(),
)
def test_any_source_and_any_disturbances(
    source: Source, backend: str, reader: str, acts: dict[int, How], late: bool
) -> None:
    for number, how in acts.items():
        if not _makes_sense(backend, reader, how, ""):
            acts[number] = "scope"
    late = late and backend != "trio"
    done = Run(backend, READERS[reader], source, acts, late=late).run()
    assert not done.problems, done.problems
