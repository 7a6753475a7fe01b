"""Where blocks end whose lines are taken as they are: fenced code and formulas.

Each end reads one line, and says what of it belongs to the block and whether the block ends there.
"""

from typing import NamedTuple, Protocol

from streamhtml.markdown._block.cursor import Cursor
from streamhtml.markdown._incomplete import INCOMPLETE, Incomplete


class VerbatimLine(NamedTuple):
    """What a line means to the block.

    Attributes:
        text: the text that it adds; None for no line at all.
        ends: whether the block ends with it.
    """

    text: str | None
    ends: bool


class BlockEnd(Protocol):
    """Recognises the end of one block."""

    def read(self, cursor: Cursor, whole: bool) -> VerbatimLine | Incomplete:
        """Read a line; ``INCOMPLETE`` if it is not ``whole`` and may still become the end."""
        ...


class FenceEnd(NamedTuple):
    """A line of at least as many of the same characters ends a fenced code block.

    https://spec.commonmark.org/0.31.2/#fenced-code-blocks

    Attributes:
        fence: the opening fence.
        indent: its indentation in columns, of which as much is removed from each line.
    """

    fence: str
    indent: int

    def read(self, cursor: Cursor, whole: bool) -> VerbatimLine | Incomplete:
        """See ``BlockEnd``."""
        if not whole and (cursor.blank or self._is_fence(cursor)):
            return INCOMPLETE
        starts = cursor.indent < 4 and cursor.line.startswith(self.fence, cursor.next)
        if starts and self._is_fence(cursor):
            return VerbatimLine(None, ends=True)
        if self.indent:
            cursor.skip(self.indent)
        return VerbatimLine(cursor.remainder, ends=False)

    def _is_fence(self, cursor: Cursor) -> bool:
        return not cursor.rest.rstrip(" \t").strip(self.fence[0])


class FormulaEnd(NamedTuple):
    """A line that ends with this ends a formula."""

    closing: str

    def read(self, cursor: Cursor, whole: bool) -> VerbatimLine | Incomplete:
        """See ``BlockEnd``."""
        if not whole:
            return INCOMPLETE
        line = cursor.remainder
        text = line.rstrip(" \t")
        if not text.endswith(self.closing):
            return VerbatimLine(line, ends=False)
        text = text.removesuffix(self.closing)
        return VerbatimLine(text if text.strip() else None, ends=True)
