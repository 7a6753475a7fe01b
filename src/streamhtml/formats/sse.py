"""The ``sse`` format: an event stream, for ``hx-sse`` of htmx 4, ``htmx-ext-sse`` and EventSource.

Each Fragment is one message, or several. After the last one, the event "end" has the outcome. The
markup is that of the ``htmx`` format.
"""

from collections.abc import Callable, Iterable

from streamhtml._patch import Fragment, Patch
from streamhtml.formats import _server_sent_events as events
from streamhtml.formats._format import Format, FormatRequest
from streamhtml.formats.htmx import HTMXFormat


class SSEFormat(Format):
    """Encodes one response.

    Args:
        messages: returns the patches of a Fragment as the data of one or more messages. By default
            they are markup for htmx: for htmx 4 where the request has ``HX-Request`` (an
            EventSource sends no header of htmx), else for htmx 2.
    """

    media_type = events.MEDIA_TYPE
    can_resume = True
    last_id_header = events.LAST_ID_HEADER

    def __init__(self, messages: Callable[[Fragment], Iterable[str]] | None = None) -> None:
        self._given = messages
        self._markup = HTMXFormat(one_by_one=True)

    def prepare(self, request: FormatRequest) -> None:
        super().prepare(request)
        if request.headers.get("HX-Request"):
            self._markup = HTMXFormat(partials=True)

    def encode(self, fragment: Fragment) -> str:
        """Return the patches as messages, and the event "end" after the last fragment.

        A ping is a comment.
        """
        return events.encode(self._messages(fragment), fragment)

    def skip(self, fragment: Fragment) -> None:
        """Note what is on the page."""
        if self._given:
            super().skip(fragment)
        else:
            self._markup.skip(fragment)

    def _messages(self, fragment: Fragment) -> Iterable[str]:
        if self._given:
            return self._given(fragment) if fragment.patches else []
        changes = [*self._markup.swaps(fragment)]
        if self._markup.partials:
            # htmx 4 finds the places of all elements of a message before it changes the first one,
            # so each change is a message of its own.
            return changes
        # htmx 2 makes all changes out of band before it inserts the rest of a message. So what
        # opens the answer is a message of its own.
        opened = 1 if fragment.patches and _opens(fragment.patches[0]) else 0
        messages = ["".join(changes[:opened]), "".join(changes[opened:])]
        return [*filter(None, messages)] or [""] * bool(fragment.patches)


def _opens(patch: Patch) -> bool:
    return patch.action == "append" and not patch.root
