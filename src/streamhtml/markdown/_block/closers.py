"""Recognises the end of fenced code, whose lines are not parsed.

A closer reads one line. It returns the text that belongs to the block, and whether the block ends.
"""

from typing import NamedTuple, Protocol

from streamhtml.markdown._block.cursor import Cursor
from streamhtml.markdown._incomplete import INCOMPLETE, Incomplete


class VerbatimLine(NamedTuple):
    """The part of a line that belongs to the block.

    Attributes:
        text: the text that the line adds; None if it adds no line.
        ends: whether the block ends with the line.
    """

    text: str | None
    ends: bool


class Closer(Protocol):
    """Recognises the end of one block."""

    def read(self, cursor: Cursor, complete: bool) -> VerbatimLine | Incomplete:
        """Read a line, and return ``INCOMPLETE`` if it may still become the end of the block."""
        ...


class FenceCloser(NamedTuple):
    """Ends a fenced code block at a line of at least as many fence characters.

    https://spec.commonmark.org/0.31.2/#fenced-code-blocks

    Attributes:
        fence: the opening fence.
        indent: its indentation in columns. Up to as many are removed from each line.
    """

    fence: str
    indent: int

    def read(self, cursor: Cursor, complete: bool) -> VerbatimLine | Incomplete:
        """See ``Closer``."""
        if not complete and (cursor.blank or self._is_fence(cursor)):
            return INCOMPLETE
        starts = cursor.indent < 4 and cursor.line.startswith(self.fence, cursor.next)
        if starts and self._is_fence(cursor):
            return VerbatimLine(None, ends=True)
        if self.indent:
            cursor.skip(self.indent)
        return VerbatimLine(cursor.remainder, ends=False)

    def _is_fence(self, cursor: Cursor) -> bool:
        return not cursor.rest.rstrip(" \t").strip(self.fence[0])
