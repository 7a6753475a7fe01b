"""The ``datastar`` wire: an event stream of ``datastar-patch-elements``
(https://data-star.dev/reference/sse_events).

One event for each change; all those of a Fragment have its index as their id.
"""

from collections.abc import Iterator

from streamhtml._patch import Fragment, Patch
from streamhtml.formats import _events
from streamhtml.formats._tails import Tails


class DatastarFormat:
    """Encodes one response."""

    media_type = _events.MEDIA_TYPE
    at_once = False
    needs_into = True

    def __init__(self) -> None:
        self._tails = Tails()

    def encode(self, fragment: Fragment) -> str:
        """Return the fragment's events, and its end; a ping as a comment."""
        text = "".join(
            _events.event(data, id=str(fragment.index), event="datastar-patch-elements")
            for patch in fragment.patches
            for data in self._changes(patch)
        )
        if fragment.outcome:
            text += _events.end(fragment.outcome)
        return text or _events.PING

    def _changes(self, patch: Patch) -> Iterator[str]:
        gone, change = self._tails.settle(patch)
        if gone:
            yield f"selector {gone}\nmode remove"
        if change is None:
            return
        if not change.root and change.action == "append":
            raise ValueError("Datastar does not say where a message goes: give Reply(into=…)")
        # Without a selector, each element takes the place of the one that has its id.
        selector = f"selector {change.selector}\n" if change.root else ""
        mode = "outer" if change.action == "replace" else "append"
        yield f"{selector}mode {mode}\n" + _events.prefixed("elements ", change.html)
