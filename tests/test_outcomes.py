"""The outcome of a stream, whoever ends it, at any moment and from any thread.

The expected outcomes are those of the table in ``docs/how-to/errors-and-endings.md``.
"""

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import anyio
import anyio.abc
import anyio.to_thread
import pytest
from tests.docs.pages import DOCS
from tests.recorded_source import TIMEOUT

from streamhtml import Fragment, Patch, Reply, TextRenderer, Truncated, stream
from streamhtml._eventloop import current_event_loop

COLUMNS: Final = {
    "not started": 1,
    "before the first token": 2,
    "between tokens": 2,
    "while text waits": 2,
    "while rendering": 2,
    "when the source has ended": 3,
    "while on_end runs": 4,
    "after the end": 4,
}
"""The column of the table for each moment."""

ROWS: Final = {
    "stop": "`stop()`",
    "stop interrupted": '`stop("interrupted")` or SIGTERM',
    "close": "The reader leaves.",
    "aclose": "The reader leaves.",
    "cancel": "The reader leaves.",
    "collect": "The reader leaves.",
    "stop, close": "`stop()`, then the reader leaves.",
    "stop, aclose": "`stop()`, then the reader leaves.",
}
"""The row of the table for each way to end a stream."""


def _table() -> dict[str, list[str]]:
    page = (DOCS / "how-to" / "errors-and-endings.md").read_text()
    lines = page.partition("| What happens |")[2].partition("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: row for row in rows}


TABLE: Final = _table()


def documented(event: str, column: int, otherwise: str) -> list[str]:
    """Return the states that ``on_end`` must have seen."""
    cell = TABLE[event][column]
    if cell == "no call":
        return []
    return [otherwise if cell == "no change" else cell.strip("`")]


class Scene:
    """A stream that was brought to one moment, and its source, which then waits or has ended."""

    def __init__(self, moment: str, *, sync: bool) -> None:
        self.ended: list[str] = []
        self.seen: list[Fragment] = []
        self.release = threading.Event()
        self._at_wait = threading.Event()
        self._rendering = threading.Event()
        self._on_end_runs = threading.Event()
        self._moment = moment
        self._tokens = {
            "before the first token": [None],
            "while text waits": ["a", "b", None],
            "when the source has ended": ["a", "b"],
            "while on_end runs": ["a"],
            "after the end": ["a"],
        }.get(moment, ["a", None])
        template = self._template if moment == "while rendering" else None
        self.fragments = stream(
            Reply(template, renderer="template" if template else "text"),
            self._sync_source() if sync else self._source(),
            interval=0 if moment in ("between tokens", "while rendering") else 60,
            ping=None,
            on_end=self._on_end,
        )

    def _on_end(self, reply: Reply) -> None:
        self._on_end_runs.set()
        if self._moment == "while on_end runs":
            self.release.wait(TIMEOUT)
        self.ended.append(reply.state)

    def _template(self, context: Mapping[str, Any]) -> str:
        if context["chunk_index"] == 1:
            self._rendering.set()
            self.release.wait(TIMEOUT)
        return f"<p id={context['message_pair_id']}>{context['ai_message']}</p>"

    async def _source(self) -> AsyncIterator[str]:
        for token in self._tokens:
            if token is None:
                self._at_wait.set()
                await anyio.sleep_forever()
            yield token  # type: ignore[misc]

    def _sync_source(self) -> Iterator[str]:
        for token in self._tokens:
            if token is None:
                self._at_wait.set()
                self.release.wait(TIMEOUT)
                return
            yield token

    async def begin(self, tasks: anyio.abc.TaskGroup, *, reader_waits: bool) -> None:
        """Bring the stream to its moment. The reader then waits in ``anext()``, or it sends."""
        if self._moment == "not started":
            return
        steps = {"before the first token": 1, "while rendering": 1, "after the end": 3}
        for _ in range(steps.get(self._moment, 2)):
            self.seen.append(await anext(self.fragments))
        if reader_waits:
            tasks.start_soon(self._read)
        if self._moment == "while rendering":
            await anyio.to_thread.run_sync(self._rendering.wait, TIMEOUT)
        elif self._moment == "while on_end runs":
            await anyio.to_thread.run_sync(self._on_end_runs.wait, TIMEOUT)
        elif self._moment == "when the source has ended":
            while not self.fragments._pump._ended:  # noqa: ASYNC110  (no event)
                await anyio.sleep(0.001)
        elif self._moment != "after the end":
            await anyio.to_thread.run_sync(self._at_wait.wait, TIMEOUT)
        await anyio.wait_all_tasks_blocked()

    async def _read(self) -> None:
        with anyio.CancelScope() as self.reading:
            async for fragment in self.fragments:
                self.seen.append(fragment)

    async def finish(self) -> None:
        self.release.set()
        await self._read()
        await self.fragments.aclose()


@dataclass(frozen=True)
class Case:
    way: str
    moment: str
    other_thread: bool
    sync: bool
    reader_waits: bool

    def makes_sense(self) -> bool:
        own_task = {"aclose", "cancel", "collect", "stop, aclose"}
        if self.way in own_task and self.other_thread:
            return False
        waits = {"while rendering", "while on_end runs"}
        never_waits = {"not started", "when the source has ended", "after the end"}
        if self.moment in waits | never_waits:
            return self.reader_waits == (self.moment in waits) and self.way != "collect"
        both = ("stop", "close", "aclose")
        return self.reader_waits == (self.way == "cancel") or self.way in both


CASES = [
    case
    for way in ROWS
    for moment in COLUMNS
    for other_thread in (False, True)
    for sync in (False, True)
    for reader_waits in (False, True)
    if (case := Case(way, moment, other_thread, sync, reader_waits)).makes_sense()
]


async def act(case: Case, scene: Scene) -> None:
    """End the stream. A call from another thread is over before the event loop goes on."""
    fragments = scene.fragments
    for way in case.way.split(", "):
        if way == "cancel":
            if case.reader_waits:
                scene.reading.cancel()
            continue
        if way == "aclose":
            # A source or a rendering in a thread may only go on afterwards.
            scene.release.set()
            await fragments.aclose()
            continue
        call: Callable[[], None] = {
            "stop": fragments.stop,
            "stop interrupted": partial(fragments.stop, "interrupted"),
            "close": fragments.close,
            "collect": fragments.__del__,
        }[way]
        if case.other_thread:
            thread = threading.Thread(target=call)
            thread.start()
            thread.join()
        else:
            call()


@pytest.mark.anyio
@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_stream_ends_as_documented(case: Case) -> None:
    scene = Scene(case.moment, sync=case.sync)
    with anyio.fail_after(2 * TIMEOUT):
        async with anyio.create_task_group() as tasks:
            await scene.begin(tasks, reader_waits=case.reader_waits)
            await act(case, scene)
            if case.way == "cancel":
                scene.release.set()
                await scene.fragments.aclose()
            await scene.finish()
    outcomes = documented(ROWS[case.way], COLUMNS[case.moment], otherwise="finished")
    assert scene.ended == outcomes
    sent = [fragment.outcome for fragment in scene.seen if fragment.outcome]
    if case.way.startswith("stop") and "," not in case.way:
        assert sent == outcomes
    elif case.moment not in ("while on_end runs", "after the end"):
        assert not sent


class Stopped(BaseException):
    """Not an ``Exception``."""


RAISED: Final = {
    "The source ends.": None,
    "The source raises `Truncated`.": Truncated(),
    "The source raises anything else.": Stopped(),
}


@pytest.mark.anyio
@pytest.mark.parametrize("event", RAISED)
@pytest.mark.parametrize("sync", [True, False])
@pytest.mark.parametrize("tokens", ["", "a", "ab"])
@pytest.mark.parametrize("renderer", ["text", "template"])
async def test_a_source_ends_as_documented(
    event: str, sync: bool, tokens: str, renderer: str
) -> None:
    def sync_source() -> Iterator[str]:
        yield from tokens
        if (error := RAISED[event]) is not None:
            raise error

    async def source() -> AsyncIterator[str]:
        for token in sync_source():
            yield token

    def template(context: Mapping[str, Any]) -> str:
        return f"<p id={context['message_pair_id']}>{context['ai_message']}</p>"

    ended: list[tuple[str, str]] = []
    reply = Reply(template if renderer == "template" else None, renderer=renderer)
    fragments = stream(
        reply,
        sync_source() if sync else source(),
        interval=60,  # The second token waits.
        on_end=lambda reply: ended.append((reply.state, reply.text)),
    )
    with anyio.fail_after(TIMEOUT):
        seen = [fragment async for fragment in fragments]
        fragments.stop()  # Too late.
        await fragments.aclose()
    (outcome,) = documented(event, 2, otherwise="")
    assert seen[-1].outcome == outcome
    assert ended == [(outcome, tokens)]


@pytest.mark.parametrize("when", [2, 3, 4])
@pytest.mark.parametrize("renderer", ["text", "template"])
def test_a_rendering_fails_as_documented(when: int, renderer: str) -> None:
    class Raising(TextRenderer):
        def feed(self, text: str) -> list[Patch]:
            if when < 4:
                raise Stopped
            return super().feed(text)

        def close(self) -> list[Patch]:
            raise Stopped

    def template(context: Mapping[str, Any]) -> str:
        if context["chunk_index"] >= when // 2:
            raise Stopped
        return "<p>"

    async def source() -> AsyncIterator[str]:
        yield "a"
        if when == 2:
            await anyio.sleep_forever()

    async def main() -> None:
        reply = (
            Reply(renderer=Raising) if renderer == "text" else Reply(template, renderer="template")
        )
        fragments = stream(reply, source(), on_end=lambda reply: ended.append(reply.state))
        with anyio.fail_after(TIMEOUT):
            await anext(fragments)
            while when == 3 and not fragments._pump._ended:  # noqa: ASYNC110  (no event)
                await anyio.sleep(0.001)
            ended.append([fragment async for fragment in fragments][-1].outcome or "")
            await fragments.aclose()

    ended: list[str] = []
    for backend in "asyncio", "trio":
        ended.clear()
        anyio.run(main, backend=backend)
        assert ended == 2 * documented("The template or the renderer raises.", when, "")


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_loop_ends_while_a_reader_waits(backend: str) -> None:
    ended: list[str] = []

    async def source() -> AsyncIterator[str]:
        yield "a"
        await anyio.sleep_forever()

    async def main() -> None:
        fragments = stream(Reply(), source(), on_end=lambda reply: ended.append(reply.state))
        seen = await anext(fragments), await anext(fragments)

        async def read() -> None:
            try:
                assert not [fragment async for fragment in fragments], seen
            finally:
                await fragments.aclose()

        current_event_loop().spawn(read, copy_context())
        await anyio.wait_all_tasks_blocked()

    anyio.run(main, backend=backend)
    assert ended == documented("The source is cancelled by its event loop.", 2, "")


@pytest.mark.parametrize("first", ["close", "stop"])
def test_another_thread_acts_at_the_moment_of_the_start(first: str) -> None:
    """Whoever comes first, ``on_end`` is called if the first Fragment was sent, and only then."""

    async def main(tokens: Any) -> None:
        ended: list[str] = []
        seen: list[Fragment] = []
        fragments = stream(
            Reply(), tokens, interval=0, on_end=lambda reply: ended.append(reply.state)
        )
        thread = threading.Thread(target=getattr(fragments, first))
        thread.start()
        with anyio.fail_after(TIMEOUT):
            seen.extend([fragment async for fragment in fragments])
            await anyio.to_thread.run_sync(thread.join)
            await fragments.aclose()
        if first == "stop":
            assert ended in (["stopped"], ["finished"])
            assert seen[-1].outcome == ended[0]
        else:
            assert ended == (["interrupted"] if seen else []) or seen[-1].outcome == "finished"

    async def source() -> AsyncIterator[str]:
        yield "a"

    for _ in range(20):
        for tokens in ["a"], source():
            anyio.run(main, tokens)


def test_close_in_another_thread_takes_the_first_fragment_just_before_the_reader() -> None:
    """The reader has seen that the stream is open, and comes second."""

    async def main() -> None:
        fragments = stream(Reply(), ["a"], on_end=lambda reply: pytest.fail("on_end was called"))
        take_first, take = fragments._take_first, [fragments.close]

        def close_and_take_first() -> Fragment | None:
            if take:
                thread = threading.Thread(target=take.pop())
                thread.start()
                thread.join()
            return take_first()

        fragments._take_first = close_and_take_first  # type: ignore[method-assign]
        assert not [fragment async for fragment in fragments]
        await fragments.aclose()

    anyio.run(main)
