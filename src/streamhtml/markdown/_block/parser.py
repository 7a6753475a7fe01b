"""Block structure: which line belongs to which block. Each line is taken once.

The algorithm is that of https://spec.commonmark.org/0.31.2/#phase-1-block-structure: a stack of
open containers, and a leaf in the innermost one.
"""

import re
from collections.abc import Mapping
from typing import Final

from streamhtml.markdown._block.code import CodeBlock
from streamhtml.markdown._block.containers import (
    BlockQuote,
    Container,
    FootnoteDefinition,
    ListBlock,
    ListItem,
    list_tags,
    skip_quote_marker,
)
from streamhtml.markdown._block.cursor import Cursor
from streamhtml.markdown._block.ends import BlockEnd, FenceEnd, FormulaEnd
from streamhtml.markdown._block.headings import ATXHeading
from streamhtml.markdown._block.leaf import Leaf
from streamhtml.markdown._block.paragraph import Paragraph
from streamhtml.markdown._block.starts import (
    CONTAINER_STARTS,
    STARTS,
    AlertStart,
    ATXHeadingStart,
    BlockQuoteStart,
    ContainerStart,
    FenceStart,
    FormulaStart,
    LeafStart,
    LineContext,
    ListItemStart,
    SetextHeadingStart,
    StartRule,
    TableStart,
    ThematicBreakStart,
    find_start,
)
from streamhtml.markdown._block.tables import Table
from streamhtml.markdown._characters import unescape
from streamhtml.markdown._incomplete import Incomplete
from streamhtml.markdown._inline.parser import InlineParser
from streamhtml.markdown._inline.references import References
from streamhtml.markdown._options import MAX_CONTAINERS, OnFence
from streamhtml.markdown._output.output import Output, TagPair

_LANGUAGE: Final = re.compile(r"[\w.+#-]{1,40}\Z")


class BlockParser:
    """Takes lines, and writes the blocks that they make.

    Attributes:
        leaf: the open block that holds text, if there is one.
        line_number: the number of the current line.

    Args:
        output: where the blocks are written.
        inline: reads their text.
        references: learns what the document defines.
        prefix: what the ids of headings begin with; ``""`` for no ids.
        on_fence: is offered every complete code block.
        starts: the rules that say which block a line begins, by its first character.
    """

    def __init__(
        self,
        output: Output,
        inline: InlineParser,
        references: References,
        *,
        prefix: str = "",
        on_fence: OnFence | None = None,
        starts: Mapping[str, tuple[StartRule, ...]] = STARTS,
    ) -> None:
        self.leaf: Leaf | None = None
        self.line_number = 1
        self._output = output
        self._inline = inline
        self._references = references
        self._dialect = inline.dialect
        self._prefix = prefix
        self._on_fence = on_fence
        self._starts = starts
        self._stack: list[Container] = []
        self._quotes = 0  # how many of the containers are block quotes
        self._block_end: BlockEnd | None = None
        self._headings = 0

    def take_lines(self, lines: list[str], start: int) -> None:
        """Take complete lines, from the index ``start`` on."""
        at, end = start, len(lines)
        while at < end:
            if self._block_end:
                at += self._take_fenced_lines(lines, at, self._block_end)
                if at == end:
                    break
            self.take(lines[at], whole=True)
            self.line_number += 1
            at += 1

    def close(self) -> None:
        """Close all open blocks."""
        self._close(0)

    def take(self, line: str, *, whole: bool) -> bool:
        """Take a line, or the beginning of one.

        Returns:
            Whether it was taken. A beginning is not, while it is uncertain what it begins.
        """
        if not (line or self._stack or self._block_end or isinstance(self.leaf, CodeBlock)):
            self.close_leaf()  # Fast path: a blank line outside of containers.
            return True
        cursor = Cursor(line)
        matched = self._match(cursor) if self._stack else 0
        inside = matched == len(self._stack)
        if inside and self._block_end:
            return self._take_verbatim(self._block_end, cursor, whole)
        if cursor.blank:
            if whole:
                self._take_blank(cursor, matched)
            return whole
        if inside and isinstance(self.leaf, CodeBlock) and cursor.indent > 3:
            self._touch(matched)
            cursor.skip(4)
            self._begin_in_leaf(cursor.remainder, whole)
            return True
        paragraph = self.leaf if isinstance(self.leaf, Paragraph) else None
        containers: list[ContainerStart] = []
        start = None
        if cursor.indent < 4 and cursor.line[cursor.next] in self._starts:
            context = LineContext(
                whole,
                self._dialect,
                paragraph if inside else None,
                lazy=not inside and bool(paragraph),
            )
            cursor, found = self._find(cursor, context, matched, containers)
            if isinstance(found, Incomplete) or (cursor.blank and not whole):
                return False
            start = found
        is_row = inside and isinstance(self.leaf, Table) and cursor.indent < 4
        goes_on = paragraph or is_row
        if goes_on and not containers and start is None:
            self._touch(len(self._stack))
            self._begin_in_leaf(cursor.rest, whole)
            return True
        if start and not containers and isinstance(start, (SetextHeadingStart, TableStart)):
            assert paragraph
            self._touch(matched)
            self._convert(paragraph, start)
            return True
        self._open(matched, containers)
        self._begin_leaf(cursor, start, whole)
        return True

    def _match(self, cursor: Cursor) -> int:
        """Return how many containers the line continues, and move the cursor behind their marks."""
        stack = self._stack
        if cursor.blank and not cursor.line and not self._quotes:
            return len(stack) - (bool(stack) and stack[-1].is_empty)
        matched = 0
        for container in stack:
            if not container.continues(cursor):
                break
            matched += 1
        return matched

    def _find(
        self, cursor: Cursor, context: LineContext, depth: int, containers: list[ContainerStart]
    ) -> tuple[Cursor, LeafStart | Incomplete | None]:
        """Collect the containers that begin, and return the leaf that does, and where."""
        while not cursor.blank and cursor.indent < 4:
            found = find_start(cursor, context, self._starts)
            if found is None or not isinstance(found, CONTAINER_STARTS):
                return cursor, found
            if depth + len(containers) == MAX_CONTAINERS:
                break
            if isinstance(found, ListItemStart):
                cursor = found.content
            elif isinstance(found, BlockQuoteStart):
                skip_quote_marker(cursor)
            else:
                cursor.skip_marker(len(found.label) + 4)
                cursor.skip(cursor.indent)
            containers.append(found)
            context.paragraph = None
            context.lazy = False
            context.in_new_quote = isinstance(found, BlockQuoteStart)
        return cursor, None

    # Lines within blocks -----------------------------------------------------------------------

    def _begin_in_leaf(self, text: str, whole: bool) -> None:
        assert self.leaf
        self.leaf.begin(text, whole)
        if whole and isinstance(self.leaf, ATXHeading):
            self.close_leaf()

    def _take_verbatim(self, ending: BlockEnd, cursor: Cursor, whole: bool) -> bool:
        line = ending.read(cursor, whole)
        if isinstance(line, Incomplete):
            return False
        self._touch(len(self._stack))
        if line.text is not None:
            self._begin_in_leaf(line.text, whole)
        if line.ends:
            self.close_leaf()
        return True

    def _take_fenced_lines(self, lines: list[str], start: int, ending: BlockEnd) -> int:
        """Take in the lines that stand in a fence for certain, at once; return how many."""
        end = start
        if isinstance(ending, FenceEnd) and not (ending.indent or self._stack):
            while end < len(lines) and not lines[end].lstrip(" ").startswith(ending.fence):
                end += 1
        if end > start:
            assert self.leaf
            self.leaf.begin("\n".join(lines[start:end]), True)
            self.line_number += end - start
        return end - start

    def _take_blank(self, cursor: Cursor, matched: int) -> None:
        inside = matched == len(self._stack)
        if self._quotes:  # Around the innermost, the line has its mark: it is not blank there.
            marked = [at for at in range(matched) if isinstance(self._stack[at], BlockQuote)]
            self._touch(marked[-1] if marked else 0)
        if inside and isinstance(self.leaf, CodeBlock):
            cursor.skip(4)
            self.leaf.blank(cursor.remainder)
        elif not inside and isinstance(item := self._stack[matched], ListItem) and item.is_empty:
            item.is_over = True
        else:
            self._close(matched)

    def _touch(self, depth: int) -> None:
        """Note that the line is not blank in the outermost containers, so many of them."""
        if depth:
            for container in self._stack[:depth]:
                container.last_line = self.line_number

    # Blocks ---------------------------------------------------------------------------------

    def _convert(self, paragraph: Paragraph, start: SetextHeadingStart | TableStart) -> None:
        if self._stack and isinstance(container := self._stack[-1], ListItem):
            container.misread = True
        if isinstance(start, SetextHeadingStart):
            paragraph.become_setext_heading(*self._heading_tags(start.level))
            self.leaf = None
        else:
            line = paragraph.take_last_line()
            self.leaf = table = Table(self._output, self._inline, start.alignments)
            table.head(line)

    def _open(self, matched: int, starts: list[ContainerStart]) -> None:
        """Close what the line does not continue, and open the containers that it begins."""
        if not self._stack and not starts:
            self.close_leaf()
            return
        list_ = self._continued_list(matched, starts)
        parent = self._stack[matched - 1] if matched else None
        if list_:
            self._separate(self._stack[matched], list_)
        elif isinstance(parent, ListItem) and not parent.is_empty:
            self._separate(parent, parent.list)
        self._close(matched, keep=list_)
        self._touch(matched)
        for start in starts:
            self._open_container(start, list_)
            list_ = None

    def _continued_list(self, matched: int, starts: list[ContainerStart]) -> ListBlock | None:
        if matched < len(self._stack) and starts and isinstance(starts[0], ListItemStart):
            sibling = self._stack[matched]
            if isinstance(sibling, ListItem) and sibling.list.marker == starts[0].marker:
                return sibling.list
        return None

    def _separate(self, before: Container, list_: ListBlock) -> None:
        """Loosen a list if blank lines stand before what begins now."""
        if self.line_number > before.last_line + 1:
            list_.loosen()

    def _open_container(self, start: ContainerStart, list_: ListBlock | None) -> None:
        output = self._output
        if self._stack:
            self._stack[-1].is_empty = False
        if isinstance(start, BlockQuoteStart):
            element = output.open(TagPair("<blockquote>", "</blockquote>", soft=True))
            self._stack.append(BlockQuote(self.line_number, element))
            self._quotes += 1
        elif isinstance(start, ListItemStart):
            if list_ is None:
                list_ = ListBlock(output, output.open(list_tags(start.number)), start.marker)
            output.open(TagPair("<li>", "</li>"))
            self._stack.append(ListItem(self.line_number, list_, start.width))
        else:
            self._stack.append(FootnoteDefinition(self.line_number, output))
            self._output = Output()
            self._references.define_footnote(start.label, self._output)

    def _begin_leaf(self, cursor: Cursor, start: LeafStart | None, whole: bool) -> None:
        if cursor.blank:  # An empty item.
            return
        container = self._stack[-1] if self._stack else None
        is_first = container is not None and container.is_empty
        if container:
            container.is_empty = False
        match start:
            case None if cursor.indent > 3:
                self.leaf = CodeBlock(self._output)
                cursor.skip(4)
                self._begin_in_leaf(cursor.remainder, whole)
            case None:
                self.leaf = self._paragraph(container, is_first)
                self._begin_in_leaf(cursor.rest, whole)
            case ATXHeadingStart():
                self.leaf = ATXHeading(self._output, self._inline, *self._heading_tags(start.level))
                cursor.skip_marker(start.level)
                self._begin_in_leaf(cursor.rest, whole)
            case ThematicBreakStart():
                self._output.open(TagPair("<hr>", ""))
                self._output.close()
            case FenceStart():
                language = re.split(r"[ \t]", unescape(start.info), maxsplit=1)[0]
                self.leaf = CodeBlock(
                    self._output, language, self._css_class(language), self._on_fence
                )
                self._block_end = FenceEnd(start.fence, start.indent)
            case FormulaStart():
                self.leaf = CodeBlock(
                    self._output, "math", "language-math math-display", self._on_fence
                )
                self._block_end = FormulaEnd(start.closing)
                if start.tex is not None:
                    self._begin_in_leaf(start.tex, whole)
                    self.close_leaf()
            case AlertStart():
                assert isinstance(container, BlockQuote)
                container.become_alert(self._output, start.kind)

    def _paragraph(self, container: Container | None, is_first: bool) -> Paragraph:
        is_task = cautious = shares = False
        element = TagPair("<p>", "</p>", soft=True)
        if isinstance(container, ListItem):
            is_task = is_first and self._dialect.task_items
            if not container.list.loose:
                cautious, shares = container.misread, not is_first
                element.start = element.end = ""
                container.list.paragraphs.append(element)
        return Paragraph(
            self._output,
            self._inline,
            self._references,
            element,
            is_task=is_task,
            cautious=cautious,
            shares=shares,
        )

    def _heading_tags(self, level: int) -> tuple[str, str]:
        self._headings += 1
        own = f' id="{self._prefix}-h{self._headings}"' if self._prefix else ""
        return f"<h{level}{own}>", f"</h{level}>"

    def _css_class(self, language: str) -> str:
        """Return the class of a code block; the model's word is part of it if it is plain."""
        return f"language-{language}" if _LANGUAGE.match(language) else ""

    def close_leaf(self) -> None:
        leaf, self.leaf, self._block_end = self.leaf, None, None
        if leaf:
            leaf.close()

    def _close(self, depth: int, keep: ListBlock | None = None) -> None:
        """Close the leaf, and the containers but so many of them; the list ``keep`` stays open."""
        self.close_leaf()
        while len(self._stack) > depth:
            container = self._stack.pop()
            if isinstance(container, FootnoteDefinition):
                self._output = container.outside
                continue
            self._output.close()
            self._quotes -= isinstance(container, BlockQuote)
            if isinstance(container, ListItem) and (container.list is not keep):
                self._output.close()
