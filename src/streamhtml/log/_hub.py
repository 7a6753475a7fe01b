"""``Hub``: the writers and the feeds of one log in this process."""

import logging
from time import time
from typing import Any, Final
from weakref import WeakKeyDictionary

import anyio

from streamhtml._eventloop import EventLoop
from streamhtml.log._entries import EndEntry, Header, encode
from streamhtml.log._feed import FeedReader
from streamhtml.log._storage import Storage, is_log_id
from streamhtml.log._writer import Writer

_NO_ENTRIES: Final = 10**15
"""More than the number of any entry. A read after it returns no entries, but says if there is an
answer."""

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
        if writer is None or writer.identity is not loop.identity or writer.feed.is_outdated:
            return None
        return writer

    def attach(self, id: str, loop: EventLoop) -> FeedReader:
        """Return the feed reader of an answer in the running event loop, for one more reader."""
        feeds = self._feeds.setdefault(loop.identity, {})
        reader = feeds.get(id)
        if reader is None or reader.feed.is_outdated:
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
        storage = self.storage
        try:
            if writer is not None or not await self._stop_unbegun(id):
                await storage.bounded(storage.request_stop(id))
        except Exception:
            if writer is None:
                raise
            logger.debug("the stop of %s was not stored", id, exc_info=True)

    async def _stop_unbegun(self, id: str) -> bool:
        """If there is no such answer yet, store one that was stopped before it began.

        So all readers who wait for it see that, and whoever begins it later asks no model.

        Returns:
            Whether it was stored. Otherwise, there is an answer.
        """
        storage, now = self.storage, round(time(), 3)
        if await storage.bounded(storage.read(id, _NO_ENTRIES)) is not None:
            return False
        # Shielded, because without the second call the answer would end as "interrupted".
        with anyio.CancelScope(shield=True):
            epoch = await storage.bounded(storage.create(id, encode(Header("", now))))
            if epoch is None:  # Somebody has begun it meanwhile.
                return False
            end = encode(EndEntry("stopped", now))
            await storage.bounded(storage.append(id, epoch, 1, end, "final"))
        return True
