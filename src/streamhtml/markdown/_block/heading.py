"""Headings that begin with ``#``. https://spec.commonmark.org/0.31.2/#atx-headings"""

from streamhtml.markdown._inline.inline_text import InlineText
from streamhtml.markdown._inline.parser import InlineParser
from streamhtml.markdown._output.buffer import BufferedElement, HTMLBuffer


class ATXHeading:
    """A heading that begins with ``#``. It is one line long.

    Args:
        buffer: receives its HTML.
        parser: reads its text.
        start: its start tag.
        end: its end tag.
    """

    def __init__(self, buffer: HTMLBuffer, parser: InlineParser, start: str, end: str) -> None:
        self._buffer = buffer
        self._text = InlineText(parser)
        self._held: list[str] = []  # This may be the closing sequence.
        buffer.open(BufferedElement(start, end))
        buffer.write(self._text)

    def begin_line(self, text: str, complete: bool) -> None:
        self.add(text)
        if complete:
            self.end_line()

    def add(self, text: str) -> None:
        end = len(text.rstrip("# \t"))
        if end:
            self._text.add("".join((*self._held, text[:end])))
            self._held.clear()
        self._held.append(text[end:])

    def end_line(self) -> None:
        held = "".join(self._held).rstrip(" \t")
        without_hashes = held.rstrip("#")
        # https://spec.commonmark.org/0.31.2/#closing-sequence
        if without_hashes[-1:].isspace() or not (without_hashes or self._text.source):
            held = without_hashes.rstrip(" \t")
        self._text.add(held)

    def close(self) -> None:
        self._text.close()
        self._buffer.close()

    @property
    def held(self) -> int:
        return self._text.held
