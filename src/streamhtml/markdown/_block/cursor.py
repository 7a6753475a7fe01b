"""A place in a line, counted in columns: a tab reaches to the next multiple of four.

https://spec.commonmark.org/0.31.2/#tabs. Nothing here knows what blocks are.
"""


class Cursor:
    """Reads a line's beginning, marker by marker. It looks ahead before it moves.

    Attributes:
        line: the line without its end.
        pos: index of the first character not yet read.
        column: its column; it differs from ``pos`` after tabs.
        next: index of the first character from ``pos`` on that is neither space nor tab.
        indent: the columns between the two.
        blank: whether nothing but spaces and tabs is left.
    """

    __slots__ = ("blank", "column", "indent", "line", "next", "pos")

    def __init__(self, line: str) -> None:
        self.line = line
        self.pos = 0
        self.column = 0
        if line and line[0] not in " \t":  # As most lines begin.
            self.next = self.indent = 0
            self.blank = False
        else:
            self.look()

    def copy(self) -> "Cursor":
        """Return another cursor at the same place."""
        other = object.__new__(Cursor)
        other.line, other.pos, other.column = self.line, self.pos, self.column
        other.next, other.indent, other.blank = self.next, self.indent, self.blank
        return other

    def behind(self, length: int) -> "Cursor":
        """Return another cursor, behind so many characters from ``next`` on, none of them a tab.

        What follows them is neither space nor tab.
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
        """What is left, from the first character that is neither space nor tab."""
        return self.line[self.next :]

    @property
    def remainder(self) -> str:
        """All that is left."""
        return self.line[self.pos :]

    def look(self) -> None:
        """Find the next character that is neither space nor tab."""
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
        """Move over so many columns of white space, or as many as there are."""
        columns = min(columns, self.indent)
        self.indent -= columns
        end = self.pos + columns
        if "\t" not in self.line[self.pos : end]:
            self.pos = end
            self.column += columns
            return
        while columns:
            width = 1 if self.line[self.pos] == " " else 4 - self.column % 4
            if width > columns:  # Half a tab: the other half stays, as spaces.
                self.line = " " * (width - columns) + self.line[self.pos + 1 :]
                self.next += width - columns - 1 - self.pos
                self.pos = 0
                self.column += columns
                return
            self.pos += 1
            self.column += width
            columns -= width

    def skip_marker(self, length: int) -> None:
        """Move behind a marker of so many characters, which begins at ``next``."""
        self.column += self.indent + length
        self.pos = self.next + length
        self.look()
