"""Headings that ``#`` begins. https://spec.commonmark.org/0.31.2/#atx-headings"""

from streamhtml.markdown._inline.inline_text import InlineText
from streamhtml.markdown._inline.parser import InlineParser
from streamhtml.markdown._output.output import Output, TagPair


class ATXHeading:
    """A heading that ``#`` begins."""

    def __init__(self, output: Output, inline: InlineParser, start: str, end: str) -> None:
        self._output = output
        self._prose = InlineText(inline)
        self._held: list[str] = []
        output.open(TagPair(start, end))
        output.write(self._prose)

    def begin(self, text: str, whole: bool) -> None:
        self.add(text)
        if whole:
            self.end()

    def add(self, text: str) -> None:
        end = len(text.rstrip("# \t"))
        if end:
            self._prose.add("".join((*self._held, text[:end])))
            self._held.clear()
        self._held.append(text[end:])

    def end(self) -> None:
        held = "".join(self._held).rstrip(" \t")
        opening = held.rstrip("#")
        # https://spec.commonmark.org/0.31.2/#closing-sequence
        if opening[-1:].isspace() or not (opening or self._prose.source):
            held = opening.rstrip(" \t")
        self._prose.add(held)

    def close(self) -> None:
        self._prose.close()
        self._output.close()
