"""Calls what renders a Fragment. A slow template is rendered on a worker thread.

A rendering that was started is always completed, whatever happens to the task that waits for it.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from typing import ParamSpec

import anyio
import anyio.to_thread

from streamhtml._eventloop import EventLoop
from streamhtml._patch import Fragment
from streamhtml._surroundings import surroundings

P = ParamSpec("P")


def render_in(
    context: Context, render: Callable[P, Fragment], *args: P.args, **kwargs: P.kwargs
) -> Fragment:
    """Call ``render`` in the context and return its Fragment.

    Raises:
        Exception: what a template or a renderer raised. If that is no ``Exception``, but a
            SystemExit for instance, it is the cause of a RuntimeError. So it only ends its own
            stream, and it cannot be mistaken for a cancellation of the reader.
    """
    try:
        return context.run(render, *args, **kwargs)
    except Exception:
        raise
    except BaseException as error:
        raise RuntimeError(f"rendering raised a {type(error).__name__}") from error


class RenderInThread:
    """Render one Fragment on a worker thread. The rendering starts at once.

    Args:
        loop: the event loop that is running.
        context: the context variables that the rendering sees.
        render: renders the Fragment. A template may query a database here.
    """

    def __init__(self, loop: EventLoop, context: Context, render: Callable[[], Fragment]) -> None:
        self._loop = loop
        self._context = context
        self._render = render
        self._result: Fragment | Exception | None = None
        self._started = threading.Lock()
        self._done = loop.create_wakeup()
        loop.spawn(self._run, context.copy())

    async def result(self) -> Fragment:
        """Wait for the Fragment and return it. Raises the exception of ``render``, if any."""
        while self._result is None:
            await self._done.wait()
        if isinstance(self._result, Exception):
            raise self._result
        return self._result

    async def _run(self) -> None:
        try:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._render_once)
        finally:
            # The loop may have ended before the thread started. In that case, render here.
            self._render_once()

    def _render_once(self) -> None:
        if not self._started.acquire(blocking=False):
            return
        try:
            with surroundings():
                self._result = render_in(self._context, self._render)
        except Exception as error:
            self._result = error
        with suppress(RuntimeError):  # The loop has ended, and nothing waits any more.
            self._loop.call_threadsafe(self._done.notify)
