"""``primed()``: an error before the first delta is raised in the view, and nothing stays open."""

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from asgiref.sync import async_to_sync
from tests.recorded_source import TIMEOUT, RecordedSource

from streamhtml import Delta, Truncated, deltas, merge, primed
from streamhtml._delta import PartEnd

ERROR = ConnectionRefusedError("the key is not valid")


async def fails_first() -> AsyncIterator[str | None]:
    yield None
    raise ERROR


def fails_first_sync() -> Iterator[str]:
    raise ERROR
    yield


async def fails_later() -> AsyncIterator[str]:
    yield "a"
    await anyio.lowlevel.checkpoint()
    raise ERROR


async def cut_first() -> AsyncIterator[str]:
    raise Truncated
    yield


async def texts_of(source: Any) -> list[str]:
    with anyio.fail_after(TIMEOUT):
        return [delta.text async for delta in source]


async def texts_and_close(source: Any) -> list[str]:
    texts = await texts_of(source)
    await source.aclose()
    return texts


class Manager:
    """A context manager that must be left in the task that has entered it, as those of SDKs."""

    def __init__(self) -> None:
        self.is_open = False

    async def __aenter__(self) -> AsyncIterator[str]:
        self.is_open = True
        self._scope = anyio.CancelScope()
        self._scope.__enter__()
        return self._read()

    async def _read(self) -> AsyncIterator[str]:
        yield "a"
        await anyio.lowlevel.checkpoint()
        yield "b"

    async def __aexit__(self, *exc: object) -> None:
        self._scope.__exit__(*exc)
        self.is_open = False


@pytest.mark.anyio
async def test_the_first_delta_is_not_lost() -> None:
    source = RecordedSource("a", "b", "c")
    ready = await primed(source())
    assert source.yielded
    assert "".join(await texts_and_close(ready)) == "abc"
    assert source.closed.is_set()
    assert "".join(await texts_of(await primed(["a", "b"]))) == "ab"
    assert await texts_of(await primed([])) == []
    # It is a source even without await, and then it raises later.
    assert "".join(await texts_of(primed(["a", "b"]))) == "ab"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "make", [fails_first, fails_first_sync, lambda: merge({"a": fails_first()})]
)
async def test_an_error_before_the_first_delta_is_raised_unchanged(make: Any) -> None:
    with pytest.raises(ConnectionRefusedError) as caught, anyio.fail_after(TIMEOUT):
        await primed(make())
    assert caught.value is ERROR


@pytest.mark.anyio
async def test_other_endings_are_left_to_the_response() -> None:
    ready = await primed(fails_later())
    with pytest.raises(ConnectionRefusedError):
        await texts_of(ready)
    with pytest.raises(Truncated):
        await texts_of(await primed(cut_first()))
    ready = await primed(merge({"a": fails_first(), "b": ["b"]}))
    found = [delta async for delta in ready]
    assert PartEnd(part="a", outcome="failed") in found
    assert Delta("b", "b") in found
    with pytest.raises(TypeError, match="tokens is an int, which cannot be iterated"):
        primed(3)  # type: ignore[arg-type]


@pytest.mark.anyio
async def test_one_task_opens_reads_and_closes_the_source() -> None:
    manager = Manager()
    ready = await primed(manager)  # type: ignore[arg-type]
    async with anyio.create_task_group() as tasks:  # Read and close it in another task.
        tasks.start_soon(texts_and_close, ready)
    assert not manager.is_open


@pytest.mark.anyio
@pytest.mark.parametrize("how", ["aclose", "close_unopened", "forget", "cancel"])
async def test_a_source_that_is_not_read_is_closed(how: str) -> None:
    source = RecordedSource("a", then="wait")
    if how == "cancel":
        silent = RecordedSource(then="wait")
        with anyio.move_on_after(0.01):
            await primed(silent())
        await silent.until_closed()
        return
    ready = await primed(source())
    if how == "aclose":
        await ready.aclose()
    elif how == "close_unopened":
        assert ready.close_unopened()
    del ready
    gc.collect()
    await source.until_closed()


@pytest.mark.anyio
async def test_what_has_arrived_is_kept_at_a_stop() -> None:
    ready = await primed(RecordedSource("a", "b", then="wait")())
    for _ in range(10):
        await anyio.lowlevel.checkpoint()
    assert "".join(delta.text for delta in ready.end()) == "ab"
    await ready.aclose()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("kind", ["async", "sync"])
def test_without_an_event_loop_the_call_waits(kind: str, backend: str) -> None:
    source = RecordedSource("a", "b", "c")
    ready = primed(source() if kind == "async" else source.sync())
    assert source.yielded
    assert "".join(anyio.run(texts_and_close, ready, backend=backend)) == "abc"
    assert source.closed.wait(TIMEOUT)
    for make in fails_first, fails_first_sync:
        with pytest.raises(ConnectionRefusedError) as caught:
            primed(make())
        assert caught.value is ERROR


def test_a_source_in_the_shared_loop_is_closed_from_everywhere() -> None:
    source = RecordedSource("a", then="wait")
    ready = primed(source())

    async def leave() -> None:
        assert (await anext(ready)).text == "a"
        with anyio.move_on_after(0.01):
            await anext(ready)
        assert ready.end() == []
        await ready.aclose()

    anyio.run(leave)
    assert source.closed.is_set()
    forgotten = RecordedSource("a", then="wait")
    primed(forgotten())
    gc.collect()
    assert forgotten.closed.wait(TIMEOUT)


def test_a_loop_that_ends_with_the_view_is_not_used() -> None:
    """As in an async view of Django or Flask under WSGI."""
    threads: list[str] = []

    async def tokens() -> AsyncIterator[str]:
        threads.append(threading.current_thread().name)
        yield "a"
        await anyio.lowlevel.checkpoint()
        yield "b"

    async def view() -> Any:
        return await primed(tokens())

    ready = async_to_sync(view)()
    assert threads == ["streamhtml-loop"]
    assert "".join(asyncio.run(texts_of(ready))) == "ab"


def test_a_loop_of_the_view_itself_that_has_ended_is_an_error() -> None:
    async def view() -> Any:
        return await primed(RecordedSource("a", then="wait")())

    ready = asyncio.run(view())
    with pytest.raises(
        RuntimeError, match=r"the event loop in which primed\(\) was awaited has ended"
    ):
        asyncio.run(texts_of(ready))


def test_a_system_exit_ends_no_event_loop() -> None:
    async def exits() -> AsyncIterator[str]:
        raise SystemExit(3)
        yield

    with pytest.raises(RuntimeError, match="the source raised a SystemExit"):
        primed(exits())
    assert "".join(asyncio.run(texts_of(primed(["a"])))) == "a"


def test_a_token_without_text_counts_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamhtml._primed.CHECK_EVERY", 0.001)
    heard = threading.Event()

    def thinks() -> Iterator[str | None]:
        yield "a"
        yield None
        heard.wait(TIMEOUT)
        yield "b"

    async def main() -> None:
        ready = deltas(await primed(thinks()))
        tokens = await ready.open()
        assert (await anext(tokens)).text == "a"
        with anyio.fail_after(TIMEOUT):
            assert await anext(tokens) is None
            heard.set()
            assert [token.text async for token in tokens if token] == ["b"]

    anyio.run(main)
