"""The writer: what it stores, and what happens if the storage fails, forgets or was taken over."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from tests.recorded_source import RecordedSource

from streamhtml import Answer, Delta, Limits
from streamhtml.log import AnswerGone, End, Entries, Log, MemoryLog
from streamhtml.testing._log_cases import Steps, read_all, reading

pytestmark = pytest.mark.anyio

PAIR = "ai_1"


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


class Unreliable(MemoryLog):
    """A log whose storage fails as a test wants it.

    Attributes:
        fails: the names of the methods that raise.
        loses: the names of the methods whose result does not arrive once, after they have worked.
        hangs: the names of the methods that never return.
        calls: the names of the methods that were called.
    """

    def __init__(self, lease: float = 30.0) -> None:
        super().__init__(lease=lease)
        self.fails: set[str] = set()
        self.loses: set[str] = set()
        self.hangs: set[str] = set()
        self.calls: list[str] = []

    async def _before(self, name: str) -> None:
        self.calls.append(name)
        if name in self.hangs:
            await anyio.sleep_forever()
        if name in self.fails:
            raise ConnectionError(f"no {name}")

    def _after(self, name: str) -> None:
        if name in self.loses:
            self.loses.discard(name)
            raise ConnectionError(f"the result of {name} was lost")

    async def create(self, id: str, entry: str) -> int | None:
        await self._before("create")
        result = await super().create(id, entry)
        self._after("create")
        return result

    async def append(
        self, id: str, epoch: int, number: int, entry: str, end: End | None = None
    ) -> bool:
        await self._before("append")
        result = await super().append(id, epoch, number, entry, end)
        self._after("append")
        return result

    async def renew(self, id: str, epoch: int) -> bool:
        await self._before("renew")
        return await super().renew(id, epoch)

    async def read(self, id: str, after: int) -> Entries | None:
        await self._before("read")
        return await super().read(id, after)

    async def request_stop(self, id: str) -> None:
        await self._before("stop")
        await super().request_stop(id)

    def forget(self) -> None:
        """Lose everything, as a server does that was restarted."""
        with self._lock:
            self._answers.clear()
            self._size = 0

    def end_lease(self) -> None:
        """Let the lease of each answer be over."""
        for stored in self._answers.values():
            stored.lease_until = 0.0


async def until_done(log: Log) -> None:
    """Wait until all writers of the log are done."""
    with anyio.fail_after(30):
        while log._hub._writers:  # noqa: ASYNC110  (it is an event of another task)
            await anyio.sleep(0.001)


async def text_of(log: Log) -> str:
    """Return the stored text. The answer must have finished."""
    answer = await log.answer(PAIR)
    assert answer is not None
    assert answer.outcome == "finished"
    return answer.text


@pytest.mark.parametrize("name", ["create", "append"])
async def test_a_call_is_repeated_whose_result_was_lost(name: str) -> None:
    log, source = Unreliable(), Steps("a", "b")
    source.allow(3)
    log.loses = {name}
    answer = await log.record(PAIR, source, interval=0).run()
    assert answer.text == await text_of(log) == "ab"


@pytest.mark.parametrize("how", ["fails", "hangs"])
async def test_the_reader_here_gets_all_without_the_storage(
    how: str, caplog: pytest.LogCaptureFixture
) -> None:
    log, source, ended = Unreliable(lease=0.2), Steps("a", "b"), list[Answer]()
    getattr(log, how).update({"create", "append", "renew", "stop", "read"})
    async with reading(log.record(PAIR, source, on_end=ended.append)) as stream:
        fragments = [await anext(stream)]
        for _ in range(2):
            source.allow()
            fragments.append(await anext(stream))
        source.allow()
        fragments += [fragment async for fragment in stream]
    assert [fragment.index for fragment in fragments] == [0, 1, 2, 3]
    assert fragments[-1].outcome == "finished"
    await until_done(log)
    assert [answer.text for answer in ended] == ["ab"]
    levels = [record.levelno for record in caplog.records if "ai_1" in record.getMessage()]
    assert (levels.count(logging.WARNING), levels.count(logging.ERROR)) == (1, 1)


async def test_what_was_not_stored_is_stored_when_the_storage_is_back() -> None:
    log, source = Unreliable(), Steps("a", "b", "c")
    async with reading(log.record(PAIR, source)) as stream:
        await anext(stream)
        log.fails = {"append", "renew"}
        for _ in range(2):
            source.allow()
            await anext(stream)
        log.fails = set()
        source.allow(2)
        await anext(stream)
    await until_done(log)
    assert await text_of(log) == "abc"


@pytest.mark.parametrize("stalled", [False, True])
async def test_what_the_storage_has_lost_is_stored_again(stalled: bool) -> None:
    log, source = Unreliable(lease=0.3), Steps("a", "b", "c")
    follower = log.follow(PAIR)
    async with AsyncExitStack() as stack:
        stream = await stack.enter_async_context(reading(log.record(PAIR, source)))
        fragments = [await anext(stream)]
        # As in another process, which does not know the writer.
        writer = log._hub._writers.pop(PAIR)
        other = await stack.enter_async_context(reading(follower))
        others = [await anext(other)]
        log._hub._writers[PAIR] = writer
        for _ in range(2):
            source.allow()
            fragments.append(await anext(stream))
            others.append(await anext(other))
        log.forget()
        if stalled:
            with anyio.fail_after(30):
                while await log.read(PAIR, -1) is None:  # noqa: ASYNC110  (nothing tells it)
                    await anyio.sleep(0.01)
        source.allow(2)
        fragments += [fragment async for fragment in stream]
        others += [fragment async for fragment in other]
    assert fragments == others
    assert [fragment.index for fragment in fragments] == [0, 1, 2, 3, 4]
    assert await text_of(log) == "abc"


async def test_a_writer_that_was_ended_by_a_reader_gives_up() -> None:
    log, source, ended = Unreliable(lease=0.3), Steps("a", "b"), list[Answer]()
    async with reading(log.record(PAIR, source, on_end=ended.append)) as stream:
        await anext(stream)
        source.allow()
        await anext(stream)
        log.fails = {"renew"}
        log.end_lease()
        assert (await log.status(PAIR)).outcome == "interrupted"  # type: ignore[union-attr]
        log.fails = set()
        # A client that resumes asks again, and gets the end that is stored.
        assert [fragment async for fragment in stream] == []
    assert (await read_all(log.follow(PAIR)))[-1].outcome == "interrupted"
    await until_done(log)
    assert [(answer.text, answer.outcome) for answer in ended] == [("a", "interrupted")]
    assert source.closed == 1


async def test_an_entry_that_does_not_fit_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    log = MemoryLog(max_bytes=300, lease=0.1)
    answer = await log.record(PAIR, ["x" * 1000]).run()
    assert (answer.text, answer.outcome) == ("x" * 1000, "finished")
    assert "the end of ai_1 could not be stored" in caplog.text
    assert (await read_all(log.follow(PAIR)))[-1].outcome == "interrupted"


async def test_run_that_is_cancelled_is_an_interruption() -> None:
    log, source, ended = MemoryLog(), RecordedSource("a", then="wait"), list[Answer]()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(log.record(PAIR, source, on_end=ended.append).run)
        with anyio.fail_after(30):
            while not (answer := await log.answer(PAIR)) or not answer.text:  # noqa: ASYNC110
                await anyio.sleep(0.001)
        tasks.cancel_scope.cancel()
    await source.until_closed()
    await until_done(log)
    status = await log.status(PAIR)
    assert status is not None
    assert status.outcome == "interrupted"
    assert [answer.text for answer in ended] == ["a"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
def test_a_loop_that_ends_is_an_interruption(anyio_backend: str) -> None:
    log, ended = MemoryLog(), list[Answer]()

    async def main() -> None:
        async with reading(log.record(PAIR, Steps("a"), on_end=ended.append)) as stream:
            await anext(stream)

    for backend in "asyncio", "trio":
        log, ended = MemoryLog(), []
        anyio.run(main, backend=backend)
        answer = anyio.run(log.answer, PAIR)
        assert answer is not None
        assert answer.outcome == "interrupted"
        assert [each.outcome for each in ended] == ["interrupted"]


@pytest.mark.parametrize("kind", ["async", "sync", "raising"])
async def test_on_end_is_called_once_before_a_reader_sees_the_end(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    log, ended = MemoryLog(), list[Answer]()

    async def in_loop(answer: Answer) -> None:
        await anyio.lowlevel.checkpoint()
        ended.append(answer)

    def in_thread(answer: Answer) -> None:
        ended.append(answer)
        if kind == "raising":
            raise ValueError("the database")

    on_end = in_loop if kind == "async" else in_thread
    recording = log.record(PAIR, ["a"], on_end=on_end)
    async with reading(recording) as stream:
        while (await anext(stream)).outcome is None:
            pass
        assert [answer.text for answer in ended] == ["a"]
    assert len(ended) == 1
    assert ("the database" in caplog.text) == (kind == "raising")


async def test_the_limits_and_the_interval_of_the_response_are_the_writers() -> None:
    log = MemoryLog()
    source = RecordedSource("abc", "def")
    fragments = []
    reply = (recording := log.record(PAIR, source)).create_reply(skip=lambda _: None)
    from contextlib import aclosing

    from streamhtml._log_source import Client

    stream = recording.open(
        reply,
        Client(),
        interval=0,
        ping=None,
        on_end=None,
        limits=Limits(characters=4),
    )
    async with aclosing(stream):
        fragments = [fragment async for fragment in stream]
    assert fragments[-1].outcome == "truncated"
    assert reply.limit == "characters"


async def test_what_comes_after_a_stop_is_stored_only_if_it_was_shown() -> None:
    log = MemoryLog()

    async def tokens() -> AsyncIterator[str]:
        try:
            yield "a"
            await anyio.sleep_forever()
        finally:
            yield "late"

    async with reading(log.record(PAIR, tokens())) as stream:
        await anext(stream)
        await anext(stream)
        await log.stop(PAIR)
        rest = [fragment async for fragment in stream]
    assert rest[-1].outcome == "stopped"
    shown = "".join(patch.html for fragment in rest for patch in fragment.patches)
    answer = await log.answer(PAIR)
    assert answer is not None
    assert answer.text == ("alate" if "late" in shown else "a")


async def test_a_stop_without_the_storage_stops_the_writer_here() -> None:
    log, source = Unreliable(), Steps("a")
    async with reading(log.record(PAIR, source)) as stream:
        await anext(stream)
        log.fails = {"stop", "read"}
        await log.stop(PAIR)
        with pytest.raises(ConnectionError):
            await log.stop("ai_other")
        (*_, end) = [fragment async for fragment in stream]
    assert end.outcome == "stopped"


async def test_an_unused_recording_reads_no_token() -> None:
    log, source = MemoryLog(), RecordedSource("a")
    recording = log.record(PAIR, source)
    recording.close_unused()
    await source.until_closed()
    assert not source.started
    assert await log.status(PAIR) is None


async def test_iterating_a_recording_generates_it() -> None:
    log = MemoryLog()
    deltas = [delta async for delta in log.record(PAIR, ["a", "b"])]
    assert "".join(delta.text for delta in deltas) == "ab"
    assert all(type(delta) is Delta for delta in deltas)


async def test_a_storage_that_forgets_again_and_again_is_an_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = Unreliable(lease=0.1)

    async def forget(*_: Any) -> bool:
        raise AnswerGone

    log.append = forget  # type: ignore[method-assign]
    answer = await log.record(PAIR, ["a"]).run()
    assert answer.text == "a"
    assert "the end of ai_1 could not be stored" in caplog.text
    assert (await read_all(log.follow(PAIR)))[-1].outcome == "interrupted"


async def test_an_end_does_not_wait_until_the_source_is_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log, may_close = MemoryLog(), anyio.Event()

    async def slow() -> AsyncIterator[str]:
        yield "a"
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await may_close.wait()

    async with reading(log.record(PAIR, slow())) as stream:
        await anext(stream)
        await anext(stream)
        await log.stop(PAIR)
        assert (await anext(stream)).outcome == "stopped"
        may_close.set()
    await until_done(log)
    assert not caplog.records  # That the source still runs after five seconds.
