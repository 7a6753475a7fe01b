"""The ``whole`` format: the finished message as ordinary HTML, in one piece, at the end.

It is for every client that does not read fragments: htmx without an extension, a plain form, curl.
Such a client shows the answer later than others, but correctly.
"""

from streamhtml._patch import Fragment
from streamhtml.formats._format import Format


class WholeFormat(Format):
    """Encodes one response: one Fragment, and the pings before it."""

    media_type = "text/html; charset=utf-8"
    at_once = True

    def encode(self, fragment: Fragment) -> str:
        """Return the HTML of the message. A ping is a newline, which HTML ignores there."""
        return "".join(patch.html for patch in fragment.patches) if fragment.patches else "\n"
