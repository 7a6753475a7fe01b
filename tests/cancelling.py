"""Runs one reader of one source, disturbs it at a chosen suspension, and says what went wrong.

A suspension is each time that a task yields to the event loop. They are counted from outside, by
driving the coroutine (``Counted``) or by the loop's own hooks, and never by a change to ours.
"""

import asyncio
import gc
import logging
import re
import sys
import threading
import warnings
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import anyio
import sniffio
import trio
from anyio.lowlevel import checkpoint

SOON = 1.0

How = Literal["cancel", "scope", "close", "stop", "outside", "end"]
"""What is done: the reader is cancelled, in the loop's own way or by a scope of anyio; close() or
stop() is called from another thread; a task of the library is cancelled from outside; or all tasks
are, as when a loop ends."""

Act = Callable[[int, Any], None]


class Counted(Coroutine[Any, Any, Any]):
    """Drives a coroutine; calls ``act`` with the number of each suspension and what is awaited."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], act: Act) -> None:
        self._coroutine = coroutine
        self._act = act
        self._suspensions = 0

    def __await__(self) -> "Counted":
        return self

    def __iter__(self) -> "Counted":
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def __getattr__(self, name: str) -> Any:  # cr_frame and others, which loops look at
        return getattr(self._coroutine, name)

    def send(self, value: Any) -> Any:
        return self._suspended(self._coroutine.send(value))

    def throw(self, *error: Any) -> Any:
        return self._suspended(self._coroutine.throw(*error))

    def close(self) -> None:
        self._coroutine.close()

    def _suspended(self, awaited: Any) -> Any:
        self._suspensions += 1
        self._act(self._suspensions, awaited)
        return awaited


class Account:
    """What became of one source."""

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
        # asyncio: unshielded, as most cleanups are. trio cancels each await of a cancelled task,
        # but for what the pump itself calls.
        shield = in_generator and sniffio.current_async_library() == "trio"
        with anyio.CancelScope(shield=shield):
            for number in range(waits):
                await (checkpoint() if number % 4 else anyio.sleep(0.0002))
        self.closed += 1


@dataclass(frozen=True)
class Source:
    """How a source is made, how it is read, and what it may log."""

    make: Callable[[Account], Any]
    steps: int = 4
    """The reader leaves after so many items."""
    pause: float = 0
    """Seconds that the reader takes for each."""
    logs: str = "nothing"


@dataclass
class Reading:
    """What is read: a ``Pump``, a ``Stream`` or a ``Body``, and what its reader learnt."""

    iterator: Any
    text: Callable[[list[Any]], str] | None = None
    """The text of the items; where there is none, of the reply."""
    reply: Any = None
    told: list[str] = field(default_factory=list)
    told_to_the_end: list[str] = field(default_factory=list)


Open = Callable[[Any], Reading]


class Run:
    """One run: ``run()``; then ``problems`` and, where all of it was reached, ``reached``."""

    def __init__(
        self,
        backend: str,
        open: Open,
        source: Source,
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
        self._account = Account()
        self._leaving = self._left_before = self._cut_by_another = False
        self._outcome = "none"

    @property
    def reached(self) -> bool:
        return len(self._done) == len(self._acts)

    def run(self) -> "Run":
        with noticing(self._source.logs, self.problems):
            if self.backend == "trio":
                trio.run(self._on_trio, instruments=[_Steps(self)])
            else:
                import uvloop

                factory = uvloop.new_event_loop if self.backend == "uvloop" else None
                with asyncio.Runner(loop_factory=factory) as runner:
                    runner.run(self._on_asyncio())
        return self

    # The two kinds of loop -----------------------------------------------------------------

    async def _on_asyncio(self) -> None:
        loop = asyncio.get_running_loop()
        main = asyncio.current_task()

        def create_task(
            loop: asyncio.AbstractEventLoop, coroutine: Any, **arguments: Any
        ) -> asyncio.Task[Any]:
            if is_ours(coroutine):
                coroutine = Counted(coroutine, self._step_of_ours)
            return asyncio.Task(coroutine, loop=loop, **arguments)

        def cancel_all() -> None:  # As asyncio.run() does: it then waits for these, and no others.
            self._last_tasks = self._tasks()
            for task in self._last_tasks:
                task.cancel()

        loop.set_task_factory(create_task)
        self._tasks = lambda: asyncio.all_tasks() - {main}
        self._cancel_ours = lambda: asyncio.current_task().cancel()  # type: ignore[union-attr]
        self._cancel_all = cancel_all
        with generators_closed(self.problems):
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
        with generators_closed(self.problems), trio.CancelScope(shield=True):
            await self._main(self._read)

    # The reader ----------------------------------------------------------------------------

    async def _main(self, read: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            with anyio.fail_after(SOON):
                self._reading = self._open(self._source.make(self._account))
                await read()
                self._check_that_aclose_waited()
                await self._until_all_have_ended()
        except TimeoutError:
            self.problems.append(f"not all had ended after {SOON} s (reader: {self._outcome})")
        except Exception as error:
            self.problems.append(f"the reader saw {error!r}")
        if left := self._tasks():
            self.problems.append(f"left behind: {left}")
        await self._check()

    async def _until_all_have_ended(self) -> None:
        loop_has_ended = "end" in self._done and self.backend != "trio"
        while _threads() or (self._tasks() and not loop_has_ended):  # noqa: ASYNC110  (no event)
            await anyio.sleep(0.0005)

    async def _read(self) -> None:
        with anyio.CancelScope() as outer, anyio.CancelScope() as inner:
            self._scopes = [inner, outer]
            await Counted(self._iterate(), self._step_of_reader)
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
        else:  # When what it waits for is there, and before it runs again.
            awaited.add_done_callback(lambda _: self._act(how))

    def _step_of_ours(self, number: int = 0, awaited: Any = None) -> None:
        self.suspensions["ours"] += 1
        if self._acts.get(self.suspensions["ours"]) == "outside":
            self._done.append("outside")
            self._act("outside")

    def _act(self, how: How) -> None:
        if how in ("outside", "end"):
            self._cut_by_another |= self._account.closing > self._account.closed
        if how == "outside":
            self._cancel_ours()
        elif how == "end":
            self._cancel_all()
        elif how == "cancel" and self.backend != "trio":
            self._cancel_reader()
        elif how in ("cancel", "scope"):
            # The second comes from further out, as a server's comes after a framework's.
            scope = next((s for s in self._scopes if not s.cancel_called), self._scopes[-1])
            if self.backend == "trio":
                scope.cancel()
            else:  # anyio reaches a task only while it waits.
                asyncio.get_running_loop().call_soon(scope.cancel)
        else:
            call = getattr(self._reading.iterator, how)
            thread = threading.Thread(target=call, name="another")
            thread.start()
            thread.join()

    # What must be so afterwards ------------------------------------------------------------

    async def _check(self) -> None:
        account, reading, say = self._account, self._reading, self.problems.append
        if account.opened != account.closing:
            say(f"opened {account.opened} times, closing {account.closing} times")
        if account.closed != account.opened and not self._may_be_cut:
            say(f"opened {account.opened} times, closed {account.closed} times")
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
        if not "".join(account.yielded).startswith(text):
            say(f"the reader saw {text!r} of {account.yielded}")

    def _check_that_aclose_waited(self) -> None:
        # A shield keeps off no cancellation of asyncio's own.
        cut = {"cancel", "end"} & set(self._done) and self.backend != "trio"
        if self._account.closing > self._account.closed and not cut and not self._may_be_cut:
            self.problems.append("aclose() did not wait for the source's cleanup")

    @property
    def _may_be_cut(self) -> bool:
        """Whether a cancellation of asyncio may have met the source in its own cleanup."""
        return self.backend != "trio" and (self._account.ended_by_itself or self._cut_by_another)

    def _check_outcome(self, say: Callable[[str], None]) -> None:
        if self._outcome not in ("ended", "cancelled"):
            say(f"the reader's outcome is {self._outcome}")
        cancelled = self._outcome == "cancelled"
        done = set(self._done)
        if self.backend != "trio":  # A scope of anyio spares who wakes up: no await may follow.
            expected = bool({"cancel", "end"} & done)
        else:  # One of trio spares threads and shields too.
            expected = bool({"cancel", "scope", "end"} & done)
            expected &= not self._left_before and not self._renders_on_threads
        if expected and not cancelled:
            say("a cancellation was swallowed")
        if cancelled and not {"cancel", "scope", "end"} & done:
            say("the reader was cancelled by nobody")

    @property
    def _renders_on_threads(self) -> bool:
        return getattr(self._reading.reply, "renders_each_time", False)

    def _check_end(self, say: Callable[[str], None]) -> None:
        reading, started = self._reading, self._source.steps > 0
        if len(reading.told) != started:
            say(f"on_end was called {len(reading.told)} times: {reading.told}")
        # One that is awaited may itself be cancelled, where a shield keeps nothing off.
        cut = {"outside", "end"} & set(self._done) and self.backend != "trio"
        if len(reading.told_to_the_end) != started and not cut:
            say("on_end did not complete")
        outcomes = {"finished", "failed", "interrupted"}
        if "stop" in self._done:
            outcomes.add("stopped")
        if started and reading.reply.state not in outcomes:
            say(f"the reply is {reading.reply.state!r}")
        if reading.told and reading.told[0] != reading.reply.state:
            say(f"the reply is {reading.reply.state!r}, and on_end saw {reading.told[0]!r}")


class _Steps(trio.abc.Instrument):
    def __init__(self, run: Run) -> None:
        self._run = run

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        if is_ours(task.coro):
            self._run._step_of_ours()


def is_ours(coroutine: Any) -> bool:
    """Return whether a coroutine, not yet at its end, is the library's."""
    frame = getattr(coroutine, "cr_frame", None)
    module = type(coroutine).__module__ if frame is None else frame.f_globals.get("__name__", "")
    return module.startswith("streamhtml.")


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "streamhtml"]


@contextmanager
def generators_closed(problems: list[str]) -> Iterator[None]:
    """Say which async generators were left to the garbage collector, or to the loop's end."""
    first, last = sys.get_asyncgen_hooks()
    begun: weakref.WeakSet[AsyncGenerator[Any, Any]] = weakref.WeakSet()

    def begin(generator: AsyncGenerator[Any, Any]) -> None:
        begun.add(generator)
        if first is not None:
            first(generator)

    def finalize(generator: AsyncGenerator[Any, Any]) -> None:
        problems.append(f"left to the garbage collector: {generator}")
        if last is not None:
            last(generator)

    sys.set_asyncgen_hooks(begin, finalize)
    try:
        yield
    finally:
        problems += [f"still open: {gen}" for gen in begun if gen.ag_frame is not None]  # type: ignore[attr-defined]
        sys.set_asyncgen_hooks(first, last)


class _Records(logging.Handler):
    def __init__(self, expected: str, problems: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._expected = re.compile(expected)
        self._problems = problems

    def emit(self, record: logging.LogRecord) -> None:
        if not self._expected.match(record.getMessage()):
            self._problems.append(f"logged: {self.format(record)}")


@contextmanager
def noticing(expected: str, problems: list[str]) -> Iterator[None]:
    """Say what was logged, warned of, or raised where nobody hears it."""
    handler = _Records(expected, problems)
    unraisable, excepthook = sys.unraisablehook, threading.excepthook
    sys.unraisablehook = lambda args: problems.append(f"unraisable: {args}")
    threading.excepthook = lambda args: problems.append(f"in a thread: {args}")
    logging.getLogger().addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield
            gc.collect()
        problems += [f"warned: {warning.message}" for warning in warned]
    finally:
        logging.getLogger().removeHandler(handler)
        sys.unraisablehook, threading.excepthook = unraisable, excepthook
