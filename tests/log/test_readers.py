"""Readers: they come early and late, leave, lag, and are told when their process ends."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from typing import Any

import anyio
import pytest
from tests.log.test_writer import PAIR, Unreliable, anyio_backend, until_done
from tests.recorded_source import RecordedSource

from streamhtml import Answer, Fragment, Reply, SourceError, Truncated, deltas, stream
from streamhtml._limits import DEFAULT_LIMITS
from streamhtml._log_source import Client, LogSource
from streamhtml._sigterm import interrupt_streams
from streamhtml._stream import Stream
from streamhtml.asgi import StreamingHTMLResponse
from streamhtml.log import Log, MemoryLog, wait
from streamhtml.log._storage import Storage
from streamhtml.testing._log_cases import Steps, html_of, read_all, reading

__all__ = ["anyio_backend"]  # The fixture.

pytestmark = pytest.mark.anyio


def open_stream(
    source: LogSource, client: Client, on_end: Callable[[Reply], None] | None = None, **options: Any
) -> Stream:
    """Open a source as a response does."""
    reply = source.create_reply(skip=lambda fragment: None, **options)
    arguments: dict[str, Any] = {"interval": 0, "on_end": on_end, "limits": DEFAULT_LIMITS}
    return source.open(reply, client, ping=None, **arguments)


async def test_an_answer_that_a_worker_begins_later_is_waited_for() -> None:
    log, source = MemoryLog(), Steps("a", "b")
    async with reading(log.follow(PAIR, wait=60)) as stream, anyio.create_task_group() as tasks:
        first = await anext(stream)
        assert (first.index, first.tag, len(first.patches)) == (0, "", 1)
        tasks.start_soon(log.record(PAIR, source, interval=0).run)
        source.allow(3)
        rest = [fragment async for fragment in stream]
    assert rest[0].index == 1
    assert rest[-1].outcome == "finished"
    assert "".join(fragment.tag for fragment in rest)


async def test_a_client_that_resumes_waits_for_the_answer_too() -> None:
    log = MemoryLog()
    async with anyio.create_task_group() as tasks:
        found: list[Fragment] = []

        async def follow() -> None:
            found.extend(await read_all(log.follow(PAIR, wait=60), "0"))

        tasks.start_soon(follow)
        await anyio.sleep(0.01)
        await log.record(PAIR, ["a"]).run()
    assert [fragment.index for fragment in found] == [1, 2]


async def test_nobody_waits_for_ever_for_an_answer() -> None:
    fragments = await read_all(MemoryLog().follow(PAIR, wait=0.05))
    assert [fragment.outcome for fragment in fragments] == [None, "interrupted"]
    assert "The answer was interrupted" in html_of(fragments)


@pytest.mark.parametrize("resumes", [True, False])
async def test_when_the_process_ends_a_client_that_resumes_is_cut_off(resumes: bool) -> None:
    log, source, ended = MemoryLog(), Steps("a", "b"), list[Reply]()
    async with reading(log.record(PAIR, source)) as own:
        await anext(own)
        writer = log._hub._writers.pop(PAIR)  # As in another process, which does not end.
        other = open_stream(log.follow(PAIR), Client("", resumes), ended.append)
        async with aclosing(other):
            await anext(other)
            log._hub._writers[PAIR] = writer
            source.allow()
            await anext(own)
            await anext(other)
            other.stop("interrupted")
            rest = [fragment async for fragment in other]
        assert [fragment.outcome for fragment in rest] == ([] if resumes else ["interrupted"])
        source.allow(2)
        assert [fragment async for fragment in own][-1].outcome == "finished"
    assert [reply.state for reply in ended] == ["interrupted"]


async def test_when_the_process_ends_its_own_answers_end_once() -> None:
    log, ended = MemoryLog(), list[Answer]()
    source = RecordedSource("a", then="wait")
    request = {"method": "GET", "headers": {"Streaming-HTML": "html"}}
    recorder = StreamingHTMLResponse(request, log.record(PAIR, source, on_end=ended.append))
    follower = StreamingHTMLResponse(request, log.follow(PAIR))
    async with aclosing(recorder), aclosing(follower):
        first, second = aiter(recorder), aiter(follower)
        bodies = [[await anext(first), await anext(first)], [await anext(second)]]
        interrupt_streams()
        bodies[0] += [chunk async for chunk in first]
        bodies[1] += [chunk async for chunk in second]
    for body in bodies:
        assert b"".join(body).count(b" end interrupted>") == 1
    assert [answer.outcome for answer in ended] == ["interrupted"]
    await until_done(log)
    assert (await log.status(PAIR)).outcome == "interrupted"  # type: ignore[union-attr]


async def test_a_reader_that_leaves_ends_only_its_reading() -> None:
    log, source, states = MemoryLog(), Steps("a", "b"), list[str]()
    stream = open_stream(
        log.record(PAIR, source), Client(), lambda reply: states.append(reply.state)
    )
    await anext(stream)
    stream.close()
    await stream.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert states == ["interrupted"]
    source.allow(3)
    await until_done(log)
    answer = await log.answer(PAIR)
    assert answer is not None
    assert (answer.text, answer.outcome) == ("ab", "finished")


@pytest.mark.parametrize("from_thread", [True, False])
async def test_a_reader_that_waits_can_be_closed(from_thread: bool) -> None:
    log, source, states = MemoryLog(), Steps("a"), list[str]()
    stream = open_stream(
        log.record(PAIR, source), Client(), lambda reply: states.append(reply.state)
    )
    await anext(stream)

    async def read_on() -> None:
        assert [fragment async for fragment in stream] == []

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read_on)
        await anyio.wait_all_tasks_blocked()
        if from_thread:
            await anyio.to_thread.run_sync(stream.close)
        else:
            await stream.aclose()
    await stream.aclose()  # Waits for on_end.
    assert states == ["interrupted"]
    source.allow(2)
    await until_done(log)


async def test_a_stop_before_the_first_step_reads_no_token() -> None:
    log, source = MemoryLog(), RecordedSource("a")
    stream = open_stream(log.record(PAIR, source), Client())
    with pytest.raises(ValueError, match="outcome='finished' is not known"):
        stream.stop("finished")  # type: ignore[arg-type]
    stream.stop()
    async with aclosing(stream):
        fragments = [fragment async for fragment in stream]
    assert fragments[-1].outcome == "stopped"
    assert not source.started


async def test_a_follower_stops_the_answer() -> None:
    log, source = MemoryLog(), Steps("a")
    async with reading(log.record(PAIR, source)) as own:
        await anext(own)
        async with reading(log.follow(PAIR)) as other:
            await anext(other)
            other.stop()
            assert [fragment async for fragment in other][-1].outcome == "stopped"
        assert [fragment async for fragment in own][-1].outcome == "stopped"


async def test_a_reader_gets_pings_while_the_model_is_silent() -> None:
    log, source = MemoryLog(), Steps("a")
    request = {"method": "GET", "headers": {"Streaming-HTML": "html"}}
    response = StreamingHTMLResponse(request, log.record(PAIR, source), ping=0.001)
    async with aclosing(response):
        chunks = aiter(response)
        while b"<article" not in await anext(chunks):
            pass
        for _ in range(3):
            assert (await anext(chunks)).endswith(b" ping>")


async def test_a_long_answer_is_caught_up_on_a_thread() -> None:
    log, text = MemoryLog(), "word *and* word\n\n" * 500
    await log.record(PAIR, [text], interval=0).run()
    threads = set[str]()

    def renderer(root: str) -> Any:
        from streamhtml import TextRenderer

        class Recorded(TextRenderer):
            def feed(self, text: str) -> Any:
                threads.add(threading.current_thread().name)
                return super().feed(text)

        return Recorded(root)

    opened = open_stream(log.follow(PAIR), Client(), renderer=renderer)
    async with aclosing(opened):
        fragments = [fragment async for fragment in opened]
    assert html_of(fragments).count("word") == 1000
    assert threading.current_thread().name not in threads


async def test_a_log_is_a_source_for_whatever_takes_one() -> None:
    log = MemoryLog()
    await log.record(PAIR, ["a", "b"], interval=0).run()
    fragments = [each async for each in stream(Reply(renderer="text"), log.follow(PAIR))]
    assert "ab" in html_of(fragments).replace("</span>", "")
    assert fragments[-1].outcome == "finished"
    assert "".join([delta.text async for delta in deltas(log.follow(PAIR))]) == "ab"
    with pytest.raises(SourceError, match="the log has no such answer"):
        await anext(aiter(log.follow("ai_2")))
    for then, error in (Truncated("length"), Truncated), (ValueError("x"), SourceError):
        source = Steps("a", then=then)
        source.allow(2)
        answer = await log.record("ai_3", source).run()
        with pytest.raises(error):
            [delta async for delta in log.follow("ai_3")]
        log._answers.clear()
        assert answer.text == "a"
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(log.record("ai_4", ["late"]).run)
        assert [delta.text async for delta in log.follow("ai_4", wait=30)] == ["late"]


async def test_a_storage_that_cannot_be_read_is_an_end(caplog: pytest.LogCaptureFixture) -> None:
    log = Unreliable(lease=0.05)
    log.fails = {"read"}
    fragments = await read_all(log.follow(PAIR))
    assert fragments[-1].outcome == "interrupted"
    assert "the log cannot be reached, which ends ai_1 here" in caplog.text


async def test_a_storage_that_cannot_store_the_end_is_an_end() -> None:
    log = Unreliable(lease=0.05)
    epoch = await log.create(PAIR, '{"version":1,"key":"k","began":0.0}')
    assert epoch

    async def fail(*_: Any) -> None:
        raise ConnectionError

    async def ignore(*_: Any) -> None: ...

    for end_lost in ignore, fail:
        log.end_lost = end_lost  # type: ignore[method-assign]
        assert (await read_all(log.follow(PAIR)))[-1].outcome == "interrupted"
    log.end_lost = ignore  # type: ignore[method-assign]
    assert (await log.status(PAIR)).outcome == "interrupted"  # type: ignore[union-attr]


async def test_a_storage_that_has_lost_an_answer_for_good_is_an_end() -> None:
    log = Unreliable(lease=0.1)
    assert await log.create(PAIR, '{"version":1,"key":"k","began":0.0}')
    async with reading(log.follow(PAIR)) as stream:
        await anext(stream)
        log.forget()
        assert [fragment async for fragment in stream][-1].outcome == "interrupted"


def test_readers_and_stops_in_other_threads_and_loops() -> None:
    log, source = MemoryLog(), RecordedSource("a", then="wait")
    began, results = threading.Event(), list[list[Fragment]]()

    async def write() -> None:
        async with reading(log.record(PAIR, source, interval=0)) as stream:
            await anext(stream)
            await anext(stream)
            began.set()
            results.append([fragment async for fragment in stream])

    async def read() -> None:
        results.append(await read_all(log.follow(PAIR)))

    threads = [threading.Thread(target=asyncio.run, args=(write(),))]
    threads[0].start()
    assert began.wait(30)
    runs = [partial(anyio.run, read, backend=backend) for backend in ("asyncio", "trio")]
    threads += [threading.Thread(target=run) for run in runs]
    for thread in threads[1:]:
        thread.start()
    wait(log.stop(PAIR))
    for thread in threads:
        thread.join(30)
    assert [result[-1].outcome for result in results] == ["stopped"] * 3


async def test_wait_is_for_sync_code() -> None:
    with pytest.raises(RuntimeError, match="wait\\(\\) is for sync code"):
        wait(MemoryLog().stop(PAIR))


def test_wait_returns_and_raises_what_the_call_does() -> None:
    log = Unreliable()
    assert wait(log.record(PAIR, ["a"]).run()).text == "a"
    log.fails = {"read"}
    with pytest.raises(ConnectionError):
        wait(log.status(PAIR))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MemoryLog(lease=0), "lease=0 must be above 0 seconds"),
        (lambda: MemoryLog(ttl=-1), "ttl=-1 must be above 0 seconds"),
        (lambda: MemoryLog(max_bytes=0), "max_bytes=0 must be a whole number of 1 or more"),
        (lambda: MemoryLog(max_answers=True), "max_answers=True must be a whole number"),
        (lambda: MemoryLog().follow(PAIR, wait=-1), "wait=-1 must be 0 or more seconds"),
        (lambda: MemoryLog().record("7", ["a"]), "id='7' cannot be the id of an answer"),
        (lambda: MemoryLog().record(PAIR, ["a"], interval=-1), "interval=-1 must be 0 or more"),
    ],
)
def test_a_wrong_value_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MemoryLog().record(7, ["a"]), "id=7 must be a str"),  # type: ignore[arg-type]
        (lambda: MemoryLog().record(PAIR, "text"), "tokens is one str"),
        (lambda: MemoryLog().record(PAIR, ["a"], on_end=7), "on_end=7"),  # type: ignore[arg-type]
        (lambda: MemoryLog().record(PAIR, ["a"], limits=7), "limits=7"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_type_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


async def test_the_memory_has_limits() -> None:
    log = MemoryLog(max_answers=3, max_bytes=2000)
    for number in range(5):
        await log.record(f"ai_{number}", ["a"]).run()
    found = [await log.status(f"ai_{number}") for number in range(5)]
    assert [each is not None for each in found] == [False, False, True, True, True]
    await log.record("ai_9", ["x" * 900]).run()
    assert await log.status("ai_2") is None
    assert log._size <= 2000
    assert await log.status("ai_9") is not None


async def test_what_never_fits_into_the_memory_is_not_there() -> None:
    log = MemoryLog(max_bytes=10)
    with pytest.raises(MemoryError, match="does not fit into 10 bytes"):
        await log.create(PAIR, "{}")
    assert await log.status(PAIR) is None
    assert log._size == 0


def test_a_log_is_a_storage() -> None:
    assert issubclass(Log, Storage)
