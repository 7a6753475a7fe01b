"""Calls what renders a Fragment. A slow template is rendered on a worker thread.

A rendering that was started is always completed, whatever happens to the task that waits for it.
"""

import threading
from collections.abc import Callable
from contextvars import Context
from typing import Generic, TypeVar, TypeVarTuple

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

from streamhtml._eventloop import EventLoop
from streamhtml._resource_scope import resource_scope
from streamhtml._type_name import with_article

T = TypeVar("T")
Args = TypeVarTuple("Args")

_one_thread: RunVar[anyio.CapacityLimiter] = RunVar("streamhtml_one_thread")


def render_in(context: Context, render: Callable[[*Args], T], *args: *Args) -> T:
    """Call ``render`` in the context and return its result.

    Raises:
        Exception: what a template or a renderer raised. If that is no ``Exception``, but a
            SystemExit for instance, it is the cause of a RuntimeError. So it only ends its own
            stream, and it cannot be mistaken for a cancellation of the reader.
    """
    try:
        return context.run(render, *args)
    except Exception:
        raise
    except BaseException as error:
        raise RuntimeError(f"rendering raised {with_article(error)}") from error


class RenderInThread(Generic[T]):
    """Render one Fragment, or its bytes, on a worker thread. The rendering starts at once.

    Args:
        loop: the event loop that is running.
        context: the context variables that the rendering sees.
        render: returns the result. A template may query a database here.
        waits: whether it may wait, as for a database. A rendering that only computes runs alone:
            with every thread that computes, the event loop waits longer for its turn.
    """

    def __init__(
        self, loop: EventLoop, context: Context, render: Callable[[], T], *, waits: bool
    ) -> None:
        self._loop = loop
        self._context = context
        self._render = render
        self._limiter = None if waits else _limiter_of_one()
        self._result: T | Exception | None = None
        self._started = threading.Lock()
        self._done = loop.create_wakeup()
        loop.spawn(self._run, context.copy())

    async def result(self) -> T:
        """Wait for the result and return it. Raises the exception of ``render``, if any."""
        while self._result is None:
            await self._done.wait()
        if isinstance(self._result, Exception):
            raise self._result
        return self._result

    async def _run(self) -> None:
        try:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._render_once, limiter=self._limiter)
        finally:
            # The loop may have ended before the thread started. In that case, render here.
            self._render_once()

    def _render_once(self) -> None:
        if not self._started.acquire(blocking=False):
            return
        try:
            with resource_scope():
                self._result = render_in(self._context, self._render)
        except Exception as error:
            self._result = error
        self._loop.call_threadsafe(self._done.notify)


def _limiter_of_one() -> anyio.CapacityLimiter:
    try:
        return _one_thread.get()
    except LookupError:
        _one_thread.set(limiter := anyio.CapacityLimiter(1))
        return limiter
