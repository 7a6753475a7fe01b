"""The text of one block, while it grows: what is certain of it is HTML already, the rest is held.

Text is read once, as soon as it is certain. What is held is short as a rule. Where a construct is
opened and never closed it is long, and is then read again only when it grew by a part of itself.
"""

from streamhtml.markdown._inline.parser import InlineParser
from streamhtml.markdown._output.growing import READ_AT_ONCE, GrowingText, next_reading


class InlineText(GrowingText):
    """Inline content.

    Args:
        inline: reads it.
        cautious: hold everything until the end, and show it as a tail.
        holds_words: hold the last word back from the beginning, not only once it was begun anew.
    """

    __slots__ = (
        "_before",
        "_held",
        "_holds_words",
        "_inline",
        "_source",
        "_unread",
        "_wait",
        "cautious",
    )

    def __init__(
        self, inline: InlineParser, *, cautious: bool = False, holds_words: bool = False
    ) -> None:
        super().__init__()
        self._inline = inline
        self._source: list[str] = []
        self._unread = 0  # index into the source
        self._held = self._before = ""
        self._wait = 0
        self._holds_words = holds_words
        self.cautious = cautious

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
        self.closed = True
        if self._held:
            self._fresh += 1  # The end is to be read.

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
        if self._fresh and (self.closed or len(self._held) + self._fresh >= self._wait):
            source, unread = self._source, self._unread
            fresh = source[-1] if len(source) == unread + 1 else "".join(source[unread:])
            self._unread = len(source)
            self._fresh = 0
            plain = None
            if not (self._held or self._holds_words or self.cautious):
                plain = self._inline.plain(fresh, whole=self.closed)
            if plain is None:
                self._read(self._held + fresh)
            elif plain:  # As most text is.
                self._done.append(plain)
                self._before = fresh[-1]
                self.tail = ""
        return bool(self._done or self.tail)

    def html(self, *, anew: bool = False) -> str:
        if anew and self.pending:
            return self._inline.read(self.source).html
        self.advance()
        return "".join(self._done)

    def _read(self, text: str) -> None:
        reading = self._inline.read(
            text, self._before, whole=self.closed, holds_words=self._holds_words
        )
        if reading.rejoin:
            self._holds_words = True
            self.rejoined = self.is_shown
            self.restart()
            self.advance()
            return
        html, length, self.tail = reading.html, reading.length, reading.tail
        if reading.pending:
            self.pending = True
        if self.cautious and not self.closed:
            self.tail = html + self.tail
            html, length = "", 0
        if html:
            self._done.append(html)
        if length:
            self._before = text[length - 1]
        self._held = text[length:]
        self._wait = next_reading(len(self._held)) if len(self._held) > READ_AT_ONCE else 0
