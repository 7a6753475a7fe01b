"""The blocks that contain other blocks: block quotes, lists, list items and footnote definitions.

https://spec.commonmark.org/0.31.2/#container-blocks
"""

from streamhtml.markdown._block.cursor import Cursor
from streamhtml.markdown._output.buffer import BufferedElement, HTMLBuffer


class List:
    """A list. It is loose if a blank line separates its items, or two blocks in one of them.

    https://spec.commonmark.org/0.31.2/#loose

    Attributes:
        buffer: the buffer that it is written to.
        element: its tags.
        marker: see ``ListItemStart``.
        loose: whether the paragraphs in its items have tags.
        paragraphs: the paragraphs that were written without tags.
    """

    __slots__ = ("buffer", "element", "loose", "marker", "paragraphs")

    def __init__(self, buffer: HTMLBuffer, element: BufferedElement, marker: str) -> None:
        self.buffer = buffer
        self.element = element
        self.marker = marker
        self.loose = False
        self.paragraphs: list[BufferedElement] = []

    def loosen(self) -> None:
        """Make the list loose, and give tags to the paragraphs that were written already."""
        if self.loose:
            return
        self.loose = True
        for paragraph in self.paragraphs:
            paragraph.start, paragraph.end = "<p>", "</p>"
            paragraph.depth += 1
            paragraph.was_untagged = True
        self.paragraphs.clear()
        self.buffer.mark_changed(self.element, can_wait=True)


class Container:
    """An open block quote, list item or footnote definition.

    Attributes:
        last_line: number of the last line in it that was not blank.
        is_empty: whether it contains no block yet.
    """

    __slots__ = ("is_empty", "last_line")

    def __init__(self, line: int) -> None:
        self.last_line = line
        self.is_empty = True

    @property
    def survives_blank(self) -> bool:
        """Whether a blank line continues the block. An empty list item ends there."""
        return True

    def continues(self, cursor: Cursor) -> bool:
        """Return whether the line continues the block, and skip the marker or indentation."""
        raise NotImplementedError

    def skip_indent(self, cursor: Cursor, width: int) -> bool:
        """Skip ``width`` columns of indentation; return whether the line has them or is blank."""
        if cursor.blank:
            cursor.skip(width)
            return self.survives_blank
        if cursor.indent < width:
            return False
        cursor.skip(width)
        return True


class BlockQuote(Container):
    """A block quote."""

    __slots__ = ("element",)

    def __init__(self, line: int, element: BufferedElement) -> None:
        super().__init__(line)
        self.element = element

    def continues(self, cursor: Cursor) -> bool:
        if cursor.indent > 3 or cursor.blank or cursor.line[cursor.next] != ">":
            return False
        skip_quote_marker(cursor)
        return True


class ListItem(Container):
    """A list item. The stack contains the item, but not its list.

    Attributes:
        list: its list.
        width: the indentation of its content, in columns.
        is_over: whether no further line belongs to it, although its list may go on.
        misread: whether text in it was shown and then became a different block. The item was then
            sent again as a whole, which must not happen twice.
    """

    __slots__ = ("is_over", "list", "misread", "width")

    def __init__(self, line: int, list_: List, width: int) -> None:
        super().__init__(line)
        self.list = list_
        self.width = width
        self.is_over = self.misread = False

    @property
    def survives_blank(self) -> bool:
        return not self.is_empty

    def continues(self, cursor: Cursor) -> bool:
        return not self.is_over and self.skip_indent(cursor, self.width)


class FootnoteDefinition(Container):
    """A footnote definition, which is written to a buffer of its own.

    Attributes:
        outer_buffer: the buffer that the document is written to.
    """

    __slots__ = ("outer_buffer",)

    def __init__(self, line: int, outer_buffer: HTMLBuffer) -> None:
        super().__init__(line)
        self.outer_buffer = outer_buffer

    def continues(self, cursor: Cursor) -> bool:
        return self.skip_indent(cursor, 4)


def skip_quote_marker(cursor: Cursor) -> None:
    """Skip ``>`` and one column of white space."""
    cursor.skip_marker(1)
    cursor.skip(1)
