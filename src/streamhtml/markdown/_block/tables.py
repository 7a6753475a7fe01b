"""Tables, written cell by cell. https://github.github.com/gfm/#tables-extension-"""

import re
from typing import Final

from streamhtml.markdown._inline.inline_text import InlineText
from streamhtml.markdown._inline.parser import InlineParser
from streamhtml.markdown._options import MAX_FILLED
from streamhtml.markdown._output.output import Output, TagPair

_PIPE: Final = re.compile(r"\\.|\|", re.DOTALL)
_CUT: Final = re.compile(r"\\[\\|]?|\|")


def split_row(line: str) -> list[str]:
    """Return the cells of a table row, with the white space and the escapes of the line."""
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
    """A table, whose header is there and whose rows follow.

    Args:
        log: where it is written.
        inline: reads the cells.
        alignments: of the columns: "left", "center", "right" or "".
    """

    def __init__(self, output: Output, inline: InlineParser, alignments: tuple[str, ...]) -> None:
        self._output = output
        self._inline = inline
        self._alignments = alignments
        attributes = [f' align="{alignment}"' if alignment else "" for alignment in alignments]
        self._head_tags = [(f"<th{attribute}>", "</th>") for attribute in attributes]
        self._body_tags = [(f"<td{attribute}>", "</td>") for attribute in attributes]
        self._has_body = False
        self._held = ""
        self._filled = 0
        output.open(TagPair("<table>", "</table>"))

    def head(self, line: str) -> None:
        """Write the header, from the line above the delimiter row."""
        self._output.open(TagPair("<thead>", "</thead>"))
        self._open_row("th")
        self._add_row(line)
        self._output.close()

    def begin(self, text: str, whole: bool) -> None:
        """Begin a row."""
        if not self._has_body:
            self._has_body = True
            self._output.open(TagPair("<tbody>", "</tbody>"))
        self._open_row("td")
        if whole:
            self._add_row(text)
        else:
            self.add(text)

    def add(self, text: str) -> None:
        """Take more of the row. A piece may end in the middle of an escape."""
        text = self._held + text
        self._held = ""
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
            self._output.close()
        self._output.close()

    def _open_row(self, tag: str) -> None:
        self._tags = self._head_tags if tag == "th" else self._body_tags
        self._column = 0
        self._cell: InlineText | None = None
        self._is_leading = True  # whether the row has only white space so far
        self._held = ""
        self._output.open(TagPair("<tr>", "</tr>"))

    def _close_row(self) -> None:
        if self._cell:
            self._end_cell()
        missing = max(len(self._alignments) - self._column, 0)
        if self._filled + missing <= MAX_FILLED:
            self._filled += missing
            for _ in range(missing):
                self._open_cell()
                self._output.close()
                self._column += 1
        self._output.close()

    def _add_row(self, line: str) -> None:
        """Write a complete row."""
        for cell in split_row(line)[: len(self._alignments)]:
            text = cell.strip(" \t").replace("\\|", "|")
            html = self._inline.plain(text)
            self._open_cell()
            if html is None:
                prose = InlineText(self._inline)
                prose.add(text)
                prose.close()
                self._output.write(prose)
            else:
                self._output.write(html)
            self._output.close()
            self._column += 1
        self._close_row()

    def _write(self, text: str) -> None:
        """Add text to the cell. The first text that is not blank begins the cell."""
        if not text:
            return
        if self._cell is None:
            text = text.lstrip(" \t")
            if not text:
                return
            self._cell = InlineText(self._inline)
            if self._column < len(self._alignments):
                self._open_cell()
                self._output.write(self._cell)
        self._is_leading = False
        self._cell.add(text)

    def _end_cell(self) -> None:
        if self._is_leading:  # A row may begin with a pipe.
            self._is_leading = False
            return
        if self._column < len(self._alignments):
            if self._cell is None:
                self._open_cell()
            else:
                self._cell.close()
            self._output.close()
        self._cell = None
        self._column += 1

    def _open_cell(self) -> None:
        start, end = self._tags[self._column]
        self._output.open(TagPair(start, end))
