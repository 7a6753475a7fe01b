"""``Recording`` and ``Following``: what ``record()`` and ``follow()`` return for a response."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any, Final, TypeAlias

import anyio

from streamhtml._answer import Answer
from streamhtml._delta import Delta
from streamhtml._ending import OnEnd
from streamhtml._eventloop import EventLoop
from streamhtml._limits import DEFAULT_LIMITS, Limits
from streamhtml._log_source import Client, LogSource
from streamhtml._patch import Fragment
from streamhtml._reply import Reply
from streamhtml._stream import Stream, close_unused, stream
from streamhtml.log._attachment import Attachment
from streamhtml.log._entries import Batch
from streamhtml.log._follow import FollowPump, FollowStream, iterate
from streamhtml.log._hub import Hub
from streamhtml.log._reply import FollowedReply
from streamhtml.log._storage import is_log_id
from streamhtml.log._stored_answer import read_answer
from streamhtml.log._transcript import Transcript
from streamhtml.log._writer import INTERRUPTED_TIMEOUT, Writer
from streamhtml.sources import Tokens, deltas

OnAnswer: TypeAlias = Callable[[Answer], Awaitable[None] | None]

DEFAULT_INTERVAL: Final = 0.04
"""Time in seconds between two batches, if no response sets another one."""


class Following(LogSource):
    """The source that ``follow()`` returns.

    Args:
        hub: the log.
        id: the id of the answer.
        max_wait: time in seconds for which to wait for an answer that is not there yet.
    """

    def __init__(self, hub: Hub, id: str, max_wait: float = 0.0) -> None:
        self.id = id
        self._hub = hub
        self._max_wait = max_wait

    def create_reply(self, *, skip: Callable[[Fragment], object], **options: Any) -> Reply:
        context = dict(options.pop("context", None) or {})
        if is_log_id(self.id) and not context.get("message_pair_id"):
            context["message_pair_id"] = self.id
        return FollowedReply(skip=skip, context=context, **options)

    def open(
        self,
        reply: Reply,
        client: Client,
        *,
        interval: float,
        ping: float | None,
        on_end: OnEnd | None,
        limits: Limits,
    ) -> Stream:
        assert isinstance(reply, FollowedReply)
        pump = FollowPump(self._attachment(), reply, client, ping)
        try:
            first = reply.open()
        except BaseException:
            pump.close()
            raise
        return FollowStream(reply, first, pump, on_end, limits)

    def close_unused(self) -> None:
        """Do nothing: nothing was opened."""

    def __aiter__(self) -> AsyncIterator[Delta]:
        return iterate(self._attachment())

    def _attachment(self) -> Attachment:
        return Attachment(self._hub, self.id, self._max_wait)


class Recording(Following):
    """The source that ``record()`` returns.

    Args:
        hub: the log.
        id: the id of the answer.
        tokens: the model's answer.
        on_end: called once with the answer when it has ended.
        interval: time in seconds between two batches; None for that of the response.
        limits: what the answer may take; None for those of the response.

    Raises:
        TypeError: ``tokens`` cannot be iterated.
    """

    def __init__(
        self,
        hub: Hub,
        id: str,
        tokens: Tokens,
        *,
        on_end: OnAnswer | None,
        interval: float | None,
        limits: Limits | None,
    ) -> None:
        super().__init__(hub, id)
        self._tokens = deltas(tokens)
        self._on_end = None if on_end is None else _with_answer(on_end, self._is_taken)
        self._interval = interval
        self._limits = limits
        self._prepared: tuple[Stream, Transcript] | None = None
        self._writer: Writer | None = None

    async def run(self) -> Answer:
        """Generate the answer without a response, for example in a worker process.

        If this is cancelled, the answer ends as "interrupted".

        Returns:
            The answer when it was stored, whatever its outcome is. If there was an answer with this
            id already, that one as it is, which may have no outcome yet.
        """
        writer = self.begin()
        try:
            await writer.wait()
        except BaseException:
            writer.interrupt()
            with anyio.move_on_after(INTERRUPTED_TIMEOUT, shield=True):
                await writer.wait()
            raise
        found = await read_answer(self._hub.storage, self.id) if writer.is_taken else None
        return self._prepare()[1].answer if found is None else found.to_answer(self.id)

    def open(
        self,
        reply: Reply,
        client: Client,
        *,
        interval: float,
        ping: float | None,
        on_end: OnEnd | None,
        limits: Limits,
    ) -> Stream:
        self._prepare(interval, limits)
        return super().open(
            reply, client, interval=interval, ping=ping, on_end=on_end, limits=limits
        )

    def begin(self) -> Writer:
        """Begin to generate the answer in the running event loop, unless it has begun before."""
        if self._writer is None:
            stream, reply = self._prepare()
            hub = self._hub
            self._writer = Writer(hub.storage, self.id, stream, reply, on_done=hub.end)
            hub.begin(self._writer)
        return self._writer

    def close_unused(self) -> None:
        if self._prepared is None:
            close_unused(self._tokens)
        elif self._writer is None:
            self._prepared[0].close()

    async def aclose_unused(self) -> None:
        """Close the source, if it was not begun, and wait a few seconds at most for it."""
        if self._writer is None:
            await self._prepare()[0].aclose()

    def _prepare(
        self, interval: float = DEFAULT_INTERVAL, limits: Limits = DEFAULT_LIMITS
    ) -> tuple[Stream, Transcript]:
        """Return the stream that generates the answer, which begins later, and its reply."""
        if self._prepared is None:
            reply = Transcript(self.id, self._add)
            limits = replace(self._limits or limits, unread=None)
            opened = stream(
                reply,
                self._tokens,
                interval=interval if self._interval is None else self._interval,
                ping=None,
                on_end=self._on_end,
                limits=limits,
            )
            self._prepared = opened, reply
        return self._prepared

    def _add(self, batch: Batch) -> None:
        assert self._writer is not None
        self._writer.add(batch)

    def _is_taken(self) -> bool:
        return self._writer is not None and self._writer.is_taken

    def _attachment(self) -> Attachment:
        return _OwnAttachment(self._hub, self)


class _OwnAttachment(Attachment):
    """The attachment of the reader whose response begins the answer.

    Args:
        hub: the log.
        recording: begins the answer.
    """

    def __init__(self, hub: Hub, recording: Recording) -> None:
        super().__init__(hub, recording.id)
        self._recording = recording

    def _find_writer(self, loop: EventLoop) -> Writer:
        return self._recording.begin()

    def close_unused(self) -> None:
        self._recording.close_unused()

    async def aclose_unused(self) -> None:
        await self._recording.aclose_unused()


def _with_answer(on_end: OnAnswer, is_taken: Callable[[], bool]) -> OnEnd:
    """Return a function that passes the answer of a reply, unless the id is somebody else's."""
    if inspect.iscoroutinefunction(on_end):

        async def call_async(reply: Reply) -> None:
            if not is_taken():
                await on_end(reply.answer)

        return call_async

    def call(reply: Reply) -> Awaitable[None] | None:
        return None if is_taken() else on_end(reply.answer)

    return call
