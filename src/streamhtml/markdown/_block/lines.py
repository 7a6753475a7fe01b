"""Cuts the text into lines and hands them to the block parser, each as early as possible.

A line that is not complete is handed on as soon as it is certain what it begins. The rest of it
goes to the open leaf directly.
"""

from streamhtml.markdown._block.headings import ATXHeading
from streamhtml.markdown._block.parser import BlockParser
from streamhtml.markdown._output.growing import next_reading


class LineFeeder:
    """Takes text in any pieces.

    Args:
        blocks: the parser that gets the lines.
    """

    def __init__(self, blocks: BlockParser) -> None:
        self._blocks = blocks
        self._in_line = False  # whether more of this line goes to the leaf directly
        self._partial: list[str] = []  # otherwise, what has arrived of the line
        self._size = 0  # of the partial line
        self._retry = 0  # the size at which the partial line is looked at again
        self._is_blank = True  # whether the partial line is blank so far

    def feed(self, text: str) -> None:
        """Take more text."""
        if "\n" not in text:
            if self._in_line and (leaf := self._blocks.leaf):
                leaf.add(text)  # Fast path: most pieces continue a line.
            elif text:
                self._begin_line(text)
            return
        lines = text.split("\n")
        rest = lines.pop()
        self._finish_line(lines[0])
        self._blocks.take_lines(lines, 1)
        if rest:
            self._begin_line(rest)

    def close(self) -> None:
        """End the line and all open blocks. More text may follow, and begins a new block."""
        if self._in_line or self._partial:
            self._finish_line("")
        self._blocks.close()

    def _finish_line(self, text: str) -> None:
        if self._in_line:
            leaf = self._blocks.leaf
            assert leaf
            if text:
                leaf.add(text)
            leaf.end()
            if isinstance(leaf, ATXHeading):
                self._blocks.close_leaf()
            self._in_line = False
        else:
            if self._partial:
                text = "".join((*self._partial, text))
                self._forget_partial()
            self._blocks.take(text, whole=True)
        self._blocks.line_number += 1

    def _begin_line(self, text: str) -> None:
        if self._partial or text.isspace():
            self._partial.append(text)
            self._size += len(text)
            self._is_blank = self._is_blank and text.isspace()
            if self._is_blank or self._size < self._retry:
                return
            text = "".join(self._partial)
        self._in_line = self._blocks.take(text, whole=False)
        if not self._in_line:
            self._partial = [text]
            self._is_blank = False
            self._size = len(text)
            self._retry = next_reading(self._size)
        elif self._partial:
            self._forget_partial()

    def _forget_partial(self) -> None:
        self._partial.clear()
        self._is_blank = True
        self._size = self._retry = 0
