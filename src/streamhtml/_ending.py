"""Ends a stream: renders the last Fragment, calls ``on_end``, then delivers the Fragment.

A stream ends exactly once, and ``on_end`` is called exactly once, in a separate task. So the answer
is saved even if the reader is cancelled meanwhile.
"""

import inspect
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context
from functools import partial
from time import monotonic
from typing import Final, TypeAlias

import anyio
import anyio.to_thread

from streamhtml._answer import rounded
from streamhtml._eventloop import EventLoop, Wakeup
from streamhtml._patch import Fragment, Outcome
from streamhtml._pump import Batches
from streamhtml._render_thread import RenderInThread
from streamhtml._reply import Reply
from streamhtml._resource_scope import resource_scope
from streamhtml._source_reader import CLOSE_TIMEOUT
from streamhtml._turns import take_turn

OnEnd: TypeAlias = Callable[[Reply], Awaitable[None] | None]

CLEANUP_GRACE: Final = 0.1
"""Time in seconds that the last Fragment waits for a source to close, so that ``on_end`` is called
first. After that, the Fragment is sent before ``on_end`` is called. But if the process is about to
end, ``on_end`` is called then, because there may be no later time."""

logger = logging.getLogger("streamhtml")


class Ending:
    """End one reply, with or without a last Fragment.

    | How the stream ends             | Reply         | on_end     | last_fragment()       |
    |---------------------------------|---------------|------------|-----------------------|
    | ``begin(outcome)``              | the outcome   | is called  | the last Fragment     |
    | ``abandon(outcome)``            | the outcome   | is called  | StopAsyncIteration    |
    | ``begin()``, then ``abandon()`` | the outcome   | continues  | StopAsyncIteration    |
    | ``discard()``: never started    | unchanged     | not called | StopAsyncIteration    |

    Only the first of these calls changes the reply and calls ``on_end``.

    ``on_end`` is called when the source is closed, but at most ``CLOSE_TIMEOUT`` after the end, or
    ``CLEANUP_GRACE`` if the process is about to end. So it can read what the source writes while it
    is closed. After ``abandon()`` and a failure, the reply first gets the text that was not shown.

    Args:
        reply: the reply of the stream.
        on_end: called with the reply. See ``stream()``.
        context: the context variables in which the end is rendered and ``on_end`` is called.
        pump: reads the source.

    Attributes:
        begun: whether the end has begun. The stream then accepts no more deltas.
    """

    def __init__(
        self,
        reply: Reply,
        on_end: OnEnd | None,
        context: Context,
        pump: Batches,
    ) -> None:
        self.begun = False
        self._reply = reply
        self._on_end = on_end
        self._context = context
        self._pump = pump
        self._abandoned = False
        self._rendering: RenderInThread[Fragment] | None = None
        self._fragment: Fragment | None = None
        self._waits_for_on_end = True
        self._process_ends = False
        self._is_complete = False
        self._on_end_call: _OnEndCall | None = None

    def begin(self, loop: EventLoop, outcome: Outcome, error: BaseException | None = None) -> None:
        """Close the reply, start to render its last Fragment, and then call ``on_end``.

        Does nothing if the end has begun already.

        Args:
            loop: the event loop that is running.
            outcome: how the answer ended.
            error: the exception that ended it, which is logged.
        """
        if self.begun:
            return
        self.begun = True
        # The reader will not see what arrives from now on. If a rendering has failed, the reader
        # has not seen what had arrived before either.
        self._is_complete = outcome != "failed"
        self._process_ends = outcome == "interrupted"
        self._log_failure(error)
        self._add_facts()
        render = partial(self._render_last, self._reply.closing(outcome, self._seconds()))
        waits = self._reply.may_wait_at_end
        try:
            if waits or self._reply.is_long:
                self._rendering = RenderInThread(loop, self._context, render, waits=waits)
            else:
                self._fragment = self._context.run(render)
        finally:
            self._start_on_end(loop, after=self._rendering)

    def abandon(
        self,
        loop: EventLoop,
        outcome: Outcome,
        error: BaseException | None = None,
        after: RenderInThread[Fragment] | None = None,
    ) -> None:
        """End the stream without a last Fragment, because nobody will read it.

        Args:
            loop: the event loop of the stream. It may have ended.
            outcome: how the answer ended.
            error: the exception that ended the source before, which is logged.
            after: a rendering that may still change the reply. ``on_end`` is called afterwards.
        """
        self._drop_fragment()
        if not self.begun:
            self.begun = True
            self._log_failure(error)
            self._add_facts()
            self._reply.abandon(outcome, self._seconds())
            self._start_on_end(loop, after)

    def discard(self) -> None:
        """End a stream that was never started: it has no answer, so ``on_end`` is not called."""
        self._drop_fragment()
        self.begun = True

    async def last_fragment(self) -> Fragment:
        """Return the last Fragment when ``on_end`` is done, or after ``CLOSE_TIMEOUT``.

        If the source takes longer than ``CLEANUP_GRACE`` to close, the Fragment does not wait for
        ``on_end``, unless the process is about to end.

        May be called again after it was cancelled. If it was cancelled while it waited for
        ``on_end``, the next call does not wait again.

        Raises:
            StopAsyncIteration: the Fragment was returned before, or the stream was abandoned.
        """
        if self._rendering is not None:
            fragment = await self._rendering.result()
            self._rendering = None
            if not self._abandoned:
                self._fragment = fragment
        if self._fragment is not None and self._waits_for_on_end:
            self._waits_for_on_end = False
            if self._on_end_call is not None and (
                await self._pump.wait_until_closed(CLEANUP_GRACE) or self._process_ends
            ):
                await self._on_end_call.wait(CLOSE_TIMEOUT - CLEANUP_GRACE)
        last, self._fragment = self._fragment, None
        if last is None:
            raise StopAsyncIteration
        return last

    async def on_end_done(self) -> None:
        """Wait until ``on_end`` is done, up to ``CLOSE_TIMEOUT``."""
        if self._on_end_call is not None:
            await self._on_end_call.wait(CLOSE_TIMEOUT)

    def _keep_some(self) -> bool:
        """Add a batch of what has arrived and was not shown. Return whether there was any."""
        batch = [] if self._is_complete else self._pump.take_rest()
        self._reply.keep(batch, self._reply.answer.duration)
        self._add_facts()
        return bool(batch)

    def _add_facts(self) -> None:
        """Copy what the source has reported so far. More may follow while it is closed."""
        answer = self._reply.answer
        answer.facts = self._pump.facts
        answer.first_delta_after = rounded(self._pump.first_delta_after)
        if answer.first_delta_after is None and answer.parts:
            # It came at the end of the source, or a thread has not noted it in time.
            answer.first_delta_after = answer.parts[0].began_after

    def _seconds(self) -> float:
        return monotonic() - self._pump.started_at

    def _render_last(self, render: Callable[[], Fragment]) -> Fragment:
        try:
            return render()
        except BaseException:
            logger.exception(
                "could not render the last fragment of %s", self._reply.message_pair_id
            )
            return self._reply.fail()

    def _log_failure(self, error: BaseException | None) -> None:
        if error is not None:
            logger.error("the stream of %s failed", self._reply.message_pair_id, exc_info=error)

    def _drop_fragment(self) -> None:
        self._abandoned = True
        self._rendering = self._fragment = None

    def _start_on_end(self, loop: EventLoop, after: RenderInThread[Fragment] | None) -> None:
        if self._on_end is not None or not self._is_complete:
            self._on_end_call = _OnEndCall(self._on_end, self._reply, loop, self._keep_some)
            wait = partial(self._wait_until_ready, after)
            self._on_end_call.start(self._context.copy(), wait)

    async def _wait_until_ready(self, rendering: RenderInThread[Fragment] | None) -> None:
        """Wait until nothing changes the reply any more, and the source is closed."""
        if rendering is not None:
            with suppress(Exception):
                await rendering.result()
        await self._pump.wait_until_closed(CLEANUP_GRACE if self._process_ends else CLOSE_TIMEOUT)
        while self._keep_some():
            await take_turn()


class _OnEndCall:
    """One call of ``on_end``, in a separate task. An exception that it raises is logged."""

    def __init__(
        self, on_end: OnEnd | None, reply: Reply, loop: EventLoop, keep_some: Callable[[], bool]
    ) -> None:
        self._on_end = on_end
        self._reply = reply
        self._loop = loop
        self._keep_some = keep_some
        self._was_called = False
        self._done: Wakeup | None = loop.create_wakeup()

    def start(self, context: Context, wait_until_ready: Callable[[], Awaitable[None]]) -> None:
        """Start the task. It calls ``on_end`` after ``wait_until_ready()``."""
        try:
            self._loop.spawn(partial(self._run, wait_until_ready), context)
        except RuntimeError:  # The loop has ended.
            context.run(self._finish)

    async def wait(self, seconds: float) -> None:
        """Wait until the call is done, but no longer than ``seconds``."""
        if self._done is not None:
            await self._done.wait(seconds)

    async def _run(self, wait_until_ready: Callable[[], Awaitable[None]]) -> None:
        try:
            with anyio.CancelScope(shield=True):  # trio cancels its tasks at the end of the loop.
                try:
                    await wait_until_ready()
                except self._loop.cancelled:
                    # asyncio cancels them in spite of the shield, once, and then waits for them.
                    await wait_until_ready()
                await self._call_and_wait()
        finally:
            self._finish()

    async def _call_and_wait(self) -> None:
        if self._on_end is None:
            return
        try:
            async with resource_scope():
                if inspect.iscoroutinefunction(self._on_end):
                    result = self._call()
                else:
                    result = await anyio.to_thread.run_sync(self._call_in_thread)
                if inspect.isawaitable(result):
                    await result
        except BaseException as error:
            if self._loop.is_cancellation(error):
                raise
            self._log(error)

    def _call_in_thread(self) -> Awaitable[None] | None:
        with resource_scope():
            return self._call()

    def _call(self) -> Awaitable[None] | None:
        self._was_called = True
        try:
            return self._on_end(self._reply) if self._on_end is not None else None
        except BaseException as error:  # A GeneratorExit would close a task that awaits it.
            self._log(error)
            return None

    def _finish(self) -> None:
        if not self._was_called:
            # The loop ended before the worker thread had started, or before it began.
            while self._keep_some():
                pass
            result = self._call()
            if inspect.iscoroutine(result):
                result.close()
                self._log(RuntimeError("the event loop ended before on_end could be awaited"))
        del self._keep_some  # It belongs to the Ending, which refers to this object: a cycle.
        if self._done is not None:
            self._done.notify()
            self._done.close()
            self._done = None

    def _log(self, error: BaseException) -> None:
        logger.error("on_end failed for %s", self._reply.message_pair_id, exc_info=error)
