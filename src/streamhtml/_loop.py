"""What the pump needs of an event loop, for asyncio (uvloop too) and trio alike.

anyio is not enough here: its cancel scopes repeat a cancellation at every await, so that a
source's own cleanup could not finish, and its events cost more than a token does.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    import asyncio

logger = logging.getLogger("streamhtml")

Run: TypeAlias = Callable[[], Coroutine[Any, Any, None]]


class Bell(Protocol):
    """Wakes the tasks that wait for it; a ring that nobody waits for is forgotten."""

    def ring(self) -> None: ...

    async def wait(self, seconds: float | None = None) -> None:
        """Wait for a ring, or for so many seconds at the most."""
        ...


class Loop(Protocol):
    """The event loop that runs now. Only ``call_threadsafe`` may be called from elsewhere."""

    cancelled: type[BaseException]
    """The exception that a cancelled task sees."""

    def bell(self) -> Bell: ...

    def spawn(
        self, run: Run, context: Context, otherwise: Callable[[], object] | None = None
    ) -> Callable[[], object]:
        """Start a task that outlives its creator; return the function that cancels it.

        If the loop ends before the task's first step, ``otherwise`` is called instead.

        It cancels once, however often it is called, and not before the task's first step, so
        that ``run`` can clean up in every case. ``run`` must raise nothing but ``cancelled``.
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

    def spawn(
        self, run: Run, context: Context, otherwise: Callable[[], object] | None = None
    ) -> Callable[[], object]:
        began = may_cancel = False

        async def main() -> None:
            nonlocal began, may_cancel
            began = may_cancel = True
            await run()

        def cancel() -> None:
            nonlocal may_cancel
            if may_cancel:
                may_cancel = False
                task.cancel()

        task = self._loop.create_task(main(), context=context)
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)
        if otherwise is not None:
            task.add_done_callback(lambda task: None if began else otherwise())
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


class _AsyncioBell:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiters: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        for waiter in self._waiters:
            _wake(waiter)

    async def wait(self, seconds: float | None = None) -> None:
        waiter = self._loop.create_future()
        self._waiters.add(waiter)
        timer = None if seconds is None else self._loop.call_later(seconds, _wake, waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)
            if timer is not None:
                timer.cancel()


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


class _Trio:
    def __init__(self) -> None:
        import trio

        self._trio = trio
        self._token = trio.lowlevel.current_trio_token()
        self.cancelled: type[BaseException] = trio.Cancelled

    def bell(self) -> Bell:
        return _TrioBell()

    def spawn(
        self, run: Run, context: Context, otherwise: Callable[[], object] | None = None
    ) -> Callable[[], object]:
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
        return self._trio.current_effective_deadline() == float("-inf")

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

    async def wait(self, seconds: float | None = None) -> None:
        with self._trio.move_on_after(float("inf") if seconds is None else seconds):
            await self._event.wait()
