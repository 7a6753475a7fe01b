"""The renderer for plain text: it scrubs, escapes and appends the text.

It is synchronous and pure, as every renderer is.
"""

from html import escape

from markupsafe import Markup

from streamhtml._closed_html import closed
from streamhtml._patch import Patch, closed_patch
from streamhtml._scrub import Scrubber


class TextRenderer:
    """Shows the text character by character, as it is.

    Newlines and runs of spaces are kept in the HTML. The rule ``white-space: pre-wrap`` on
    ``.streamhtml-text`` makes them visible; the client script adds this rule to the page.

    Args:
        root: the id of the region's element.
    """

    element = "span"
    """The tag name of the region's element. A span is also allowed inside a paragraph."""
    css_class = "streamhtml-text"
    """The class of the region's element."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._scrubber = Scrubber()

    def feed(self, text: str) -> list[Patch]:
        """Append ``text``. It is escaped, unless it is ``Markup``.

        If the ``Markup`` leaves something open, that is closed.
        """
        if isinstance(text, Markup):
            return self._append(_escape(self._scrubber.close()) + closed(text))
        return self._append(_escape(self._scrubber.feed(text)))

    def close(self) -> list[Patch]:
        """Append the last characters, which were held back until the end of the text."""
        return self._append(_escape(self._scrubber.close()))

    def render(self, *texts: str) -> Markup:
        """Return the HTML of the whole text, which comes in pieces."""
        patches = [patch for text in texts for patch in self.feed(text)]
        return Markup().join(patch.html for patch in [*patches, *self.close()])

    def _append(self, html: Markup) -> list[Patch]:
        return [closed_patch("append", html, self._root)] if html else []


def _escape(text: str) -> Markup:
    # Quotes need no escaping outside of attributes, and would take five bytes more each.
    return Markup(escape(text, quote=False))
