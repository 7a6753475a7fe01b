"""The pump on asyncio and trio: it delivers every delta, holds fast sources back, and sends pings.

``test_pump_closing.py`` tests how it closes a source.
"""

import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextvars import ContextVar
from time import monotonic
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from tests.recorded_source import TIMEOUT, RecordedSource

from streamhtml import Delta
from streamhtml._batch import MAX_BUFFERED_DELTAS
from streamhtml._pump import Pump

pytestmark = pytest.mark.anyio


def text_of(batches: list[list[Delta]]) -> str:
    return "".join(delta.text for batch in batches for delta in batch)


async def first_batch(pump: Pump) -> list[Delta]:
    """Return the first batch that is no ping: on a busy machine, pings may come before it."""
    while not (batch := await anext(pump)):
        pass
    return batch


async def suspending() -> AsyncGenerator[str, None]:
    while True:
        yield "x"
        await checkpoint()


async def test_everything_arrives_in_order() -> None:
    async def source() -> AsyncIterator[str]:
        for number in range(3 * MAX_BUFFERED_DELTAS):
            yield f"{number} "
            if number % 7 == 0:
                await checkpoint()

    expected = "".join(f"{number} " for number in range(3 * MAX_BUFFERED_DELTAS))
    for tokens in source(), list(expected), (token for token in expected):
        for interval in 0, 0.001:
            if interval == 0 or isinstance(tokens, list):
                pump = Pump(tokens, interval=interval, ping=None)
                assert text_of([batch async for batch in pump]) == expected
                assert pump.error is None
                assert not pump.interrupted


async def test_the_first_delta_is_delivered_at_once_and_later_ones_are_collected() -> None:
    async def source() -> AsyncIterator[str]:
        for token in "abcdef":
            yield token
            await checkpoint()

    with anyio.fail_after(TIMEOUT):
        pump = Pump(source(), interval=60, ping=None)
        first, *others = [text_of([batch]) async for batch in pump]
    assert first in ("a", "ab")  # Two if the source took its turn first.
    assert [first + "".join(others), len(others)] == ["abcdef", 1]


async def test_collected_deltas_are_delivered_at_once_on_close() -> None:
    release = threading.Event()
    all_yielded = threading.Event()

    def source() -> Iterator[str]:
        yield from "abc"
        all_yielded.set()
        release.wait(TIMEOUT)

    pump = Pump(source(), interval=60, ping=None)
    batches = [await anext(pump)]
    assert await anyio.to_thread.run_sync(all_yielded.wait, TIMEOUT)
    pump.close()
    with anyio.fail_after(TIMEOUT):
        batches += [batch async for batch in pump]
    assert text_of(batches) == "abc"
    release.set()
    await pump.aclose()


async def test_a_ping_is_an_empty_batch() -> None:
    pump = Pump(RecordedSource("a", then="wait")(), interval=0, ping=0.01)
    assert text_of([await first_batch(pump)]) == "a"
    assert [await anext(pump), await anext(pump)] == [[], []]
    await pump.aclose()


async def test_batches_that_change_nothing_count_as_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed = 0.0
    for module in "_pump", "_ping":
        monkeypatch.setattr(f"streamhtml.{module}.monotonic", lambda: monotonic() + passed)
    send_b = anyio.Event()

    async def source() -> AsyncIterator[str]:
        yield "a"
        await send_b.wait()
        yield "b"
        await anyio.sleep(60)

    pump = Pump(source(), interval=0, ping=1000)
    with anyio.fail_after(TIMEOUT):
        assert text_of([await anext(pump)]) == "a"
        passed += 600
        assert not pump.ping.is_due()
        send_b.set()
        assert text_of([await anext(pump)]) == "b"
        passed += 600  # 1200 seconds since "a" was asked for, 600 since "b" was.
        assert pump.ping.is_due()
        passed += 1000
        # The time starts anew with this step, because a ping was sent.
        with anyio.move_on_after(0.01) as scope:
            await anext(pump)
        assert scope.cancelled_caught
        await pump.aclose()


async def test_a_batch_that_changes_something_starts_the_time_of_the_ping_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed = 0.0
    monkeypatch.setattr("streamhtml._pump.monotonic", lambda: monotonic() + passed)
    pump = Pump(suspending(), interval=0, ping=1000)
    for _ in range(3):
        assert await anext(pump)
        passed += 600
    assert not pump.ping.is_due()
    await pump.aclose()


async def test_a_source_that_is_faster_than_the_reader_waits() -> None:
    source = RecordedSource(body=suspending)
    pump = Pump(source(), interval=0, ping=None)
    await anext(pump)
    for _ in range(4 * MAX_BUFFERED_DELTAS):
        await checkpoint()
    assert MAX_BUFFERED_DELTAS <= source.yielded <= MAX_BUFFERED_DELTAS + 20
    await pump.aclose()
    assert source.yielded <= MAX_BUFFERED_DELTAS + 40


async def test_a_reader_that_is_cancelled_loses_nothing() -> None:
    go_on = anyio.Event()

    async def source() -> AsyncIterator[str]:
        yield "a"
        await go_on.wait()
        yield "b"

    pump = Pump(source(), interval=0, ping=None)
    assert text_of([await anext(pump)]) == "a"
    with anyio.move_on_after(0.01) as scope:
        await anext(pump)
    assert scope.cancelled_caught
    go_on.set()
    assert text_of([batch async for batch in pump]) == "b"


async def test_an_exception_of_the_source_is_kept_after_what_came_before_it() -> None:
    for tokens in RecordedSource("a", then="fail")(), RecordedSource("a", then="fail").sync():
        pump = Pump(tokens, interval=0, ping=None)
        assert text_of([batch async for batch in pump]) == "a"
        assert isinstance(pump.error, ValueError)


async def test_the_source_runs_in_the_context_in_which_the_pump_was_created() -> None:
    user: ContextVar[str] = ContextVar("user", default="nobody")
    user.set("creator")

    async def source() -> AsyncIterator[str]:
        yield user.get()

    def sync_source() -> Iterator[str]:
        yield user.get()

    pumps = [Pump(tokens, interval=0, ping=None) for tokens in (source(), sync_source())]
    user.set("reader")
    for pump in pumps:
        assert text_of([batch async for batch in pump]) == "creator"


async def test_a_sync_source_runs_on_one_thread_from_its_first_step_to_its_close() -> None:
    threads: list[threading.Thread] = []

    def source() -> Iterator[str]:
        try:
            while True:
                threads.append(threading.current_thread())
                yield "x"
        finally:
            threads.append(threading.current_thread())

    pump = Pump(source(), interval=0, ping=None)
    for _ in range(5):
        await anext(pump)
    with anyio.fail_after(TIMEOUT):
        await pump.aclose()
    assert len(set(threads)) == 1
    assert threads[0] is not threading.current_thread()
    assert len(threads) <= 10 * MAX_BUFFERED_DELTAS


async def test_a_sync_source_that_blocks_does_not_block_the_loop() -> None:
    release = threading.Event()
    closed = threading.Event()

    def source() -> Iterator[Any]:
        try:
            yield "a"
            release.wait(TIMEOUT)
            yield "b"
        finally:
            closed.set()

    pump = Pump(source(), interval=0, ping=0.01)
    assert text_of([await first_batch(pump)]) == "a"
    assert await anext(pump) == []
    pump.close()
    release.set()
    await pump.aclose()
    assert closed.is_set()
