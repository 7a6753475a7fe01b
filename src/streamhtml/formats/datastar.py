"""The ``datastar`` format: an event stream of ``datastar-patch-elements``
(https://data-star.dev/reference/sse_events).

Each change is one event.
"""

from streamhtml._patch import Fragment
from streamhtml.formats import _server_sent_events as events
from streamhtml.formats._format import Format
from streamhtml.formats._tails import Change, Tails


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
        messages = map(_data, self._tails.changes(fragment))
        return events.encode(messages, fragment, name="datastar-patch-elements")

    def skip(self, fragment: Fragment) -> None:
        """Note what is on the page."""
        self._tails.skip(fragment)


def _data(change: Change) -> str:
    """Return the data of an event."""
    action, selector, html = change
    if action == "append" and not selector:
        raise ValueError(
            "a Datastar client does not know where the message goes; pass Reply(into=…)"
        )
    # Without a mode, Datastar morphs the element: the one of the selector, or else each element on
    # the page that has the id of one in the HTML.
    head = [f"selector {selector}"] if selector else []
    head += [f"mode {action}"] if action != "replace" else []
    elements = [events.prefix_lines("elements ", html)] if action != "remove" else []
    return "\n".join(head + elements)
