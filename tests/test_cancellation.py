"""Cancel or close at every await: the source is closed once, and nothing is left behind.

Each test takes a reader and a source. It disturbs one run at its first suspension, another at its
second, and so on, until a run has no such suspension. So no await of the library is named here.
"""

import gc
import itertools
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import count
from typing import Any

import anyio
import hypothesis.strategies as st
import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given, settings
from tests.disturbed_run import DisturbedRun, How, Reading, SourceCase, SourceRecord
from tests.disturbed_sources import SOURCES

from streamhtml import Reply, stream
from streamhtml._body import Body
from streamhtml._pump import Pump
from streamhtml.formats.html import HTMLFormat

PING = 0.002


@pytest.fixture(autouse=True, scope="module")
def _quick_collections() -> Iterator[None]:
    gc.collect()
    gc.freeze()  # Each run collects garbage, and should not look through older objects.
    yield
    gc.unfreeze()


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
        reading.on_end_called.append(reply.state)
        reading.on_end_completed.append(reply.state)

    async def on_end_later(reply: Reply) -> None:
        reading.on_end_called.append(reply.state)
        await checkpoint()
        await anyio.sleep(0.0002)
        reading.on_end_completed.append(reply.state)

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
    """Disturb one run after the other, each at a later suspension.

    With ``then``, disturb each of them a second time, at every later suspension. The number of
    suspensions of a run depends a little on the clock. So a suspension that was not reached is
    skipped, and the last one that is tried lies beyond those of an undisturbed run.
    """

    def run(acts: dict[int, How]) -> DisturbedRun:
        done = DisturbedRun(backend, READERS[reader], SOURCES[source], acts, late=late).run()
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


HOWS: list[How] = ["cancel", "scope", "close", "stop", "outside", "end"]
LONG = {"never-suspending", "running-ahead", "nested"}
"""Sources with many suspensions."""


def grid(*backends: str, readers: list[str], hows: list[How], slow: bool = False) -> Any:
    """Parametrize a test with every combination that makes sense."""
    return pytest.mark.parametrize(
        ("backend", "reader", "how", "source"),
        [
            pytest.param(*case, marks=[pytest.mark.slow] if slow or _is_slow(*case) else [])
            for case in itertools.product(backends, readers, hows, SOURCES)
            if _makes_sense(*case)
        ],
    )


def _makes_sense(backend: str, reader: str, how: How, source: str) -> bool:
    if how == "stop" and reader in ("pump", "gathering"):
        return False
    if how in ("outside", "end") and source == "swallowing":
        # On asyncio, a source that swallows the cancellation by its loop keeps it from ending.
        return backend == "trio"
    return True


def _is_slow(backend: str, reader: str, how: How, source: str) -> bool:
    if how == "outside" and source in LONG:
        return (reader, source) != ("pump", "running-ahead")
    if reader not in ("text", "template"):
        return False
    # Both read from the pump. They differ in how they render and in their on_end, so each of them
    # takes half of the grid: every way with every source, on one of the event loops.
    halves = HOWS.index(how) + [*SOURCES].index(source) + (backend == "trio")
    return (halves % 2 == 0) == (reader == "text")


@grid("asyncio", "trio", readers=["pump", "text", "template"], hows=HOWS)
def test_a_disturbance_at_each_suspension(backend: str, reader: str, how: How, source: str) -> None:
    disturb(backend, reader, source, how)


@grid("asyncio", "trio", readers=["body"], hows=["cancel"])
def test_a_body_is_cancelled_at_each_suspension(
    backend: str, reader: str, how: How, source: str
) -> None:
    disturb(backend, reader, source, how)


@grid("asyncio", readers=["pump", "text"], hows=["cancel"])
def test_a_cancellation_after_the_awaited_result_has_arrived(
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
def programs(draw: st.DrawFn) -> SourceCase:
    """Draw a source that takes random steps, and a cleanup that waits at random."""
    steps = draw(st.lists(st.sampled_from("tttcsyf"), max_size=12))
    endless = draw(st.booleans())
    waits = draw(st.integers(0, 4))

    async def source(record: SourceRecord) -> AsyncIterator[str]:
        record.opened += 1
        try:
            for step in itertools.chain(steps, itertools.repeat("y", 10**6 * endless)):
                if step == "t":
                    yield record.token("t")
                elif step == "c":
                    await checkpoint()
                elif step == "s":
                    await anyio.sleep(0.0005)
                elif step == "y":
                    yield record.token("y")
                    await checkpoint()
                else:
                    record.ended_by_itself = True
                    raise OSError("the source failed")
            record.ended_by_itself = True
        finally:
            await record.close(waits)

    async def nesting(record: SourceRecord) -> AsyncIterator[str]:
        async for text in source(record):
            yield text

    return SourceCase(
        draw(st.sampled_from([source, nesting])),
        steps=draw(st.integers(0, 9)),
        pause=draw(st.sampled_from([0, 0, 0.001])),
        logs="the stream of .* failed|the source failed while it was cancelled",
    )


@pytest.mark.slow
@settings(max_examples=1500)
@given(
    source=programs(),
    backend=st.sampled_from(["asyncio", "trio", "uvloop"]),
    reader=st.sampled_from([*READERS]),
    acts=st.dictionaries(st.integers(1, 30), st.sampled_from(HOWS), max_size=3),
    late=st.booleans(),
)
def test_any_source_and_any_disturbances(
    source: SourceCase, backend: str, reader: str, acts: dict[int, How], late: bool
) -> None:
    for number, how in acts.items():
        if not _makes_sense(backend, reader, how, ""):
            acts[number] = "scope"
    late = late and backend != "trio"
    done = DisturbedRun(backend, READERS[reader], source, acts, late=late).run()
    assert not done.problems, done.problems
