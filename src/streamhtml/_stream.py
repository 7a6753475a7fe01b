"""Turns the deltas of a source into a stream of Fragments.

Nothing here knows HTML, a format or a framework. The pump decides when a Fragment is due, and
``Ending`` decides how the stream ends.
"""

from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from math import inf
from time import monotonic
from typing import Literal

import anyio

from streamhtml._arguments import check_interval, check_on_end, check_outcome, check_ping
from streamhtml._batch import MAX_BATCH_CHARS
from streamhtml._delta import Truncated
from streamhtml._ending import Ending, OnEnd
from streamhtml._limits import DEFAULT_LIMITS, LIMIT_OUTCOMES, LimitName, Limits, check_limits
from streamhtml._patch import Fragment, Outcome
from streamhtml._pump import Batches, Pump
from streamhtml._render_thread import RenderInThread, render_in
from streamhtml._reply import Reply
from streamhtml._stream_timer import StreamTimer
from streamhtml._type_name import with_article
from streamhtml.sources import Tokens


def stream(
    reply: Reply,
    tokens: Tokens,
    *,
    interval: float = 0.04,
    ping: float | None = 15.0,
    on_end: OnEnd | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> "Stream":
    """Turn tokens into the Fragments of ``reply``.

    The first Fragment is available at once, before any token. The first delta is sent when it
    arrives, and later ones are collected for ``interval``. The last Fragment has the outcome:

    - "finished";
    - "stopped" after ``stop()``;
    - "truncated" if the source raised ``Truncated``, or at a limit;
    - "failed" if it raised anything else. The exception is logged with its traceback to the logger
      "streamhtml", and is not shown to the user;
    - "interrupted" if the source was cancelled, after ``stop("interrupted")``, or at a limit.

    The source is always closed: when it has ended, when the stream is closed or cancelled, and
    also if the stream was never started.

    Args:
        reply: a new reply.
        tokens: the source (see ``deltas()``). A sync one is iterated on a thread of its own.
        interval: time in seconds between two Fragments; 0 sends whatever has arrived at once.
        ping: time in seconds after which a Fragment without patches is sent, if nothing else was.
            It keeps the connection open in proxies, and shows whether the reader is still there.
            ``None`` means never.
        on_end: called once with the reply when the reply is complete. ``reply.answer`` is then what
            was said, with the outcome, the times and what the source has reported. ``on_end`` is
            not called if the stream was never started. It is called after the source's cleanup, or
            five seconds after the end. The last Fragment is sent when ``on_end`` is done, or after
            five seconds. Only if the source takes longer than 0.1 seconds to clean up after
            ``stop()``, it is sent before ``on_end`` is called. A coroutine function is awaited; any
            other runs on a worker thread. What it raises is logged.
        limits: how much the stream may take. ``reply.limit`` is the name of a limit that ended it.

    Returns:
        An async iterator of Fragments, which can be iterated once. The caller has to end it with
        ``aclose()``, or with ``close()`` from another thread. Both may be called at any time, and
        more than once. The outcome is then "interrupted" if the stream has not ended. ``stop()``
        ends it early for the user. The garbage collector closes a forgotten stream.

    Raises:
        TypeError: an argument has another type: ``tokens`` cannot be iterated, for example.
        ValueError: ``interval`` is negative, or ``ping`` is not positive.
    """
    _check_arguments(reply, tokens, on_end, limits, interval=interval, ping=ping)
    # A template is rendered on a worker thread, with all of the answer each time.
    max_chars = inf if reply.renders_each_time else MAX_BATCH_CHARS
    pump = Pump(tokens, interval=interval, ping=ping, max_chars=max_chars, limits=limits)
    try:
        first = reply.open()
    except BaseException:
        pump.close()
        raise
    return Stream(reply, first, pump, on_end, limits)


class Stream:
    """The iterator that ``stream()`` returns."""

    on_stalled: Callable[[], object] | None = None
    """Called in the event loop if the reader has not taken a fragment within the limit."""

    def __init__(
        self, reply: Reply, first: Fragment, pump: Batches, on_end: OnEnd | None, limits: Limits
    ) -> None:
        self._reply = reply
        # Empty if the stream was started, or closed before. pop() is atomic.
        self._first = [first]
        self._started = False
        self._pump = pump
        self._context = copy_context()
        self._ending = Ending(reply, on_end, self._context, pump)
        self._stopped: Outcome | None = None
        self._closed = False
        self._rendering: RenderInThread[Fragment] | None = None
        self._timer = StreamTimer(limits, self._on_duration, self._on_stalled)

    def __del__(self) -> None:
        # Some callers iterate and forget to close, for example the generator of a middleware.
        if not self._ending.begun:
            self.close()

    def __aiter__(self) -> "Stream":
        return self

    async def __anext__(self) -> Fragment:
        if self._closed:  # Another thread has called close().
            self._abandon()
        self._timer.handed_out = inf
        try:
            if self._ending.begun:
                return await self._ending.last_fragment()
            if not self._started:
                if (fragment := self._take_first()) is None:
                    raise StopAsyncIteration
                self._start()
                if fragment.patches:
                    return fragment
            try:
                # The reader may have been cancelled while it was waiting for a rendering.
                if self._rendering is not None and (fragment := await self._rendered()).patches:
                    return fragment
                async for batch in self._pump:
                    if self._closed:  # close() or aclose() was called meanwhile.
                        self._reply.keep(batch, self._pump.batch_after)
                        break
                    # The text must not be lost, even if a thread never starts.
                    kept = self._reply.keep(batch, self._pump.batch_after)
                    if (waits := self._reply.may_wait(kept)) or self._reply.holds_much:
                        self._start_rendering(partial(self._reply.show, kept), waits=waits)
                        fragment = await self._rendered()
                    elif self._reply.calls_site_code:
                        fragment = render_in(self._context, self._reply.show, kept)
                    else:
                        fragment = self._reply.show(kept)
                    if fragment.patches or self._pump.ping.is_due():
                        return fragment
            except Exception as error:  # From a template or a renderer.
                await self._pump.aclose()
                return await self._end("failed", error)
            return await self._end(*self._outcome())
        finally:
            self._timer.handed_out = monotonic()

    def stop(self, outcome: Literal["stopped", "interrupted"] = "stopped") -> None:
        """End the stream early, from any thread: deliver what has arrived, then the last Fragment.

        Call it from another request, in which the user asks to stop. If the stream was not
        started, it reads no token. If it has ended, this method does nothing. If only its source
        has ended, the outcome does not change. The last Fragment does not wait for the source's
        cleanup, except for a moment (see ``on_end``).

        Args:
            outcome: the outcome of the reply; "interrupted" if the process is about to end.

        Raises:
            ValueError: the outcome is another one.
        """
        check_outcome(outcome, ("stopped", "interrupted"))
        if not self._ending.begun:
            if not (self._closed or self._pump.source_has_ended):
                self._stopped = self._stopped or outcome
            self._pump.close()

    def close(self) -> None:
        """Close the source and end the stream soon. May be called from any thread."""
        if self._ending.begun:
            return
        self._closed = True
        self._pump.close()
        if self._take_first() is not None:
            self._ending.discard()
        elif (loop := self._pump.loop) is not None and not loop.call_threadsafe(self._abandon):
            self._abandon()  # The loop has ended, and nobody iterates any more.

    async def aclose(self) -> None:
        """Close the source, end the stream, and wait a few seconds at most for each of them."""
        self._abandon()
        with anyio.CancelScope(shield=True):
            await self._pump.aclose()
            await self._ending.on_end_done()

    def _take_first(self) -> Fragment | None:
        """Return the first Fragment to the first caller, who starts the stream or discards it."""
        with suppress(IndexError):
            return self._first.pop()
        return None

    def _start(self) -> None:
        self._started = True
        self._pump.start()
        assert self._pump.loop is not None
        self._timer.start(self._pump.loop)

    def _on_duration(self) -> None:
        if not self._pump.source_has_ended:
            self._pump.end_at_limit("duration")

    def _on_stalled(self, limit: LimitName) -> None:
        if not self._ending.begun:
            self._abandon(limit=limit)
        if self.on_stalled is not None:
            self.on_stalled()

    def _abandon(self, error: BaseException | None = None, limit: LimitName | None = None) -> None:
        """End the stream because nobody reads it any more, unless it has ended."""
        self._closed = True
        self._timer.stop()
        self._pump.close()
        if self._take_first() is not None:
            self._ending.discard()
        elif self._started:
            assert self._pump.loop is not None
            limit = None if self._stopped else self._pump.limit or limit
            if not self._ending.begun:
                self._reply.limit = limit
            outcome = LIMIT_OUTCOMES[limit] if limit else self._stopped or "interrupted"
            error = error or self._source_error()
            self._ending.abandon(self._pump.loop, outcome, error, after=self._rendering)
        self._rendering = None

    def _outcome(self) -> tuple[Outcome, BaseException | None]:
        """Return how the stream ended after its last batch, and the exception that ended it."""
        if limit := self._pump.limit:
            self._reply.limit = limit
            return LIMIT_OUTCOMES[limit], None
        if self._stopped:
            return self._stopped, None
        if isinstance(self._pump.error, Truncated):
            return "truncated", None
        if (error := self._source_error()) is not None:
            return "failed", error
        return ("interrupted" if self._pump.interrupted else "finished"), None

    def _source_error(self) -> BaseException | None:
        error = self._pump.error
        return None if isinstance(error, Truncated) else error

    async def _end(self, outcome: Outcome, error: BaseException | None = None) -> Fragment:
        assert self._pump.loop is not None
        self._timer.end = inf
        if self._closed:
            self._abandon(error)
        else:
            self._ending.begin(self._pump.loop, outcome, error)
        return await self._ending.last_fragment()

    def _start_rendering(self, render: Callable[[], Fragment], *, waits: bool) -> None:
        assert self._pump.loop is not None
        self._rendering = RenderInThread(self._pump.loop, self._context, render, waits=waits)

    async def _rendered(self) -> Fragment:
        assert self._rendering is not None
        try:
            fragment = await self._rendering.result()
        except Exception:
            self._rendering = None
            raise
        self._rendering = None
        return fragment


def close_unused(tokens: Tokens) -> None:
    """Close a source that no stream will read. May be called from any thread.

    Raises:
        TypeError: ``tokens`` cannot be iterated.
    """
    Pump(tokens, interval=0, ping=None).close()


def _check_arguments(
    reply: object, tokens: Tokens, on_end: object, limits: object, *, interval: object, ping: object
) -> None:
    """Close the source and raise an exception if another argument is not valid."""
    try:
        if not isinstance(reply, Reply):
            raise TypeError(
                f"reply is {with_article(reply)}, not a Reply; call stream(reply, tokens)"
            )
        check_interval(interval)
        check_ping(ping)
        check_on_end(on_end)
        check_limits(limits)
    except (TypeError, ValueError):
        close_unused(tokens)
        raise
