"""``Log``: what an application calls, and what a storage implements."""

from dataclasses import dataclass
from datetime import UTC, datetime

from streamhtml._answer import Answer
from streamhtml._arguments import check_interval, check_on_end, check_seconds
from streamhtml._limits import Limits, check_limits
from streamhtml._patch import Outcome
from streamhtml.log._hub import Hub
from streamhtml.log._sources import Following, OnAnswer, Recording
from streamhtml.log._storage import Storage, check_log_id
from streamhtml.log._stored_answer import read_answer
from streamhtml.sources import Tokens


@dataclass(frozen=True, slots=True)
class AnswerStatus:
    """What a log knows of one answer.

    Attributes:
        outcome: how it ended; None while it streams.
        fragments: how many fragments it has so far, without the first one, which opens the message.
        characters: how many characters were said so far, all parts together.
        began: when it began.
        ended: when it ended; None while it streams.
    """

    outcome: Outcome | None
    fragments: int
    characters: int
    began: datetime
    ended: datetime | None

    @property
    def is_streaming(self) -> bool:
        """Whether more may follow."""
        return self.outcome is None


class Log(Storage):
    """Answers that outlive their connections.

    An application calls ``record()``, ``follow()``, ``stop()``, ``status()`` and ``answer()``. The
    other methods are for storages: see "Write your own log" in the documentation.

    Args:
        lease: time in seconds after which a writer that the storage has not heard from counts as
            gone. An answer then ends as "interrupted".
        ttl: time in seconds for which the storage keeps an answer after its last change.

    Raises:
        ValueError: one of them is not a number above 0.
    """

    def __init__(self, *, lease: float = 5.0, ttl: float = 3600.0) -> None:
        super().__init__(lease=lease, ttl=ttl)
        self._hub = Hub(self)

    def record(
        self,
        id: str,
        tokens: Tokens,
        *,
        on_end: OnAnswer | None = None,
        interval: float | None = None,
        limits: Limits | None = None,
    ) -> Recording:
        """Return a source that records an answer while it is generated.

        Generation begins with the response that gets this source, or with ``run()``. From then on
        it belongs to the process: it goes on if the reader leaves. If there is already an answer
        with this id, the model is not asked: the response follows that answer. But an answer that
        has failed or was interrupted is replaced.

        Args:
            id: the id of the answer, which is also the id of the message if the context has none.
                ``pair_id()`` makes one that nobody can guess.
            tokens: the model's answer, as for ``StreamingHTMLResponse``.
            on_end: called once with the ``Answer`` when it has ended, in any case, whether somebody
                reads it or not. Store the answer here. A coroutine function is awaited; any other
                runs on a worker thread. What it raises is logged. It is not called if there is
                somebody else's answer with this id.
            interval: time in seconds between two batches. By default, it is that of the response.
            limits: what the answer may take. By default, those of the response.

        Raises:
            TypeError: ``tokens`` cannot be iterated, or another argument has another type.
            ValueError: the id is not valid, or ``interval`` is negative.
        """
        check_log_id(id)
        check_on_end(on_end)
        if interval is not None:
            check_interval(interval)
        if limits is not None:
            check_limits(limits)
        return Recording(self._hub, id, tokens, on_end=on_end, interval=interval, limits=limits)

    def follow(self, id: str, *, wait: float = 0.0) -> Following:
        """Return a source that follows an answer: all so far, what comes, and how it ended.

        The id may come from a client. If there is no such answer, its readers get the notice of an
        answer that was interrupted.

        Args:
            id: the id of the answer.
            wait: time in seconds for which to wait for an answer that is not there yet, because a
                worker process has still to begin it.

        Raises:
            ValueError: ``wait`` is negative.
        """
        check_seconds("wait", wait, zero=True)
        return Following(self._hub, id, wait)

    async def stop(self, id: str) -> None:
        """End an answer, because the user asked for it. Its readers see what has arrived.

        Does nothing if it has ended. If there is no such answer, because a worker process has still
        to begin it, the log keeps an empty one that was stopped. Whoever records it later asks no
        model, and calls ``on_end`` with an empty answer, whose outcome is "stopped".

        Args:
            id: the id of the answer, which may come from a client.

        Raises:
            Exception: the storage cannot be reached, and the answer is not generated in this
                process. It is ``TimeoutError`` if the storage has not answered within a lease.
        """
        await self._hub.stop(id)

    async def status(self, id: str) -> AnswerStatus | None:
        """Return whether an answer streams or how it ended, its size and its times.

        Returns:
            None if there is no such answer.

        Raises:
            ValueError: the log has an entry that is not valid.
            Exception: the storage cannot be reached, as for ``stop()``.
        """
        found = await read_answer(self, id)
        if found is None:
            return None
        batches, end = found.batches, found.end
        return AnswerStatus(
            outcome=None if end is None else end.outcome,
            fragments=len(batches) + (end is not None),
            characters=sum(len(delta.text) for batch in batches for delta in batch.deltas),
            began=datetime.fromtimestamp(found.header.began, UTC),
            ended=None if end is None else datetime.fromtimestamp(end.ended, UTC),
        )

    async def answer(self, id: str) -> Answer | None:
        """Return what was said so far, and how it ended.

        Returns:
            None if there is no such answer.

        Raises:
            ValueError: the log has an entry that is not valid.
            Exception: the storage cannot be reached, as for ``stop()``.
        """
        found = await read_answer(self, id)
        return None if found is None else found.to_answer(id)
