"""The ``sse`` wire: an event stream, for ``hx-sse`` of htmx 4, ``htmx-ext-sse`` and EventSource.

A Fragment is one message, whose id is the fragment's index; after the last one the event "end"
says the outcome. Its markup is that of the ``htmx`` wire.
"""

from collections.abc import Callable, Iterable

from streamhtml._patch import Fragment
from streamhtml.formats import _events
from streamhtml.formats.htmx import HTMXFormat


class SSEFormat:
    """Encodes one response.

    Args:
        messages: returns a Fragment's patches as the data of one message or more; by default one
            with markup for htmx 2.
        needs_into: whether that must be told where the message goes.
    """

    media_type = _events.MEDIA_TYPE
    at_once = False

    def __init__(
        self,
        messages: Callable[[Fragment], Iterable[str]] | None = None,
        *,
        needs_into: bool = False,
    ) -> None:
        markup = HTMXFormat()
        self._messages = messages or (lambda fragment: [markup.encode(fragment)])
        self.needs_into = needs_into

    def encode(self, fragment: Fragment) -> str:
        """Return the patches, if there are some, as messages, and the end; a ping as a comment."""
        text = ""
        if fragment.patches:
            number = str(fragment.index)
            text = "".join(_events.event(data, id=number) for data in self._messages(fragment))
        if fragment.outcome:
            text += _events.end(fragment.outcome)
        return text or _events.PING
