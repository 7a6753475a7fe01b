"""Tables, which are written cell by cell. https://github.github.com/gfm/#tables-extension-"""

import re
from typing import Final

from streamhtml.markdown._dialect import MAX_FILLED_CELLS
from streamhtml.markdown._inline.inline_text import InlineText
from streamhtml.markdown._inline.parser import InlineParser
from streamhtml.markdown._output.buffer import BufferedElement, HTMLBuffer

_WIDE: Final = 3
"""The number of columns from which a table may be too wide for a phone. It can receive the focus,
so that the keyboard can scroll it."""

_PIPE: Final = re.compile(r"\\.|\|", re.DOTALL)
_SEPARATOR: Final = re.compile(r"\\[\\|]?|\|")


def split_row(line: str) -> list[str]:
    """Return the cells of a complete row, with their white space and escapes."""
    line = line.strip(" \t")
    start = line.startswith("|")
    cells, begin = [], int(start)
    for found in _PIPE.finditer(line, begin):
        if found[0] == "|":
            cells.append(line[begin : found.start()])
            begin = found.end()
    if begin < len(line):
        cells.append(line[begin:])
    return cells


class Table:
    """A table. The parser creates it once its header is known, and adds the rows.

    Args:
        buffer: receives its HTML.
        parser: reads the text of the cells.
        alignments: alignment of each column: "left", "center", "right" or "".
        direction: the attribute of its element for the reading direction; or ``""``.
    """

    def __init__(
        self,
        buffer: HTMLBuffer,
        parser: InlineParser,
        alignments: tuple[str, ...],
        direction: str = "",
    ) -> None:
        self._buffer = buffer
        self._parser = parser
        self._alignments = alignments
        aligned = [f' align="{alignment}"' if alignment else "" for alignment in alignments]
        self._head_tags = [(f"<th{attribute}>", "</th>") for attribute in aligned]
        self._body_tags = [(f"<td{attribute}>", "</td>") for attribute in aligned]
        self._has_body = False
        self._held = ""
        self._filled_cells = 0
        focus = ' tabindex="0"' if len(alignments) >= _WIDE else ""
        buffer.open(BufferedElement(f"<table{direction}{focus}>", "</table>"))

    def write_header(self, line: str) -> None:
        """Write the header, from the line above the delimiter row."""
        self._buffer.open(BufferedElement("<thead>", "</thead>"))
        self._open_row("th")
        self._write_row(line)
        self._buffer.close()

    def begin_line(self, text: str, complete: bool) -> None:
        """Begin a row with its text so far."""
        if not self._has_body:
            self._has_body = True
            self._buffer.open(BufferedElement("<tbody>", "</tbody>"))
        self._open_row("td")
        if complete:
            self._write_row(text)
        else:
            self.add(text)

    def add(self, text: str) -> None:
        """Continue the row. A piece may end inside an escape."""
        text = self._held + text
        self._held = ""
        pos = 0
        piece = ""
        for found in _SEPARATOR.finditer(text):
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

    def end_line(self) -> None:
        """End the row."""
        self._write(self._held)
        self._close_row()

    def close(self) -> None:
        """End the table."""
        if self._has_body:
            self._buffer.close()
        self._buffer.close()

    @property
    def held(self) -> int:
        return self._cell.held if self._cell else 0

    def _open_row(self, tag: str) -> None:
        self._tags = self._head_tags if tag == "th" else self._body_tags
        self._column = 0
        self._cell: InlineText | None = None
        self._is_leading = True  # whether the row was blank so far
        self._held = ""
        self._buffer.open(BufferedElement("<tr>", "</tr>"))

    def _close_row(self) -> None:
        if self._cell:
            self._end_cell()
        missing = max(len(self._alignments) - self._column, 0)
        if self._filled_cells + missing <= MAX_FILLED_CELLS:
            self._filled_cells += missing
            for _ in range(missing):
                self._open_cell()
                self._buffer.close()
                self._column += 1
        self._buffer.close()

    def _write_row(self, line: str) -> None:
        """Write a complete row."""
        for cell in split_row(line)[: len(self._alignments)]:
            text = cell.strip(" \t").replace("\\|", "|")
            html = self._parser.read_unstructured(text)
            self._open_cell()
            if html is None:
                content = InlineText(self._parser)
                content.add(text)
                content.close()
                self._buffer.write(content)
            else:
                self._buffer.write(html)
            self._buffer.close()
            self._column += 1
        self._close_row()

    def _write(self, text: str) -> None:
        """Add text to the current cell, and begin that cell if the text is not blank."""
        if not text:
            return
        if self._cell is None:
            text = text.lstrip(" \t")
            if not text:
                return
            self._cell = InlineText(self._parser)
            if self._column < len(self._alignments):
                self._open_cell()
                self._buffer.write(self._cell)
        self._is_leading = False
        self._cell.add(text)

    def _end_cell(self) -> None:
        if self._is_leading:  # This is the optional pipe before the first cell.
            self._is_leading = False
            return
        if self._column < len(self._alignments):
            if self._cell is None:
                self._open_cell()
            else:
                self._cell.close()
            self._buffer.close()
        self._cell = None
        self._column += 1

    def _open_cell(self) -> None:
        start, end = self._tags[self._column]
        self._buffer.open(BufferedElement(start, end))
