"""``primed()``: waits for the first delta of a source, so that an earlier error is one of the view.

The source is read by a ``SourceReader`` from then on, so one task or thread opens, reads and closes
it. In an async view, that is a task of the event loop that runs. A sync view waits, and the source
runs in the shared event loop, which also serves all responses under WSGI.
"""

import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from contextlib import suppress
from typing import Any, Final, TypeVar

from streamhtml._delta import Delta, PartEnd, Truncated
from streamhtml._eventloop import current_event_loop
from streamhtml._source_reader import SourceReader
from streamhtml._type_name import with_article
from streamhtml.sources import AsyncDeltas, Tokens

T = TypeVar("T")

CHECK_EVERY: Final = 1.0
"""Time in seconds after which a source that says nothing is asked whether it has read anything."""

BAD_GATEWAY: Final = 502
GATEWAY_TIMEOUT: Final = 504


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
    try:
        current_event_loop()
    except RuntimeError:
        from streamhtml._shared_loop import submit

        source = PrimedDeltas(SourceReader(tokens), in_shared_loop=True)
        submit(source.prime()).result()
        return source
    return PrimedDeltas(SourceReader(tokens), in_shared_loop=_loop_ends_with_the_view())


def http_status(error: BaseException) -> int:
    """Return the HTTP status with which to report an error of a model's provider.

    Args:
        error: what an SDK has raised.

    Returns:
        The status that the provider has sent, from 400 to 599, if the error has it as ``status``,
        ``status_code``, ``code`` or ``http_status``, or in its ``response``. 504 for a timeout.
        Otherwise 502, which says that the fault is the provider's.
    """
    if isinstance(error, BaseExceptionGroup):
        return http_status(error.exceptions[0])
    for each in error, getattr(error, "response", None):
        for name in "status_code", "code", "status", "http_status":
            status = getattr(each, name, None)
            if isinstance(status, int) and 400 <= status <= 599:
                return int(status)
    if any("Timeout" in kind.__name__ for kind in type(error).__mro__):
        return GATEWAY_TIMEOUT
    return BAD_GATEWAY


class PrimedDeltas(AsyncDeltas):
    """The source that ``primed()`` returns. ``await`` waits for its first delta.

    Args:
        reader: reads the source.
        in_shared_loop: whether it runs in the shared event loop, and not in the running one.
    """

    def __init__(self, reader: SourceReader, *, in_shared_loop: bool) -> None:
        super().__init__(())
        self.report = reader.report
        self._reader = reader
        self._first: list[Delta] = []
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
            while not any(type(delta) is not PartEnd for delta in self._first):
                if (batch := await self._next_batch()) is None:
                    break
                self._first += batch
            else:
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

    async def _next_batch(self) -> list[Delta] | None:
        """Return the next Deltas; an empty list if a token had none; None at the end."""
        self._reader.start()
        reads = self._reader.reads
        while (batch := self._reader.poll()) == [] and self._reader.reads == reads:
            await self._reader.wait(CHECK_EVERY)
        return batch

    async def open(self) -> AsyncIterator[Any]:
        self._iterator = self._read_on()
        return self._iterator

    async def _read_on(self) -> AsyncIterator[Delta | None]:
        first, self._first = self._first, []
        for delta in first:
            yield delta
        while (batch := await self._run(self._next_batch)) is not None:
            for delta in batch:
                yield delta
            if not batch:
                yield None
        if self._reader.error is not None:
            raise self._reader.error
        if self._reader.interrupted:
            raise RuntimeError(
                "the event loop in which primed() was awaited has ended before the source; in a "
                "sync view, call primed() without an event loop of your own"
            )

    def read(self, token: Any) -> list[Delta]:
        self.reads += 1
        return [] if token is None else [token]

    def end(self) -> list[Delta]:
        """Return what has arrived but was not taken yet."""
        rest = [*self._pending[::-1], *self._first]
        self._pending, self._first = [], []
        # The other thread may still take something itself.
        return rest if self._runs_elsewhere() else rest + self._reader.take_rest()

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

        def wake(_: object) -> None:
            with suppress(RuntimeError):  # The loop has ended, and nobody waits any more.
                loop.call_threadsafe(wakeup.notify)

        future = submit(function())
        future.add_done_callback(wake)
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


def _loop_ends_with_the_view() -> bool:
    """Return whether asgiref has made the running loop, to call one async view under WSGI."""
    asgiref = sys.modules.get("asgiref.sync")
    if asgiref is None:
        return False
    loops = getattr(asgiref.AsyncToSync, "loop_thread_executors", ())
    with suppress(RuntimeError):  # trio runs.
        return sys.modules["asyncio"].get_running_loop() in loops
    return False
