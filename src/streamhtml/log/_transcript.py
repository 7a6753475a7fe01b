"""``Transcript``: the reply of a writer. It shows nothing, and hands over each batch instead.

So a ``Stream`` with such a reply does for a writer what it does for a reader: limits, endings,
cleanup and ``on_end``.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from markupsafe import Markup

from streamhtml._answer import rounded
from streamhtml._delta import Delta
from streamhtml._patch import Fragment, Outcome, Patch
from streamhtml._reply import Reply
from streamhtml._views import Kept
from streamhtml.log._entries import Batch

_STEP: Final = Fragment(0, (Patch("append", Markup("")),))
"""Ends a step of the stream after each batch, so that the writer can wait for its storage."""


class Transcript(Reply):
    """The text of an answer that nobody reads here.

    Args:
        id: the id of the answer.
        on_batch: called with each batch, in order.
    """

    def __init__(self, id: str, on_batch: Callable[[Batch], object]) -> None:
        super().__init__(context={"message_pair_id": id}, at_once=True)
        self._on_batch = on_batch

    def keep(self, deltas: Iterable[Delta], at: float | None = None) -> Kept:
        kept = super().keep(deltas, at)
        if kept:
            self._on_batch(Batch(rounded(at) or 0.0, [delta for _, delta in kept]))
        return kept

    def show(self, kept: Kept) -> Fragment:
        return _STEP if kept else Fragment(0)

    @property
    def may_wait_at_end(self) -> bool:
        return False

    @property
    def is_long(self) -> bool:
        return False

    def closing(self, outcome: Outcome, at: float | None = None) -> Callable[[], Fragment]:
        self._end(outcome, at)
        return partial(Fragment, 1, (), outcome)
