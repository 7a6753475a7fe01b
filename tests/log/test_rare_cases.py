"""What happens rarely: long answers, storages that fail while they are watched, late replies."""

import asyncio
import gc
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any
from weakref import ref

import anyio
import pytest
from tests.log.test_readers import open_stream
from tests.log.test_writer import PAIR, Unreliable, anyio_backend, text_of, until_done
from tests.recorded_source import RecordedSource

from streamhtml import merge
from streamhtml._log_source import Client
from streamhtml.log import AnswerGone, MemoryLog, Watch, WriterFenced
from streamhtml.testing._log_cases import Steps, html_of, read_all, reading

__all__ = ["anyio_backend"]  # The fixture.

pytestmark = pytest.mark.anyio


async def test_a_long_answer_is_read_while_other_tasks_run() -> None:
    log, words = MemoryLog(), [f"w{number} " + "x" * 1_000 for number in range(150)]
    epoch = await log.create(PAIR, '{"version":1,"key":"k","began":0.0}')
    assert epoch
    for number, word in enumerate(words, 1):
        await log.append(PAIR, epoch, number, f'{{"at":0.0,"text":"{word}"}}')
    await log.append(PAIR, epoch, 151, '{"outcome":"finished","ended":1.0}', "final")
    fragments = await read_all(log.follow(PAIR), "0")
    assert [fragment.index for fragment in fragments] == [*range(1, 152)]
    assert html_of(fragments).count("x" * 1_000) == 150


async def test_a_storage_that_cannot_be_watched_is_an_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Blind(MemoryLog):
        @asynccontextmanager
        async def watch(self, id: str, what: Any) -> AsyncIterator[Watch]:
            raise ConnectionError("no watch")
            yield

    assert (await read_all(Blind().follow(PAIR)))[-1].outcome == "interrupted"
    assert "the log could not be read for ai_1" in caplog.text


async def test_a_follower_stops_an_answer_of_another_process() -> None:
    log, source = MemoryLog(), Steps("a")
    async with reading(log.record(PAIR, source)) as own:
        await anext(own)
        writer = log._hub._writers.pop(PAIR)
        async with reading(log.follow(PAIR)) as other:
            await anext(other)
            other.stop()
            assert [fragment async for fragment in other][-1].outcome == "stopped"
        log._hub._writers[PAIR] = writer
        assert [fragment async for fragment in own][-1].outcome == "stopped"


async def test_a_watch_is_notified_by_another_thread() -> None:
    log = MemoryLog()
    assert await log.create(PAIR, '{"version":1,"key":"k","began":0.0}')
    async with log.watch(PAIR, "stop") as stops:
        # A thread of its own, because those of a pool may have begun in a test without coverage.
        thread = threading.Thread(target=asyncio.run, args=(log.request_stop(PAIR),))
        thread.start()
        await stops.wait(30)
        thread.join()


async def test_a_recording_begins_once() -> None:
    log, source = MemoryLog(), RecordedSource("a")
    recording = log.record(PAIR, source)
    answers = [await recording.run(), await recording.run()]
    recording.close_unused()
    stream = open_stream(recording, Client())
    await stream.aclose()
    assert [answer.text for answer in answers] == ["a", "a"]
    assert source.closings == 1
    again = open_stream(recording, Client())
    async with aclosing(again):
        assert [fragment async for fragment in again][-1].outcome == "finished"


@pytest.mark.parametrize("error", [AnswerGone, WriterFenced])
async def test_a_reply_that_is_late_says_nothing_about_what_was_stored_again(
    error: type[Exception],
) -> None:
    class Late(Unreliable):
        async def renew(self, id: str, epoch: int) -> bool:
            if self.calls.count("renew"):
                return await super().renew(id, epoch)
            self.calls.append("renew")
            await may_reply.wait()
            raise error

    log, source, may_reply = Late(), Steps("a", "b", "c"), anyio.Event()
    async with reading(log.record(PAIR, source)) as stream:
        await anext(stream)
        source.allow()
        await anext(stream)
        log.forget()
        source.allow()
        await anext(stream)
        with anyio.fail_after(30):
            while await log.read(PAIR, -1) is None:  # noqa: ASYNC110  (nothing tells it)
                await anyio.sleep(0.001)
        may_reply.set()
        source.allow(2)
        assert [fragment async for fragment in stream][-1].outcome == "finished"
    await until_done(log)
    assert await text_of(log) == "abc"


async def test_several_models_in_one_answer() -> None:
    """As ``merge()`` reads them, also if one fails, and from other answers in the log."""
    log, fails = MemoryLog(), RecordedSource("x", then="fail")

    def template(context: dict[str, Any]) -> str:
        return f"{context['parts']['left']}{context['parts']['right']}"

    sources = {"left": fails, "right": ["a", "*b*"]}
    stream = open_stream(log.record(PAIR, merge(sources)), Client(), template=template)
    async with aclosing(stream):
        shown = [fragment async for fragment in stream]
    assert shown[-1].outcome == "finished"
    await until_done(log)
    answer = await log.answer(PAIR)
    assert answer is not None
    outcomes = {part.kind: part.outcome for part in answer.parts}
    assert outcomes == {"left": "failed", "right": "finished"}
    late = open_stream(log.follow(PAIR), Client("0"), template=template)
    async with aclosing(late):
        assert html_of([fragment async for fragment in late]) == html_of(shown[1:])
    sources = {"left": log.follow(PAIR), "right": log.follow("ai_2")}
    await log.record("ai_2", ["c"]).run()
    both = await log.record("ai_3", merge(sources)).run()
    assert both.outcome == "finished"


async def test_a_template_that_fails_closes_the_source() -> None:
    def template(context: dict[str, Any]) -> str:
        raise LookupError("no such name")

    log, source = MemoryLog(), RecordedSource("a")
    for recording in log.record(PAIR, source), log.follow(PAIR):
        with pytest.raises(LookupError, match="no such name"):
            open_stream(recording, Client(), template=template)
    await source.until_closed()
    assert not source.started
    assert await log.status(PAIR) is None


async def test_nothing_is_left_of_answers_that_have_expired() -> None:
    log, writers = MemoryLog(ttl=3600), list[ref[Any]]()
    for number in range(20):
        recording = log.record(f"ai_{number}", ["a", "b"])
        await recording.run()
        writers.append(ref(recording.begin()))
        await read_all(log.follow(f"ai_{number}"))
        await read_all(log.follow(f"unknown_{number}"))
        await log.stop(f"later_{number}")
    await until_done(log)
    with anyio.fail_after(30):
        while log._watches:  # noqa: ASYNC110  (nothing tells it)
            await anyio.sleep(0.001)
    assert len(log._answers) == 40
    log.ttl = 0.0
    assert await log.status(PAIR) is None
    del recording
    gc.collect()
    assert (log._answers, log._size, log._hub._writers) == ({}, 0, {})
    assert not any(log._hub._feeds.values())
    assert [each() for each in writers] == [None] * 20
