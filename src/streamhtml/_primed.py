"""``primed()``: waits for the first delta of a source, so that the view can handle earlier errors.

The source is read by a ``SourceReader`` from then on, so one task or thread opens, reads and closes
it. In an async view, that is a task of the event loop that runs. A sync view waits, and the source
runs in the shared event loop, which also serves all responses under WSGI.
"""

import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from contextvars import Context, copy_context
from typing import Any, TypeVar

from streamhtml._delta import Delta, PartEnd, Truncated
from streamhtml._eventloop import current_event_loop
from streamhtml._read_deltas import CHECK_EVERY, ReadDeltas
from streamhtml._source_reader import SourceReader
from streamhtml._type_name import with_article
from streamhtml.sources import Tokens

T = TypeVar("T")


def primed(tokens: Tokens) -> "PrimedDeltas":
    """Wait for the first delta of a source, or for its end, and return a source.

    Use ``await primed(…)`` where an event loop runs, as in an async view. Anywhere else, the call
    itself waits. What is returned has to be passed to a response, which reads it from the first
    delta on. If it is not, the source is closed when it is garbage-collected.

    What the source raises before its first delta is raised here, unchanged. So the view can answer
    with ``http_status()`` of it. ``Truncated`` is no error: the response shows it.

    Args:
        tokens: anything that ``deltas()`` takes.

    Raises:
        TypeError: ``tokens`` cannot be iterated.
    """
    in_shared_loop = needs_shared_loop()
    context = copy_context()
    if in_shared_loop and (asgiref := sys.modules.get("asgiref.sync")) is not None:
        # The thread that waits for an async view takes work only until the view ends.
        context.run(setattr, asgiref.AsyncToSync.executors, "current", None)
    reader = context.run(SourceReader, tokens)
    source = PrimedDeltas(reader, in_shared_loop=in_shared_loop)
    try:
        current_event_loop()
    except RuntimeError:
        from streamhtml._shared_loop import submit

        submit(source.prime()).result()
    return source


def needs_shared_loop() -> bool:
    """Return whether what is started here has to run in the shared event loop.

    Otherwise it can run in the running one. But asgiref makes a loop that only calls one async view
    under WSGI, and the response is read later.
    """
    try:
        current_event_loop()
    except RuntimeError:
        return True
    asgiref = sys.modules.get("asgiref.sync")
    if asgiref is None:
        return False
    loops = getattr(asgiref.AsyncToSync, "loop_thread_executors", ())
    with suppress(RuntimeError):  # trio runs.
        return sys.modules["asyncio"].get_running_loop() in loops
    return False


class PrimedDeltas(ReadDeltas):
    """The source that ``primed()`` returns. ``await`` waits for its first delta.

    Args:
        reader: reads the source.
        in_shared_loop: whether it runs in the shared event loop, and not in the running one.
    """

    def __init__(self, reader: SourceReader, *, in_shared_loop: bool) -> None:
        super().__init__()
        self.report = reader.source.report
        self._reader = reader
        self._in_shared_loop = in_shared_loop

    def __await__(self) -> Generator[Any, Any, "PrimedDeltas"]:
        return self._wait().__await__()

    def __del__(self) -> None:
        self._reader.close()

    async def _wait(self) -> "PrimedDeltas":
        await self._run(self.prime)
        return self

    async def prime(self) -> None:
        """Read up to the first delta, in the event loop in which the source runs."""
        try:
            self._reader.start()
            while (batch := await self._poll()) is not None:
                self._arrived += batch
                if any(type(delta) is not PartEnd for delta in batch):
                    return
        except BaseException:
            self._reader.close()
            raise
        error = self._reader.error
        if error is None or isinstance(error, Truncated):
            return
        if not isinstance(error, Exception):  # A SystemExit, for instance, would end the loop.
            raise RuntimeError(f"the source raised {with_article(error)}") from error
        raise error

    async def _poll(self) -> list[Delta] | None:
        self._reader.start()
        while (batch := self._reader.poll()) == [] and not self._was_read(
            self._reader.source.reads
        ):
            await self._reader.wait(CHECK_EVERY)
        return batch

    async def _next_batch(self) -> list[Delta] | None:
        batch = await self._run(self._poll)
        if batch is None and self._reader.error is not None:
            raise self._reader.error
        if batch is None and self._reader.interrupted:
            raise RuntimeError(
                "the event loop in which primed() was awaited has ended before the source; in a "
                "sync view, call primed() without an event loop of your own"
            )
        return batch

    def _take_rest(self) -> list[Delta]:
        # The other thread may still take something itself.
        return [] if self._runs_elsewhere() else self._reader.take_rest()

    def close_unopened(self) -> bool:
        self._closed = True
        self._reader.close()
        return True

    async def aclose(self) -> None:
        """Close the source, and wait until it is closed."""
        if not self._closed:
            await super().aclose()
            await self._run(self._reader.aclose)

    async def _run(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Call a function in the event loop of the source, and return its result."""
        if not self._runs_elsewhere():
            return await function()
        from streamhtml._shared_loop import submit

        loop = current_event_loop()
        wakeup = loop.create_wakeup()
        # An empty context, because that of one event loop must not be used in another.
        future = Context().run(submit, function())
        future.add_done_callback(lambda _: loop.call_threadsafe(wakeup.notify))
        try:
            while not future.done():
                await wakeup.wait()
        except BaseException:
            future.cancel()
            raise
        return future.result()

    def _runs_elsewhere(self) -> bool:
        if not self._in_shared_loop:
            return False
        from streamhtml._shared_loop import is_loop_thread

        return not is_loop_thread()
