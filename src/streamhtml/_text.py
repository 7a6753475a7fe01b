"""The renderer for plain text: escapes it and appends it, nothing else.

Synchronous and pure, as every renderer: ``feed(text)`` and ``close()`` return patches.
"""

from html import escape

from markupsafe import Markup

from streamhtml._patch import Patch
from streamhtml._scrub import Scrubber


class TextRenderer:
    """Shows the text as it is, character for character.

    Newlines and runs of spaces are kept in the HTML and shown by ``white-space: pre-wrap`` on
    ``.streamhtml-text``, a rule that our client brings along.

    Args:
        root: the id of the region's element.
    """

    element = "span"
    """The region's element: one that may stand in a paragraph too."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._scrubber = Scrubber()

    def feed(self, text: str) -> list[Patch]:
        """Append ``text``: escaped, unless it is ``Markup``, which must be well-formed."""
        if isinstance(text, Markup):
            return self._append(_escape(self._scrubber.close()) + text)
        return self._append(_escape(self._scrubber.feed(text)))

    def close(self) -> list[Patch]:
        """Append what was held back while it was not certain."""
        return self._append(_escape(self._scrubber.close()))

    def render(self, *texts: str) -> Markup:
        """Return the whole text at once: each piece fed once, and closed."""
        patches = [patch for text in texts for patch in self.feed(text)]
        return Markup().join(patch.html for patch in [*patches, *self.close()])

    def _append(self, html: Markup) -> list[Patch]:
        return [Patch("append", html, self._root)] if html else []


def _escape(text: str) -> Markup:
    # Quotes need no escaping between tags, and cost five bytes each.
    return Markup(escape(text, quote=False))
