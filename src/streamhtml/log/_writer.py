"""``Writer``: generates one answer in its own task, and stores it entry by entry.

It belongs to the process and not to a reader. All entries stay in memory until the last one is
stored, so that nothing is lost if the storage loses what it had. Readers in the same event loop get
each entry as soon as the storage has it; while the storage cannot be reached, they get it at once.
"""

import logging
import secrets
from collections.abc import Callable
from contextvars import copy_context
from time import monotonic, time
from typing import Final

import anyio

from streamhtml import _sigterm
from streamhtml._eventloop import Wakeup, current_event_loop
from streamhtml._patch import Outcome
from streamhtml._reply import Reply
from streamhtml._stream import Stream
from streamhtml.log._entries import EndEntry, Entry, Header, decode, encode
from streamhtml.log._feed import Feed
from streamhtml.log._storage import AnswerGone, End, Storage, WriterFenced

FIRST_RETRY: Final = 0.02
LAST_RETRY: Final = 1.0
"""The first and the longest time in seconds between two attempts to store an entry."""

START_TIMEOUT: Final = 1.0
"""Time in seconds after which the message is shown, even if the storage has not answered."""

INTERRUPTED_TIMEOUT: Final = 2.0
"""Time in seconds in which the end is stored if the event loop ends."""

_REPEATABLE: Final[frozenset[Outcome]] = frozenset({"failed", "interrupted"})

logger = logging.getLogger("streamhtml")


class Writer:
    """Write one answer. ``start()`` is called once, in the event loop that generates it.

    Args:
        storage: the storage.
        id: the id of the answer.
        stream: generates the answer.
        reply: the reply of the stream. It passes each batch to ``add()``.
        on_done: called when nothing more happens.

    Attributes:
        id: the id of the answer.
        feed: for readers in the same event loop.
        is_taken: whether the storage has somebody else's answer with this id. Usually that was
            found before the model was asked. Then the feed stays empty.
        is_done: whether nothing more happens.
        identity: the identity of its event loop.
    """

    feed: Feed
    _changed: Wakeup
    """Notified when there is something to store, and at the end."""

    def __init__(
        self,
        storage: Storage,
        id: str,
        stream: Stream,
        reply: Reply,
        *,
        on_done: "Callable[[Writer], object]",
    ) -> None:
        self.is_taken = self.is_done = False
        self._storage = storage
        self._on_done = on_done
        self.id = id
        self._stream = stream
        self._reply = reply
        self._entries: list[Entry] = []
        self.identity: object = None
        self._epoch = 0
        self._stored = 0  # How many entries the storage has.
        self._published = 0  # How many entries the feed has.
        self._is_lost = self._is_fenced = self._has_given_up = False
        # Whether readers here get entries that the storage does not have, and the model goes on.
        self._is_ahead = False
        self._is_ending = False
        self._retry_after = FIRST_RETRY
        self._give_up_at = float("inf")

    def start(self) -> None:
        """Begin to generate the answer, in a task of its own."""
        loop = self._loop = current_event_loop()
        self.feed = Feed(loop)
        self._changed = loop.create_wakeup()
        self._entries = [Header(secrets.token_hex(8), round(time(), 3))]
        self.identity = loop.identity
        self._cancel = loop.spawn(self._run, copy_context())

    def stop(self) -> None:
        """End the answer, because the user asked for it. May be called from any thread."""
        self._stream.stop()
        self._end_soon()

    def interrupt(self) -> None:
        """End the answer, because the process is about to end. May be called from any thread."""
        self._stream.stop("interrupted")
        self._end_soon()

    def _end_soon(self) -> None:
        """Do not wait any longer for the storage to begin."""
        self._is_ending = True
        self._loop.call_threadsafe(self._changed.notify)

    def add(self, entry: Entry) -> None:
        """Add the next entry. What comes after the end is not a part of the answer any more."""
        if not isinstance(self._entries[-1], EndEntry):
            self._entries.append(entry)
            if self._is_ahead:
                self._publish(len(self._entries))
            self._changed.notify()

    async def wait(self) -> None:
        """Wait until the answer is stored, or until it is clear that it cannot be."""
        while not self.is_done:
            await self._changed.wait()

    async def _run(self) -> None:
        _sigterm.register(self)
        try:
            try:
                await self._write()
            except BaseException:
                # The event loop ends. Its tasks were cancelled once, and may clean up.
                with anyio.move_on_after(INTERRUPTED_TIMEOUT, shield=True):
                    await self._store_rest()
                raise
        finally:
            _sigterm.unregister(self)
            self._on_done(self)
            self.is_done = True
            if not self.is_taken:
                self._publish(len(self._entries))
                self.feed.interrupt()  # Does nothing if it has ended.
            self.feed.wakeup.notify()
            self._changed.notify()

    async def _write(self) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._store)
            await self._wait_for_storage()
            if not self.is_taken:
                self._publish(1)
                tasks.start_soon(self._watch)
            try:
                await self._generate()
            finally:
                try:
                    with anyio.CancelScope(shield=True):
                        await self._stream.aclose()
                finally:
                    self.add(self._end())  # Does nothing if it was added before.
            while self._has_work():
                await self._changed.wait()
            tasks.cancel_scope.cancel()

    async def _wait_for_storage(self) -> None:
        """Wait until the storage has taken the answer or refused it, or cannot be reached.

        So no model is asked for an answer that exists.
        """
        with anyio.move_on_after(START_TIMEOUT):
            await self._until_begun()
        if not self._has_begun:
            self.feed.is_missing = True
            self.feed.wakeup.notify()
            await self._until_begun()
        if not (self._published or self.is_taken):  # It ends before the storage has answered.
            self._is_ahead = True

    @property
    def _has_begun(self) -> bool:
        return self._is_ending or self.is_taken or self._published > 0

    async def _until_begun(self) -> None:
        while not self._has_begun:
            await self._changed.wait()

    async def _generate(self) -> None:
        if self.is_taken:
            self._stream.close()
        async for fragment in self._stream:
            if fragment.outcome is not None:
                # Readers do not wait until the source is closed.
                self.add(self._end())
                break
            # A storage that is slower than the model gets fewer and larger batches.
            while self._has_work() and not self._is_ahead:
                await self._changed.wait()
        self._give_up_at = monotonic() + 2 * self._storage.lease

    def _end(self) -> EndEntry:
        answer = self._reply.answer
        return EndEntry(
            answer.outcome or "interrupted",
            round(time(), 3),
            answer.duration,
            self._reply.limit,
            answer.first_delta_after,
            answer.facts,
        )

    def _has_work(self) -> bool:
        if self.is_taken or self._is_fenced or self._has_given_up:
            return False
        return self._is_lost or self._stored < len(self._entries)

    async def _store(self) -> None:
        """Store each entry when it comes, and try again what has failed."""
        while True:
            if not self._has_work():
                await self._changed.wait()
            elif not await self._store_next():
                if monotonic() > self._give_up_at:
                    logger.error("the end of %s could not be stored", self.id)
                    self._has_given_up = True
                    self._changed.notify()
                    return
                await anyio.sleep(self._retry_after)
                self._retry_after = min(2 * self._retry_after, LAST_RETRY)

    async def _store_rest(self) -> None:
        while self._has_work():
            if not await self._store_next():
                await anyio.sleep(FIRST_RETRY)

    async def _store_next(self) -> bool:
        """Store the next entry. Return False if the storage cannot be reached now."""
        if self._is_lost:
            self._is_lost, self._stored = False, 0
        number = self._stored
        entry = self._entries[number]
        try:
            stop = await self._store_one(number, encode(entry), _end_of(entry))
        except AnswerGone:
            self._is_lost = self._is_ahead = True
            self._publish(len(self._entries))
            self._changed.notify()
            return False
        except WriterFenced:
            await self._lose()
            return True
        except Exception as error:
            self._note_unreachable(error)
            return False
        self._stored = number + 1
        self._is_ahead, self._retry_after = False, FIRST_RETRY
        self._publish(self._stored)
        self._changed.notify()
        if stop:
            self.stop()
        return True

    async def _store_one(self, number: int, text: str, end: End | None) -> bool:
        storage = self._storage
        if number:
            return await storage.bounded(storage.append(self.id, self._epoch, number, text, end))
        epoch = await storage.bounded(storage.create(self.id, text))
        if epoch is None:
            raise WriterFenced
        self._epoch = epoch
        return False

    async def _lose(self) -> None:
        """Give up the answer: there is another one with this id, or a reader has ended this one."""
        header = await self._stored_header()
        if header is not None and not header.key:
            # The user stopped the answer before it began. What was generated in the meantime is not
            # stored, but readers in this event loop get it.
            self._has_given_up = self._is_ahead = True
            if not self._published:
                self._entries[0] = header
            self._publish(len(self._entries))
            self.stop()
            return
        self.is_taken = header not in (None, self._entries[0]) or not self._published
        self._is_fenced = True
        if self._published:
            self.feed.interrupt(is_outdated=True)
        self.interrupt()

    async def _stored_header(self) -> Header | None:
        """Return the header of the answer that has this id; None if that cannot be known."""
        storage = self._storage
        try:
            found = await storage.bounded(storage.read(self.id, -1))
            header = decode(found.entries[0][1]) if found else None
        except Exception:
            logger.debug("the other answer %s could not be read", self.id, exc_info=True)
            return None
        return header if isinstance(header, Header) else None

    def _note_unreachable(self, error: Exception) -> None:
        if not self._is_ahead:
            logger.warning("the log cannot be reached to store %s", self.id, exc_info=error)
        self._is_ahead = True
        self._publish(len(self._entries))
        self._changed.notify()

    def _publish(self, count: int) -> None:
        """Give the first entries to the readers in this event loop."""
        if self._published < count and not self._is_fenced:
            for entry in self._entries[self._published : count]:
                self.feed.add(entry)
            self._published = count
            self.feed.wakeup.notify()

    async def _watch(self) -> None:
        """Hold the lease, and notice that somebody wants to stop the answer."""
        storage = self._storage
        async with storage.watch(self.id, "stop") as requests:
            while True:
                # At once, because a stop may have been requested before the watch was entered.
                await self._renew()
                await requests.wait(storage.lease / 3)

    async def _renew(self) -> None:
        epoch = self._epoch
        if not self._stored or isinstance(self._entries[-1], EndEntry):
            return
        try:
            stop = await self._storage.bounded(self._storage.renew(self.id, epoch))
        except AnswerGone:
            self._note_lost(epoch)
        except WriterFenced:
            if epoch == self._epoch and not self._is_lost:
                await self._lose()
        except Exception:
            logger.debug("the lease of %s could not be renewed", self.id, exc_info=True)
        else:
            if stop:
                self.stop()

    def _note_lost(self, epoch: int) -> None:
        if epoch == self._epoch:
            self._is_lost = True
            self._changed.notify()


def _end_of(entry: Entry) -> End | None:
    if not isinstance(entry, EndEntry):
        return None
    return "repeatable" if entry.outcome in _REPEATABLE else "final"
