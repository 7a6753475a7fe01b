"""``FollowedReply``: a message whose answer comes from a log, so that it may have begun before.

Its fragments have the numbers of the log's entries, and not numbers of their own. It is synchronous
and pure.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from streamhtml._batch import MAX_BATCH_CHARS
from streamhtml._patch import Fragment, Outcome, Patch
from streamhtml._reply import Reply
from streamhtml._views import Join, Kept
from streamhtml.log._entries import Batch
from streamhtml.log._fingerprint import fingerprint
from streamhtml.log._merged_patches import inline_patches, merge_patches


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
        self._said_before: tuple[Sequence[Batch], Join] | None = None

    def open(self) -> Fragment:
        """Prepare the message. The Fragment after ``catch_up()`` opens it."""
        patches = super().open().patches
        self._regions = "".join(patch.html for patch in patches)
        return Fragment(0)

    def tag_of(self, key: str) -> str:
        """Return the tag of an answer. It differs where another worker would make other fragments.

        Args:
            key: the key of the answer in the log.
        """
        return fingerprint(key, self.message_pair_id, self._regions, self._options)

    def catch_up(self, batches: Sequence[Batch], join: Join) -> None:
        """Let the next Fragment show what was said before.

        Args:
            batches: all batches that the log has.
            join: what the reader has already.
        """
        self._said_before = batches, join
        self.holds_much = _is_long(batches)

    def show(self, kept: Kept) -> Fragment:
        if self._said_before is None:
            return super().show(kept)
        batches, join = self._said_before
        self._said_before = None
        patches = merge_patches(self._view.catch_up(self._keep_each(batches), join))
        self.holds_much = self._view.held > MAX_BATCH_CHARS
        if join != "continue":
            return self._fragment(inline_patches(patches))
        fragment = self._fragment(patches)
        self._skip(fragment)
        return Fragment(self.number, tag=self.tag)

    def may_wait(self, kept: Kept) -> bool:
        return super().may_wait(kept) if self._said_before is None else self.may_wait_at_end

    def _keep_each(self, batches: Sequence[Batch]) -> Iterator[Kept]:
        for batch in batches:
            yield self.keep(batch.deltas, batch.at)

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


def _is_long(batches: Sequence[Batch]) -> bool:
    """Return whether it may take long to show all of these."""
    left = MAX_BATCH_CHARS
    for batch in batches:
        for delta in batch.deltas:
            left -= len(delta.text) + 1
        if left < 0:
            return True
    return False
