"""The blocks that hold blocks: block quotes, list items and footnotes, and lists around items.

https://spec.commonmark.org/0.31.2/#container-blocks
"""

from streamhtml.markdown._cursor import Cursor
from streamhtml.markdown._log import Element, Log


class List:
    """A list: loose if a blank line stands between its items, or between two blocks in one.

    https://spec.commonmark.org/0.31.2/#loose
    """

    __slots__ = ("element", "log", "loose", "marker", "paragraphs")

    def __init__(self, log: Log, element: Element, marker: str) -> None:
        self.log = log
        self.element = element
        self.marker = marker
        self.loose = False
        self.paragraphs: list[Element] = []

    def loosen(self) -> None:
        """Show the tags of its paragraphs, of those too that are there already."""
        if self.loose:
            return
        self.loose = True
        for paragraph in self.paragraphs:
            paragraph.start, paragraph.end = "<p>", "</p>"
            paragraph.depth += 1
        self.paragraphs.clear()
        self.log.change(self.element)


class Container:
    """An open block quote, list item or footnote.

    Attributes:
        last_line: number of the last line that was not blank in it.
        is_empty: whether no block was begun in it.
    """

    __slots__ = ("is_empty", "last_line")

    def __init__(self, line: int) -> None:
        self.last_line = line
        self.is_empty = True

    def continues(self, cursor: Cursor) -> bool:
        """Move the cursor behind what the line must begin with; return whether it does."""
        raise NotImplementedError

    def skip_indent(self, cursor: Cursor, width: int) -> bool:
        """Move the cursor over the indentation that belongs to it; return whether it is there."""
        if cursor.blank:
            cursor.skip(width)
            return not self.is_empty
        if cursor.indent < width:
            return False
        cursor.skip(width)
        return True


class Quote(Container):
    """A block quote."""

    __slots__ = ("element",)

    def __init__(self, line: int, element: Element) -> None:
        super().__init__(line)
        self.element = element

    def continues(self, cursor: Cursor) -> bool:
        if cursor.indent > 3 or cursor.blank or cursor.line[cursor.next] != ">":
            return False
        skip_quote_marker(cursor)
        return True


class Item(Container):
    """A list item. Its list has no place of its own on the stack.

    Attributes:
        width: columns of indentation that its content has.
        is_over: whether nothing more belongs to it, while its list may go on.
        misread: whether text in it was shown that turned out to be something else. It was sent
            again as a whole then, which must not happen twice.
    """

    __slots__ = ("is_over", "list", "misread", "width")

    def __init__(self, line: int, list_: List, width: int) -> None:
        super().__init__(line)
        self.list = list_
        self.width = width
        self.is_over = self.misread = False

    def continues(self, cursor: Cursor) -> bool:
        return not self.is_over and self.skip_indent(cursor, self.width)


class Note(Container):
    """The definition of a footnote: written to a log of its own."""

    __slots__ = ("outside",)

    def __init__(self, line: int, outside: Log) -> None:
        super().__init__(line)
        self.outside = outside

    def continues(self, cursor: Cursor) -> bool:
        return self.skip_indent(cursor, 4)


def skip_quote_marker(cursor: Cursor) -> None:
    """Move behind ``>`` and one column of white space."""
    cursor.skip_marker(1)
    cursor.skip(1)
