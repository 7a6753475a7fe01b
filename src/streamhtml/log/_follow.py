"""Reads an answer of a log for one response: from where the client is, to its end."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from math import inf
from time import monotonic
from typing import Literal

from streamhtml._arguments import check_outcome
from streamhtml._delta import NO_FACTS, Delta, Facts, Truncated
from streamhtml._ending import OnEnd
from streamhtml._eventloop import EventLoop, current_event_loop
from streamhtml._limits import LimitName, Limits
from streamhtml._log_source import Client
from streamhtml._patch import Fragment, Outcome
from streamhtml._ping import Ping
from streamhtml._stream import Stream
from streamhtml._turns import MAX_CHARS_BETWEEN_TURNS, take_turn
from streamhtml._views import Join
from streamhtml.log._attachment import Attachment
from streamhtml.log._feed import Feed
from streamhtml.log._reply import FollowedReply
from streamhtml.log._storage import Cursor
from streamhtml.sources import SourceError


class FollowPump:
    """Iterate over an answer's batches, as a ``Pump`` does over those of a source.

    Before the first batch, which is empty, the reply gets all that was said before. Each later
    batch is an entry.

    Args:
        answer: where the entries come from.
        reply: shows the answer. It is told the number of each batch.
        client: the client that reads it.
        ping: see ``Ping``.
    """

    error: BaseException | None = None
    interrupted = False
    source_has_ended = False

    def __init__(
        self, answer: Attachment, reply: FollowedReply, client: Client, ping: float | None
    ) -> None:
        self.batch_after = self.started_at = 0.0
        self.first_delta_after: float | None = None
        self.limit: LimitName | None = None
        self.loop: EventLoop | None = None
        self.facts: Facts = NO_FACTS
        self.ping = Ping(ping)
        self.outcome: Outcome = "interrupted"
        self.is_cut = False
        """Whether the body ends here without an outcome, because the client asks for the rest."""
        self._answer = answer
        self._reply = reply
        self._client = client
        self._next = 0  # The number of the next entry; 0 before the first batch.
        self._chars_since_wait = 0
        self._closing = self._process_ends = self._wants_stop = False

    def start(self) -> None:
        """Begin to read, and to write if the answer is recorded here."""
        self.loop = current_event_loop()
        self.started_at = monotonic()
        self._answer.enter(self.loop)
        if self._wants_stop:
            self._answer.stop()

    def __aiter__(self) -> AsyncIterator[list[Delta]]:
        return self

    async def __anext__(self) -> list[Delta]:
        now = monotonic()
        self.ping.restart(now)
        while not self._closing:
            feed = self._answer.feed()
            if not self._next:
                if self._catch_up(feed):
                    return []
            elif self._next <= len(feed.batches):
                return await self._take(feed)
            elif self._take_end(feed):
                break
            if self._process_ends and not self._answer.is_written_here:
                self.is_cut = self._client.resumes
                break
            if now >= self.ping.due:
                return []
            due = min(self.ping.due, self._deadline(feed))
            await feed.wakeup.wait(max(due - now, 0))
            self._chars_since_wait, now = 0, monotonic()
        raise StopAsyncIteration

    def _deadline(self, feed: Feed) -> float:
        """Return the time until which to wait for an answer that nobody has begun."""
        is_waited_for = feed.header is None and feed.is_missing
        return self.started_at + self._answer.max_wait if is_waited_for else inf

    def _is_unknown(self, feed: Feed) -> bool:
        """Return whether there is no such answer, and none will come."""
        if feed.header is not None:
            return False
        return feed.end is not None or monotonic() >= self._deadline(feed)

    def _catch_up(self, feed: Feed) -> bool:
        """Let the reply show what was said before, unless that is not known yet."""
        cursor = Cursor.read(self._client.last_id)
        is_unknown = self._is_unknown(feed)
        if feed.header is None and not is_unknown and (cursor or not feed.is_missing):
            return False
        if feed.header is None or not feed.header.key:
            # The message is shown while the answer is waited for. What the client has stays.
            self._next = 1
            if cursor is not None:
                self._reply.number, self._reply.tag = cursor.number, cursor.tag or "0"
            self._reply.catch_up([], "continue" if cursor else "open")
            return True
        tag = self._reply.tag = self._reply.tag_of(feed.header.key)
        join, count = _join(cursor, tag, feed)
        is_ahead = cursor is not None and cursor.number > count
        self._reply.client_knows_end = join == "continue" and is_ahead
        self._next = count + 1
        self._reply.number = count
        self._reply.catch_up(feed.batches[:count], join)
        return True

    async def _take(self, feed: Feed) -> list[Delta]:
        if self._chars_since_wait > MAX_CHARS_BETWEEN_TURNS:
            await take_turn()
            self._chars_since_wait = 0
        batch = feed.batches[self._next - 1]
        for delta in batch.deltas:
            self._chars_since_wait += len(delta.text) + 1
        if feed.header and not self._reply.tag:
            self._reply.tag = self._reply.tag_of(feed.header.key)
        self._reply.number = self._next
        self._next += 1
        self.batch_after = batch.at
        return batch.deltas

    def _take_end(self, feed: Feed) -> bool:
        """Return whether the answer ends here. If so, take over how it has ended."""
        if self._is_unknown(feed):
            self._reply.number += 1
            return True
        end = feed.end
        if end is None:
            return False
        self.is_cut = feed.is_outdated and self._client.resumes
        self._reply.number += 1
        self._reply.duration = end.duration
        self.outcome, self.limit, self.facts = end.outcome, end.limit, end.facts
        self.first_delta_after = end.first_delta_after
        self.source_has_ended = True
        return True

    def stop(self) -> None:
        """Ask the writer to end the answer. May be called from any thread."""
        self._wants_stop = True
        self._call_in_loop(self._answer.stop)

    def interrupt(self) -> None:
        """End the reading, because the process is about to end. May be called from any thread."""
        self._process_ends = True
        self._call_in_loop(self._wake)

    def close(self) -> None:
        self._closing = True
        if self.loop is None:
            self._answer.close_unused()
        self._call_in_loop(self._leave)

    async def aclose(self) -> None:
        self._closing = True
        if self.loop is None:
            await self._answer.aclose_unused()
        else:
            self._leave()

    def _leave(self) -> None:
        self._wake()
        self._answer.leave()

    def _wake(self) -> None:
        self._answer.feed().wakeup.notify()

    def _call_in_loop(self, function: Callable[[], object]) -> None:
        if self.loop is not None:
            self.loop.call_threadsafe(function)

    async def wait_until_closed(self, seconds: float) -> bool:
        return True

    def end_at_limit(self, limit: LimitName) -> None:
        """Do nothing: the limits of the source are the writer's."""

    def take_rest(self) -> list[Delta]:
        return []


def _join(cursor: Cursor | None, tag: str, feed: Feed) -> tuple[Join, int]:
    """Return what the client has, and the number of batches in its first Fragment."""
    count = len(feed.batches)
    if cursor is None:
        return "open", count
    if cursor.tag not in ("", tag):
        return "replace", count
    if cursor.number > feed.last_number:
        # Without a tag it is no number of ours.
        return "replace" if cursor.tag else "open", count
    return "continue", min(cursor.number, count)


class FollowStream(Stream):
    """The stream of a reader. Its end is that of the answer, and closing it ends only the reading.

    Args:
        reply: shows the answer.
        first: what ``reply.open()`` has returned.
        pump: reads the answer.
        on_end: called with the reply when this reader's stream has ended.
        limits: only ``unread`` is applied here.
    """

    def __init__(
        self,
        reply: FollowedReply,
        first: Fragment,
        pump: FollowPump,
        on_end: OnEnd | None,
        limits: Limits,
    ) -> None:
        limits = replace(limits, characters=None, silence=None, duration=None)
        super().__init__(reply, first, pump, on_end, limits)
        self._follow_pump = pump

    def stop(self, outcome: Literal["stopped", "interrupted"] = "stopped") -> None:
        """End the answer for all of its readers; or only this stream, if the process ends."""
        check_outcome(outcome, ("stopped", "interrupted"))
        if outcome == "stopped":
            self._follow_pump.stop()
        else:
            self._follow_pump.interrupt()

    def _outcome(self) -> tuple[Outcome, BaseException | None]:
        if self._follow_pump.is_cut:
            self._closed = True  # Without a last Fragment.
        self._reply.limit = self._follow_pump.limit
        return self._follow_pump.outcome, None


async def iterate(answer: Attachment) -> AsyncIterator[Delta]:
    """Iterate the Deltas of an answer from its beginning, for a reader that does not show it.

    Raises:
        Truncated: the answer was cut short.
        SourceError: it has not finished, or there is no such answer.
    """
    answer.enter(current_event_loop())
    try:
        number = 0
        began = monotonic()
        while True:
            feed = answer.feed()
            while number < len(feed.batches):
                number += 1
                for delta in feed.batches[number - 1].deltas:
                    yield delta
            if feed.end is not None and number == len(feed.batches):
                break
            left = began + answer.max_wait - monotonic()
            if feed.header is None and feed.is_missing and left <= 0:
                raise SourceError("the log has no such answer")
            await feed.wakeup.wait(inf if feed.header or not feed.is_missing else left)
        if feed.end.outcome == "truncated":
            raise Truncated(feed.end.limit or "")
        if feed.end.outcome != "finished":
            raise SourceError(f"the answer in the log was {feed.end.outcome}")
    finally:
        answer.leave()
