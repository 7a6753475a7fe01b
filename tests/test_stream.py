import asyncio
import gc
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from streamhtml import Delta, Fragment, Patch, Reply, Stream, TextRenderer, aenumerate, stream

pytestmark = pytest.mark.anyio

SOON = 5.0


def text(fragments: list[Fragment]) -> str:
    return "".join(patch.html for fragment in fragments[1:] for patch in fragment.patches)


async def test_aenumerate_counts() -> None:
    async def source() -> AsyncIterator[str]:
        yield "a"
        yield "b"

    assert [pair async for pair in aenumerate(source())] == [(0, "a"), (1, "b")]
    assert [number async for number, _ in aenumerate(source(), start=5)] == [5, 6]


async def test_aenumerate_closes_what_it_enumerates() -> None:
    closed = []

    async def source() -> AsyncIterator[str]:
        try:
            yield "a"
            yield "b"
        finally:
            closed.append(True)

    pairs = aenumerate(source())
    await anext(pairs)
    await pairs.aclose()  # type: ignore[attr-defined]
    assert closed == [True]


async def test_the_message_is_there_before_any_token() -> None:
    async def source() -> AsyncIterator[str]:
        await anyio.sleep(60)
        yield "a"

    fragments = stream(Reply(), source())
    with anyio.fail_after(SOON):
        assert (await anext(fragments)).index == 0
    await fragments.aclose()


async def test_a_finished_answer() -> None:
    tokens = ["Hel", None, "", "lo", Delta("!")]
    reply = Reply(renderer="text")
    fragments = [fragment async for fragment in stream(reply, tokens, interval=0)]
    assert text(fragments) == "Hello!"
    assert [fragment.index for fragment in fragments] == list(range(len(fragments)))
    assert [fragment.outcome for fragment in fragments][:-1] == [None] * (len(fragments) - 1)
    assert fragments[-1].outcome == "finished"


async def test_none_and_empty_tokens_are_no_fragments() -> None:
    async def source() -> AsyncIterator[str | None]:
        for token in (None, "", "a", None, ""):
            yield token
            await anyio.sleep(0.001)

    fragments = [fragment async for fragment in stream(Reply(), source(), interval=0)]
    assert [(f.index, f.outcome) for f in fragments] == [(0, None), (1, None), (2, "finished")]


async def test_tokens_gather_within_the_interval() -> None:
    async def source() -> AsyncIterator[str]:
        for _ in range(100):
            yield "x"
            await checkpoint()

    reply = Reply(renderer="text")
    fragments = [fragment async for fragment in stream(reply, source(), interval=60)]
    assert text(fragments) == "x" * 100
    assert len(fragments) == 4  # the shell, the first token, the others, the end


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
    assert "so far" in text(fragments)
    assert 'role="alert"' in fragments[-1].patches[-1].html
    assert "secret" not in repr(fragments)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("streamhtml", logging.ERROR)
    assert reply.message_pair_id in record.getMessage()
    assert "ValueError: the secret" in caplog.text


async def test_a_token_of_an_unknown_type_fails_the_stream_and_is_named_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fragments = [fragment async for fragment in stream(Reply(), ["a", 7], interval=0)]
    assert fragments[-1].outcome == "failed"
    assert "a token is a int" in caplog.text


@pytest.mark.parametrize("fails_at", [1, 2])
async def test_a_template_that_fails_in_mid_stream(
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

    with anyio.fail_after(SOON):
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


async def test_a_template_that_is_rendered_each_time_runs_on_a_thread() -> None:
    threads = set()

    def template(context: Mapping[str, Any]) -> str:
        threads.add(threading.current_thread())
        return "<p>"

    reply = Reply(template, renderer="template")
    threads.clear()
    fragments = stream(reply, ["a"], interval=0)
    threads.clear()
    assert [fragment.index async for fragment in fragments] == [0, 1, 2]
    assert threading.current_thread() not in threads


@pytest.mark.parametrize("raised", [asyncio.CancelledError, GeneratorExit])
async def test_whatever_a_source_raises_by_itself_is_a_failure(
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


async def test_a_template_that_cannot_be_rendered_fails_at_once_and_closes_the_source() -> None:
    closed = anyio.Event()

    class Source:
        def __aiter__(self) -> AsyncIterator[str]:
            raise AssertionError("not to be iterated")

        async def aclose(self) -> None:
            closed.set()

    with pytest.raises(ValueError, match="the template shows neither"):
        stream(Reply(lambda context: "<p>"), Source())
    with anyio.fail_after(SOON):
        await closed.wait()


async def test_pings_are_not_counted() -> None:
    async def source() -> AsyncIterator[str]:
        yield "a"
        await anyio.sleep(0.05)
        yield "b"

    fragments = [fragment async for fragment in stream(Reply(), source(), ping=0.01)]
    pings = [f for f in fragments if not f.patches and not f.outcome]
    assert len(pings) >= 2
    assert {f.index for f in pings} == {1}
    assert [f.index for f in fragments if f not in pings] == [0, 1, 2, 3]


async def test_an_answer_that_waits_for_its_end_pings_too() -> None:
    async def source() -> AsyncIterator[str]:
        for _ in range(20):
            yield "a"
            await anyio.sleep(0.005)

    fragments = [f async for f in stream(Reply(at_once=True), source(), interval=0, ping=0.02)]
    assert len(fragments) >= 3
    assert [len(f.patches) for f in fragments] == [0] * (len(fragments) - 1) + [1]


@pytest.mark.parametrize("asynchronous", [True, False])
@pytest.mark.parametrize("fails", [True, False])
async def test_on_end_has_the_answer_before_the_end_is_told(
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


def test_on_end_is_told_when_the_reader_is_cancelled_while_the_end_is_rendered() -> None:
    rendering, go_on = threading.Event(), threading.Event()
    ended: list[str] = []

    def template(context: Mapping[str, Any]) -> str:
        if context["chunk_index"] == 2:
            rendering.set()
            go_on.wait(SOON)
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
        assert await asyncio.to_thread(rendering.wait, SOON)
        reader.cancel()
        await asyncio.wait([reader])
        go_on.set()
        await fragments.aclose()

    asyncio.run(main())
    assert ended == ["an answer"]


async def test_an_on_end_that_fails_is_logged_and_the_end_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def on_end(reply: Reply) -> None:
        raise OSError("disk full")

    fragments = [f async for f in stream(Reply(), ["a"], on_end=on_end)]
    assert fragments[-1].outcome == "finished"
    assert "disk full" in caplog.text


@pytest.mark.parametrize("close", [Stream.aclose, Stream.close])
async def test_a_reader_who_leaves(close: Callable[[Stream], Any]) -> None:
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
    result = close(fragments)
    if result is not None:
        await result
    with anyio.fail_after(SOON):
        await closed.wait()
        await ended.wait()
    await fragments.aclose()
    fragments.close()
    with pytest.raises(StopAsyncIteration):
        await anext(fragments)
    assert states == [("interrupted", "a")]


@pytest.mark.parametrize("steps", [0, 1, 2])
async def test_a_stream_that_is_dropped_closes_its_source(steps: int) -> None:
    closed = anyio.Event()

    class Source:
        async def __aiter__(self) -> AsyncIterator[str]:
            yield "a"
            await anyio.sleep(60)

        async def aclose(self) -> None:
            closed.set()

    fragments = stream(Reply(), Source())
    for _ in range(steps):
        await anext(fragments)
    del fragments
    gc.collect()
    with anyio.fail_after(SOON):
        await closed.wait()


@pytest.mark.parametrize("renderer", ["text", "template"])
async def test_a_user_who_stops_sees_what_has_arrived_and_that_it_was_stopped(
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
    with anyio.fail_after(SOON):
        seen += [fragment async for fragment in fragments]
        await closed.wait()
    assert seen[-1].outcome == reply.state == "stopped"
    assert "so far" in text(seen)
    assert "Stopped." in text(seen)
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
        assert "Stopped." in last.patches[0].html


async def test_the_end_does_not_wait_for_the_cleanup() -> None:
    cleans_up = anyio.Event()
    may_end = anyio.Event()

    async def source() -> AsyncIterator[str]:
        try:
            yield "a"
            await anyio.sleep(60)
        finally:
            with anyio.CancelScope(shield=True):
                cleans_up.set()
                await may_end.wait()

    reply = Reply()
    fragments = stream(reply, source(), interval=0)
    await anext(fragments)
    await anext(fragments)
    fragments.stop("interrupted")
    with anyio.fail_after(SOON):
        assert [fragment.outcome async for fragment in fragments] == ["interrupted"]
        await cleans_up.wait()
        may_end.set()
        await fragments.aclose()
    assert reply.state == "interrupted"


async def test_a_reader_who_is_cancelled_and_then_closes() -> None:
    closed = []

    async def source() -> AsyncIterator[str]:
        try:
            yield "a"
            await anyio.sleep(60)
        finally:
            closed.append(True)

    async def read() -> None:
        fragments = stream(Reply(), source())
        try:
            async for _ in fragments:
                pass
        finally:
            await fragments.aclose()

    with anyio.move_on_after(0.05):
        await read()
    assert closed == [True]


@pytest.mark.parametrize("tokens", [["a"], ["a", "b"]])
async def test_a_stream_that_is_closed_while_its_next_fragment_is_awaited(
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

    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            await anyio.wait_all_tasks_blocked()
            await fragments.aclose()
    assert closed == [True]
    assert text(ended) == "<p>a</p>"
    assert reply.state == "interrupted"
    assert not caplog.records


async def test_a_stream_that_was_never_started_takes_no_token_and_tells_no_end() -> None:
    async def source() -> AsyncIterator[str]:
        raise AssertionError("not to be iterated")
        yield ""

    fragments = stream(Reply(), source(), on_end=lambda reply: pytest.fail("told"))
    await fragments.aclose()
    assert [f async for f in fragments] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"interval": -1}, "interval=-1 is not a number of seconds"),
        ({"interval": float("nan")}, "interval=nan"),
        ({"interval": "x"}, "interval='x'"),
        ({"ping": "x"}, "ping='x'"),
        ({"ping": 0}, "ping=0 is not a number of seconds above 0; None"),
    ],
)
def test_times_that_are_not_possible(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        stream(Reply(), [], **arguments)


def test_a_source_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="tokens is a NoneType"):
        stream(Reply(), None)  # type: ignore[arg-type]
