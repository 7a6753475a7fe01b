"""An id that is somebody else's, or was stopped before anybody began it: who is asked and told."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import anyio
import pytest
from tests.log.test_readers import open_stream
from tests.log.test_writer import PAIR, Unreliable, anyio_backend, until_done

from streamhtml import Answer, Fragment
from streamhtml._log_source import Client
from streamhtml.log import _writer
from streamhtml.log._hub import Hub
from streamhtml.testing._log_cases import Steps, html_of, read_all, reading

__all__ = ["anyio_backend"]  # The fixture.

pytestmark = pytest.mark.anyio


class Slow(Unreliable):
    """A log whose ``create()`` waits for ``is_fast``."""

    def __init__(self, lease: float = 30.0) -> None:
        super().__init__(lease)
        self.is_fast = anyio.Event()

    async def create(self, id: str, entry: str) -> int | None:
        await self.is_fast.wait()
        return await super().create(id, entry)


@asynccontextmanager
async def slow_recording(
    log: Slow, source: Steps, on_end: Callable[[Answer], None], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Any]:
    """Record an answer, until its message is shown, although the storage has not answered."""
    monkeypatch.setattr(_writer, "START_TIMEOUT", 0.01)
    async with reading(log.record(PAIR, source, on_end=on_end)) as stream:
        first = await anext(stream)
        assert (first.index, len(first.patches)) == (0, 1)
        assert source.begun == 0
        yield stream


async def store_another(log: Unreliable, *words: str) -> None:
    """Store an answer of another process."""
    other = Unreliable.create
    epoch = await other(log, PAIR, '{"version":1,"key":"other","began":0.0}')
    assert epoch
    for number, word in enumerate(words, 1):
        await log.append(PAIR, epoch, number, f'{{"at":0.0,"text":"{word}"}}')
    await log.append(PAIR, epoch, len(words) + 1, '{"outcome":"finished","ended":1.0}', "final")


async def test_a_slow_storage_that_has_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    log, source, ended = Slow(), Steps("a"), list[Answer]()
    async with slow_recording(log, source, ended.append, monkeypatch) as stream:
        await store_another(log, "b", "c")
        log.is_fast.set()
        rest = [fragment async for fragment in stream]
    assert [fragment.outcome for fragment in rest] == [None, None, "finished"]
    assert "b" in html_of(rest)
    await until_done(log)
    assert (source.begun, ended) == (0, [])


async def test_a_slow_storage_that_takes_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    log, source = Slow(), Steps("a")
    source.allow(2)
    async with slow_recording(log, source, lambda _: None, monkeypatch) as stream:
        log.is_fast.set()
        rest = [fragment async for fragment in stream]
    assert [fragment.index for fragment in rest] == [1, 2]
    monkeypatch.setattr(_writer, "START_TIMEOUT", 0.01)
    log.is_fast = anyio.Event()
    async with anyio.create_task_group() as tasks:
        said: list[str] = []
        recording = log.record("ai_2", ["x"])

        async def iterate() -> None:
            said.extend([delta.text async for delta in recording])

        tasks.start_soon(iterate)
        while not (recording._writer and recording._writer.feed.is_missing):  # noqa: ASYNC110
            await anyio.sleep(0.001)
        log.is_fast.set()
    assert said == ["x"]


async def test_a_stop_while_the_storage_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    log, source, ended = Slow(lease=0.2), Steps("a"), list[Answer]()
    async with slow_recording(log, source, ended.append, monkeypatch) as stream:
        stream.stop()
        with anyio.fail_after(30):
            (end,) = [fragment async for fragment in stream]
    assert end.outcome == "stopped"
    await until_done(log)
    assert (source.begun, [each.outcome for each in ended]) == (0, ["stopped"])


@pytest.mark.parametrize("other", ["answer", "stop"])
async def test_the_storage_comes_back_with_another_answer(other: str) -> None:
    log, source, ended = Unreliable(), Steps("a", "b"), list[Answer]()
    log.fails = {"create"}
    async with reading(log.record(PAIR, source, on_end=ended.append)) as stream:
        await anext(stream)
        source.allow()
        await anext(stream)
        log.fails = set()
        if other == "answer":
            await store_another(log, "b")
        else:
            await Hub(log).stop(PAIR)  # In another process.
        rest = [fragment async for fragment in stream]
    await until_done(log)
    outcomes = [fragment.outcome for fragment in rest]
    stored = await log.status(PAIR)
    assert stored is not None
    if other == "answer":
        assert (outcomes, stored.outcome, ended) == ([], "finished", [])
    else:
        assert (outcomes, stored.outcome) == (["stopped"], "stopped")
        assert [(each.text, each.outcome) for each in ended] == [("a", "stopped")]


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_second_writer_takes_over(kind: str) -> None:
    """A client that resumes gets the other answer, and ``on_end`` gets only that one."""
    log, first, second, ended = Unreliable(), Steps("a", "b"), Steps("c"), list[Answer]()

    async def end(answer: Answer) -> None:
        ended.append(answer)

    recording = log.record(PAIR, first, on_end=end if kind == "async" else ended.append)
    fragments: list[Fragment] = []
    async with reading(recording) as stream:
        fragments += [await anext(stream)]
        first.allow()
        fragments += [await anext(stream)]
        log.end_lease()
        second.allow(2)
        answer = await log.record(PAIR, second, on_end=ended.append).run()
        first.allow()
        assert [fragment async for fragment in stream] == []
        # The first writer may not be done yet.
        (again, last) = await read_all(log.follow(PAIR), fragments[-1].id)
    assert (answer.text, answer.outcome, last.outcome) == ("c", "finished", "finished")
    assert "replace" in [patch.action for patch in again.patches]
    assert "c" in html_of([again])
    await until_done(log)
    assert [each.text for each in ended] == ["c"]


async def test_run_returns_the_answer_that_has_taken_over() -> None:
    log, first, answers = Unreliable(), Steps("a", "b"), list[Answer]()
    first.allow()
    async with anyio.create_task_group() as tasks:

        async def run() -> None:
            answers.append(await log.record(PAIR, first, interval=0).run())

        tasks.start_soon(run)
        with anyio.fail_after(30):
            while (status := await log.status(PAIR)) is None or not status.fragments:  # noqa: ASYNC110
                await anyio.sleep(0.001)
        log.end_lease()
        await store_another(log, "c")
        first.allow()
    assert [(answer.text, answer.outcome) for answer in answers] == [("c", "finished")]


async def test_followers_of_an_answer_that_was_taken_over() -> None:
    log = Unreliable()
    assert await log.create(PAIR, '{"version":1,"key":"k","began":0.0}')
    outcomes = []
    for resumes in True, False:
        stream = open_stream(log.follow(PAIR), Client("", resumes))
        async with aclosing(stream):
            await anext(stream)
            log.end_lease()
            assert await log.create(PAIR, f'{{"version":1,"key":"{resumes}","began":0.0}}')
            outcomes.append([fragment.outcome async for fragment in stream])
    assert outcomes == [[], ["interrupted"]]


@pytest.mark.parametrize("reads", ["nothing", "no header", "no answer"])
async def test_it_is_not_known_whose_the_id_is(reads: str) -> None:
    log, source, ended = Unreliable(), Steps("a", "b"), list[Answer]()
    stream = open_stream(log.record(PAIR, source, on_end=ended.append), Client())
    async with aclosing(stream):
        await anext(stream)
        source.allow()
        await anext(stream)
        log.forget()
        assert await log.create(PAIR, "[]" if reads == "nothing" else '{"at":0.0,"text":"x"}')
        if reads == "no answer":

            async def read(id: str, after: int) -> None: ...

            log.read = read  # type: ignore[assignment, method-assign]
        source.allow()
        rest = [fragment async for fragment in stream]
    assert rest[-1].outcome == "interrupted"
    await until_done(log)
    assert [each.outcome for each in ended] == ["interrupted"]


async def test_a_stop_while_somebody_begins_the_answer() -> None:
    class Raced(Unreliable):
        async def create(self, id: str, entry: str) -> int | None:
            await Unreliable.create(self, id, '{"version":1,"key":"other","began":0.0}')
            return await super().create(id, entry)

    log = Raced()
    await log.stop(PAIR)
    found = await log.read(PAIR, 0)
    assert found is not None
    assert await log.append(PAIR, found.epoch, 1, '{"at":0.0,"text":"a"}') is True


async def test_a_stop_from_another_process_at_any_moment_of_the_beginning() -> None:
    class Distant(Unreliable):
        async def _before(self, name: str) -> None:
            await super()._before(name)
            await anyio.lowlevel.checkpoint()

    log = Distant()
    other = Hub(log)
    for steps in range(20):
        pair, answers = f"ai_{steps}", list[Answer]()

        async def run(pair: str = pair, answers: list[Answer] = answers) -> None:
            answers.append(await log.record(pair, Steps("a")).run())

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            for _ in range(steps):
                await anyio.lowlevel.checkpoint()
            tasks.start_soon(other.stop, pair)
        status = await log.status(pair)
        assert status is not None
        assert [status.outcome, *(each.outcome for each in answers)] == ["stopped"] * 2
