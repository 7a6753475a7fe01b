"""``Hub``: the writers and the feeds of one log in this process."""

import logging
from typing import Any
from weakref import WeakKeyDictionary

from streamhtml._eventloop import EventLoop
from streamhtml.log._feed import FeedReader
from streamhtml.log._storage import Storage, is_log_id
from streamhtml.log._writer import Writer

logger = logging.getLogger("streamhtml")


class Hub:
    """Finds who writes and who reads an answer, so that the storage is asked only once.

    Args:
        storage: the storage.
    """

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self._writers: dict[str, Writer] = {}
        # By event loop, because readers in another one need another feed.
        self._feeds: WeakKeyDictionary[Any, dict[str, FeedReader]] = WeakKeyDictionary()

    def begin(self, writer: Writer) -> None:
        """Start a writer, and remember it until it is done."""
        writer.start()
        # A second one with the same id will find that the id is taken.
        self._writers.setdefault(writer.id, writer)

    def end(self, writer: Writer) -> None:
        """Forget a writer that is done."""
        if self._writers.get(writer.id) is writer:
            del self._writers[writer.id]

    def writer_in(self, loop: EventLoop, id: str) -> Writer | None:
        """Return the writer of an answer in this event loop; None if there is none."""
        writer = self._writers.get(id)
        return writer if writer is not None and writer.identity is loop.identity else None

    def attach(self, id: str, loop: EventLoop) -> FeedReader:
        """Return what reads an answer in the running event loop, for one more reader."""
        feeds = self._feeds.setdefault(loop.identity, {})
        reader = feeds.get(id)
        if reader is None:
            reader = feeds[id] = FeedReader(self.storage, id, loop, self._forget)
        reader.readers += 1
        return reader

    def detach(self, reader: FeedReader) -> None:
        """Note that one reader has left. The last one ends the reading."""
        reader.readers -= 1
        if not reader.readers:
            reader.cancel()
            self._forget(reader)

    def _forget(self, reader: FeedReader) -> None:
        feeds = self._feeds.get(reader.identity, {})
        if feeds.get(reader.id) is reader:
            del feeds[reader.id]

    async def stop(self, id: str) -> None:
        """End an answer, wherever it is written."""
        if not is_log_id(id):
            return
        writer = self._writers.get(id)
        if writer is not None:
            writer.stop()
        try:
            await self.storage.bounded(self.storage.request_stop(id))
        except Exception:
            if writer is None:
                raise
            logger.debug("the stop of %s was not stored", id, exc_info=True)
