"""``Attachment``: how one reader gets the entries of an answer, from its first step to its last."""

from contextvars import Context
from math import inf

from streamhtml._eventloop import EventLoop
from streamhtml.log._feed import Feed, FeedReader
from streamhtml.log._hub import Hub
from streamhtml.log._storage import is_log_id
from streamhtml.log._writer import Writer


class Attachment:
    """Finds the feed of an answer: that of its writer in this event loop, or one of the storage.

    Args:
        hub: the log.
        id: the id of the answer, which may be invalid: then there is no such answer.
        max_wait: time in seconds for which to wait for an answer that is not there yet.
    """

    def __init__(self, hub: Hub, id: str, max_wait: float = 0.0) -> None:
        self._max_wait = max_wait
        self._hub = hub
        self._id = id
        self._loop: EventLoop | None = None
        self._writer: Writer | None = None
        self._reader: FeedReader | None = None
        self._nothing: Feed | None = None

    def enter(self, loop: EventLoop) -> None:
        """Begin to read, in the event loop that is running."""
        self._loop = loop
        self._writer = self._find_writer(loop)
        self.feed()

    def _find_writer(self, loop: EventLoop) -> Writer | None:
        return self._hub.writer_in(loop, self._id)

    def feed(self) -> Feed:
        """Return the feed of the answer. Another one may be returned later."""
        if self._writer is not None and (self._writer.feed.header or not self._writer.is_taken):
            return self._writer.feed
        if self._reader is not None:
            return self._reader.feed
        if self._nothing is None:
            assert self._loop is not None
            if is_log_id(self._id):
                self._reader = self._hub.attach(self._id, self._loop)
                return self._reader.feed
            self._nothing = Feed(self._loop)
            self._nothing.interrupt()
        return self._nothing

    @property
    def max_wait(self) -> float:
        """Time in seconds for which to wait for an answer that is not there yet."""
        return inf if self.is_written_here else self._max_wait

    @property
    def is_written_here(self) -> bool:
        """Whether the answer is generated in this event loop, which will also end it."""
        return self._writer is not None and not (self._writer.is_taken or self._writer.is_done)

    def stop(self) -> None:
        """Ask the writer to end the answer. Call it in the event loop, after ``enter()``."""
        assert self._loop is not None
        if self._writer is not None:
            self._writer.stop()
        self._loop.spawn(self._stop, Context())

    async def _stop(self) -> None:
        await self._hub.stop(self._id)

    def leave(self) -> None:
        """Stop reading. May be called more than once."""
        if self._reader is not None:
            self._hub.detach(self._reader)
            self._nothing, self._reader = self._reader.feed, None

    def close_unused(self) -> None:
        """Close what was not begun. May be called from any thread."""

    async def aclose_unused(self) -> None:
        """Close what was not begun, and wait until it is closed."""
