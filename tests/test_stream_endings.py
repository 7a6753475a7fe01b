"""How a stream ends: every outcome, ``on_end``, and closing at any time."""

import asyncio
import gc
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from tests.recorded_source import TIMEOUT, RecordedSource
from tests.sent_text import text_of

from streamhtml import Patch, Reply, TextRenderer, stream

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("renderer", ["text", "template"])
async def test_a_source_that_fails(renderer: str, caplog: pytest.LogCaptureFixture) -> None:
    async def source() -> AsyncIterator[str]:
        yield "so far"
        raise ValueError("the secret")

    def template(context: Mapping[str, Any]) -> str:
        return f"<p id={context['message_pair_id']}>{context['ai_message']}</p>"

    reply = Reply(template if renderer == "template" else None, renderer=renderer)
    fragments = [fragment async for fragment in stream(reply, source())]
    assert fragments[-1].outcome == reply.state == "failed"
    assert "so far" in text_of(fragments)
    assert 'role="alert"' in fragments[-1].patches[-1].html
    assert "secret" not in repr(fragments)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("streamhtml", logging.ERROR)
    assert reply.message_pair_id in record.getMessage()
    assert "ValueError: the secret" in caplog.text


@pytest.mark.parametrize("fails_at", [1, 2])
async def test_a_template_that_fails_in_the_middle(
    fails_at: int, caplog: pytest.LogCaptureFixture
) -> None:
    closed = []

    async def source() -> AsyncIterator[str]:
        try:
            while True:
                yield "x"
                await checkpoint()
        finally:
            closed.append(True)

    def template(context: Mapping[str, Any]) -> str:
        if context["chunk_index"] >= fails_at:
            raise ZeroDivisionError
        return "<p>"

    with anyio.fail_after(TIMEOUT):
        fragments = [
            fragment
            async for fragment in stream(Reply(template, renderer="template"), source(), interval=0)
        ]
    assert [(f.index, f.outcome) for f in fragments][-1] == (fails_at, "failed")
    assert closed == [True]
    assert "ZeroDivisionError" in caplog.text


async def test_an_end_that_cannot_be_rendered_is_shown_as_a_failure() -> None:
    class Broken(TextRenderer):
        def close(self) -> list[Patch]:
            raise ZeroDivisionError

    for at_once in False, True:
        reply = Reply(renderer=Broken, at_once=at_once)
        fragments = [fragment async for fragment in stream(reply, ["a"], interval=0)]
        assert fragments[-1].outcome == reply.state == "failed"
        assert 'role="alert"' in fragments[-1].patches[-1].html


@pytest.mark.parametrize("raised", [asyncio.CancelledError, GeneratorExit])
async def test_even_a_cancellation_that_the_source_raises_itself_is_a_failure(
    raised: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    def sync_source() -> Iterator[str]:
        yield "a"
        raise raised

    async def source() -> AsyncIterator[str]:
        yield "a"
        raise raised

    for tokens in sync_source(), source():
        caplog.clear()
        fragments = [fragment async for fragment in stream(Reply(), tokens, interval=0)]
        assert fragments[-1].outcome == "failed"
        assert raised.__name__ in caplog.text


@pytest.mark.parametrize("asynchronous", [True, False])
@pytest.mark.parametrize("fails", [True, False])
async def test_on_end_is_called_with_the_answer_before_the_last_fragment(
    asynchronous: bool, fails: bool
) -> None:
    ended: list[tuple[str, str]] = []

    async def source() -> AsyncIterator[str]:
        yield "an answer"
        if fails:
            raise ValueError

    def note(reply: Reply) -> None:
        ended.append((reply.state, reply.text))

    async def note_later(reply: Reply) -> None:
        await checkpoint()
        note(reply)

    fragments = stream(Reply(), source(), on_end=note_later if asynchronous else note)
    async for fragment in fragments:
        assert bool(ended) == (fragment.outcome is not None)
    await fragments.aclose()
    assert ended == [("failed" if fails else "finished", "an answer")]


def test_on_end_is_called_if_the_reader_is_cancelled_while_the_end_is_rendered() -> None:
    rendering, go_on = threading.Event(), threading.Event()
    ended: list[str] = []

    def template(context: Mapping[str, Any]) -> str:
        if context["chunk_index"] == 2:
            rendering.set()
            go_on.wait(TIMEOUT)
        return "<p>"

    async def main() -> None:
        fragments = stream(
            Reply(template, renderer="template"),
            ["an answer"],
            on_end=lambda reply: ended.append(reply.text),
        )

        async def read() -> None:
            async for _ in fragments:
                pass

        reader = asyncio.create_task(read())
        assert await asyncio.to_thread(rendering.wait, TIMEOUT)
        reader.cancel()
        await asyncio.wait([reader])
        go_on.set()
        await fragments.aclose()

    asyncio.run(main())
    assert ended == ["an answer"]


async def test_an_exception_in_on_end_is_logged_and_the_last_fragment_still_comes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def on_end(reply: Reply) -> None:
        raise OSError("disk full")

    fragments = [f async for f in stream(Reply(), ["a"], on_end=on_end)]
    assert fragments[-1].outcome == "finished"
    assert "disk full" in caplog.text


@pytest.mark.parametrize("close", ["aclose", "close"])
async def test_a_reader_leaves(close: str) -> None:
    closed = anyio.Event()
    ended = anyio.Event()
    states = []

    async def source() -> AsyncIterator[str]:
        try:
            yield "a"
            await anyio.sleep(60)
        finally:
            closed.set()

    async def on_end(reply: Reply) -> None:
        states.append((reply.state, reply.text))
        ended.set()

    fragments = stream(Reply(), source(), on_end=on_end)
    await anext(fragments)
    await anext(fragments)
    result = getattr(fragments, close)()
    if result is not None:
        await result
    with anyio.fail_after(TIMEOUT):
        await closed.wait()
        await ended.wait()
    await fragments.aclose()
    fragments.close()
    with pytest.raises(StopAsyncIteration):
        await anext(fragments)
    assert states == [("interrupted", "a")]


@pytest.mark.parametrize("steps", [0, 1, 2])
async def test_a_stream_that_is_dropped_closes_its_source(steps: int) -> None:
    source = RecordedSource("a", then="wait")
    fragments = stream(Reply(), source)
    for _ in range(steps):
        await anext(fragments)
    del fragments
    gc.collect()
    await source.until_closed()


@pytest.mark.parametrize("renderer", ["text", "template"])
async def test_after_stop_what_has_arrived_is_shown_and_that_it_was_stopped(
    renderer: str,
) -> None:
    closed = anyio.Event()

    async def source() -> AsyncIterator[str]:
        try:
            yield "so far"
            await anyio.sleep(60)
        finally:
            closed.set()

    def template(context: Mapping[str, Any]) -> str:
        return f"<p id={context['message_pair_id']}>{context['ai_message']}</p>"

    reply = Reply(template if renderer == "template" else None, renderer=renderer)
    fragments = stream(reply, source())
    seen = [await anext(fragments), await anext(fragments)]
    await anyio.to_thread.run_sync(fragments.stop)
    with anyio.fail_after(TIMEOUT):
        seen += [fragment async for fragment in fragments]
        await closed.wait()
    assert seen[-1].outcome == reply.state == "stopped"
    assert "so far" in text_of(seen)
    assert "You stopped this answer." in text_of(seen)
    fragments.stop()
    assert reply.state == "stopped"


async def test_a_stream_that_is_stopped_before_it_starts_takes_no_token() -> None:
    async def source() -> AsyncIterator[str]:
        raise AssertionError("not to be started")
        yield ""

    for tokens in source(), iter("ab"):
        reply = Reply()
        fragments = stream(reply, tokens)
        fragments.stop()
        first, last = [fragment async for fragment in fragments]
        assert first.index == 0
        assert last.outcome == reply.state == "stopped"
        assert "You stopped this answer." in last.patches[0].html


async def test_the_last_fragment_does_not_wait_for_the_cleanup() -> None:
    cleaning_up = anyio.Event()
    may_finish = anyio.Event()

    async def source() -> AsyncIterator[str]:
        try:
            yield "a"
            await anyio.sleep(60)
        finally:
            with anyio.CancelScope(shield=True):
                cleaning_up.set()
                await may_finish.wait()

    reply = Reply()
    fragments = stream(reply, source(), interval=0)
    await anext(fragments)
    await anext(fragments)
    fragments.stop("interrupted")
    with anyio.fail_after(TIMEOUT):
        assert [fragment.outcome async for fragment in fragments] == ["interrupted"]
        await cleaning_up.wait()
        may_finish.set()
        await fragments.aclose()
    assert reply.state == "interrupted"


async def test_a_reader_is_cancelled_and_then_closes() -> None:
    source = RecordedSource("a", then="wait")

    async def read(cancel: Callable[[], object]) -> None:
        fragments = stream(Reply(), source(), ping=0.01)
        try:
            async for _ in fragments:
                if source.started:
                    cancel()
        finally:
            await fragments.aclose()

    with anyio.CancelScope() as scope:
        await read(scope.cancel)
    assert scope.cancelled_caught
    assert source.closed.is_set()


@pytest.mark.parametrize("tokens", [["a"], ["a", "b"]])
async def test_a_stream_is_closed_while_its_next_fragment_is_awaited(
    tokens: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    closed = []

    async def source() -> AsyncIterator[str]:
        try:
            for token in tokens:
                yield token
                await anyio.sleep(60)
        finally:
            closed.append(True)

    reply = Reply()
    fragments = stream(reply, source(), interval=0)
    ended = []

    async def read() -> None:
        ended.extend([fragment async for fragment in fragments])

    with anyio.fail_after(TIMEOUT):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            await anyio.wait_all_tasks_blocked()
            await fragments.aclose()
    assert closed == [True]
    assert text_of(ended) == "<p>a</p>"
    assert reply.state == "interrupted"
    assert not caplog.records


async def test_a_stream_that_was_never_started_takes_no_token_and_does_not_call_on_end() -> None:
    async def source() -> AsyncIterator[str]:
        raise AssertionError("not to be iterated")
        yield ""

    fragments = stream(Reply(), source(), on_end=lambda reply: pytest.fail("on_end was called"))
    await fragments.aclose()
    assert [f async for f in fragments] == []


async def test_a_reader_that_was_cancelled_during_on_end_does_not_wait_for_it_again() -> None:
    called, finish = anyio.Event(), anyio.Event()

    async def on_end(reply: Reply) -> None:
        called.set()
        await finish.wait()

    fragments = stream(Reply(), ["a"], interval=0, on_end=on_end)

    async def read() -> None:
        async for _ in fragments:
            pass

    with anyio.fail_after(TIMEOUT):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            await called.wait()
            tasks.cancel_scope.cancel()
        assert (await anext(fragments)).outcome == "finished"
        finish.set()
        await fragments.aclose()


async def test_a_stream_is_closed_while_its_last_fragment_is_rendered() -> None:
    rendering, go_on = threading.Event(), threading.Event()

    def template(context: Mapping[str, Any]) -> str:
        if context["chunk_index"] == 2:
            rendering.set()
            go_on.wait(TIMEOUT)
        return "<p>"

    reply = Reply(template, renderer="template")
    fragments = stream(reply, ["a"], interval=0)
    seen = []

    async def read() -> None:
        seen.extend([fragment async for fragment in fragments])

    with anyio.fail_after(TIMEOUT):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            assert await anyio.to_thread.run_sync(rendering.wait, TIMEOUT)
            await fragments.aclose()
            go_on.set()
    assert [fragment.outcome for fragment in seen] == [None, None]
    assert reply.state == "finished"
