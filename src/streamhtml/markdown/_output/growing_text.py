"""Text that still grows after it was written to the buffer. HTML that is certain never changes."""

from streamhtml.markdown._escaping import escape


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

    __slots__ = ("_pieces", "_taken", "_unread_size", "closed", "pending", "restarted", "tail")

    def __init__(self) -> None:
        self._pieces: list[str] = []  # HTML that is certain
        self._taken = 0  # number of pieces that were taken
        self._unread_size = 0  # in characters
        self.tail = ""
        self.closed = self.pending = self.restarted = False

    def add(self, text: str) -> None:
        """Add text at the end."""
        raise NotImplementedError

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
        if self._unread_size:
            self.advance()
        taken, pieces = self._taken, self._pieces
        self._taken = len(pieces)
        return pieces[-1] if self._taken == taken + 1 else "".join(pieces[taken:])

    def html(self, *, reread: bool = False) -> str:
        """Return all HTML that is certain.

        Args:
            reread: whether to read the whole text again if a definition may have changed it.
        """
        self.advance()
        return "".join(self._pieces)


class VerbatimText(GrowingText):
    """Text that is escaped and not parsed, as in a code block."""

    __slots__ = ("_unread",)

    def __init__(self) -> None:
        super().__init__()
        self._unread: list[str] = []

    def add(self, text: str) -> None:
        self._unread.append(text)
        self._unread_size += len(text)

    def advance(self) -> bool:
        if self._unread_size:
            self._pieces.append(escape("".join(self._unread)))
            self._unread.clear()
            self._unread_size = 0
        return bool(self._pieces)
