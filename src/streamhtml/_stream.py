"""Time: tokens go in as they come, Fragments come out when they are due, and the end is told.

Nothing here knows HTML, a wire format or a framework.
"""

import inspect
import logging
import threading
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import suppress
from contextvars import Context, copy_context
from functools import partial
from time import monotonic
from typing import Literal, TypeAlias, TypeVar

import anyio
import anyio.to_thread

from streamhtml._delta import Truncated
from streamhtml._loop import Bell, Loop
from streamhtml._patch import Fragment, Outcome
from streamhtml._pump import CLEANUP, Pump
from streamhtml._reply import Reply
from streamhtml.sources import Tokens

T = TypeVar("T")

OnEnd: TypeAlias = Callable[[Reply], Awaitable[None] | None]

logger = logging.getLogger("streamhtml")


async def aenumerate(aiterable: AsyncIterable[T], start: int = 0) -> AsyncIterator[tuple[int, T]]:
    """Enumerate an async iterable, as ``enumerate`` does a sync one.

    Args:
        aiterable: what is iterated; a generator among these is closed with this one.
        start: the first number.
    """
    iterator = aiter(aiterable)
    number = start
    try:
        async for item in iterator:
            yield number, item
            number += 1
    finally:
        aclose = getattr(iterator, "aclose", None)
        if aclose is not None:
            await aclose()


def stream(
    reply: Reply,
    tokens: Tokens,
    *,
    interval: float = 0.04,
    ping: float | None = 15.0,
    on_end: OnEnd | None = None,
) -> "Stream":
    """Turn tokens into the Fragments of ``reply``.

    The first Fragment is there at once, before any token. The first delta leaves when it comes;
    later ones gather for ``interval``. The last Fragment has the outcome: "finished"; "stopped"
    after ``Stream.stop()``; "truncated" when the source raised ``Truncated``; or "failed" when it
    raised anything else, which is logged with its traceback, to the logger "streamhtml", and
    shown to nobody.

    The source is closed in every case: when it ended, when the stream is closed or cancelled, and
    if it was never started.

    Args:
        reply: a new one.
        tokens: an async or sync iterable of tokens (see ``deltas()``). A sync one is iterated on a
            thread of its own.
        interval: seconds between two fragments; 0 sends whatever is there at once.
        ping: seconds of silence after which a Fragment without patches is sent, so that proxies
            keep the connection and a reader who left is noticed; ``None`` for never.
        on_end: called once with the reply, when nothing will be added to it: its ``state`` is the
            outcome and its ``text`` the answer. (Not if the stream was never started.) The last
            Fragment leaves after it, or after five seconds, so that an answer that was saved here
            is there when the page is loaded again. A coroutine function is awaited, another is
            run on a worker thread; what it raises is logged.

    Raises:
        TypeError: ``tokens`` cannot be iterated.
        ValueError: a negative interval, or a ping that is not positive.
    """
    return Stream(reply, tokens, interval=interval, ping=ping, on_end=on_end)


class Stream:
    """The Fragments of one reply, as ``stream()`` describes. It can be iterated once.

    Whoever iterates it ends with ``aclose()``, or with ``close()`` from another thread; both may
    be called at any time, and twice. If the stream has not ended by then, its outcome is
    "interrupted". One that is merely dropped closes itself when it is collected.
    """

    _ended = True  # Until there is something to close.

    def __init__(
        self,
        reply: Reply,
        tokens: Tokens,
        *,
        interval: float,
        ping: float | None,
        on_end: OnEnd | None,
    ) -> None:
        self._reply = reply
        self._on_end = on_end
        self._ping = float("inf") if ping is None else ping
        self._context = copy_context()
        self._told: Bell | None = None
        self._stopped: Outcome | None = None
        self._last: Fragment | None = None
        self._rendering: _Rendering | None = None
        self._pump = Pump(tokens, interval=interval, ping=ping)
        try:
            _check_seconds(interval, ping)
            self._first: Fragment | None = reply.open()
        except BaseException:
            self._pump.close()
            raise
        self._ended = False

    def __del__(self) -> None:
        # For what iterates and forgets to close, as a middleware's generator may.
        if not self._ended:
            self.close()

    def __aiter__(self) -> "Stream":
        return self

    async def __anext__(self) -> Fragment:
        if self._ended:
            if self._rendering is not None:  # The reader was cancelled while it waited for this.
                return await self._rendered_end()
            if self._last is None:
                raise StopAsyncIteration
            # The reader was cancelled while it waited for on_end.
            fragment, self._last = self._last, None
            return fragment
        if self._first is not None:
            fragment, self._first = self._first, None
            self._pump.start()
            if fragment.patches:
                return fragment
        silent_since = monotonic()
        try:
            if self._rendering is not None and (fragment := await self._rendered()).patches:
                return fragment
            async for batch in self._pump:
                if self._ended:
                    break
                if self._reply.renders_each_time:
                    self._begin_to_render(partial(self._reply.feed, batch))
                    fragment = await self._rendered()
                else:
                    fragment = self._context.run(self._reply.feed, batch)
                if fragment.patches or monotonic() - silent_since >= self._ping:
                    return fragment
        except Exception as error:  # The template, or a renderer; the source's own is in the pump.
            await self._pump.aclose()
            if not self._ended:
                return await self._end("failed", error)
        if self._ended:  # Closed from elsewhere, meanwhile.
            raise StopAsyncIteration
        if self._stopped:
            return await self._end(self._stopped)
        if isinstance(self._pump.error, Truncated):
            return await self._end("truncated")
        if self._pump.error is not None:
            return await self._end("failed", self._pump.error)
        return await self._end("interrupted" if self._pump.interrupted else "finished")

    def stop(self, outcome: Literal["stopped", "interrupted"] = "stopped") -> None:
        """Close the source, from any thread; what has arrived is delivered, then the end.

        For the user who has read enough, and asks so by a request of its own; "interrupted" is for
        the process that is to end. The end does not wait for the source's cleanup. A stream that
        was not started yet will take no token; one that has ended is left as it is.
        """
        if not self._ended:
            self._stopped = self._stopped or outcome
            self._pump.close()

    def close(self) -> None:
        """Close the source and end the stream, from any thread, now or soon."""
        loop = self._pump.loop
        if self._first is not None or loop is None:  # It was never started.
            self._abandon()
        elif not self._ended:
            self._pump.close()
            with suppress(RuntimeError):  # The loop has ended.
                loop.call_threadsafe(self._abandon)

    async def aclose(self) -> None:
        """Close the source, end the stream, and wait for both; some seconds at the most."""
        self._abandon()
        with anyio.CancelScope(shield=True):
            await self._until_told()
            await self._pump.aclose()

    def _abandon(self) -> None:
        self._last = self._rendering = None
        self._pump.close()
        if not self._ended and self._first is None:
            self._reply.abandon()
            self._begin_to_tell()
        self._ended = True

    async def _end(self, outcome: Outcome, error: BaseException | None = None) -> Fragment:
        self._ended = True
        if error is not None:
            logger.error("the stream of %s failed", self._reply.message_pair_id, exc_info=error)
        close = self._reply.closing(outcome)
        if self._reply.renders_each_time or (self._reply.renders_notice and outcome != "finished"):
            self._begin_to_render(close)
            self._begin_to_tell()
            return await self._rendered_end()
        try:
            self._last = self._context.run(close)
        except Exception as failure:
            self._last = self._failed_end(failure)
        self._begin_to_tell()
        return await self._told_end()

    async def _rendered_end(self) -> Fragment:
        try:
            self._last = await self._rendered()
        except Exception as error:
            self._last = self._failed_end(error)
        return await self._told_end()

    def _failed_end(self, error: Exception) -> Fragment:
        message = "the end of %s could not be rendered"
        logger.error(message, self._reply.message_pair_id, exc_info=error)
        return self._reply.fail()

    async def _told_end(self) -> Fragment:
        await self._until_told()
        fragment, self._last = self._last, None
        if fragment is None:  # Closed from elsewhere, meanwhile.
            raise StopAsyncIteration
        return fragment

    def _begin_to_render(self, step: Callable[[], Fragment]) -> None:
        """Render on a thread: a template may ask a database, and must not hold up the loop."""
        assert self._pump.loop is not None
        self._rendering = _Rendering(self._pump.loop, self._context, step)

    async def _rendered(self) -> Fragment:
        assert self._rendering is not None
        try:
            fragment = await self._rendering.wait()
        except Exception:
            self._rendering = None
            raise
        self._rendering = None
        return fragment

    def _begin_to_tell(self) -> None:
        loop = self._pump.loop
        if self._on_end is not None and loop is not None:
            self._told = loop.bell()
            # A task of its own: the reader may be cancelled while the answer is saved.
            tell = partial(self._tell, self._on_end, self._rendering)
            loop.spawn(tell, self._context.copy())

    async def _tell(self, on_end: OnEnd, rendering: "_Rendering | None") -> None:
        began = False

        def begin() -> Awaitable[None] | None:
            nonlocal began
            began = True
            return on_end(self._reply)

        try:
            with anyio.CancelScope(shield=True):  # trio cancels its tasks when the loop ends.
                if rendering is not None:
                    with suppress(Exception):
                        await rendering.wait()
                if inspect.iscoroutinefunction(on_end):
                    result = begin()
                else:
                    result = await anyio.to_thread.run_sync(begin)
                if inspect.isawaitable(result):
                    await result
        except Exception:
            logger.exception("on_end failed for %s", self._reply.message_pair_id)
        finally:
            if not began:  # asyncio does too, here on the way to the thread.
                try:
                    begin()
                except Exception:
                    logger.exception("on_end failed for %s", self._reply.message_pair_id)
            told, self._told = self._told, None
            if told is not None:
                told.ring()
                told.close()

    async def _until_told(self) -> None:
        if self._told is not None:
            await self._told.wait(CLEANUP)


class _Rendering:
    """A step on a worker thread. It goes on whatever becomes of the reader who waits for it."""

    def __init__(self, loop: Loop, context: Context, step: Callable[[], Fragment]) -> None:
        self._loop = loop
        self._context = context
        self._step = step
        self._result: Fragment | Exception | None = None
        self._begun = threading.Lock()
        self._done = loop.bell()
        loop.spawn(self._run, context.copy())

    async def _run(self) -> None:
        try:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._render)
        finally:
            self._render()  # Where the loop has ended on the way to the thread.

    def _render(self) -> None:
        if not self._begun.acquire(blocking=False):
            return
        try:
            self._result = self._context.run(self._step)
        except Exception as error:
            self._result = error
        with suppress(RuntimeError):  # The loop has ended.
            self._loop.call_threadsafe(self._done.ring)

    async def wait(self) -> Fragment:
        """Return the fragment, or raise what the step has raised."""
        while self._result is None:
            await self._done.wait()
        if isinstance(self._result, Exception):
            raise self._result
        return self._result


def _check_seconds(interval: object, ping: object) -> None:
    if not isinstance(interval, int | float) or not interval >= 0:
        raise ValueError(f"interval={interval!r} is not a number of seconds; 0 means at once")
    if ping is not None and (not isinstance(ping, int | float) or not ping > 0):
        raise ValueError(f"ping={ping!r} is not a number of seconds above 0; None means never")
