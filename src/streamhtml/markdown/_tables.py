"""Tables, cell by cell. https://github.github.com/gfm/#tables-extension-"""

import re
from typing import Final

from streamhtml.markdown._inline import Inline
from streamhtml.markdown._log import Element, Log
from streamhtml.markdown._options import MAX_FILLED
from streamhtml.markdown._prose import Prose

_CUT: Final = re.compile(r"\\[\\|]?|\|")


class Table:
    """A table, whose header is there and whose rows follow.

    Args:
        log: where it is written.
        inline: reads the cells.
        alignments: of the columns: "left", "center", "right" or "".
    """

    def __init__(self, log: Log, inline: Inline, alignments: tuple[str, ...]) -> None:
        self._log = log
        self._inline = inline
        self._alignments = alignments
        self._has_body = False
        self._filled = 0
        log.open(Element("<table>", "</table>"))

    def head(self, line: str) -> None:
        """Write the header, from the line above the delimiter row."""
        self._log.open(Element("<thead>", "</thead>"))
        self._open_row("th")
        self.add(line)
        self._close_row()
        self._log.close()

    def begin(self, text: str, whole: bool) -> None:
        """Begin a row."""
        if not self._has_body:
            self._has_body = True
            self._log.open(Element("<tbody>", "</tbody>"))
        self._open_row("td")
        self.add(text)
        if whole:
            self.end()

    def add(self, text: str) -> None:
        """Go on with the row, in pieces that may end within an escape."""
        text = self._held + text
        self._held = ""
        if "\\" not in text:
            first, *others = text.split("|")
            self._write(first)
            for cell in others:
                self._end_cell()
                self._write(cell)
            return
        pos = 0
        piece = ""
        for found in _CUT.finditer(text):
            mark = found[0]
            if mark == "\\" and found.end() < len(text):
                continue
            if mark == "\\\\":
                continue
            piece += text[pos : found.start()]
            pos = found.end()
            if mark == "\\|":
                piece += "|"
            elif mark == "\\":
                self._held = mark
            else:
                self._write(piece)
                piece = ""
                self._end_cell()
        self._write(piece + text[pos:])

    def end(self) -> None:
        """The row is complete."""
        self._write(self._held)
        self._close_row()

    def close(self) -> None:
        """The table is complete."""
        if self._has_body:
            self._log.close()
        self._log.close()

    def _open_row(self, tag: str) -> None:
        self._tag = tag
        self._column = 0
        self._cell: Prose | None = None
        self._is_leading = True  # whether nothing but blanks was before
        self._held = ""
        self._log.open(Element("<tr>", "</tr>"))

    def _close_row(self) -> None:
        if self._cell:
            self._end_cell()
        missing = max(len(self._alignments) - self._column, 0)
        if self._filled + missing <= MAX_FILLED:
            self._filled += missing
            for _ in range(missing):
                self._open_cell()
                self._end_cell()
        self._log.close()

    def _write(self, text: str) -> None:
        """Add text to the cell, which it begins if it is not blank."""
        if not text:
            return
        if self._cell is None:
            text = text.lstrip(" \t")
            if not text:
                return
            self._open_cell()
        assert self._cell
        self._is_leading = False
        self._cell.add(text)

    def _open_cell(self) -> None:
        self._cell = Prose(self._inline)
        if self._column < len(self._alignments):
            alignment = self._alignments[self._column]
            attribute = f' align="{alignment}"' if alignment else ""
            self._log.open(Element(f"<{self._tag}{attribute}>", f"</{self._tag}>"))
            self._log.write(self._cell)

    def _end_cell(self) -> None:
        if self._is_leading:  # The pipe that a row may begin with.
            self._is_leading = False
            return
        if self._cell is None:
            self._open_cell()
        assert self._cell
        if self._column < len(self._alignments):
            self._cell.close()
            self._log.close()
        self._cell = None
        self._column += 1
