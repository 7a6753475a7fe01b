"""Hands chunks from the event loop to a server thread, and makes the loop wait for the thread.

The loop is never more than two chunks ahead of the thread, so little is produced for a client
that has gone.
"""

import asyncio
import queue
from typing import Final, Protocol

PREFETCH_BELOW: Final = 1024
"""Chunks up to this size (bytes) trigger a prefetch, so that a reader keeps up with a model.
Larger ones wait for demand, because the client may be gone."""


class ClosableIterator(Protocol):
    """An async iterator of bytes that can be closed."""

    async def __anext__(self) -> bytes: ...

    async def aclose(self) -> None: ...


class Handoff:
    """Hands chunks from the event loop to a server thread.

    Holds one chunk. After a small one the next is prefetched, and waits until the thread has taken
    the first. The thread calls back into the loop only if the loop is waiting, because such a call
    costs more than everything else.

    Args:
        loop: the event loop in which ``produce()`` runs.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._chunks: queue.SimpleQueue[bytes | BaseException | None] = queue.SimpleQueue()
        self._loop_waits = False
        self._closed = False
        self._taken = asyncio.Event()

    async def produce(self, iterator: ClosableIterator) -> None:
        """Hand over every chunk of the iterator, then None, or the exception that ended it."""
        error: BaseException | None = None
        try:
            while not self._closed:
                chunk = await iterator.__anext__()
                await self._until_empty()
                self._chunks.put(chunk)
                if len(chunk) > PREFETCH_BELOW:
                    await self._until_empty()
        except StopAsyncIteration:
            pass
        except BaseException as raised:
            error = raised
        self._chunks.put(error)

    async def _until_empty(self) -> None:
        # Set the flag before checking the queue, so that a thread that takes a chunk afterwards
        # still wakes us. Check the queue again after each wakeup, because a late wakeup may belong
        # to an earlier chunk.
        self._loop_waits = True
        while not self._closed and not self._chunks.empty():
            await self._taken.wait()
            self._taken.clear()
        self._loop_waits = False

    def take(self, seconds: float) -> bytes | BaseException | None:
        """Return the next chunk; at the end, None or the exception. Called by the server thread.

        Raises:
            queue.Empty: no chunk arrived within ``seconds``.
        """
        chunk = self._chunks.get(timeout=seconds)
        if self._loop_waits:
            self._wake_loop()
        return chunk

    def close(self) -> None:
        """Let the loop run on, because nobody takes more chunks. May be called from any thread."""
        self._closed = True
        self._wake_loop()

    def _wake_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._taken.set)
