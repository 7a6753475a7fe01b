"""What an application sees of a log: recording, following, resuming, stopping, and the ends."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

import anyio
from markupsafe import Markup

from streamhtml import Answer, Delta, Fragment, Limits, ToolDelta, Truncated, pair_id
from streamhtml._limits import DEFAULT_LIMITS
from streamhtml._log_source import Client, LogSource
from streamhtml._stream import Stream
from streamhtml.log import Log
from streamhtml.testing._case import SHORT_LEASE, case, check, check_equal, check_raises
from streamhtml.testing._storage_cases import StorageCases

WORDS: Final = (
    *("# Title\n\n", "*Hel", "lo* ", "👩\u200d", "👧 ", "`co", "de`", "\n\n- a", "\n- b"),
)


class Steps:
    """A source that yields one token each time that it is allowed to.

    Args:
        tokens: the tokens.
        then: an exception that follows the last token.
    """

    def __init__(self, *tokens: Any, then: Exception | None = None) -> None:
        self._tokens = tokens
        self._then = then
        self._allowed = anyio.Semaphore(0)
        self.begun = self.closed = 0

    def allow(self, count: int = 1) -> None:
        """Let the source yield more tokens, or end after the last one."""
        for _ in range(count):
            self._allowed.release()

    async def __aiter__(self) -> AsyncIterator[Any]:
        self.begun += 1
        try:
            for token in self._tokens:
                await self._allowed.acquire()
                yield token
            await self._allowed.acquire()
            if self._then is not None:
                raise self._then
        finally:
            self.closed += 1


@asynccontextmanager
async def reading(source: LogSource, last_id: str = "") -> AsyncIterator[Stream]:
    """Read a source as a response does."""
    reply = source.create_reply(skip=lambda fragment: None)
    stream = source.open(
        reply,
        Client(last_id, resumes=True),
        interval=0,
        ping=None,
        on_end=None,
        limits=DEFAULT_LIMITS,
    )
    async with aclosing(stream):
        yield stream


async def read_all(source: LogSource, last_id: str = "") -> list[Fragment]:
    """Return all Fragments of a source."""
    async with reading(source, last_id) as stream:
        return [fragment async for fragment in stream]


def html_of(fragments: list[Fragment]) -> str:
    """Return the HTML of all patches."""
    return "".join(patch.html for fragment in fragments for patch in fragment.patches)


async def record(log: Log, *tokens: Any, then: Exception | None = None) -> tuple[str, Answer]:
    """Record an answer, one token in each batch. Return its id, and what ``run()`` returned."""
    pair, source = pair_id(), Steps(*tokens, then=then)
    answers: list[Answer] = []
    async with anyio.create_task_group() as tasks:

        async def run() -> None:
            answers.append(await log.record(pair, source, interval=0).run())

        tasks.start_soon(run)
        for count in range(1, len(tokens) + 1):
            source.allow()
            while len(await _batches(log, pair)) < count:  # noqa: ASYNC110  (nothing tells it)
                await anyio.sleep(0.001)
        source.allow()
    return pair, answers[0]


async def _batches(log: Log, pair: str) -> list[str]:
    found = await log.read(pair, 0)
    return [] if found is None else [text for _, text in found.entries]


class LogConformance(StorageCases):
    """The cases that each log passes. Inherit from it in a test module, and write ``make_log()``.

    ::

        class TestMyLog(LogConformance):
            async def make_log(self, *, lease: float, ttl: float) -> Log:
                return MyLog("…", lease=lease, ttl=ttl)

    ``backends`` are the event loops in which the log works.
    """

    @case()
    async def test_what_was_recorded_is_read_again(self, log: Log) -> None:
        pair, answer = await record(log, *WORDS)
        check_equal(answer.text, "".join(WORDS), "the text of the answer")
        check_equal(answer.outcome, "finished", "its outcome")
        stored = await log.answer(pair)
        assert stored is not None
        check_equal(stored.to_dict(), answer.to_dict(), "the stored answer")
        status = await log.status(pair)
        assert status is not None
        found = status.outcome, status.fragments, status.characters
        check_equal(found, ("finished", len(WORDS) + 1, len(answer.text)), "its status")
        check(status.ended is not None and status.began <= status.ended, "its times", status)

    @case()
    async def test_deltas_of_every_kind_keep_their_kind(self, log: Log) -> None:
        deltas = (
            "a\0b\ud800",
            Markup("<b>c</b>"),
            Delta("hm", "reasoning"),
            ToolDelta('{"x":', id="1", name="look"),
            ToolDelta("1}", id="1"),
            ToolDelta("found", id="1", field="result"),
            Delta.replace("busy", "status"),
            Delta.replace("", "status"),
            "d",
        )
        pair, answer = await record(log, *deltas)
        stored = await log.answer(pair)
        assert stored is not None
        check_equal(stored.to_dict(), answer.to_dict(), "the stored answer")
        shown = html_of(await read_all(log.follow(pair)))
        check("<b>c</b>" in shown, "Markup must stay HTML", shown)

    @case()
    async def test_all_readers_get_the_same_fragments(self, log: Log) -> None:
        pair, source = pair_id(), Steps(*WORDS)
        results: list[list[Fragment]] = []

        async def follow() -> None:
            async with reading(log.follow(pair, wait=60)) as stream:
                opened.release()
                results.append([fragment async for fragment in stream])

        opened = anyio.Semaphore(0)
        own = log.record(pair, source)
        fragments: list[Fragment] = []
        async with anyio.create_task_group() as tasks, reading(own) as stream:
            fragments.append(await anext(stream))
            for _ in range(3):
                tasks.start_soon(follow)
                await opened.acquire()
            for _ in WORDS:
                source.allow()
                fragments.append(await anext(stream))
            source.allow()
            fragments += [fragment async for fragment in stream]
        numbers = [fragment.index for fragment in fragments]
        check_equal(numbers, [*range(len(WORDS) + 2)], "the numbers")
        check_equal(fragments[-1].outcome, "finished", "the outcome")
        for result in results:
            late = result[0].index
            check_equal(result[1:], fragments[late + 1 :], "what a second reader gets")

    @case()
    async def test_a_reader_resumes_after_any_number(self, log: Log) -> None:
        pair, _ = await record(log, *WORDS)
        whole = await read_all(log.follow(pair))
        (first, end), last = whole, len(WORDS)
        check_equal((first.index, end.index), (last, last + 1), "the numbers of a late reader")
        after_0 = await read_all(log.follow(pair), "0")
        numbers = [fragment.index for fragment in after_0]
        check_equal(numbers, [*range(1, last + 2)], "the numbers after 0")
        for number in range(last):
            rest = await read_all(log.follow(pair), f"{number}.{first.tag}")
            check_equal(rest, after_0[number:], f"the rest after {number}")
        again = await read_all(log.follow(pair), f"{last + 1}.{first.tag}")
        check_equal(again, [Fragment(last + 1, (), "finished", first.tag)], "after the end")

    @case()
    async def test_a_number_that_is_none_gets_everything(self, log: Log) -> None:
        pair, _ = await record(log, *WORDS)
        whole = await read_all(log.follow(pair))
        odd_ids = ("-1", "9" * 15, "9" * 5000, "²", "١", "é\x80", "1\r\n2", "1.", "x", "1.!")
        for last_id in odd_ids:
            found = await read_all(log.follow(pair), last_id)
            check_equal(found, whole, f"what Last-Event-ID: {last_id[:20]!r} gets")
        other = await read_all(log.follow(pair), "1.abcd")
        actions = [patch.action for patch in other[0].patches]
        check("replace" in actions, "another tag must replace the message", actions)
        check_equal(other[0].index, len(WORDS), "its number")

    @case()
    async def test_generation_goes_on_without_a_reader(self, log: Log) -> None:
        pair, source, ended = pair_id(), Steps(*WORDS), list[Answer]()
        recording = log.record(pair, source, on_end=ended.append)
        async with reading(recording) as stream:
            await anext(stream)
        source.allow(len(WORDS) + 1)
        (*_, end) = await read_all(log.follow(pair))
        check_equal(end.outcome, "finished", "the outcome")
        check_equal([answer.text for answer in ended], ["".join(WORDS)], "what on_end got")
        check_equal(source.closed, 1, "how often the source was closed")

    @case()
    async def test_the_ends(self, log: Log) -> None:
        for then, outcome in (
            (None, "finished"),
            (Truncated("length"), "truncated"),
            (ValueError("the secret"), "failed"),
        ):
            pair, answer = await record(log, "a", then=then)
            check_equal(answer.outcome, outcome, "the outcome")
            fragments = await read_all(log.follow(pair))
            check_equal(fragments[-1].outcome, outcome, "the outcome for a reader")
            check("secret" not in html_of(fragments), "an error must not be shown")

    @case()
    async def test_limits_are_the_writers(self, log: Log) -> None:
        pair = pair_id()
        answer = await log.record(pair, ["abc", "def"], limits=Limits(characters=4)).run()
        check_equal((answer.text, answer.outcome), ("abcd", "truncated"), "the answer")
        async with reading(log.follow(pair)) as stream:
            fragments = [fragment async for fragment in stream]
        check_equal(fragments[-1].outcome, "truncated", "the outcome for a reader")

    @case()
    async def test_a_stop_ends_a_streaming_and_a_stalled_model(self, log: Log) -> None:
        for count in 0, 2:
            pair, source = pair_id(), Steps(*WORDS)
            async with reading(log.record(pair, source)) as stream:
                await anext(stream)
                for _ in range(count):
                    source.allow()
                    await anext(stream)
                for _ in range(3):
                    await log.stop(pair)
                last = [fragment async for fragment in stream][-1]
            check_equal(last.outcome, "stopped", "the outcome")
            (*_, end) = await read_all(log.follow(pair))
            check_equal(end.outcome, "stopped", "the outcome for a later reader")
            await log.stop(pair)
            status = await log.status(pair)
            check_equal(status and status.outcome, "stopped", "the status")

    @case()
    async def test_a_stop_from_elsewhere(self, log: Log) -> None:
        pair, source = pair_id(), Steps(*WORDS)
        async with reading(log.record(pair, source)) as stream:
            await anext(stream)
            await log.request_stop(pair)  # As another process does it.
            last = [fragment async for fragment in stream][-1]
        check_equal(last.outcome, "stopped", "the outcome")

    @case()
    async def test_a_stop_before_the_answer_begins(self, log: Log) -> None:
        pair, source, ended = pair_id(), Steps("a"), list[Answer]()
        async with reading(log.follow(pair, wait=60)) as stream:
            await anext(stream)
            for _ in range(2):
                await log.stop(pair)
            last = [fragment async for fragment in stream][-1]
        check_equal(last.outcome, "stopped", "the outcome for a reader who waits")
        answer = await log.record(pair, source, on_end=ended.append).run()
        check_equal((answer.text, answer.outcome), ("", "stopped"), "what run() returns")
        check_equal([each.outcome for each in ended], ["stopped"], "what on_end got")
        (*_, end) = await read_all(log.record(pair, source))
        check_equal(end.outcome, "stopped", "the outcome for the reader of a later recording")
        check_equal(source.begun, 0, "how often the model was asked")
        (end,) = await read_all(log.follow(pair), "5.abcd")
        found = (end.index, end.outcome, "replace" in [patch.action for patch in end.patches])
        check_equal(found, (6, "stopped", False), "what a client gets that has seen more")

    @case()
    async def test_an_answer_is_recorded_once(self, log: Log) -> None:
        pair, _ = await record(log, *WORDS)
        source, ended = Steps("other"), list[Answer]()
        fragments = await read_all(log.record(pair, source, on_end=ended.append))
        check_equal(fragments, await read_all(log.follow(pair)), "what the second request gets")
        again = await log.record(pair, source, on_end=ended.append).run()
        check_equal(again.text, "".join(WORDS), "what run() returns")
        check_equal((source.begun, ended), (0, []), "what the second model was asked")

    @case()
    async def test_a_failed_answer_is_recorded_again(self, log: Log) -> None:
        pair, _ = await record(log, "a", then=ValueError("the secret"))
        (first, *_) = await read_all(log.follow(pair))
        source = Steps("b")
        source.allow(2)
        answer = await log.record(pair, source).run()
        check_equal((answer.text, answer.outcome), ("b", "finished"), "the second answer")
        found = await read_all(log.follow(pair), first.id)
        check("replace" in [patch.action for patch in found[0].patches], "it must be replaced")

    @case(lease=SHORT_LEASE)
    async def test_a_writer_that_is_gone_is_one_end_for_each_reader(self, log: Log) -> None:
        pair = pair_id()
        header = json.dumps({"version": 1, "key": pair, "began": 0.0})
        epoch = await log.create(pair, header)
        assert epoch is not None
        await log.append(pair, epoch, 1, '{"at":0.0,"text":"a"}')
        ends: list[str | None] = []

        async def follow() -> None:
            ends.extend(each.outcome for each in await read_all(log.follow(pair)) if each.outcome)

        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(follow)
        check_equal(ends, ["interrupted"] * 20, "the ends")
        status = await log.status(pair)
        check_equal(status and status.outcome, "interrupted", "the status")

    @case()
    async def test_there_is_no_such_answer(self, log: Log) -> None:
        for unknown in pair_id(), "", "7", "é", "a" * 129, "a\r\nb", "../a":
            check_equal(await log.status(unknown), None, "the status")
            check_equal(await log.answer(unknown), None, "the answer")
            fragments = await read_all(log.follow(unknown))
            check_equal(fragments[-1].outcome, "interrupted", "the outcome")
            check("streamhtml-notice-interrupted" in html_of(fragments), "the notice must be shown")
            await log.stop(unknown)

    @case()
    async def test_a_wrong_entry_is_an_end(self, log: Log) -> None:
        header = '{"version":1,"key":"k","began":0}'
        wrong_entries = ("x", "[]", "1", '{"version":2,"key":"k"}', header)
        for wrong in (*wrong_entries, '{"at":0,"deltas":[{"text":7}]}'):
            pair = pair_id()
            epoch = await log.create(pair, header)
            assert epoch is not None
            await log.append(pair, epoch, 1, wrong)
            (*_, end) = await read_all(log.follow(pair))
            check_equal(end.outcome, "interrupted", "the outcome")
            await check_raises(ValueError, log.status(pair), "status() of a wrong entry")
