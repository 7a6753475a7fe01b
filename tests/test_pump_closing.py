"""The pump closes its source, exactly once and completely, however the reading ends."""

import asyncio
import gc
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from tests.recorded_source import TIMEOUT, RecordedSource

from streamhtml._batch import MAX_BUFFERED_DELTAS
from streamhtml._pump import Pump
from streamhtml._stream import close_unused
from streamhtml._turns import CHECKPOINT_EVERY

pytestmark = pytest.mark.anyio


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


@pytest.mark.parametrize("body", ENDLESS)
@pytest.mark.parametrize("steps", [0, 1, 50])
async def test_an_endless_source_is_closed(body: Callable[[], Any], steps: int) -> None:
    source = RecordedSource(body=body)
    pump = Pump(source(), interval=0, ping=0.001)
    for _ in range(steps):
        await anext(pump)
    while steps and not source.started:  # On a busy machine there may have been pings only.
        await anext(pump)
    with anyio.fail_after(TIMEOUT):
        await pump.aclose()
    assert source.closings == bool(steps)
    assert source.closed.is_set() == bool(steps)
    yielded = source.yielded
    for _ in range(100):
        await checkpoint()
    assert source.yielded == yielded
    assert all([batch async for batch in pump])  # What had arrived can still be read.


async def test_iterators_inside_the_source_are_closed_too() -> None:
    """Without aclosing(), aclose() leaves an inner generator to the garbage collector."""
    inner = RecordedSource(body=suspending)

    async def outer() -> AsyncIterator[str]:
        async for token in inner():
            yield token

    pump = Pump(outer(), interval=0, ping=None)
    await anext(pump)
    gc.disable()
    try:
        for _ in range(3 * MAX_BUFFERED_DELTAS):  # Now it is suspended because the buffer is full.
            await checkpoint()
        await pump.aclose()
        assert inner.closed.is_set()
    finally:
        gc.enable()


async def test_an_async_cleanup_completes_without_a_shield_on_asyncio(
    anyio_backend_name: str,
) -> None:
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
async def test_close_can_be_called_from_another_thread_and_twice(body: Callable[[], Any]) -> None:
    source = RecordedSource(body=body)
    pump = Pump(source(), interval=0, ping=None)
    await anext(pump)
    await anyio.to_thread.run_sync(pump.close)
    pump.close()
    await source.until_closed()
    await pump.aclose()
    assert source.closings == 1


@pytest.mark.parametrize("close", [Pump.aclose, Pump.close])
async def test_a_source_that_was_never_started_is_closed(
    close: Callable[[Pump], Awaitable[None] | None],
) -> None:
    source = RecordedSource()
    pump = Pump(source, interval=0, ping=None)
    result = close(pump)
    if result is not None:
        await result
    await source.until_closed()
    await pump.aclose()
    assert (source.started, source.closings) == (False, 1)


async def test_a_source_that_no_stream_reads_is_closed() -> None:
    source = RecordedSource()
    close_unused(source)
    await source.until_closed()
    assert (source.started, source.closings) == (False, 1)
    with pytest.raises(TypeError, match="tokens is None"):
        close_unused(None)  # type: ignore[arg-type]


async def test_aclose_after_close_starts_nothing() -> None:
    pump = Pump(["a"], interval=0, ping=None)
    pump.close()
    threads = threading.active_count()
    await pump.aclose()
    assert threading.active_count() == threads
    assert not hasattr(pump, "_reader_wakeup")


def test_a_source_that_was_never_started_is_closed_without_a_loop() -> None:
    async def agen() -> AsyncIterator[str]:
        yield "a"

    async def create() -> AsyncIterator[str]:
        return agen()

    sync = (token for token in "ab")
    for tokens in agen(), create(), agen, sync:
        close_unused(tokens)
    assert list(sync) == []


@pytest.mark.parametrize("ends", [True, False])
async def test_an_error_while_closing_is_logged(
    ends: bool, caplog: pytest.LogCaptureFixture
) -> None:
    class CannotClose:
        async def __aiter__(self) -> AsyncIterator[str]:
            yield "a"
            if not ends:
                await anyio.sleep(60)

        async def close(self) -> None:
            raise ValueError("cannot close")

    pump = Pump(CannotClose(), interval=0, ping=None)
    await anext(pump)
    await pump.aclose()
    assert "closing the source failed" in caplog.text
    assert pump.error is None


async def test_an_error_while_the_source_is_cancelled_is_logged(
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


async def test_a_source_that_swallows_its_cancellation_is_closed_some_tokens_later() -> None:
    yielded = []

    async def source() -> AsyncIterator[str]:
        while True:
            try:
                await anyio.sleep(0.01)
            except BaseException:
                if len(yielded) > 3:
                    raise
            yielded.append(True)
            yield "x"

    pump = Pump(source(), interval=0, ping=None)
    await anext(pump)
    with anyio.fail_after(TIMEOUT):
        await pump.aclose()
    assert len(yielded) <= CHECKPOINT_EVERY + 3


async def test_each_call_of_aclose_has_its_own_timeout(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    release = threading.Event()

    def source() -> Iterator[str]:
        yield "a"
        release.wait()

    pump = Pump(source(), interval=0, ping=None)
    await anext(pump)

    async def close_after(seconds: float) -> None:
        await anyio.sleep(seconds)
        await pump.aclose()

    try:
        with monkeypatch.context() as patch, anyio.fail_after(TIMEOUT):
            patch.setattr("streamhtml._source_reader.CLOSE_TIMEOUT", 0.2)
            async with anyio.create_task_group() as group:
                group.start_soon(close_after, 0)
                group.start_soon(close_after, 0.1)
    finally:
        release.set()
    await pump.aclose()
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_source_is_cancelled_again_if_a_task_of_its_own_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    swallowed = asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed.set()
        await asyncio.Event().wait()

    async def source() -> AsyncIterator[str]:
        task = asyncio.create_task(stubborn())
        yield "a"
        await task

    monkeypatch.setattr("streamhtml._source_reader.CLOSE_TIMEOUT", 0.05)
    pump = Pump(source(), interval=0, ping=None)
    await anext(pump)
    pump.close()
    await swallowed.wait()
    assert await pump.wait_until_closed(TIMEOUT)


def test_a_sync_source_is_closed_when_its_loop_has_ended() -> None:
    closed = threading.Event()

    def source() -> Iterator[str]:
        try:
            while True:
                yield "x"
        finally:
            closed.set()

    async def start() -> Pump:
        pump = Pump(source(), interval=0, ping=None)
        await anext(pump)
        return pump

    for backend in "asyncio", "trio":
        closed.clear()
        anyio.run(start, backend=backend).close()
        assert closed.wait(TIMEOUT)
