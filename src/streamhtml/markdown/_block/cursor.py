"""A position in a line, counted in columns: a tab advances to the next multiple of four.

https://spec.commonmark.org/0.31.2/#tabs. Nothing here knows what blocks are.
"""


class Cursor:
    """Reads the beginning of a line, marker by marker.

    Attributes:
        line: the line without its line end.
        pos: the index of the first character that was not read.
        column: the column of that character; after tabs it differs from ``pos``.
        next: the index of the first character from ``pos`` on that is neither space nor tab.
        indent: the number of columns from ``pos`` to ``next``.
        blank: whether only spaces and tabs are left.
    """

    __slots__ = ("blank", "column", "indent", "line", "next", "pos")

    def __init__(self, line: str) -> None:
        self.line = line
        self.pos = 0
        self.column = 0
        if line and line[0] not in " \t":  # Fast path: most lines have no indentation.
            self.next = self.indent = 0
            self.blank = False
        else:
            self.look()

    def copy(self) -> "Cursor":
        """Return another cursor at the same position."""
        other = object.__new__(Cursor)
        other.line, other.pos, other.column = self.line, self.pos, self.column
        other.next, other.indent, other.blank = self.next, self.indent, self.blank
        return other

    def after(self, length: int) -> "Cursor":
        """Return another cursor that has read ``length`` more characters from ``next`` on.

        None of them is a tab, and the next one is neither space nor tab.
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
        """The text from ``next`` on."""
        return self.line[self.next :]

    @property
    def remainder(self) -> str:
        """The text from ``pos`` on."""
        return self.line[self.pos :]

    def look(self) -> None:
        """Update ``next``, ``indent`` and ``blank`` for the current position."""
        line, column, index = self.line, self.column, self.pos
        length = len(line)
        while index < length:
            character = line[index]
            if character == " ":
                column += 1
            elif character == "\t":
                column += 4 - column % 4
            else:
                break
            index += 1
        self.next = index
        self.indent = column - self.column
        self.blank = index == length

    def skip(self, columns: int) -> None:
        """Skip up to ``columns`` columns of white space."""
        columns = min(columns, self.indent)
        self.indent -= columns
        end = self.pos + columns
        if "\t" not in self.line[self.pos : end]:
            self.pos = end
            self.column += columns
            return
        while columns:
            width = 1 if self.line[self.pos] == " " else 4 - self.column % 4
            if width > columns:  # A part of a tab: the rest stays, as spaces.
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
