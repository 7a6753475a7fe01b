"""How the blocks end whose lines are taken as they are: code, formulas, raw HTML.

Each reads one line and says what of it belongs to the block, and whether the block ends with it.
"""

import re
from typing import NamedTuple, Protocol

from streamhtml.markdown._cursor import Cursor
from streamhtml.markdown._raw_html import BLANK


class Line(NamedTuple):
    """What a line is to the block: its text, or None where it has none; and if it is the end."""

    text: str | None
    ends: bool


class Ending(Protocol):
    """Knows the end of one block."""

    def read(self, cursor: Cursor, whole: bool) -> Line | None:
        """Read a line; None if it is not complete, and may yet be the end."""
        ...


class FenceEnd(NamedTuple):
    """A line of at least so many of the same characters ends a fenced code block.

    https://spec.commonmark.org/0.31.2/#fenced-code-blocks
    """

    fence: str
    indent: int

    def read(self, cursor: Cursor, whole: bool) -> Line | None:
        """See ``Ending``."""
        if not whole and (cursor.blank or self._is_fence(cursor)):
            return None
        starts = cursor.indent < 4 and cursor.line.startswith(self.fence, cursor.next)
        if starts and self._is_fence(cursor):
            return Line(None, ends=True)
        if self.indent:
            cursor.skip(self.indent)
        return Line(cursor.remainder, ends=False)

    def _is_fence(self, cursor: Cursor) -> bool:
        return not cursor.rest.rstrip(" \t").strip(self.fence[0])


class FormulaEnd(NamedTuple):
    """A line that ends so ends a formula."""

    closing: str

    def read(self, cursor: Cursor, whole: bool) -> Line | None:
        """See ``Ending``."""
        if not whole:
            return None
        line = cursor.remainder
        text = line.rstrip(" \t")
        if not text.endswith(self.closing):
            return Line(line, ends=False)
        text = text.removesuffix(self.closing)
        return Line(text if text.strip() else None, ends=True)


class RawEnd(NamedTuple):
    """A line in which this is found ends a block of raw HTML; a blank one is not part of it."""

    pattern: re.Pattern[str]

    def read(self, cursor: Cursor, whole: bool) -> Line | None:
        """See ``Ending``."""
        if not whole:
            return None
        line = cursor.remainder
        if self.pattern is BLANK:
            return Line(None if cursor.blank else line, ends=cursor.blank)
        return Line(line, ends=bool(self.pattern.search(line)))
