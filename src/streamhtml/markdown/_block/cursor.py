"""A position in a line, counted in columns: a tab advances to the next multiple of four.

https://spec.commonmark.org/0.31.2/#tabs. Nothing here knows about blocks.
"""


class Cursor:
    """Reads the beginning of a line, marker by marker.

    Attributes:
        line: the line without its line break.
        pos: index of the first character not yet read.
        column: the column of that character, which differs from ``pos`` after tabs.
        next: index of the first character from ``pos`` on that is not a space or tab.
        indent: number of columns between ``pos`` and ``next``.
        blank: whether only spaces and tabs are left.
    """

    __slots__ = ("blank", "column", "indent", "line", "next", "pos")

    def __init__(self, line: str) -> None:
        self.line = line
        self.pos = 0
        self.column = 0
        if not line or line[0] not in " \t":  # Fast path: most lines have no indentation.
            self.next = self.indent = 0
            self.blank = not line
        else:
            self.look()

    def copy(self) -> "Cursor":
        """Return another cursor at the same position."""
        other = object.__new__(Cursor)
        other.line, other.pos, other.column = self.line, self.pos, self.column
        other.next, other.indent, other.blank = self.next, self.indent, self.blank
        return other

    def copy_after(self, length: int) -> "Cursor":
        """Return another cursor, ``length`` characters after ``next``.

        The caller knows that these contain no tab, and that no space or tab follows them.
        """
        other = object.__new__(Cursor)
        other.line = self.line
        other.pos = other.next = self.next + length
        other.column = self.column + self.indent + length
        other.indent = 0
        other.blank = False
        return other

    @property
    def rest(self) -> str:
        """The rest of the line, without leading spaces and tabs."""
        return self.line[self.next :]

    @property
    def remainder(self) -> str:
        """The rest of the line."""
        return self.line[self.pos :]

    def look(self) -> None:
        """Find the next character that is not a space or tab."""
        line, pos = self.line, self.pos
        rest = line[pos:].lstrip(" \t")
        self.next = index = len(line) - len(rest)
        self.indent = index - pos
        self.blank = not rest
        if "\t" in line:
            column = self.column
            for character in line[pos:index]:
                column += 1 if character == " " else 4 - column % 4
            self.indent = column - self.column

    def skip(self, columns: int) -> None:
        """Skip up to ``columns`` columns of white space."""
        columns = min(columns, self.indent)
        self.indent -= columns
        if "\t" not in self.line:
            self.pos += columns
            self.column += columns
            return
        while columns:
            width = 1 if self.line[self.pos] == " " else 4 - self.column % 4
            if width > columns:  # Only a part of a tab is skipped; the rest becomes spaces.
                self.line = " " * (width - columns) + self.line[self.pos + 1 :]
                self.next += width - columns - 1 - self.pos
                self.pos = 0
                self.column += columns
                return
            self.pos += 1
            self.column += width
            columns -= width

    def skip_marker(self, length: int) -> None:
        """Skip a marker of ``length`` characters that begins at ``next``."""
        self.column += self.indent + length
        self.pos = self.next + length
        self.look()
