"""The pump on asyncio and trio: nothing is lost, and every source is closed in every ending."""

import gc
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from contextvars import ContextVar
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from streamhtml._pump import MAX_BUFFERED_DELTAS, CHECKPOINT_EVERY, Pump

pytestmark = pytest.mark.anyio

SOON = 5.0


def texts(batches: list[list[Any]]) -> str:
    return "".join(delta.text for batch in batches for delta in batch)


class Source:
    """An async generator that writes down what happens to it."""

    def __init__(self, body: Callable[[], AsyncGenerator[str, None]]) -> None:
        self.body = body
        self.pulled = 0
        self.closed = 0
        self.cleanup_completed = anyio.Event()

    async def __call__(self) -> AsyncIterator[str]:
        try:
            async with aclosing(self.body()) as body:
                async for token in body:
                    self.pulled += 1
                    yield token
        finally:
            self.closed += 1
            with anyio.CancelScope(shield=True):
                await checkpoint()
            self.cleanup_completed.set()


async def waiting() -> AsyncGenerator[str, None]:
    yield "a"
    await anyio.sleep(60)
    yield "b"


async def never_suspending() -> AsyncGenerator[str, None]:
    while True:
        yield "x"


async def suspending() -> AsyncGenerator[str, None]:
    while True:
        yield "x"
        await checkpoint()


async def nested() -> AsyncGenerator[str, None]:
    async for token in suspending():
        yield token


ENDLESS = [waiting, never_suspending, suspending, nested]


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
                assert texts([batch async for batch in pump]) == expected
                assert pump.error is None
                assert not pump.interrupted


async def test_the_first_comes_at_once_and_the_others_gather() -> None:
    async def source() -> AsyncIterator[str]:
        for token in "abcdef":
            yield token
            await checkpoint()

    with anyio.fail_after(SOON):
        pump = Pump(source(), interval=60, ping=None)
        first, *others = [texts([batch]) async for batch in pump]
    assert first in ("a", "ab")  # Two, where the source had its turn first.
    assert [first + "".join(others), len(others)] == ["abcdef", 1]


async def test_silence_is_told_by_empty_batches() -> None:
    pump = Pump(waiting(), interval=0, ping=0.01)
    assert texts([await anext(pump)]) == "a"
    assert [await anext(pump), await anext(pump)] == [[], []]
    await pump.aclose()


async def test_a_source_that_runs_ahead_waits() -> None:
    source = Source(suspending)
    pump = Pump(source(), interval=0, ping=None)
    await anext(pump)
    for _ in range(4 * MAX_BUFFERED_DELTAS):
        await checkpoint()
    assert MAX_BUFFERED_DELTAS <= source.pulled <= MAX_BUFFERED_DELTAS + 20
    await pump.aclose()
    assert source.pulled <= MAX_BUFFERED_DELTAS + 40


@pytest.mark.parametrize("body", ENDLESS)
@pytest.mark.parametrize("steps", [0, 1, 50])
async def test_closing_an_endless_source(body: Callable[[], Any], steps: int) -> None:
    source = Source(body)
    pump = Pump(source(), interval=0, ping=0.001)
    for _ in range(steps):
        await anext(pump)
    with anyio.fail_after(SOON):
        await pump.aclose()
    if steps:
        assert source.cleanup_completed.is_set()
        assert source.closed == 1
    pulled = source.pulled
    for _ in range(100):
        await checkpoint()
    assert source.pulled == pulled
    assert all([batch async for batch in pump])  # What had arrived can still be read.


async def test_closing_reaches_what_the_source_iterates_itself() -> None:
    """Without aclosing(), an inner generator is left to the garbage collector by aclose()."""
    inner = Source(suspending)

    async def outer() -> AsyncIterator[str]:
        async for token in inner():
            yield token

    pump = Pump(outer(), interval=0, ping=None)
    await anext(pump)
    gc.disable()
    try:
        for _ in range(3 * MAX_BUFFERED_DELTAS):  # Now the source stands at a yield, in front of a full buffer.
            await checkpoint()
        await pump.aclose()
        assert inner.cleanup_completed.is_set()
    finally:
        gc.enable()


async def test_an_async_cleanup_completes_unshielded_on_asyncio(anyio_backend_name: str) -> None:
    if anyio_backend_name != "asyncio":
        return  # trio cancels every checkpoint of a cancelled scope: a cleanup shields itself.
    done = []

    async def source() -> AsyncIterator[str]:
        try:
            yield "a"
            await anyio.sleep(60)
        finally:
            await checkpoint()
            await anyio.sleep(0.01)
            done.append(True)

    pump = Pump(source(), interval=0, ping=None)
    await anext(pump)
    await pump.aclose()
    assert done == [True]


@pytest.mark.parametrize("body", [waiting, suspending])
async def test_close_may_be_called_from_another_thread_and_twice(body: Callable[[], Any]) -> None:
    source = Source(body)
    pump = Pump(source(), interval=0, ping=None)
    await anext(pump)
    await anyio.to_thread.run_sync(pump.close)
    pump.close()
    with anyio.fail_after(SOON):
        await source.cleanup_completed.wait()
    await pump.aclose()
    assert source.closed == 1


@pytest.mark.parametrize("close", [Pump.aclose, Pump.close])
async def test_a_source_that_was_never_started_is_closed(
    close: Callable[[Pump], Awaitable[None] | None],
) -> None:
    closed = anyio.Event()

    class Stream:
        def __aiter__(self) -> AsyncIterator[str]:
            raise AssertionError("not to be iterated")

        async def aclose(self) -> None:
            await checkpoint()
            closed.set()

    pump = Pump(Stream(), interval=0, ping=None)
    result = close(pump)
    if result is not None:
        await result
    with anyio.fail_after(SOON):
        await closed.wait()
    await pump.aclose()


async def test_closing_what_is_closed_starts_nothing() -> None:
    pump = Pump(["a"], interval=0, ping=None)
    pump.close()
    threads = threading.active_count()
    await pump.aclose()
    assert threading.active_count() == threads
    assert not hasattr(pump, "_reader")


def test_a_source_that_was_never_started_is_closed_without_a_loop() -> None:
    async def agen() -> AsyncIterator[str]:
        yield "a"

    async def create() -> AsyncIterator[str]:
        return agen()

    sync = (token for token in "ab")
    for tokens in agen(), create(), agen, sync:
        Pump(tokens, interval=0, ping=None).close()
    assert list(sync) == []


async def test_an_error_of_the_source_is_kept_and_what_came_before_it_arrives() -> None:
    async def source() -> AsyncIterator[str]:
        yield "a"
        raise ValueError("secret")

    def sync_source() -> Iterator[str]:
        yield "a"
        raise ValueError("secret")

    for tokens in source(), sync_source():
        pump = Pump(tokens, interval=0, ping=None)
        assert texts([batch async for batch in pump]) == "a"
        assert isinstance(pump.error, ValueError)


@pytest.mark.parametrize("ends", [True, False])
async def test_an_error_while_closing_is_logged(
    ends: bool, caplog: pytest.LogCaptureFixture
) -> None:
    class Stream:
        async def __aiter__(self) -> AsyncIterator[str]:
            yield "a"
            if not ends:
                await anyio.sleep(60)

        async def close(self) -> None:
            raise ValueError("cannot close")

    pump = Pump(Stream(), interval=0, ping=None)
    await anext(pump)
    await pump.aclose()
    assert "closing the source failed" in caplog.text
    assert pump.error is None


async def test_a_source_that_fails_while_it_is_cancelled_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def source() -> AsyncIterator[str]:
        try:
            yield "a"
            await anyio.sleep(60)
        finally:
            raise OSError("cannot clean up")

    pump = Pump(source(), interval=0, ping=None)
    await anext(pump)
    await pump.aclose()
    assert "cannot clean up" in caplog.text


async def test_a_reader_that_is_cancelled_loses_nothing() -> None:
    go_on = anyio.Event()

    async def source() -> AsyncIterator[str]:
        yield "a"
        await go_on.wait()
        yield "b"

    pump = Pump(source(), interval=0, ping=None)
    assert texts([await anext(pump)]) == "a"
    with anyio.move_on_after(0.01) as scope:
        await anext(pump)
    assert scope.cancelled_caught
    go_on.set()
    assert texts([batch async for batch in pump]) == "b"


async def test_a_source_that_swallows_its_cancellation_is_closed_some_steps_later() -> None:
    pulled = []

    async def source() -> AsyncIterator[str]:
        while True:
            try:
                await anyio.sleep(0.01)
            except BaseException:
                if len(pulled) > 3:
                    raise
            pulled.append(True)
            yield "x"

    pump = Pump(source(), interval=0, ping=None)
    await anext(pump)
    with anyio.fail_after(SOON):
        await pump.aclose()
    assert len(pulled) <= CHECKPOINT_EVERY + 3


async def test_the_source_runs_in_the_context_of_its_maker() -> None:
    user: ContextVar[str] = ContextVar("user", default="nobody")
    user.set("maker")

    async def source() -> AsyncIterator[str]:
        yield user.get()

    def sync_source() -> Iterator[str]:
        yield user.get()

    pumps = [Pump(tokens, interval=0, ping=None) for tokens in (source(), sync_source())]
    user.set("reader")
    for pump in pumps:
        assert texts([batch async for batch in pump]) == "maker"


async def test_a_sync_source_has_a_thread_of_its_own_from_its_first_step_to_its_close() -> None:
    threads = []

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
    with anyio.fail_after(SOON):
        await pump.aclose()
    assert len(set(threads)) == 1
    assert threads[0] is not threading.current_thread()
    assert len(threads) <= 10 * MAX_BUFFERED_DELTAS


async def test_a_sync_source_that_blocks_does_not_block_the_loop() -> None:
    release = threading.Event()
    closed = threading.Event()

    def source() -> Iterator[str]:
        try:
            yield "a"
            release.wait(SOON)
            yield "b"
        finally:
            closed.set()

    pump = Pump(source(), interval=0, ping=0.01)
    assert texts([await anext(pump)]) == "a"
    assert await anext(pump) == []
    pump.close()
    release.set()
    await pump.aclose()
    assert closed.is_set()


async def test_each_who_waits_for_the_cleanup_gives_up_by_himself(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("streamhtml._pump.CLOSE_TIMEOUT", 0.2)
    release = threading.Event()

    def source() -> Iterator[str]:
        yield "a"
        release.wait()

    pump = Pump(source(), interval=0, ping=None)
    await anext(pump)

    async def close_later(seconds: float) -> None:
        await anyio.sleep(seconds)
        await pump.aclose()

    try:
        with anyio.fail_after(SOON):
            async with anyio.create_task_group() as group:
                group.start_soon(close_later, 0)
                group.start_soon(close_later, 0.1)
    finally:
        release.set()
    await pump.aclose()
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]


async def test_what_gathers_is_delivered_at_once_when_it_is_closed() -> None:
    release = threading.Event()
    all_said = threading.Event()

    def source() -> Iterator[str]:
        yield from "abc"
        all_said.set()
        release.wait(SOON)

    pump = Pump(source(), interval=60, ping=None)
    seen = [await anext(pump)]
    await anyio.to_thread.run_sync(all_said.wait, SOON)
    pump.close()
    with anyio.fail_after(SOON):
        seen += [batch async for batch in pump]
    assert texts(seen) == "abc"
    release.set()
    await pump.aclose()


def test_a_sync_source_is_closed_when_its_loop_has_ended() -> None:
    closed = threading.Event()

    def source() -> Iterator[str]:
        try:
            while True:
                yield "x"
        finally:
            closed.set()

    async def begin() -> Pump:
        pump = Pump(source(), interval=0, ping=None)
        await anext(pump)
        return pump

    for backend in "asyncio", "trio":
        closed.clear()
        anyio.run(begin, backend=backend).close()
        assert closed.wait(SOON)
