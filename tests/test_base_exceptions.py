"""A SystemExit and its kind end the stream in which they are raised, and no other stream."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from tests.recorded_source import TIMEOUT

from streamhtml import Fragment, Patch, Reply, TextRenderer, Truncated, stream
from streamhtml._stream import close_unused

pytestmark = pytest.mark.anyio

RAISED = [
    SystemExit,
    KeyboardInterrupt,
    GeneratorExit,
    asyncio.CancelledError,
    StopIteration,
    StopAsyncIteration,
    lambda: BaseExceptionGroup("several", [SystemExit(), ValueError()]),
]
Raise = Callable[[], BaseException]


async def until_read(fragments: Any) -> list[Fragment]:
    """Read a stream to its end, while another stream runs from before to after."""
    other_ended = []
    go_on = anyio.Event()

    async def other() -> AsyncIterator[str]:
        yield "a"
        await go_on.wait()
        yield "b"

    async def read_other() -> None:
        other_ended.extend([f.outcome async for f in stream(Reply(), other()) if f.outcome])

    with anyio.fail_after(TIMEOUT):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read_other)
            await anyio.wait_all_tasks_blocked()
            seen = [fragment async for fragment in fragments]
            await fragments.aclose()
            go_on.set()
    assert other_ended == ["finished"]
    return seen


@pytest.mark.parametrize("raised", RAISED)
@pytest.mark.parametrize("place", ["source", "sync source", "opening"])
async def test_in_a_source(raised: Raise, place: str, caplog: pytest.LogCaptureFixture) -> None:
    async def source() -> AsyncIterator[str]:
        try:
            yield "a"
            raise raised()
        finally:
            await anyio.lowlevel.checkpoint()

    def sync_source() -> Iterator[str]:
        yield "a"
        raise raised()

    async def opening() -> AsyncIterator[str]:
        raise raised()

    tokens = {"source": source, "sync source": sync_source, "opening": opening}[place]()
    ended: list[str] = []
    reply = Reply()
    seen = await until_read(stream(reply, tokens, on_end=lambda reply: ended.append(reply.state)))
    assert [seen[-1].outcome, *ended] == ["failed", "failed"]
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == (
        "ERROR",
        f"the stream of {reply.message_pair_id} failed",
    )
    assert record.exc_info


@pytest.mark.parametrize("raised", RAISED)
@pytest.mark.parametrize("at", ["feed", "close"])
async def test_in_a_renderer(raised: Raise, at: str, caplog: pytest.LogCaptureFixture) -> None:
    class Raising(TextRenderer):
        def feed(self, text: str) -> list[Patch]:
            if at == "feed":
                raise raised()
            return super().feed(text)

        def close(self) -> list[Patch]:
            raise raised()

    ended: list[str] = []
    fragments = stream(
        Reply(renderer=Raising), ["a"], on_end=lambda reply: ended.append(reply.state)
    )
    seen = await until_read(fragments)
    assert [seen[-1].outcome, *ended] == ["failed", "failed"]
    assert 'role="alert"' in seen[-1].patches[-1].html
    assert caplog.records
    assert all(record.levelname == "ERROR" and record.exc_info for record in caplog.records)


@pytest.mark.parametrize("raised", RAISED)
@pytest.mark.parametrize("at", [1, 2])
async def test_in_a_template_on_a_thread(
    raised: Raise, at: int, caplog: pytest.LogCaptureFixture
) -> None:
    def template(context: Mapping[str, Any]) -> str:
        if context["chunk_index"] >= at:
            raise raised()
        return "<p>"

    ended: list[str] = []
    fragments = stream(
        Reply(template, renderer="template"), ["a"], on_end=lambda reply: ended.append(reply.state)
    )
    seen = await until_read(fragments)
    assert [seen[-1].outcome, *ended] == ["failed", "failed"]
    assert caplog.records


@pytest.mark.parametrize("raised", RAISED)
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_in_on_end(
    raised: Raise, asynchronous: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def on_end(reply: Reply) -> None:
        raise raised()

    async def on_end_later(reply: Reply) -> None:
        await anyio.lowlevel.checkpoint()
        raise raised()

    fragments = stream(Reply(), ["a"], on_end=on_end_later if asynchronous else on_end)
    seen = await until_read(fragments)
    assert seen[-1].outcome == "finished"
    (record,) = caplog.records
    assert record.getMessage().startswith("on_end failed for")
    assert record.exc_info


class Closing:
    """A source that raises when it is closed."""

    def __init__(self, raised: Raise) -> None:
        self._raised = raised


class AsyncClosing(Closing):
    async def __aiter__(self) -> AsyncIterator[str]:
        yield "a"

    async def aclose(self) -> None:
        raise self._raised()


class SyncClosing(Closing):
    def __iter__(self) -> Iterator[str]:
        yield "a"

    def close(self) -> None:
        raise self._raised()


@pytest.mark.parametrize("raised", RAISED)
@pytest.mark.parametrize("source", [AsyncClosing, SyncClosing])
@pytest.mark.parametrize("steps", [0, 2, 9])
async def test_while_a_source_is_closed(
    raised: Raise, source: type[Closing], steps: int, caplog: pytest.LogCaptureFixture
) -> None:
    fragments = stream(Reply(), source(raised))
    with anyio.fail_after(TIMEOUT):
        for _ in range(steps):
            if (await anext(fragments)).outcome:
                break
    seen = await until_read(fragments) if steps else []
    await fragments.aclose()
    assert [fragment.outcome for fragment in seen] == (["finished"] if steps == 2 else [])
    if raised is asyncio.CancelledError and not caplog.records:
        return  # It looks like a cancellation by the stream itself.
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("WARNING", "closing the source failed")


@pytest.mark.parametrize("raised", RAISED)
async def test_while_a_source_that_nobody_reads_is_closed(
    raised: Raise, caplog: pytest.LogCaptureFixture
) -> None:
    close_unused(SyncClosing(raised))  # type: ignore[arg-type]
    assert "closing the source failed" in caplog.text


async def test_what_a_stopped_source_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    waits, release = threading.Event(), threading.Event()

    def source(error: Exception) -> Iterator[str]:
        yield "a"
        waits.set()
        release.wait(TIMEOUT)
        raise error

    for error in Truncated(), OSError("the connection was closed"):
        caplog.clear()
        waits.clear()
        release.clear()
        fragments = stream(Reply(), source(error), interval=0)
        await anext(fragments)
        await anext(fragments)
        assert await anyio.to_thread.run_sync(waits.wait, TIMEOUT)
        fragments.stop()
        release.set()
        assert [fragment.outcome async for fragment in fragments] == ["stopped"]
        await fragments.aclose()
        assert ("the connection was closed" in caplog.text) == isinstance(error, OSError)
        assert len(caplog.records) == isinstance(error, OSError)
