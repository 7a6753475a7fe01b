"""The text of one block, while it grows: what is certain of it is HTML already, the rest is held.

Text is read once, as soon as it is certain. What is held is short as a rule. Where a construct is
opened and never closed it is long, and is then read again only when it grew by a part of itself.
"""

from typing import Final

from streamhtml.markdown._inline import Inline

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


class Prose:
    """Inline content that is added to until it is closed.

    Args:
        inline: reads it.
        cautious: hold everything until the end, and show it as a tail.

    Attributes:
        closed: whether nothing more will be added.
        pending: whether a definition that is yet to come could change it.
        rejoined: whether it was begun anew, because what had been taken for certain was not: the
            first address of e-mail is one from its first letter on, but known by its "@" alone.
        tail: HTML of what is not certain, as it is shown for now.
    """

    __slots__ = (
        "_before", "_done", "_fresh", "_held", "_inline", "_source", "_taken", "_unread", "_wait",
        "cautious", "closed", "pending", "rejoined", "tail",
    )  # fmt: skip

    def __init__(self, inline: Inline, *, cautious: bool = False) -> None:
        self._inline = inline
        self._source: list[str] = []
        self._unread = 0  # index into the source
        self._fresh = 0  # characters from there on
        self._held = self._before = self.tail = ""
        self._done: list[str] = []
        self._taken = self._wait = 0
        self.cautious = cautious
        self.closed = self.pending = self.rejoined = False

    def restart(self) -> None:
        """Forget what was read: it is read again from the beginning."""
        self._unread = 0
        self._fresh = sum(map(len, self._source))
        self._before = self._held = self.tail = ""
        self._done = []
        self._taken = self._wait = 0

    def add(self, text: str) -> None:
        """Add text; the first is without white space at its beginning."""
        self._source.append(text)
        self._fresh += len(text)

    def close(self) -> None:
        """Nothing will be added: what is held is decided now."""
        self.closed = True

    def forget(self) -> None:
        """Keep the text alone, for ``html(anew=True)``: it has been read, and given out."""
        self._done.clear()

    @property
    def is_shown(self) -> bool:
        """Whether certain HTML of it was given out."""
        return self._taken > 0

    @property
    def source(self) -> str:
        """All text that was added."""
        return "".join(self._source)

    def prepend(self, text: str) -> None:
        """Add text at the beginning, and begin anew."""
        self._source.insert(0, text)
        self.restart()

    def cut(self, length: int) -> None:
        """Take back so many characters at the end, and begin anew."""
        text = self.source
        self._source = [text[: max(len(text) - length, 0)]]
        self.restart()

    def advance(self) -> bool:
        """Read what was added; return whether there is anything to be seen."""
        if self.closed:
            if self._fresh or not (self._held == "" or self._held.isspace()):
                self._read()
        elif self._fresh and len(self._held) + self._fresh >= self._wait:
            self._read()
        return bool(self._done or self.tail)

    def take(self) -> str:
        """Return the HTML that has become certain since the last time."""
        self.advance()
        taken, done = self._taken, self._done
        self._taken = len(done)
        return done[-1] if len(done) == taken + 1 else "".join(done[taken:])

    def html(self, *, anew: bool = False) -> str:
        """Return all HTML that is certain; ``anew`` reads the whole text once more."""
        if anew and self.pending:
            return self._inline.read(self.source).html
        self.advance()
        return "".join(self._done)

    def _read(self) -> None:
        source = self._source
        if self.closed and not self._unread and len(source) == 1:
            plain = self._inline.plain(source[0])
            if plain is not None:  # As most texts are that come whole.
                self._done.append(plain)
                self._unread = 1
                self._fresh = 0
                return
        fresh = source[-1] if len(source) == self._unread + 1 else "".join(source[self._unread :])
        text = self._held + fresh
        reading = self._inline.read(text, self._before, whole=self.closed)
        if reading.rejoin:
            self.restart()
            self.rejoined = True
            self._read()
            return
        html, length, self.tail, pending, _ = reading
        self._unread = len(source)
        self._fresh = 0
        if pending:
            self.pending = True
        if self.cautious and not self.closed:
            self.tail = html + self.tail
            html, length = "", 0
        if html:
            self._done.append(html)
        if length:
            self._before = text[length - 1]
        self._held = text[length:]
        held = len(self._held)
        self._wait = next_reading(held) if held else 0
