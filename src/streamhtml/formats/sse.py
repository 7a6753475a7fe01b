"""The ``sse`` format: an event stream, for ``hx-sse`` of htmx 4, ``htmx-ext-sse`` and EventSource.

Each Fragment is one message, or several with the same id, which is the index of the fragment. After
the last message, the event "end" has the outcome. The markup is that of the ``htmx`` format.
"""

from collections.abc import Callable, Iterable

from streamhtml._patch import Fragment
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
        self._messages = messages or _htmx_2_messages()

    def prepare(self, request: FormatRequest) -> None:
        super().prepare(request)
        if self._given is None and request.headers.get("HX-Request"):
            # htmx 4 finds the places of all elements of a message before it changes the first one,
            # so each change is a message of its own.
            self._messages = HTMXFormat(partials=True).swaps

    def encode(self, fragment: Fragment) -> str:
        """Return the patches as messages, and the event "end" after the last fragment.

        A ping is a comment.
        """
        text = ""
        if fragment.patches:
            text = events.events(self._messages(fragment), fragment)
        if fragment.outcome:
            text += events.end(fragment.outcome)
        return text or events.PING


def _htmx_2_messages() -> Callable[[Fragment], Iterable[str]]:
    markup = HTMXFormat()
    return lambda fragment: [markup.encode(fragment)]
