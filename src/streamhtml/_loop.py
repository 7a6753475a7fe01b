"""What the pump needs of an event loop, for asyncio (uvloop too) and trio alike.

anyio is not enough here: its cancel scopes repeat a cancellation at every await, so that a
source's own cleanup could not finish, and its events cost more than a token does.
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
"""Seconds between the moments at which the fragments of all streams leave."""

_SOON: Final = 0  # Not a tick: a loop's time begins with the machine's.

_NEVER: Final = float("inf")

logger = logging.getLogger("streamhtml")

Run: TypeAlias = Callable[[], Coroutine[Any, Any, None]]


class Bell(Protocol):
    """Wakes the tasks that wait for it; a ring that nobody waits for is forgotten."""

    def ring(self) -> None: ...

    def ring_in(self, seconds: float) -> None:
        """Ring in so many seconds and ``TICK`` at the most, or before, where that is cheaper."""
        ...

    async def wait(self, seconds: float = _NEVER) -> None:
        """Wait for a ring, or for so many seconds at the most."""
        ...

    def close(self) -> None:
        """Let go of what the bell holds: nobody will wait for it any more."""
        ...


class Loop(Protocol):
    """The event loop that runs now. Only ``call_threadsafe`` may be called from elsewhere."""

    cancelled: type[BaseException]
    """The exception that a cancelled task sees."""

    def bell(self) -> Bell: ...

    def spawn(self, run: Run, context: Context) -> Callable[[], object]:
        """Start a task that outlives its creator; return the function that cancels it.

        The task takes its first step in every case, so that ``run`` can clean up, and is cancelled
        once, by that function or by the loop's end. ``run`` must raise nothing but ``cancelled``.
        """
        ...

    def is_cancelled(self) -> bool:
        """Return whether the task that runs now was cancelled."""
        ...

    def cancel_at_next_wait(self) -> None:
        """In a task that was cancelled, and has caught it: be cancelled at the next await again."""
        ...

    def call_threadsafe(self, function: Callable[[], object]) -> None:
        """Call the function soon, in the loop's thread.

        Raises:
            RuntimeError: the loop has ended.
        """
        ...


def current_loop() -> Loop:
    """Return the event loop that runs in this thread.

    Raises:
        RuntimeError: there is none.
    """
    # A library that was never imported does not run: neither is imported for the question.
    for name, loop in ("asyncio", _Asyncio), ("trio", _Trio):
        if name in sys.modules:
            with suppress(RuntimeError):
                return loop()
    raise RuntimeError("a stream is iterated on asyncio or trio, and neither runs in this thread")


class _Asyncio:
    def __init__(self) -> None:
        import asyncio

        self._asyncio = asyncio
        self._loop = asyncio.get_running_loop()
        self.cancelled: type[BaseException] = asyncio.CancelledError

    def bell(self) -> Bell:
        return _AsyncioBell(self._loop)

    def spawn(self, run: Run, context: Context) -> Callable[[], object]:
        async def main() -> None:
            # A task that is cancelled before its first step never takes it; this one has begun.
            with suppress(self.cancelled):
                await _pause()
            try:
                await run()
            except (self.cancelled, KeyboardInterrupt):
                raise
            except BaseException:  # It would end the loop itself: a SystemExit, for instance.
                logger.exception("a stream's task failed")

        begun = main()
        begun.send(None)
        task = self._loop.create_task(begun, context=context)
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)

        def cancel() -> None:
            # Once: another, after that of a loop that ends for instance, would meet the cleanup.
            if not task.cancelling():
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

    def call_threadsafe(self, function: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(function)


_tasks: set[asyncio.Task[None]] = set()  # asyncio itself holds its tasks weakly


@coroutine
def _pause() -> Generator[None, None, None]:
    yield


class _AsyncioBell:
    """Its timer is left standing when the bell rings: a new one for each wait costs more than all
    the rest. One that goes off too early for those who wait by then is set again.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ref: ref[_AsyncioBell] = ref(self)
        self._waiters: dict[asyncio.Future[None], float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = _NEVER

    def ring(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def ring_in(self, seconds: float) -> None:
        _ring_together(self._loop, seconds, self._ref)

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
        self._timer, self._timer_due = self._loop.call_at(due, self._ring_for_the_due), due

    def _ring_for_the_due(self) -> None:
        self._timer, self._timer_due = None, _NEVER
        now = self._loop.time()
        for waiter, due in self._waiters.items():
            if due <= now and not waiter.done():
                waiter.set_result(None)
        later = [due for due in self._waiters.values() if now < due < _NEVER]
        if later:
            self._set_timer(min(later))


# A bell has its loop, which would be held by its own key.
_Ticks: TypeAlias = "dict[int, list[ref[_AsyncioBell]]]"
_ticks: WeakKeyDictionary[asyncio.AbstractEventLoop, _Ticks] = WeakKeyDictionary()


def _ring_together(
    loop: asyncio.AbstractEventLoop, seconds: float, bell: ref[_AsyncioBell]
) -> None:
    """Ring the bell at the next tick after so many seconds; or soon, after the other tasks.

    A timer costs more than a token: at each tick all that are due share one. A source that has
    its next token at hand adds it while the others have their turn.
    """
    ticks = _ticks.setdefault(loop, {})
    tick = ceil((loop.time() + seconds) / TICK) if seconds > 0 else _SOON
    if tick in ticks:
        ticks[tick].append(bell)
        return

    def ring() -> None:
        for each in ticks.pop(tick):
            if (due := each()) is not None:
                due.ring()

    ticks[tick] = [bell]
    if tick == _SOON:
        loop.call_soon(ring)
    else:
        loop.call_at(tick * TICK, ring)


class _Trio:
    def __init__(self) -> None:
        import trio

        self._trio = trio
        self._token = trio.lowlevel.current_trio_token()
        self.cancelled: type[BaseException] = trio.Cancelled

    def bell(self) -> Bell:
        return _TrioBell()

    def spawn(self, run: Run, context: Context) -> Callable[[], object]:
        # A system task of trio takes its first step in every case.
        scope = self._trio.CancelScope()

        async def main() -> None:
            try:
                with scope:
                    await run()
            except self._trio.Cancelled:
                raise
            except BaseException:  # It would end trio itself: a SystemExit, for instance.
                logger.exception("a stream's task failed")

        self._trio.lowlevel.spawn_system_task(main, context=context)
        return scope.cancel

    def is_cancelled(self) -> bool:
        return self._trio.current_effective_deadline() == -_NEVER

    def cancel_at_next_wait(self) -> None:
        """Nothing to do: a cancelled scope stays cancelled."""

    def call_threadsafe(self, function: Callable[[], object]) -> None:
        self._token.run_sync_soon(function)


class _TrioBell:
    def __init__(self) -> None:
        import trio

        self._trio = trio
        self._event = trio.Event()

    def ring(self) -> None:
        self._event.set()
        self._event = self._trio.Event()

    def ring_in(self, seconds: float) -> None:
        self.ring()

    async def wait(self, seconds: float = _NEVER) -> None:
        with self._trio.move_on_after(seconds):
            await self._event.wait()

    def close(self) -> None:
        """Nothing to do: a timer of trio ends with its wait."""
