"""The ``whole`` wire: the finished message as ordinary HTML, in one piece, at the end.

For every client that does not read fragments: htmx without an extension, a plain form, curl.
Slower to show something, never broken.
"""

from streamhtml._patch import Fragment


class WholeFormat:
    """Encodes one response, which is one Fragment and the pings before it."""

    media_type = "text/html; charset=utf-8"
    at_once = True
    needs_into = False

    def encode(self, fragment: Fragment) -> str:
        """Return the message's HTML; a ping is a newline, which HTML ignores there."""
        return "".join(patch.html for patch in fragment.patches) if fragment.patches else "\n"
