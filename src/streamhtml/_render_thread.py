"""Rendering on a worker thread, so that a slow template does not hold up the event loop.

A rendering that was started is always completed, whatever happens to the task that waits for it.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context

import anyio
import anyio.to_thread

from streamhtml._eventloop import EventLoop
from streamhtml._patch import Fragment


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
            self._result = self._context.run(self._render)
        except Exception as error:
            self._result = error
        with suppress(RuntimeError):  # The loop has ended, and nothing waits any more.
            self._loop.call_threadsafe(self._done.notify)
