"""The base class of sources that read other sources, whose Deltas arrive in batches.

It is an iterator class and not a generator, so a forgotten one needs no event loop to be closed.
"""

from abc import abstractmethod
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Final

from streamhtml._delta import Delta
from streamhtml.sources import AsyncDeltas
from streamhtml.sources._think import Tags

CHECK_EVERY: Final = 1.0
"""Time in seconds after which a source that says nothing is asked whether it has read anything."""


class ReadDeltas(AsyncDeltas):
    """Iterates the Deltas of other sources.

    Its own iterator also yields None where a source was read, but said nothing. So a limit on the
    silence counts the tokens of the sources themselves.
    """

    def __init__(self) -> None:
        super().__init__(())
        super().split_reasoning(())  # The sources have found it already.
        self._is_opened = True  # read_with() refuses, so deltas(…, read=…) wraps this source.
        self._arrived: deque[Delta] = deque()
        self._reads_before = 0

    def split_reasoning(self, tags: Tags) -> None:
        """Refuse other tags.

        Raises:
            RuntimeError: always. The sources have found their reasoning already.
        """
        raise RuntimeError(
            "think() was called with a source that reads others; call it for each of those, as in "
            "merge({'left': think(first), 'right': think(second)}) or primed(think(source))"
        )

    async def open(self) -> AsyncIterator[Any]:
        self._iterator = _Arrived(self)
        return self._iterator

    def end(self) -> list[Delta]:
        """Return what has arrived but was not taken yet."""
        arrived = [*self._arrived, *self._take_rest()]
        self._arrived.clear()
        return [*self.take_pending(), *self._think.split(arrived), *self._think.close()]

    def _was_read(self, reads: int) -> bool:
        """Return whether the sources have yielded tokens since the last call.

        Args:
            reads: how many tokens they have yielded.
        """
        before, self._reads_before = self._reads_before, reads
        return reads != before

    @abstractmethod
    async def _next_batch(self) -> list[Delta] | None:
        """Wait for the next Deltas, and return them.

        Returns:
            An empty list if the source yielded a token without any; None at its end.
        """

    @abstractmethod
    def _take_rest(self) -> list[Delta]:
        """Take all that has arrived, without waiting."""


class _Arrived(AsyncIterator[Delta | None]):
    def __init__(self, source: ReadDeltas) -> None:
        self._source = source

    async def __anext__(self) -> Delta | None:
        arrived = self._source._arrived
        while not arrived:
            batch = await self._source._next_batch()
            if batch is None:
                raise StopAsyncIteration
            if not batch:
                return None
            arrived += batch
        return arrived.popleft()
