"""Read a source, disturb the reader at a chosen suspension, and report what went wrong.

Suspensions are counted from outside, by running the coroutine step by step or by the hooks of the
event loop, so the code of the library is not changed for it.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal

import anyio
import sniffio
import trio
from anyio.lowlevel import checkpoint
from tests.suspensions import (
    CountedCoroutine,
    is_ours,
    report_complaints,
    report_open_generators,
    source_threads,
)

TIMEOUT = 30.0
"""Time in seconds within which everything must have ended, on a busy machine."""

How = Literal["cancel", "scope", "close", "stop", "outside", "end"]
"""How the run is disturbed.

- cancel: the reader's task is cancelled in the way of its event loop;
- scope: the reader is cancelled by a cancel scope of anyio;
- close, stop: ``close()`` or ``stop()`` is called from another thread;
- outside: a task of the library is cancelled;
- end: all tasks are cancelled, as at the end of an event loop.
"""


class SourceRecord:
    """What happened to one source."""

    def __init__(self) -> None:
        self.opened = 0
        self.closing = 0
        self.closed = 0
        self.yielded: list[str] = []
        self.ended_by_itself = False

    def token(self, text: str) -> str:
        self.yielded.append(text)
        return text

    async def close(self, waits: int = 2, *, in_generator: bool = True) -> None:
        self.closing += 1
        # Without a shield on asyncio, like most cleanups. trio cancels every await of a cancelled
        # task, except in what the pump itself calls.
        shield = in_generator and sniffio.current_async_library() == "trio"
        with anyio.CancelScope(shield=shield):
            for number in range(waits):
                await (checkpoint() if number % 4 else anyio.sleep(0.0002))
        self.closed += 1


@dataclass(frozen=True)
class SourceCase:
    """How a source is created, how it is read, and what it may log."""

    create: Callable[[SourceRecord], Any]
    steps: int = 4
    """The number of items after which the reader leaves."""
    pause: float = 0
    """Time in seconds that the reader takes for each item."""
    logs: str = "nothing"
    """A pattern of the log messages that are no problem."""


@dataclass
class Reading:
    """What is read: a ``Pump``, a ``Stream`` or a ``Body``, and how its ``on_end`` was called."""

    iterator: Any
    text: Callable[[list[Any]], str] | None = None
    """Returns the text of the items. ``None`` means the text of the reply."""
    reply: Any = None
    on_end_called: list[str] = field(default_factory=list)
    on_end_completed: list[str] = field(default_factory=list)


Open = Callable[[Any], Reading]


class DisturbedRun:
    """One run of a reader, disturbed at some of its suspensions.

    Args:
        backend: "asyncio", "uvloop" or "trio".
        open: opens what is read.
        source: the source.
        acts: what to do, by the number of the suspension.
        late: act only when what was awaited is there, just before the reader runs again.

    Attributes:
        problems: what went wrong, after ``run()``.
        reached: whether every disturbance took place.
        suspensions: how many suspensions the reader and the tasks of the library had.
    """

    def __init__(
        self,
        backend: str,
        open: Open,
        source: SourceCase,
        acts: dict[int, How],
        *,
        late: bool = False,
    ) -> None:
        self.backend = backend
        self.problems: list[str] = []
        self.suspensions = {"reader": 0, "ours": 0}
        self._open = open
        self._source = source
        self._acts = acts
        self._late = late
        self._done: list[How] = []
        self._items: list[Any] = []
        self._record = SourceRecord()
        self._leaving = self._left_before = self._cleanup_cancelled_by_others = False
        self._outcome = "none"

    @property
    def reached(self) -> bool:
        return len(self._done) == len(self._acts)

    def run(self) -> "DisturbedRun":
        with report_complaints(self._source.logs, self.problems):
            if self.backend == "trio":
                trio.run(self._on_trio, instruments=[_TrioSteps(self)])
            else:
                import uvloop

                factory = uvloop.new_event_loop if self.backend == "uvloop" else None
                with asyncio.Runner(loop_factory=factory) as runner:
                    runner.run(self._on_asyncio())
        return self

    # The event loops -----------------------------------------------------------------------

    async def _on_asyncio(self) -> None:
        loop = asyncio.get_running_loop()
        main = asyncio.current_task()

        def create_task(
            loop: asyncio.AbstractEventLoop, coroutine: Any, **arguments: Any
        ) -> asyncio.Task[Any]:
            if is_ours(coroutine):
                coroutine = CountedCoroutine(coroutine, self._step_of_ours)
            return asyncio.Task(coroutine, loop=loop, **arguments)

        def cancel_all() -> None:  # Like asyncio.run(), which then waits for these tasks only.
            self._last_tasks = self._tasks()
            for task in self._last_tasks:
                task.cancel()

        loop.set_task_factory(create_task)
        self._tasks = lambda: asyncio.all_tasks() - {main}
        self._cancel_ours = lambda: asyncio.current_task().cancel()  # type: ignore[union-attr]
        self._cancel_all = cancel_all
        with report_open_generators(self.problems):
            await self._main(self._read_in_task)

    async def _read_in_task(self) -> None:
        self._reader = asyncio.create_task(self._read())
        self._cancel_reader = self._reader.cancel
        await asyncio.wait([self._reader])
        if self._reader.cancelled():
            self._outcome = "cancelled"
        elif error := self._reader.exception():
            raise error
        if "end" in self._done:
            await asyncio.wait(self._last_tasks)

    async def _on_trio(self) -> None:
        async def nothing() -> None: ...

        system = trio.lowlevel.spawn_system_task(nothing).parent_nursery
        assert system is not None
        self._tasks = lambda: set(system.child_tasks)
        self._cancel_ours = system.cancel_scope.cancel
        self._cancel_all = lambda: [system.cancel_scope.cancel(), self._scopes[0].cancel()]
        with report_open_generators(self.problems), trio.CancelScope(shield=True):
            await self._main(self._read)

    # The reader ----------------------------------------------------------------------------

    async def _main(self, read: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            with anyio.fail_after(TIMEOUT):
                self._reading = self._open(self._source.create(self._record))
                await read()
                self._check_that_aclose_waited()
                await self._until_all_have_ended()
        except TimeoutError:
            self.problems.append(f"not all had ended after {TIMEOUT} s (reader: {self._outcome})")
        except Exception as error:
            self.problems.append(f"the reader saw {error!r}")
        if left := self._tasks():
            self.problems.append(f"left behind: {left}")
        await self._check()

    async def _until_all_have_ended(self) -> None:
        loop_has_ended = "end" in self._done and self.backend != "trio"
        if loop_has_ended and "cancel" in self._done[self._done.index("end") :]:
            # asyncio waits for the tasks that it has cancelled, such as the reader. A reader that
            # is cancelled once more leaves the end of the stream to a task that began after that.
            loop_has_ended = False
        while source_threads() or (self._tasks() and not loop_has_ended):  # noqa: ASYNC110  (no event)
            await anyio.sleep(0.0005)

    async def _read(self) -> None:
        with anyio.CancelScope() as outer, anyio.CancelScope() as inner:
            self._scopes = [inner, outer]
            await CountedCoroutine(self._iterate(), self._step_of_reader)
            self._outcome = "ended"
        if inner.cancelled_caught or outer.cancelled_caught:
            self._outcome = "cancelled"

    async def _iterate(self) -> None:
        iterator = self._reading.iterator
        try:
            while len(self._items) < self._source.steps:
                try:
                    self._items.append(await anext(iterator))
                except StopAsyncIteration:
                    break
                if self._source.pause:
                    await anyio.sleep(self._source.pause)
        finally:
            self._leaving = True
            await iterator.aclose()

    # The disturbance -----------------------------------------------------------------------

    def _step_of_reader(self, number: int, awaited: Any) -> None:
        self.suspensions["reader"] = number
        how = self._acts.get(number)
        if how is None or how == "outside":
            return
        self._done.append(how)
        self._left_before = self._leaving
        if not self._late:
            self._act(how)
        elif awaited is None:
            asyncio.get_running_loop().call_soon(self._act, how)
        else:  # When what the reader awaits is there, and before the reader runs again.
            awaited.add_done_callback(lambda _: self._act(how))

    def _step_of_ours(self, number: int = 0, awaited: Any = None) -> None:
        self.suspensions["ours"] += 1
        if self._acts.get(self.suspensions["ours"]) == "outside":
            self._done.append("outside")
            self._act("outside")

    def _act(self, how: How) -> None:
        if how in ("outside", "end"):
            self._cleanup_cancelled_by_others |= self._record.closing > self._record.closed
        if how == "outside":
            self._cancel_ours()
        elif how == "end":
            self._cancel_all()
        elif how == "cancel" and self.backend != "trio":
            self._cancel_reader()
        elif how in ("cancel", "scope"):
            # The second one comes from further out, as a server cancels after a framework.
            scope = next((s for s in self._scopes if not s.cancel_called), self._scopes[-1])
            if self.backend == "trio":
                scope.cancel()
            else:  # anyio can only cancel a task while it waits.
                asyncio.get_running_loop().call_soon(scope.cancel)
        else:
            call = getattr(self._reading.iterator, how)
            thread = threading.Thread(target=call, name="another")
            thread.start()
            thread.join()

    # What must hold afterwards -------------------------------------------------------------

    async def _check(self) -> None:
        record, reading, say = self._record, self._reading, self.problems.append
        if record.opened != record.closing:
            say(f"opened {record.opened} times, closing {record.closing} times")
        if record.closed != record.opened and not self._cleanup_may_be_cancelled:
            say(f"opened {record.opened} times, closed {record.closed} times")
        self._check_outcome(say)
        if reading.reply is not None:
            self._check_end(say)
        after = [item async for item in reading.iterator]
        if reading.text is None:
            if after:
                say(f"there was more after aclose(): {after}")
            text = reading.reply.text
        else:
            text = reading.text(self._items + after)
        if not "".join(record.yielded).startswith(text):
            say(f"the reader saw {text!r} of {record.yielded}")

    def _check_that_aclose_waited(self) -> None:
        # A shield of anyio does not protect from a cancellation by asyncio itself.
        cancelled = {"cancel", "end"} & set(self._done) and self.backend != "trio"
        if (
            self._record.closing > self._record.closed
            and not cancelled
            and not self._cleanup_may_be_cancelled
        ):
            self.problems.append("aclose() did not wait for the source's cleanup")

    @property
    def _cleanup_may_be_cancelled(self) -> bool:
        """Whether a cancellation by asyncio may have interrupted the source's own cleanup."""
        return self.backend != "trio" and (
            self._record.ended_by_itself or self._cleanup_cancelled_by_others
        )

    def _check_outcome(self, say: Callable[[str], None]) -> None:
        if self._outcome not in ("ended", "cancelled"):
            say(f"the reader's outcome is {self._outcome}")
        cancelled = self._outcome == "cancelled"
        done = set(self._done)
        if self.backend != "trio":  # A scope of anyio does not cancel a reader that is waking up.
            expected = bool({"cancel", "end"} & done)
        else:  # A scope of trio does not cancel in threads and under shields either.
            expected = bool({"cancel", "scope", "end"} & done)
            expected &= not self._left_before and not self._renders_on_threads
        if expected and not cancelled:
            say("a cancellation was swallowed")
        if cancelled and not {"cancel", "scope", "end"} & done:
            say("the reader was cancelled without a reason")

    @property
    def _renders_on_threads(self) -> bool:
        return getattr(self._reading.reply, "renders_each_time", False)

    def _check_end(self, say: Callable[[str], None]) -> None:
        reading, started = self._reading, self._source.steps > 0
        if len(reading.on_end_called) != started:
            say(f"on_end was called {len(reading.on_end_called)} times: {reading.on_end_called}")
        # An async on_end may itself be cancelled, where a shield does not protect it.
        cancelled = {"outside", "end"} & set(self._done) and self.backend != "trio"
        if len(reading.on_end_completed) != started and not cancelled:
            say("on_end did not complete")
        outcomes = {"finished", "failed", "interrupted"}
        if "stop" in self._done:
            outcomes.add("stopped")
        if started and reading.reply.state not in outcomes:
            say(f"the reply is {reading.reply.state!r}")
        for state in reading.on_end_called[:1]:
            if state != reading.reply.state:
                say(f"the reply is {reading.reply.state!r}, and on_end saw {state!r}")


class _TrioSteps(trio.abc.Instrument):
    def __init__(self, run: DisturbedRun) -> None:
        self._run = run

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        if is_ours(task.coro):
            self._run._step_of_ours()
