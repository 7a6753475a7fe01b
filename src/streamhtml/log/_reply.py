"""``FollowedReply``: a message whose answer comes from a log, so that it may have begun before.

Its fragments have the numbers of the log's entries, and not numbers of their own. It is synchronous
and pure.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from streamhtml._batch import MAX_BATCH_CHARS
from streamhtml._delta import Delta
from streamhtml._patch import Fragment, Outcome, Patch
from streamhtml._reply import Reply
from streamhtml._views import Join, Kept
from streamhtml.log._entries import Batch
from streamhtml.log._fingerprint import fingerprint
from streamhtml.log._merged_patches import inline_patches, merge_patches


class CatchUp(list[Delta]):
    """Stands for all batches that a log had when its reader came. It is an empty list itself.

    Args:
        batches: the batches so far.
        join: what the reader has already.
    """

    def __init__(self, batches: list[Batch], join: Join) -> None:
        super().__init__()
        self.batches = batches
        self.join: Join = join

    def is_long(self) -> bool:
        """Return whether it may take long to show this."""
        left = MAX_BATCH_CHARS
        for batch in self.batches:
            for delta in batch.deltas:
                left -= len(delta.text) + 1
            if left < 0:
                return True
        return False


class FollowedReply(Reply):
    """A ``Reply`` whose first Fragment has all that was said before.

    Args:
        skip: takes a Fragment that the client has already, so that the format knows what is on the
            page.
        options: as for ``Reply``.

    Attributes:
        number: the number of the next Fragment.
        tag: the tag of the Fragments.
        duration: the duration of the answer, once it has ended.
        client_knows_end: whether the client has the last Fragment already, so that only the outcome
            is sent.
    """

    def __init__(self, *, skip: Callable[[Fragment], object], **options: Any) -> None:
        super().__init__(**options)
        self.number = 0
        self.tag = ""
        self.duration: float | None = None
        self.client_knows_end = False
        self._skip = skip
        self._regions = ""
        self._options = [options.get("renderer", "markdown"), options.get("renderers")]

    def open(self) -> Fragment:
        """Prepare the message. The first batch, a ``CatchUp``, opens it."""
        patches = super().open().patches
        self._regions = "".join(patch.html for patch in patches)
        return Fragment(0)

    def tag_of(self, key: str) -> str:
        """Return the tag of an answer. It differs where another worker would make other fragments.

        Args:
            key: the key of the answer in the log.
        """
        return fingerprint(key, self.message_pair_id, self._regions, self._options)

    def keep(self, deltas: Iterable[Delta], at: float | None = None) -> Kept:
        if isinstance(deltas, CatchUp):
            self.holds_much = deltas.is_long()
            return cast("Kept", deltas)
        return super().keep(deltas, at)

    def show(self, kept: Kept) -> Fragment:
        batch: object = kept
        return self._catch_up(batch) if isinstance(batch, CatchUp) else super().show(kept)

    def may_wait(self, kept: Kept) -> bool:
        batch: object = kept
        return self.may_wait_at_end if isinstance(batch, CatchUp) else super().may_wait(kept)

    def _catch_up(self, catch_up: CatchUp) -> Fragment:
        def keep_each() -> Iterator[Kept]:
            for batch in catch_up.batches:
                yield super(FollowedReply, self).keep(batch.deltas, batch.at)

        patches = merge_patches(self._view.catch_up(keep_each(), catch_up.join))
        self.holds_much = self._view.held > MAX_BATCH_CHARS
        if catch_up.join != "continue":
            return self._fragment(inline_patches(patches))
        fragment = self._fragment(patches)
        self._skip(fragment)
        return Fragment(self.number, tag=self.tag)

    def _render_end(self, outcome: Outcome) -> Fragment:
        fragment = super()._render_end(outcome)
        if not self.client_knows_end:
            return fragment
        self._skip(fragment)
        return Fragment(self.number, (), outcome, self.tag)

    def _end(self, outcome: Outcome, at: float | None) -> None:
        super()._end(outcome, at if self.duration is None else self.duration)

    def _fragment(self, patches: list[Patch], outcome: Outcome | None = None) -> Fragment:
        self.next_index = self.number + 1
        return Fragment(self.number, tuple(patches), outcome, self.tag)
