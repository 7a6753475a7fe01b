"""The pump: one task owns the source, iterates it and closes it; a reader takes what is there.

The reader is an iterator class and not a generator: it holds no cancel scope over a step, so it
can be cancelled anywhere (PEP 789), and whatever becomes of it, the source's cleanup runs in the
source's own task.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from time import monotonic
from typing import Final

import anyio
from anyio.lowlevel import checkpoint

from streamhtml._delta import Delta
from streamhtml._loop import Bell, Loop, current_loop
from streamhtml.sources import AsyncDeltas, SyncDeltas, Tokens, deltas

LIMIT: Final = 1024
"""Deltas that wait for the reader before the source has to."""

SIZE: Final = 1 << 18
"""Characters that do: a batch is rendered in one go, and the loop's other streams wait."""

CLEANUP: Final = 5.0
"""Seconds that a source may take to close before it is left behind, with a warning."""

STEPS: Final = 16
"""Steps of a source that never suspends before the others get their turn."""

_NEVER: Final = float("inf")

logger = logging.getLogger("streamhtml")


class Pump:
    """Iterates batches of Deltas: at each step all that arrived, in order, losing nothing.

    The first delta comes at once, and so does any that comes after a pause; within ``interval``
    of the last batch they gather. An empty batch says that nothing arrived for ``ping`` seconds.
    A source that runs ahead waits when ``LIMIT`` deltas, or ``SIZE`` characters, have gathered. An
    async source runs as a task, a sync one on a thread of its own, both in the context
    (``contextvars``) of the pump's creator.

    When the iteration has ended, ``error`` is the exception that ended the source, if one did,
    and ``interrupted`` says whether it was cancelled, as it is when the event loop ends.
    ``close()`` or ``aclose()`` closes the source at any time; the iteration ends with what has
    arrived, and does not wait for the source's cleanup.

    Args:
        tokens: what ``deltas()`` takes.
        interval: seconds.
        ping: seconds; ``None`` for never.

    Raises:
        TypeError: ``tokens`` cannot be iterated.
    """

    def __init__(self, tokens: Tokens, *, interval: float, ping: float | None) -> None:
        self.error: BaseException | None = None
        self.interrupted = False
        self._source = deltas(tokens)
        self._context = copy_context()
        self._interval = interval
        self._ping = _NEVER if ping is None else ping
        self._arrived: deque[str | Delta] = deque()
        self._put = self._taken = 0  # characters; each is written by one thread alone
        self._due = 0.0
        self._reader_is_idle = False
        self._writer_waits = False
        self._closing = False
        self._ended = False
        self._started = False
        self._room = threading.Event()
        self._cancel: Callable[[], object] = self._room.set
        self.loop: Loop | None = None
        with suppress(RuntimeError):  # Built in a sync view, it is bound when it starts.
            self.loop = current_loop()

    def start(self) -> None:
        """Let the source begin, in the event loop that runs now. The first step does it too."""
        if self._started or self._ended:
            return
        self._started = True
        self.loop = loop = current_loop()
        self._reader: Bell = loop.bell()
        self._writer: Bell = loop.bell()
        self._end: Bell = loop.bell()
        if isinstance(self._source, AsyncDeltas):
            self._cancel = loop.spawn(self._run_task, self._context)
        else:
            threading.Thread(
                target=self._context.run, args=(self._run_thread,), name="streamhtml", daemon=True
            ).start()

    # The reader's side ---------------------------------------------------------------------

    def __aiter__(self) -> "Pump":
        return self

    async def __anext__(self) -> list[Delta]:
        if not self._started:
            self.start()
        now = monotonic()
        ping_due = now + self._ping
        while True:
            # Before it looks: a thread that brings something then will ring.
            self._reader_is_idle = True
            if self._arrived:
                self._reader_is_idle = False
                if self._ended or self._closing or now >= self._due or self._is_full():
                    return self._next_batch(now)
                await self._reader.wait(self._due - now)
            elif self._ended or self._closing:
                raise StopAsyncIteration
            elif now >= ping_due:
                return []
            else:
                await self._reader.wait(ping_due - now)
            now = monotonic()

    def _is_full(self) -> bool:
        return len(self._arrived) >= LIMIT or self._put - self._taken >= SIZE

    def _next_batch(self, now: float) -> list[Delta]:
        self._due = now + self._interval
        batch = _take(self._arrived)
        # After it: what a thread brings meanwhile is counted too early then, and never lost.
        self._taken = self._put
        if self._writer_waits:
            self._writer_waits = False
            self._writer.ring()
            self._room.set()
        return batch

    def close(self) -> None:
        """Close the source, from any thread, now or soon; twice does no harm."""
        if self._closing or self._ended:
            return
        self._closing = True
        self._room.set()
        if self._started or not self._close_without_loop():
            self._call(self._stop)

    async def aclose(self) -> None:
        """Close the source and wait until its cleanup is done, five seconds at the most."""
        self._closing = True
        with anyio.CancelScope(shield=True):
            self._stop()
            deadline = monotonic() + CLEANUP
            while not self._ended and (left := deadline - monotonic()) > 0:
                await self._end.wait(left)
        if not self._ended:
            logger.warning("a source still runs %s seconds after it was closed", CLEANUP)

    def _stop(self) -> None:
        self._room.set()
        if self._started:
            self._reader.ring()
            self._cancel()
        elif not self._ended:
            self.start()  # It sees that it is to close, and does nothing else.

    def _close_without_loop(self) -> bool:
        """Close a source that was never iterated, if that takes no waiting; return if it did."""
        try:
            closed = self._source.close_unopened()
        except Exception:
            closed = True
            logger.warning("closing the source failed", exc_info=True)
        self._ended = closed
        return closed

    # The source's side ---------------------------------------------------------------------

    async def _run_task(self) -> None:
        assert isinstance(self._source, AsyncDeltas)
        assert self.loop is not None
        try:
            self.interrupted = self.loop.is_cancelled() and not self._closing
            if not self._closing and not self.interrupted:
                await self._pull(self._source)
        except Exception as error:
            self._note(error)
        except BaseException as error:
            # A source can raise a cancellation that is not ours, after one of its own tasks.
            self._note(error)
            if self.interrupted or isinstance(error, KeyboardInterrupt):
                raise
        finally:
            self._cancel = self._room.set  # It closes, and nothing may cancel that.
            try:
                with anyio.move_on_after(CLEANUP, shield=True):
                    await self._source.aclose()
            except Exception:
                logger.warning("closing the source failed", exc_info=True)
            finally:
                self._finish()

    def _note(self, error: BaseException) -> None:
        assert self.loop is not None
        self.interrupted = self.loop.is_cancelled()
        if not self.interrupted:
            self.error = error
        elif isinstance(error, Exception):
            logger.warning("the source failed while it was cancelled", exc_info=error)

    async def _pull(self, source: AsyncDeltas) -> None:
        arrived = self._arrived
        async for token in await source.open():
            if self._closing:  # Not cancelled yet, or the source has swallowed that.
                await self._unwind(source)
                return
            if type(token) is str and token:  # As most are: they become a Delta when taken.
                self._put += len(token)
                arrived.append(token)
            else:
                for delta in source.read(token):
                    self._put += len(delta.text)
                    arrived.append(delta)
            if self._reader_is_idle and arrived:
                self._reader_is_idle = False
                self._reader.ring_in(self._due - monotonic())
            if len(arrived) % STEPS == 0 or self._put - self._taken >= SIZE:
                await self._give_way(source)
        source.end()

    async def _give_way(self, source: AsyncDeltas) -> None:
        assert self.loop is not None
        try:
            await checkpoint()
            while self._is_full():
                self._writer_waits = True
                self._reader.ring()
                await self._writer.wait()
        except self.loop.cancelled:
            await self._unwind(source)
            raise

    async def _unwind(self, source: AsyncDeltas) -> None:
        """Let the source run to its next await and be cancelled there.

        It stands at a ``yield``, where ``aclose()`` would end it, but leave the iterators that it
        iterates itself to the garbage collector. A source that never awaits gets no further
        than some steps; then ``aclose()`` is all there is.
        """
        assert self.loop is not None
        self._cancel()
        self.loop.cancel_at_next_wait()
        for _ in range(STEPS):
            await anext(source, None)
        with suppress(self.loop.cancelled):
            await checkpoint()

    def _run_thread(self) -> None:
        assert isinstance(self._source, SyncDeltas)
        try:
            if not self._closing:
                self._pull_in_thread(self._source)
        except BaseException as error:  # Nobody else could hear of it.
            self.error = error
        finally:
            try:
                self._source.close()
            except Exception:
                logger.warning("closing the source failed", exc_info=True)
            self._call(self._finish)

    def _pull_in_thread(self, source: SyncDeltas) -> None:
        for delta in source:
            if self._closing:
                return
            self._put += len(delta.text)
            self._arrived.append(delta)
            if self._reader_is_idle:
                self._reader_is_idle = False
                self._call(self._reader.ring)
            while self._is_full():
                self._room.clear()
                self._writer_waits = True
                if self._closing:
                    return
                self._call(self._reader.ring)
                if self._is_full():
                    self._room.wait()

    def _finish(self) -> None:
        self._ended = True
        self._reader.ring()
        self._end.ring()
        self._end.close()
        self._reader.close()

    def _call(self, function: Callable[[], object]) -> None:
        """Call the function in the loop's thread; a loop that has ended needs no call."""
        if self.loop is not None:
            with suppress(RuntimeError):
                self.loop.call_threadsafe(function)


def _take(arrived: deque[str | Delta]) -> list[Delta]:
    """Return all that has arrived, plain tokens that are neighbours as one Delta."""
    batch: list[Delta] = []
    texts: list[str] = []
    for _ in range(len(arrived)):
        token = arrived.popleft()
        if isinstance(token, Delta):
            if texts:
                batch.append(Delta("".join(texts)))
                texts = []
            batch.append(token)
        else:
            texts.append(token)
    if texts:
        batch.append(Delta("".join(texts)))
    return batch
