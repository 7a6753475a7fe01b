"""Text that still grows after it was written to the buffer. HTML that is certain never changes."""

from collections.abc import Callable
from typing import Final

from streamhtml.markdown._escaping import escape

MAX_COLORED_LINE: Final = 1000
"""Maximum length in characters of a line that has colours."""

_SHOWN_AT_ONCE: Final = 100
"""Up to this many characters, an unfinished line of code is shown with every piece that arrives.
A longer one is shown once it has grown by an eighth, because all of it is sent each time."""


class GrowingText:
    """Text that grows until it is closed.

    Attributes:
        closed: whether the text is complete.
        pending: whether a definition that may still follow could change the HTML.
        restarted: whether the text was read again from its beginning after some of it was shown.
            That is needed when an "@" arrives: the letters or the ``mailto:`` before it were shown
            as text, but belong to an e-mail address. It happens only once for a text, because from
            then on the last word is held back until it ends.
        tail: the HTML of the uncertain end, as it is shown for now.
    """

    __slots__ = ("_pieces", "_taken", "_unread", "closed", "pending", "restarted", "tail")

    def __init__(self) -> None:
        self._pieces: list[str] = []  # HTML that is certain
        self._taken = 0  # number of pieces that were taken
        self._unread: list[str] = []  # text
        self.tail = ""
        self.closed = self.pending = self.restarted = False

    def add(self, text: str) -> None:
        """Add text at the end."""
        if text:
            self._unread.append(text)

    def advance(self) -> bool:
        """Read the text that was added, and return whether anything can be shown."""
        raise NotImplementedError

    def close(self) -> None:
        """Record that the text is complete, which makes all of it certain."""
        self.closed = True

    def discard_html(self) -> None:
        """Free the HTML, which has been sent. ``html(reread=True)`` can make it again."""
        self._pieces.clear()

    def take(self) -> str:
        """Return the HTML that has become certain since the last call."""
        if self._unread:
            self.advance()
        taken, pieces = self._taken, self._pieces
        self._taken = count = len(pieces)
        return pieces[-1] if count == taken + 1 else "".join(pieces[taken:])

    def html(self, *, reread: bool = False) -> str:
        """Return all HTML that is certain.

        Args:
            reread: whether to read the whole text again if a definition may have changed it.
        """
        self.advance()
        return "".join(self._pieces)


class VerbatimText(GrowingText):
    """Text that is escaped and not parsed, as in a code block."""

    __slots__ = ()

    def advance(self) -> bool:
        if self._unread:
            self._pieces.append(escape("".join(self._unread)))
            self._unread.clear()
        return bool(self._pieces)


class LineText(GrowingText):
    """Code that is read line by line. The unfinished line is the tail.

    Args:
        read_line: returns the HTML of a complete line.
    """

    __slots__ = ("_is_long", "_line", "_read_line", "_show_at")

    def __init__(self, read_line: Callable[[str], str]) -> None:
        super().__init__()
        self._read_line = read_line
        self._line = ""  # the unfinished line
        self._is_long = False  # whether its beginning was shown without colours
        self._show_at = 0

    def advance(self) -> bool:
        if self._unread:
            text = self._line + "".join(self._unread)
            self._unread.clear()
            start = 0
            while end := text.find("\n", start) + 1:
                self._end_line(text[start:end])
                start = end
            self._show_line(text[start:])
        return bool(self._pieces or self.tail)

    def settle(self, html: str) -> bool:
        """Use this HTML for all of the text, and return whether it differs from what was read."""
        self._unread.clear()
        read = "".join(self._pieces)
        if html.startswith(read):
            self._pieces.append(html[len(read) :])
            return False
        self._pieces = [html]
        self._taken = 0
        return True

    def _end_line(self, line: str) -> None:
        is_long = self._is_long or len(line) > MAX_COLORED_LINE
        self._pieces.append(escape(line) if is_long else self._read_line(line))
        self._is_long = False
        self._show_at = 0

    def _show_line(self, line: str) -> None:
        self._is_long = self._is_long or len(line) > MAX_COLORED_LINE
        if self._is_long:
            self._pieces.append(escape(line))
            line, self._show_at = "", 0
        size = len(line)
        if size >= self._show_at:
            self.tail = escape(line)
            self._show_at = size + size // 8 if size > _SHOWN_AT_ONCE else 0
        self._line = line
