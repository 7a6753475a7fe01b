"""How blocks end whose lines are taken as they are: fenced code and formulas.

A closer reads one line. It says which part belongs to the block, and whether the block ends there.
"""

from typing import NamedTuple, Protocol

from streamhtml.markdown._block.cursor import Cursor
from streamhtml.markdown._sentinel import INCOMPLETE, Incomplete


class VerbatimLine(NamedTuple):
    """What a line adds to its block: text, or None; and whether it ends the block."""

    text: str | None
    ends: bool


class Closer(Protocol):
    """Recognises the end of one block."""

    def read(self, cursor: Cursor, complete: bool) -> VerbatimLine | Incomplete:
        """Read a line; ``INCOMPLETE`` if it may still become the end of the block."""
        ...


class FenceCloser(NamedTuple):
    """Ends a fenced code block at a line of at least as many fence characters.

    https://spec.commonmark.org/0.31.2/#fenced-code-blocks
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


class MathBlockCloser(NamedTuple):
    """Ends a formula at a line that ends with ``closing``."""

    closing: str

    def read(self, cursor: Cursor, complete: bool) -> VerbatimLine | Incomplete:
        """See ``Closer``."""
        if not complete:
            return INCOMPLETE
        line = cursor.remainder
        text = line.rstrip(" \t")
        if not text.endswith(self.closing):
            return VerbatimLine(line, ends=False)
        text = text.removesuffix(self.closing)
        return VerbatimLine(text if text.strip() else None, ends=True)
