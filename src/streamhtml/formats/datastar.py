"""The ``datastar`` format: an event stream of ``datastar-patch-elements``
(https://data-star.dev/reference/sse_events).

Each change is one event. All events of a Fragment have its index as their id.
"""

from collections.abc import Iterator

from streamhtml._patch import Fragment, Patch
from streamhtml.formats import _server_sent_events as events
from streamhtml.formats._format import Format
from streamhtml.formats._tails import Tails


class DatastarFormat(Format):
    """Encodes one response."""

    media_type = events.MEDIA_TYPE
    needs_into = True
    can_resume = True
    last_id_header = events.LAST_ID_HEADER

    def __init__(self) -> None:
        self._tails = Tails()

    def encode(self, fragment: Fragment) -> str:
        """Return the events of a fragment, and the event "end" after the last fragment.

        A ping is a comment.
        """
        changes = (data for patch in fragment.patches for data in self._changes(patch))
        text = events.events(changes, fragment, "datastar-patch-elements")
        if fragment.outcome:
            text += events.end(fragment.outcome)
        return text or events.PING

    def _changes(self, patch: Patch) -> Iterator[str]:
        old_tail, change = self._tails.settle(patch)
        if old_tail:
            yield f"selector {old_tail}\nmode remove"
        if change is None:
            return
        if not change.root and change.action == "append":
            raise ValueError(
                "a Datastar client does not know where the message goes; pass Reply(into=…)"
            )
        # Without a selector, each element replaces the element on the page that has its id.
        selector = f"selector {change.selector}\n" if change.root else ""
        mode = "outer" if change.action == "replace" else "append"
        yield f"{selector}mode {mode}\n" + events.prefix_lines("elements ", change.html)
