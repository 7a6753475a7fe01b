"""Text that still grows after it was written to the buffer, and turns into HTML piece by piece."""

from streamhtml.markdown._escaping import escape


class GrowingText:
    """Text that is added to until it is closed.

    Attributes:
        closed: whether the text is complete.
        pending: whether a definition that may still follow could change the HTML.
        restarted: whether reading began anew after HTML had been shown, because that HTML was
            wrong: an e-mail address begins with its first letter, but only its "@" reveals it.
            This happens once for a text; afterwards the last word is held back until it ends.
        tail: HTML of the uncertain end, as it is shown for now.
    """

    __slots__ = ("_pieces", "_taken", "_unread_size", "closed", "pending", "restarted", "tail")

    def __init__(self) -> None:
        self._pieces: list[str] = []  # HTML that is certain
        self._taken = 0
        self._unread_size = 0
        self.tail = ""
        self.closed = self.pending = self.restarted = False

    def add(self, text: str) -> None:
        """Add text."""
        raise NotImplementedError

    def advance(self) -> bool:
        """Read what was added; return whether there is anything to show."""
        raise NotImplementedError

    def close(self) -> None:
        """Note that the text is complete, so that whatever is held back can be decided."""
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
        """Return all HTML that is certain; with ``reread``, read the whole text once more."""
        self.advance()
        return "".join(self._pieces)


class VerbatimText(GrowingText):
    """Text that is shown as it is, as in a code block."""

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
