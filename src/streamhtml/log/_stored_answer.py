"""``StoredAnswer``: all that a storage has of one answer at one moment."""

from dataclasses import dataclass, replace
from time import time

from streamhtml._answer import Answer
from streamhtml.log._entries import Batch, EndEntry, Entry, Header, decode, encode
from streamhtml.log._storage import Storage, is_log_id


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer as it is stored.

    Attributes:
        header: its first entry.
        batches: what was said so far.
        end: how it ended; None while it streams.
    """

    header: Header
    batches: list[Batch]
    end: EndEntry | None

    def to_answer(self, id: str) -> Answer:
        """Return the answer."""
        answer = Answer(message_pair_id=id)
        for batch in self.batches:
            for delta in batch.deltas:
                answer.add(delta, batch.at)
        if self.end is not None:
            answer.facts = self.end.facts
            answer.first_delta_after = self.end.first_delta_after
            answer.end(self.end.outcome, self.end.duration)
        return answer


async def read_answer(storage: Storage, id: str) -> StoredAnswer | None:
    """Read an answer. If its writer is gone, end it first.

    Returns:
        None if there is no such answer.

    Raises:
        ValueError: an entry is wrong.
    """
    ended = 0  # The number of entries after which it was ended.
    while is_log_id(id):
        found = await storage.bounded(storage.read(id, -1))
        if found is None:
            return None
        answer = _from_entries([decode(text) for _, text in found.entries])
        if answer.end is not None or found.lease_left > 0:
            return answer
        duration = answer.batches[-1].at if answer.batches else None
        end = EndEntry("interrupted", round(time(), 3), duration)
        number = len(found.entries)
        if number == ended:  # The storage cannot store it now.
            return replace(answer, end=end)
        await storage.bounded(storage.end_lost(id, found.epoch, number, encode(end)))
        ended = number
    return None


def _from_entries(entries: list[Entry]) -> StoredAnswer:
    header, *rest = entries
    end = rest.pop() if rest and isinstance(rest[-1], EndEntry) else None
    batches = [entry for entry in rest if isinstance(entry, Batch)]
    if not isinstance(header, Header) or len(batches) < len(rest):
        raise ValueError("the entries of the log are not in order")
    return StoredAnswer(header, batches, end if isinstance(end, EndEntry) else None)
