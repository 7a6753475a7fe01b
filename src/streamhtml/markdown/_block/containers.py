"""The blocks that contain blocks: block quotes, list items and footnote definitions; and lists.

https://spec.commonmark.org/0.31.2/#container-blocks
"""

from streamhtml.markdown._block.cursor import Cursor
from streamhtml.markdown._output.output import Output, TagPair


class ListBlock:
    """A list. It is loose if a blank line separates two items, or two blocks of one item.

    https://spec.commonmark.org/0.31.2/#loose

    Attributes:
        output: where it is written.
        element: its tags.
        marker: see ``ListItemStart``.
        loose: whether the paragraphs in its items have tags.
        paragraphs: the paragraphs that were written without tags.
    """

    __slots__ = ("element", "loose", "marker", "output", "paragraphs")

    def __init__(self, output: Output, element: TagPair, marker: str) -> None:
        self.output = output
        self.element = element
        self.marker = marker
        self.loose = False
        self.paragraphs: list[TagPair] = []

    def loosen(self) -> None:
        """Give tags to its paragraphs, including those that were written already."""
        if self.loose:
            return
        self.loose = True
        for paragraph in self.paragraphs:
            paragraph.start, paragraph.end = "<p>", "</p>"
            paragraph.depth += 1
        self.paragraphs.clear()
        self.output.change(self.element)


class Container:
    """An open block quote, list item or footnote definition.

    Attributes:
        last_line: the number of its last line that was not blank.
        is_empty: whether no block has begun in it.
    """

    __slots__ = ("is_empty", "last_line")

    def __init__(self, line: int) -> None:
        self.last_line = line
        self.is_empty = True

    def continues(self, cursor: Cursor) -> bool:
        """Return whether a line belongs to the container.

        If it does, the cursor has read what the line has to begin with.
        """
        raise NotImplementedError

    def skip_indent(self, cursor: Cursor, width: int) -> bool:
        """Return whether the line has the indentation of the content; if so, skip it."""
        if cursor.blank:
            cursor.skip(width)
            return not self.is_empty
        if cursor.indent < width:
            return False
        cursor.skip(width)
        return True


class BlockQuote(Container):
    """A block quote."""

    __slots__ = ("element",)

    def __init__(self, line: int, element: TagPair) -> None:
        super().__init__(line)
        self.element = element

    def become_alert(self, output: Output, kind: str) -> None:
        """Become an alert: "note", "tip", "important", "warning" or "caution".

        They are GitHub's (https://docs.github.com/articles/basic-writing-and-formatting-syntax).
        """
        tags = self.element
        tags.start, tags.end = f'<div class="markdown-alert markdown-alert-{kind}">', "</div>"
        tags.soft = False
        output.open(TagPair('<p class="markdown-alert-title">', "</p>"))
        output.write(kind.capitalize())
        output.close()

    def continues(self, cursor: Cursor) -> bool:
        if cursor.indent > 3 or cursor.blank or cursor.line[cursor.next] != ">":
            return False
        skip_quote_marker(cursor)
        return True


class ListItem(Container):
    """A list item. Its list is not on the parser's stack.

    Attributes:
        list: its list.
        width: the indentation of its content, in columns.
        is_over: whether nothing more belongs to it, although its list may go on.
        misread: whether text in it was shown that turned out to be something else. The item was
            sent again as a whole then, which must not happen a second time.
    """

    __slots__ = ("is_over", "list", "misread", "width")

    def __init__(self, line: int, list_: ListBlock, width: int) -> None:
        super().__init__(line)
        self.list = list_
        self.width = width
        self.is_over = self.misread = False

    def continues(self, cursor: Cursor) -> bool:
        return not self.is_over and self.skip_indent(cursor, self.width)


class FootnoteDefinition(Container):
    """The definition of a footnote, which is written to an output of its own.

    Attributes:
        outside: the output that the document is written to.
    """

    __slots__ = ("outside",)

    def __init__(self, line: int, outside: Output) -> None:
        super().__init__(line)
        self.outside = outside

    def continues(self, cursor: Cursor) -> bool:
        return self.skip_indent(cursor, 4)


def skip_quote_marker(cursor: Cursor) -> None:
    """Skip ``>`` and one column of white space."""
    cursor.skip_marker(1)
    cursor.skip(1)


def list_tags(number: int | None) -> TagPair:
    """Return the tags of a list whose first item has this number; None for a bullet list."""
    if number is None:
        return TagPair("<ul>", "</ul>")
    start = f' start="{number}"' if number != 1 else ""
    return TagPair(f"<ol{start}>", "</ol>")
