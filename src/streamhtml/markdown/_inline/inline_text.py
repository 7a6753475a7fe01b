"""The text of one block while it grows. What is certain is HTML already, and the rest is held back.

The law: certain text is never read again. Text that is held back is usually short, and is read
again whenever it grows. If it is long, because a construct is never closed, it must grow by a
fraction of itself first, so that the cost stays linear.
"""

from streamhtml.markdown._inline.addresses import CONTEXT
from streamhtml.markdown._inline.delimiters import MARKS, MAX_MARKS
from streamhtml.markdown._inline.parser import InlineParser
from streamhtml.markdown._output.growing_text import GrowingText
from streamhtml.markdown._rereading import READ_AT_ONCE, next_reading


class InlineText(GrowingText):
    """The inline content of a block.

    Args:
        parser: reads the text.
        cautious: whether all text is held back until the end, and shown as a tail.
        hold_words: whether the last word is held back from the beginning, because it may become
            an e-mail address. Otherwise words are held back only after the text has ``restarted``.
    """

    __slots__ = (
        "_before",
        "_held",
        "_hold_words",
        "_missing",
        "_parser",
        "_source",
        "cautious",
    )

    def __init__(
        self, parser: InlineParser, *, cautious: bool = False, hold_words: bool = False
    ) -> None:
        GrowingText.__init__(self)  # This takes much less time than super().
        self._parser = parser
        self._source: list[str] = []  # all text that has been read, or is held
        self._held = self._before = ""
        self._missing = 0  # number of characters that must arrive before held text is read again
        self._hold_words = hold_words
        self.cautious = cautious

    def restart(self) -> None:
        """Forget what has been read, so that all text is read again."""
        self._unread, self._source = [*self._source, *self._unread], []
        self._before = self._held = self.tail = ""
        self._pieces = []
        self._taken = self._missing = 0

    def add(self, text: str) -> None:
        """Add text. The first text does not begin with white space."""
        if text:
            self._unread.append(text)
            if self._missing:
                self._missing -= len(text)

    def close(self) -> None:
        self.closed = True
        if self._held:
            self._unread.append("")  # The held text has to be read once more.

    @property
    def held(self) -> int:
        """The number of characters that may be read again."""
        return len(self._held) + sum(map(len, self._unread))

    @property
    def is_shown(self) -> bool:
        """Whether ``take()`` has returned any certain HTML."""
        return self._taken > 0

    @property
    def source(self) -> str:
        """All text that has been added."""
        return "".join(self._source + self._unread)

    def prepend(self, text: str) -> None:
        """Add text at the beginning, and restart."""
        self._source.insert(0, text)
        self.restart()

    def remove_end(self, length: int) -> None:
        """Remove ``length`` characters at the end, and restart."""
        text = self.source[:-length]
        self._source, self._unread = [], [text] if text else []
        self.restart()

    def advance(self) -> bool:
        unread = self._unread
        if unread and (self._missing <= 0 or self.closed):
            fresh = unread[0] if len(unread) == 1 else "".join(unread)
            self._source.append(fresh)
            unread.clear()
            html = None
            if not (self._held or self._hold_words or self.cautious):
                html = self._parser.read_unstructured(fresh, final=self.closed)
            if html is None:
                self._read(self._held + fresh)
            elif html:
                self._pieces.append(html)
                self._before = fresh[-1]
                self.tail = ""
        return bool(self._pieces or self.tail)

    def html(self, *, reread: bool = False) -> str:
        if reread and self.pending:
            return self._parser.read(self.source)[0]
        self.advance()
        return "".join(self._pieces)

    def _end_before(self, length: int) -> str:
        """Return a few characters before the last ``length`` characters of the source."""
        wanted = length + CONTEXT
        pieces: list[str] = []
        for piece in reversed(self._source):
            pieces.append(piece)
            wanted -= len(piece)
            if wanted <= 0:
                break
        end = "".join(reversed(pieces))
        return end[max(len(end) - length - CONTEXT, 0) : len(end) - length]

    def _read(self, text: str) -> None:
        before = self._before
        if before and "@" in text:  # The address may have begun with "mailto:" or "ssh://".
            before = self._end_before(len(text))
        html, length, self.tail, is_pending, must_restart = self._parser.read(
            text, before, final=self.closed, hold_words=self._hold_words
        )
        if must_restart and not self._hold_words:
            self._hold_words = True
            self.restarted = self.is_shown
            self.restart()
            self.advance()
            return
        if is_pending:
            self.pending = True
        if self.cautious and not self.closed:
            self.tail = html + self.tail
            html, length = "", 0
        if html:
            self._pieces.append(html)
        if length:
            self._before = text[length - 1]
            if self._before in MARKS:  # The character before the marks matters too.
                self._before = (before + text[:length])[-MAX_MARKS - 1 :]
        self._held = text[length:]
        held = len(self._held)
        self._missing = next_reading(held) - held if held > READ_AT_ONCE else 0
