"""The pump reads a source in a task or thread of its own, buffers its deltas and closes it.

The source is opened, read and closed in one place, so its cleanup completes whatever happens to
the reader. The reader is an iterator class and not a generator: it holds no cancel scope between
two steps, so it can be cancelled at any of them (PEP 789).
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
from streamhtml._eventloop import EventLoop, Wakeup, current_event_loop
from streamhtml.sources import AsyncDeltas, SyncDeltas, Tokens, deltas

MAX_BUFFERED_DELTAS: Final = 1024
"""Number of unread deltas at which the source has to wait for the reader."""

MAX_BUFFERED_CHARS: Final = 1 << 18
"""Number of unread characters at which the source has to wait for the reader. A batch is rendered
in one go, and no other stream of the event loop can run meanwhile."""

CLOSE_TIMEOUT: Final = 5.0
"""Time in seconds that a source may take to close. After that a warning is logged, and nothing
waits for it any longer."""

CHECKPOINT_EVERY: Final = 16
"""Number of tokens after which a source that never suspends lets other tasks run."""

_NEVER: Final = float("inf")

logger = logging.getLogger("streamhtml")


class Pump:
    """Iterate batches of Deltas. Each batch holds all that has arrived, in order, without loss.

    The first delta is delivered at once, and so is any that arrives after a pause. Deltas that
    arrive within ``interval`` of the last batch are collected. An empty batch means that a ping is
    due. When ``MAX_BUFFERED_DELTAS`` deltas or ``MAX_BUFFERED_CHARS`` characters are unread, the
    source has to wait. An async source runs as a task, a sync source on its own thread, both in a
    copy of the context (``contextvars``) in which the pump was created.

    After the iteration, ``error`` is the exception that ended the source, if there was one, and
    ``interrupted`` says whether the source was cancelled, as happens at the end of the event loop.
    ``close()`` and ``aclose()`` close the source at any time. The iteration then ends with what
    has arrived and does not wait for the source's cleanup.

    Args:
        tokens: the source, as ``deltas()`` takes it.
        interval: time in seconds.
        ping: time in seconds after which a ping is due if the reader had nothing to show; ``None``
            for never. See ``ping_is_due()``.

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
        self._ping_due = 0.0
        self._continues_silence = False
        self._buffer: deque[str | Delta] = deque()
        # Character counts. Only the source's side writes the first, only the reader the second.
        self._chars_written = self._chars_read = 0
        self._batch_due = 0.0
        self._reader_is_idle = False
        self._source_waits = False
        self._closing = False
        self._ended = False
        self._started = False
        self._thread_may_continue = threading.Event()
        self._cancel: Callable[[], object] = self._thread_may_continue.set
        self.loop: EventLoop | None = None
        with suppress(RuntimeError):  # In a sync view no loop is running yet; see start().
            self.loop = current_event_loop()

    def start(self) -> None:
        """Start the source in the running event loop, if it was not started before.

        The first step of the iteration does it as well.
        """
        if self._started or self._ended:
            return
        self._started = True
        self.loop = loop = current_event_loop()
        self._reader_wakeup: Wakeup = loop.create_wakeup()
        self._source_wakeup: Wakeup = loop.create_wakeup()
        self._end_wakeup: Wakeup = loop.create_wakeup()
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
        if not self._continues_silence:
            self._ping_due = now + self._ping
        self._continues_silence = False
        while True:
            # Set the flag before checking the buffer, so that a thread that appends something
            # afterwards still wakes us.
            self._reader_is_idle = True
            if self._buffer:
                self._reader_is_idle = False
                if self._ended or self._closing or now >= self._batch_due or self._is_full():
                    return self._next_batch(now)
                await self._reader_wakeup.wait(self._batch_due - now)
            elif self._ended or self._closing:
                raise StopAsyncIteration
            elif now >= self._ping_due:
                return []
            else:
                await self._reader_wakeup.wait(self._ping_due - now)
            now = monotonic()

    def ping_is_due(self) -> bool:
        """Return whether to send a ping, after a batch that changed nothing for the user.

        Each step of the iteration starts the time of ``ping`` anew. After this call it does not,
        unless a ping was due: the batch counts as silence.
        """
        is_due = monotonic() >= self._ping_due
        self._continues_silence = not is_due
        return is_due

    def _is_full(self) -> bool:
        return (
            len(self._buffer) >= MAX_BUFFERED_DELTAS
            or self._chars_written - self._chars_read >= MAX_BUFFERED_CHARS
        )

    def _next_batch(self, now: float) -> list[Delta]:
        self._batch_due = now + self._interval
        batch = _take_all(self._buffer)
        # Update the count after taking the batch. What a thread appends in between is then counted
        # as read too early, but it is not lost.
        self._chars_read = self._chars_written
        if self._source_waits:
            self._source_waits = False
            self._source_wakeup.notify()
            self._thread_may_continue.set()
        return batch

    def close(self) -> None:
        """Close the source soon. May be called from any thread, and more than once."""
        if self._closing or self._ended:
            return
        self._closing = True
        self._thread_may_continue.set()
        if self._started or not self._close_without_loop():
            self._call_in_loop(self._stop)

    async def aclose(self) -> None:
        """Close the source, and wait until its cleanup is done, up to ``CLOSE_TIMEOUT``."""
        self._closing = True
        with anyio.CancelScope(shield=True):
            self._stop()
            deadline = monotonic() + CLOSE_TIMEOUT
            while not self._ended and (left := deadline - monotonic()) > 0:
                await self._end_wakeup.wait(left)
        if not self._ended:
            logger.warning("a source still runs %s seconds after it was closed", CLOSE_TIMEOUT)

    def _stop(self) -> None:
        self._thread_may_continue.set()
        if self._started:
            self._reader_wakeup.notify()
            self._cancel()
        elif not self._ended:
            self.start()  # The new task or thread sees _closing and only closes the source.

    def _close_without_loop(self) -> bool:
        """Close a source that was never iterated, and return whether it is closed.

        It is not if closing takes an await.
        """
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
                await self._read(self._source)
        except Exception as error:
            self._record_error(error)
        except BaseException as error:
            # This cancellation may not be ours: a source can pass on that of a task of its own.
            self._record_error(error)
            if self.interrupted or isinstance(error, KeyboardInterrupt):
                raise
        finally:
            self._cancel = self._thread_may_continue.set  # Closing must not be cancelled.
            try:
                with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
                    await self._source.aclose()
            except Exception:
                logger.warning("closing the source failed", exc_info=True)
            finally:
                self._finish()

    def _record_error(self, error: BaseException) -> None:
        assert self.loop is not None
        self.interrupted = self.loop.is_cancelled()
        if not self.interrupted:
            self.error = error
        elif isinstance(error, Exception):
            logger.warning("the source failed while it was cancelled", exc_info=error)

    async def _read(self, source: AsyncDeltas) -> None:
        buffer = self._buffer
        async for token in await source.open():
            if self._closing:  # The cancellation is still to come, or the source swallowed it.
                await self._run_to_next_await(source)
                return
            # Fast path: most tokens are plain strings, which become a Delta when they are taken.
            if type(token) is str and token:
                self._chars_written += len(token)
                buffer.append(token)
            else:
                for delta in source.read(token):
                    self._chars_written += len(delta.text)
                    buffer.append(delta)
            if self._reader_is_idle and buffer:
                self._reader_is_idle = False
                self._reader_wakeup.notify_within(self._batch_due - monotonic())
            if (
                len(buffer) % CHECKPOINT_EVERY == 0
                or self._chars_written - self._chars_read >= MAX_BUFFERED_CHARS
            ):
                await self._apply_backpressure(source)
        source.end()

    async def _apply_backpressure(self, source: AsyncDeltas) -> None:
        assert self.loop is not None
        try:
            await checkpoint()
            while self._is_full():
                self._source_waits = True
                self._reader_wakeup.notify()
                await self._source_wakeup.wait()
        except self.loop.cancelled:
            await self._run_to_next_await(source)
            raise

    async def _run_to_next_await(self, source: AsyncDeltas) -> None:
        """Let the source run to its next await, so that it is cancelled there.

        The source is suspended at a ``yield``. ``aclose()`` would end it there, but would leave
        the iterators that the source itself iterates to the garbage collector. A source that never
        awaits is dropped after ``CHECKPOINT_EVERY`` more tokens, and then closed by ``aclose()``.
        """
        assert self.loop is not None
        self._cancel()
        self.loop.cancel_at_next_wait()
        for _ in range(CHECKPOINT_EVERY):
            await anext(source, None)
        with suppress(self.loop.cancelled):
            await checkpoint()

    def _run_thread(self) -> None:
        assert isinstance(self._source, SyncDeltas)
        try:
            if not self._closing:
                self._read_in_thread(self._source)
        except BaseException as error:  # Nothing else would see an exception of this thread.
            self.error = error
        finally:
            try:
                self._source.close()
            except Exception:
                logger.warning("closing the source failed", exc_info=True)
            self._call_in_loop(self._finish)

    def _read_in_thread(self, source: SyncDeltas) -> None:
        for delta in source:
            if self._closing:
                return
            self._chars_written += len(delta.text)
            self._buffer.append(delta)
            if self._reader_is_idle:
                self._reader_is_idle = False
                self._call_in_loop(self._reader_wakeup.notify)
            while self._is_full():
                self._thread_may_continue.clear()
                self._source_waits = True
                if self._closing:
                    return
                self._call_in_loop(self._reader_wakeup.notify)
                if self._is_full():
                    self._thread_may_continue.wait()

    def _finish(self) -> None:
        self._ended = True
        self._reader_wakeup.notify()
        self._end_wakeup.notify()
        # Close the wakeups after notifying every waiter.
        self._end_wakeup.close()
        self._reader_wakeup.close()

    def _call_in_loop(self, function: Callable[[], object]) -> None:
        """Call the function in the thread of the loop, unless the loop has ended."""
        if self.loop is not None:
            with suppress(RuntimeError):
                self.loop.call_threadsafe(function)


def close_unused(tokens: Tokens) -> None:
    """Close a source that no stream will read. May be called from any thread.

    Raises:
        TypeError: ``tokens`` cannot be iterated.
    """
    Pump(tokens, interval=0, ping=None).close()


def _take_all(buffer: deque[str | Delta]) -> list[Delta]:
    """Take everything out of the buffer, and join adjacent plain tokens to one Delta."""
    batch: list[Delta] = []
    texts: list[str] = []
    for _ in range(len(buffer)):
        token = buffer.popleft()
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
