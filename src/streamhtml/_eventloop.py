"""One interface to the event loops of asyncio (also uvloop) and trio: only what the pump needs.

anyio is not enough here. Its cancel scopes repeat a cancellation at every await, so a source could
not finish its cleanup. And waiting for an anyio event takes more time than reading a token.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from contextvars import Context
from math import ceil
from types import coroutine
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias
from weakref import WeakKeyDictionary, ref

if TYPE_CHECKING:
    import asyncio

TICK: Final = 0.005
"""Length of a tick in seconds. Wakeups that are due within the same tick share one timer."""

_SOON: Final = 0
"""Means "as soon as possible". No real tick has this number, because the clock starts at boot."""

_NEVER: Final = float("inf")

logger = logging.getLogger("streamhtml")

Run: TypeAlias = Callable[[], Coroutine[Any, Any, None]]


class Wakeup(Protocol):
    """Wakes the tasks that wait for it. A notification is lost if no task is waiting."""

    def notify(self) -> None:
        """Wake every task that is waiting now."""
        ...

    def notify_within(self, seconds: float) -> None:
        """Notify after ``seconds`` plus at most ``TICK``, or earlier where that is cheaper."""
        ...

    async def wait(self, seconds: float = _NEVER) -> None:
        """Wait until the next notification, but no longer than ``seconds``."""
        ...

    def close(self) -> None:
        """Release the timer. Call it when no task will wait any more."""
        ...


class Cancel(Protocol):
    """Cancels a task that was spawned. Call it in the thread of the loop."""

    def __call__(self, *, again: bool = False) -> object:
        """Cancel the task, unless it was cancelled before.

        Args:
            again: cancel it even then. This interrupts its cleanup, or ends an await that has
                swallowed the first cancellation.
        """
        ...


class EventLoop(Protocol):
    """The event loop that is running. Other threads may only call ``call_threadsafe()``."""

    cancelled: type[BaseException]
    """The exception that is raised in a cancelled task."""

    identity: object
    """The same object for the same loop. It can be a key of a ``WeakKeyDictionary``."""

    def create_wakeup(self) -> Wakeup: ...

    def spawn(self, run: Run, context: Context) -> Cancel:
        """Start a task that outlives its creator, and return a function that cancels it.

        The task always takes its first step, so that ``run`` can clean up. An exception that
        ``run`` raises is logged.

        Raises:
            RuntimeError: the loop has ended.
        """
        ...

    def is_cancelled(self) -> bool:
        """Return whether the current task was cancelled."""
        ...

    def is_cancellation(self, error: BaseException) -> bool:
        """Return whether this exception was raised because the current task was cancelled."""
        return isinstance(error, self.cancelled) and self.is_cancelled()

    def cancel_at_next_wait(self) -> None:
        """Cancel the current task again at its next await, after it caught a cancellation."""
        ...

    def call_later(self, seconds: float, function: Callable[[], object]) -> Callable[[], object]:
        """Call the function after ``seconds``, and return a function that cancels this."""
        ...

    def call_threadsafe(self, function: Callable[[], object]) -> bool:
        """Call the function soon, in the thread of the loop. Return False if the loop has ended."""
        ...


def current_event_loop() -> EventLoop:
    """Return the event loop that is running in this thread.

    Raises:
        RuntimeError: no event loop is running.
    """
    # If a library was never imported, its loop cannot be running. So this imports neither.
    for name, loop in ("asyncio", _AsyncioLoop), ("trio", _TrioLoop):
        if name in sys.modules:
            with suppress(RuntimeError):
                return loop()
    raise RuntimeError("a stream needs a running asyncio or trio event loop; this thread has none")


class _AsyncioLoop(EventLoop):
    def __init__(self) -> None:
        import asyncio

        self._asyncio = asyncio
        self.identity = self._loop = asyncio.get_running_loop()
        self.cancelled: type[BaseException] = asyncio.CancelledError

    def create_wakeup(self) -> Wakeup:
        return _AsyncioWakeup(self._loop)

    def spawn(self, run: Run, context: Context) -> Cancel:
        async def main() -> None:
            # asyncio never starts a task that is cancelled before its first step. So this coroutine
            # takes its first step before the task is created, and pauses here.
            with suppress(self.cancelled):
                await _pause()
            try:
                await run()
            except self.cancelled:
                raise
            except BaseException:  # A SystemExit, for instance, would end the loop itself.
                logger.exception("a stream's task failed")

        if self._loop.is_closed():
            raise RuntimeError("the event loop has ended")
        started = main()
        started.send(None)
        task = self._loop.create_task(started, context=context)
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)

        def cancel(*, again: bool = False) -> None:
            # Usually only once. A second cancellation, for instance after that of the ending loop,
            # would interrupt the source's cleanup.
            if again or not task.cancelling():
                task.cancel()

        return cancel

    def is_cancelled(self) -> bool:
        task = self._asyncio.current_task()
        return task is not None and task.cancelling() > 0

    def cancel_at_next_wait(self) -> None:
        task = self._asyncio.current_task()
        assert task is not None
        task.uncancel()
        task.cancel()

    def call_later(self, seconds: float, function: Callable[[], object]) -> Callable[[], object]:
        return self._loop.call_later(seconds, function).cancel

    def call_threadsafe(self, function: Callable[[], object]) -> bool:
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:
            return False
        return True


_tasks: set[asyncio.Task[None]] = set()
"""Running tasks. asyncio itself only keeps weak references to them."""


@coroutine
def _pause() -> Generator[None, None, None]:
    yield


class _AsyncioWakeup:
    """A wakeup for asyncio.

    The timer is not cancelled on wake-up: one timer per wait would dominate the cost. If it fires
    early for the tasks that are waiting by then, it is rescheduled.
    """

    __slots__ = ("__weakref__", "_loop", "_ref", "_ticks", "_timer", "_timer_due", "_waiters")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ticks = _ticks.setdefault(loop, {})
        self._ref: ref[_AsyncioWakeup] = ref(self)
        self._waiters: dict[asyncio.Future[None], float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = _NEVER

    def notify(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def notify_within(self, seconds: float) -> None:
        # Setting a timer takes more time than reading a token, so all wakeups of one tick share a
        # timer. Without seconds to wait, the notification comes after all tasks that are ready now
        # have run. Meanwhile, a source that already has its next token can add it.
        tick = ceil((self._loop.time() + seconds) / TICK) if seconds > 0 else _SOON
        if tick in self._ticks:
            self._ticks[tick].append(self._ref)
            return
        self._ticks[tick] = [self._ref]
        if tick == _SOON:
            self._loop.call_soon(_notify_all, self._ticks, tick)
        else:
            self._loop.call_at(tick * TICK, _notify_all, self._ticks, tick)

    async def wait(self, seconds: float = _NEVER) -> None:
        waiter = self._loop.create_future()
        self._waiters[waiter] = due = self._loop.time() + seconds
        if due < self._timer_due:
            self._set_timer(due)
        try:
            await waiter
        finally:
            del self._waiters[waiter]

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._timer_due = None, _NEVER

    def _set_timer(self, due: float) -> None:
        self.close()
        self._timer, self._timer_due = self._loop.call_at(due, self._on_timer), due

    def _on_timer(self) -> None:
        self._timer, self._timer_due = None, _NEVER
        now = self._loop.time()
        for waiter, due in self._waiters.items():
            if due <= now and not waiter.done():
                waiter.set_result(None)
        later = [due for due in self._waiters.values() if now < due < _NEVER]
        if later:
            self._set_timer(min(later))


# The references are weak because a wakeup refers to its loop, which is the key of its own entry.
_Ticks: TypeAlias = "dict[int, list[ref[_AsyncioWakeup]]]"
_ticks: WeakKeyDictionary[asyncio.AbstractEventLoop, _Ticks] = WeakKeyDictionary()


def _notify_all(ticks: _Ticks, tick: int) -> None:
    for each in ticks.pop(tick):
        if (wakeup := each()) is not None:
            wakeup.notify()


class _TrioLoop(EventLoop):
    def __init__(self) -> None:
        import trio

        self._trio = trio
        self.identity = self._token = trio.lowlevel.current_trio_token()
        self.cancelled: type[BaseException] = trio.Cancelled

    def create_wakeup(self) -> Wakeup:
        return _TrioWakeup()

    def spawn(self, run: Run, context: Context) -> Cancel:
        # A system task of trio always takes its first step.
        scope = self._trio.CancelScope()

        async def main() -> None:
            try:
                with scope:
                    await run()
            except self._trio.Cancelled:
                raise
            except BaseException:  # A SystemExit, for instance, would end trio itself.
                logger.exception("a stream's task failed")

        def cancel(*, again: bool = False) -> None:
            scope.cancel()  # It stays cancelled.

        self._trio.lowlevel.spawn_system_task(main, context=context)
        return cancel

    def is_cancelled(self) -> bool:
        return self._trio.current_effective_deadline() == -_NEVER

    def cancel_at_next_wait(self) -> None:
        """Do nothing, because a cancelled scope of trio stays cancelled."""

    def call_later(self, seconds: float, function: Callable[[], object]) -> Callable[[], object]:
        async def main() -> None:
            await self._trio.sleep(seconds)
            function()

        return self.spawn(main, Context())

    def call_threadsafe(self, function: Callable[[], object]) -> bool:
        try:
            self._token.run_sync_soon(function)
        except RuntimeError:
            return False
        return True


class _TrioWakeup:
    def __init__(self) -> None:
        import trio

        self._trio = trio
        self._event = trio.Event()

    def notify(self) -> None:
        self._event.set()
        self._event = self._trio.Event()

    def notify_within(self, seconds: float) -> None:
        self.notify()

    async def wait(self, seconds: float = _NEVER) -> None:
        with self._trio.move_on_after(seconds):
            await self._event.wait()

    def close(self) -> None:
        """Do nothing, because a timer of trio ends with its wait."""
