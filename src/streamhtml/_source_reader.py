"""Reads a source in a separate task or thread, buffers its deltas, and closes it.

The same task or thread opens, reads and closes the source, so its cleanup completes whatever
happens to the reader. Nothing here knows when a fragment is due: see ``Pump``.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from math import inf
from time import monotonic
from typing import Final

import anyio
from anyio.lowlevel import checkpoint

from streamhtml._batch import (
    MAX_BATCH_CHARS,
    MAX_BUFFERED_CHARS,
    MAX_BUFFERED_DELTAS,
    Buffer,
    take_batch,
)
from streamhtml._delta import Delta, Truncated
from streamhtml._eventloop import Cancel, EventLoop, Wakeup, current_event_loop
from streamhtml._resource_scope import resource_scope
from streamhtml._turns import CHECKPOINT_EVERY
from streamhtml.sources import AsyncDeltas, SyncDeltas, Tokens, deltas

CLOSE_TIMEOUT: Final = 5.0
"""Time in seconds that a source may take to close. Then its reader logs a warning and goes on."""

logger = logging.getLogger("streamhtml")


class SourceReader:
    """Read a source, and keep what has arrived until it is taken.

    The source waits while ``MAX_BUFFERED_DELTAS`` deltas or ``MAX_BUFFERED_CHARS`` characters are
    unread. An async source runs as a task, and a sync one on its own thread, both with a copy of
    the context variables.

    Args:
        tokens: the source, as ``deltas()`` takes it.

    Attributes:
        source: what ``deltas()`` returned.
        source_has_ended: whether it has ended. It may not be closed yet.
        error: the exception that ended it, or None. What it raises after ``close()`` is logged.
        interrupted: whether it was cancelled, as when the event loop shuts down.
        started_at: the time of the start, by ``time.monotonic()``.
        first_delta_after: seconds from then until the first delta arrived; None before that.

    Raises:
        TypeError: ``tokens`` cannot be iterated.
    """

    # Python reads attributes more slowly once an object has more than 30 of them without slots.
    __slots__ = (
        *("_batch_due", "_buffer", "_cancel_task", "_chars_read", "_chars_written"),
        *("_closing", "_context", "_end_timer", "_end_wakeup", "_ended", "_reader_is_idle"),
        *("_reader_wakeup", "_source_waits", "_source_wakeup", "_start_lock"),
        *("_started", "_thread_may_continue", "error", "first_delta_after", "interrupted", "loop"),
        *("source", "source_has_ended", "started_at"),
    )

    def __init__(self, tokens: Tokens) -> None:
        self.error: BaseException | None = None
        self.interrupted = False
        self.source_has_ended = False
        self.started_at = 0.0
        self.first_delta_after: float | None = None
        self.source = deltas(tokens)
        self._context = copy_context()
        self._buffer: Buffer = deque()
        # Character counts. Only the source writes the first, and only the reader writes the second.
        self._chars_written = self._chars_read = 0
        self._batch_due = 0.0  # The reader need not be woken before this time.
        self._reader_is_idle = self._source_waits = False
        self._closing = self._ended = self._started = False
        # Reentrant, because a signal handler may call close() while the lock is held.
        self._start_lock = threading.RLock()
        self._thread_may_continue: threading.Event | None = None  # Only if there is a thread.
        self._source_wakeup: Wakeup | None = None  # Only if it was waited for.
        self._end_wakeup: Wakeup | None = None
        self._cancel_task: Cancel | None = None  # Only if there is a task.
        self._end_timer: Callable[[], object] | None = None
        self.loop: EventLoop | None = None
        with suppress(RuntimeError):  # In a sync view no loop is running yet; see start().
            self.loop = current_event_loop()

    def start(self, wakeup: Wakeup | None = None) -> None:
        """Start the source in the running event loop, unless it was started before.

        Args:
            wakeup: notified when something has arrived after ``poll()`` has returned nothing, and
                at the end. Several readers can share it.
        """
        self.loop = loop = current_event_loop()
        with self._start_lock:
            if self._started or self._ended:
                return
            self._started = True
        self._reader_wakeup: Wakeup = wakeup or loop.create_wakeup()
        self.started_at = monotonic()
        if isinstance(self.source, AsyncDeltas):
            self._cancel_task = loop.spawn(self._run_task, self._context)
        else:
            self._thread_may_continue = threading.Event()
            threading.Thread(
                target=self._context.run, args=(self._run_thread,), name="streamhtml", daemon=True
            ).start()

    def poll(self) -> list[Delta] | None:
        """Take the next batch without waiting.

        Returns:
            An empty list if nothing has arrived; None after the last batch, when the source is
            closed.
        """
        ended = self._ended
        # Set the flag first, so that a thread that appends something afterwards still wakes us.
        self._reader_is_idle = True
        if not self._buffer:
            return None if ended else []
        self._reader_is_idle = False
        batch, size = take_batch(self._buffer, MAX_BATCH_CHARS)
        self._chars_read += size
        if self._source_waits:
            self._wake_source()
        return batch

    async def wait(self, seconds: float = inf) -> None:
        """After ``poll()`` has returned an empty list: wait until there is more, or ``seconds``."""
        await self._reader_wakeup.wait(seconds)

    def take_rest(self) -> list[Delta]:
        """Take all that has arrived, for a reader who has left."""
        batch, size = take_batch(self._buffer, inf)
        self._chars_read += size
        return batch

    def _wake_source(self) -> None:
        self._source_waits = False
        if self._source_wakeup is not None:
            self._source_wakeup.notify()
        self._let_thread_continue()

    def _let_thread_continue(self) -> None:
        if self._thread_may_continue is not None:
            self._thread_may_continue.set()

    def _is_full(self) -> bool:
        unread = self._chars_written - self._chars_read
        return unread >= MAX_BUFFERED_CHARS or len(self._buffer) >= MAX_BUFFERED_DELTAS

    def close(self) -> None:
        """Close the source soon, without waiting. May be called from any thread, more than once."""
        if self._closing or self._ended:
            return
        self._closing = True
        self._let_thread_continue()
        with self._start_lock:
            closed = not self._started and self._close_without_loop()
        if not closed:
            self._call_in_loop(self._stop)

    async def aclose(self) -> None:
        """Close the source, and wait until its cleanup is done, up to ``CLOSE_TIMEOUT``."""
        self._closing = True
        with anyio.CancelScope(shield=True):
            self._stop()
            if not await self.wait_until_closed(CLOSE_TIMEOUT):
                logger.warning("a source is still running %s seconds after close()", CLOSE_TIMEOUT)

    async def wait_until_closed(self, seconds: float) -> bool:
        """Wait until the source is closed, but no longer than ``seconds``. Return whether it is."""
        deadline = monotonic() + seconds
        while not self._ended and (left := deadline - monotonic()) > 0:
            if self._end_wakeup is None:
                self._end_wakeup = current_event_loop().create_wakeup()
            await self._end_wakeup.wait(left)
        return self._ended

    def _stop(self) -> None:
        self._let_thread_continue()
        if self._started:
            self._reader_wakeup.notify()
            self._cancel()
            if self._cancel_task is not None and self._end_timer is None and not self._ended:
                assert self.loop is not None
                # The source may await a task of its own that has swallowed the cancellation, as in
                # LangChain.
                cancel_again = partial(self._cancel, again=True)
                self._end_timer = self.loop.call_later(CLOSE_TIMEOUT, cancel_again)
        elif not self._ended:
            self.start()  # The new task or thread sees _closing and only closes the source.

    def _cancel(self, *, again: bool = False) -> None:
        """Cancel the task of the source, but not its cleanup."""
        if not self.source_has_ended and self._cancel_task is not None:
            self._cancel_task(again=again)

    def _close_without_loop(self) -> bool:
        """Close a source that was never iterated, and return whether it is closed.

        It is not closed if closing it needs an ``await``.
        """
        try:
            self._ended = self.source.close_unopened()
        except BaseException as error:
            self._ended = True
            logger.warning("closing the source failed", exc_info=error)
        return self._ended

    async def _run_task(self) -> None:
        source = self.source
        assert self.loop is not None
        assert isinstance(source, AsyncDeltas)
        try:
            # The scope limits the time that the cleanup takes. It is entered before the source,
            # which may hold a scope of its own until it is closed.
            async with resource_scope():
                with anyio.CancelScope() as scope:
                    # This is not a method of its own: each step of the source passes through here.
                    try:
                        self.interrupted = self.loop.is_cancelled() and not self._closing
                        if not self._closing and not self.interrupted:
                            await self._read(source)
                    except BaseException as error:
                        # A source may also await a task that was cancelled by somebody else.
                        self.interrupted = self.loop.is_cancelled()
                        self._record_error(error)
                        if self.loop.is_cancellation(error):
                            raise
                    finally:
                        self._add(source.end())
                        self.source_has_ended = True
                        scope.shield, scope.deadline = True, anyio.current_time() + CLOSE_TIMEOUT
                        await self._close_in_task(source)
        finally:
            self._finish()

    async def _close_in_task(self, source: AsyncDeltas) -> None:
        assert self.loop is not None
        try:
            await source.aclose()
        except BaseException as error:
            if self.loop.is_cancellation(error):
                raise
            logger.warning("closing the source failed", exc_info=error)

    def _record_error(self, error: BaseException) -> None:
        if not (self.interrupted or self._closing):
            self.error = (
                self.source.report.explain(error) if isinstance(error, Exception) else error
            )
        elif isinstance(error, Exception | SystemExit | KeyboardInterrupt) and not isinstance(
            error, Truncated
        ):
            logger.warning("the source failed while it was cancelled", exc_info=error)

    async def _read(self, source: AsyncDeltas) -> None:
        buffer = self._buffer
        passes_text = False
        tokens = await source.open()
        self._take_over(source)
        async for token in tokens:
            # Fast path: most tokens are plain strings. take_batch() makes Deltas of them later.
            if passes_text and type(token) is str and token:
                self._chars_written += len(token)
                buffer.append(token)
            else:
                self._add(source.read(token))
                passes_text = source.passes_text
            if self._closing:  # We are not cancelled yet, or the source suppressed it.
                await self._run_to_next_await(source)
                return
            if self._reader_is_idle and buffer:
                self._reader_is_idle = False
                self._reader_wakeup.notify_within(self._batch_due - monotonic())
            if (
                len(buffer) % CHECKPOINT_EVERY == 0
                or self._chars_written - self._chars_read >= MAX_BUFFERED_CHARS
            ):
                await self._apply_backpressure(source)
        source.report.check()

    def _take_over(self, source: AsyncDeltas | SyncDeltas) -> None:
        """Take what is left of the tokens that others have read, if the source is ``deltas()``."""
        if pending := source.take_pending():
            self._add(pending)
            self._call_in_loop(self._reader_wakeup.notify)

    def _add(self, deltas: list[Delta]) -> None:
        if deltas and self.first_delta_after is None:
            self.first_delta_after = monotonic() - self.started_at
        for delta in deltas:
            self._chars_written += len(delta.text)
            self._buffer.append(delta)

    async def _apply_backpressure(self, source: AsyncDeltas) -> None:
        assert self.loop is not None
        try:
            await checkpoint()
            while self._is_full():
                if self._source_wakeup is None:
                    self._source_wakeup = self.loop.create_wakeup()
                self._source_waits = True
                self._reader_wakeup.notify()
                await self._source_wakeup.wait()
        except self.loop.cancelled:
            await self._run_to_next_await(source)
            raise

    async def _run_to_next_await(self, source: AsyncDeltas) -> None:
        """Let the source run to its next await, so that it is cancelled there.

        The source is suspended at a ``yield``. ``aclose()`` would end it there, but it would leave
        the iterators that the source itself uses to the garbage collector. A source that does not
        await within ``CHECKPOINT_EVERY`` more tokens is ended at its ``yield`` after all.
        """
        assert self.loop is not None
        self._cancel()
        self.loop.cancel_at_next_wait()
        for _ in range(CHECKPOINT_EVERY):
            if (delta := await anext(source, None)) is not None:
                self._add([delta])
        with suppress(self.loop.cancelled):
            await checkpoint()

    def _run_thread(self) -> None:
        source = self.source
        assert isinstance(source, SyncDeltas)
        try:
            with resource_scope():
                try:
                    if not self._closing:
                        self._read_in_thread(source)
                except BaseException as error:  # Nobody else handles those of this thread.
                    self._record_error(error)
                self._add(source.end())
                self.source_has_ended = True
                try:
                    source.close()
                except BaseException as error:
                    logger.warning("closing the source failed", exc_info=error)
        finally:
            self._call_in_loop(self._finish)

    def _read_in_thread(self, source: SyncDeltas) -> None:
        tokens = source.open()
        self._take_over(source)
        may_continue = self._thread_may_continue
        assert may_continue is not None
        passes_text = False
        for token in tokens:
            if passes_text and type(token) is str and token:  # Fast path, as in _read().
                self._chars_written += len(token)
                self._buffer.append(token)
            else:
                self._add(source.read(token))
                passes_text = source.passes_text
            if self._reader_is_idle and self._buffer:
                self._reader_is_idle = False
                self._call_in_loop(self._reader_wakeup.notify)
            while self._is_full() and not self._closing:
                may_continue.clear()
                self._source_waits = True
                self._call_in_loop(self._reader_wakeup.notify)
                if self._is_full() and not self._closing:
                    may_continue.wait()
            if self._closing:
                return
        source.report.check()

    def _finish(self) -> None:
        self._ended = True
        self._cancel_task = None  # The task refers to this object.
        if self._end_timer is not None:
            self._end_timer()
        self._reader_wakeup.notify()
        # Close the wakeups after notifying every waiter.
        if self._end_wakeup is not None:
            self._end_wakeup.notify()
            self._end_wakeup.close()
        self._reader_wakeup.close()

    def _call_in_loop(self, function: Callable[[], object]) -> None:
        """Call the function in the thread of the loop. Does nothing if the loop has ended."""
        if self.loop is not None:
            self.loop.call_threadsafe(function)
