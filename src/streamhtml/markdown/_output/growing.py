"""Text that is written to the output while it still grows."""

from typing import Final

from streamhtml.markdown._characters import escape

READ_AT_ONCE: Final = 512
"""Held characters up to which every piece of text is looked at when it comes."""

SHOWN_SOON: Final = 2048
"""Held characters up to which it need not grow by more than an eighth."""


def next_reading(held: int) -> int:
    """Return how long held text must be to be read again.

    It grows by a part of itself, so that all readings together cost a multiple of its length. No
    writer holds so much back that the larger part matters; an attacker does.
    """
    if held <= READ_AT_ONCE:
        return 0
    return held + (held // 8 if held <= SHOWN_SOON else held)


class GrowingText:
    """Text that is added to until it is closed.

    Attributes:
        closed: whether nothing more will be added.
        pending: whether a definition that is yet to come could change it.
        rejoined: whether it was begun anew after it was shown, because what had been taken for
            certain was not: an address of e-mail is one from its first letter on, but known by
            its "@" alone. This happens once: from then on words are held back until they end.
        tail: HTML of what is not certain, as it is shown for now.
    """

    __slots__ = ("_done", "_fresh", "_taken", "closed", "pending", "rejoined", "tail")

    def __init__(self) -> None:
        self._done: list[str] = []
        self._taken = 0
        self._fresh = 0  # characters that were not read
        self.tail = ""
        self.closed = self.pending = self.rejoined = False

    def add(self, text: str) -> None:
        """Add text."""
        raise NotImplementedError

    def advance(self) -> bool:
        """Read what was added; return whether there is anything to be seen."""
        raise NotImplementedError

    def close(self) -> None:
        """Nothing will be added: what is held is decided now."""
        self.closed = True

    def forget(self) -> None:
        """Forget the HTML: it was read, and given out, and may be had ``anew``."""
        self._done.clear()

    def take(self) -> str:
        """Return the HTML that has become certain since the last time."""
        if self._fresh:
            self.advance()
        taken, done = self._taken, self._done
        self._taken = len(done)
        return done[-1] if self._taken == taken + 1 else "".join(done[taken:])

    def html(self, *, anew: bool = False) -> str:
        """Return all HTML that is certain; ``anew`` reads the whole text once more."""
        self.advance()
        return "".join(self._done)


class VerbatimText(GrowingText):
    """Text that is shown as it is."""

    __slots__ = ("_unread",)

    def __init__(self) -> None:
        super().__init__()
        self._unread: list[str] = []

    def add(self, text: str) -> None:
        self._unread.append(text)
        self._fresh += len(text)

    def advance(self) -> bool:
        if self._fresh:
            self._done.append(escape("".join(self._unread)))
            self._unread.clear()
            self._fresh = 0
        return bool(self._done)
