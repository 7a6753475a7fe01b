"""The blocks that are open, and how blocks are opened, changed and closed.

As in https://spec.commonmark.org/0.31.2/#phase-1-block-structure, these are a stack of containers
and at most one leaf, which is in the innermost container.
"""

import re
from typing import Final

from streamhtml.markdown._block.closers import Closer, FenceCloser
from streamhtml.markdown._block.code import CodeBlock
from streamhtml.markdown._block.containers import (
    BlockQuote,
    Container,
    FootnoteDefinition,
    List,
    ListItem,
)
from streamhtml.markdown._block.cursor import Cursor
from streamhtml.markdown._block.formulas import WAIT_FOR_FORMULA, ClosedFormula, OpenFormula
from streamhtml.markdown._block.heading import ATXHeading
from streamhtml.markdown._block.leaf import Leaf
from streamhtml.markdown._block.paragraph import Paragraph
from streamhtml.markdown._block.starts import (
    AlertStart,
    ATXHeadingStart,
    BlockQuoteStart,
    ContainerStart,
    FenceStart,
    LeafStart,
    ListItemStart,
    MathBlockStart,
    MathLineStart,
    SetextUnderline,
    TableStart,
    ThematicBreakStart,
)
from streamhtml.markdown._block.table import Table
from streamhtml.markdown._drawing import SCROLLABLE
from streamhtml.markdown._escaping import unescape
from streamhtml.markdown._inline.footnotes import Footnotes
from streamhtml.markdown._inline.parser import InlineParser
from streamhtml.markdown._inline.references import LinkReferences
from streamhtml.markdown._options import Highlight, OnFence
from streamhtml.markdown._output.buffer import MAX_RESENT, BufferedElement, HTMLBuffer

_AFTER_LANGUAGE: Final = re.compile(r"[ \t{]")
_LANGUAGE: Final = re.compile(r"[\w.+#-]{1,40}\Z")
_ALERT_TITLES: Final = {
    "note": "Note",
    "tip": "Tip",
    "important": "Important",
    "warning": "Warning",
    "caution": "Caution",
}


class OpenBlocks:
    """The open blocks of one document.

    Args:
        buffer: receives the HTML of the blocks.
        parser: reads their text.
        references: receives the link reference definitions.
        footnotes: receives the footnote definitions.
        prefix: the text that the ids of headings begin with; ``""`` for no ids.
        dir_auto: whether lists, quotes and tables find their reading direction, see ``Options``.
        on_fence: called with each complete code block, see ``Options``.
        on_formula: called with each complete formula on lines of its own, in the same way.
        highlight: called with the language of each fenced code block, see ``Options``.

    Attributes:
        stack: the open containers, the outermost first.
        quote_count: how many of them are block quotes.
        leaf: the open leaf.
        closer: recognises the end of the leaf; None if the leaf's lines are parsed.
        formula: the formula of several lines that is open. Until it is shown, the leaf is the
            paragraph before it, if there is one.
        line_number: number of the current line, from 1.
    """

    def __init__(
        self,
        buffer: HTMLBuffer,
        parser: InlineParser,
        references: LinkReferences,
        footnotes: Footnotes,
        *,
        prefix: str = "",
        dir_auto: bool = False,
        on_fence: OnFence | None = None,
        on_formula: OnFence | None = None,
        highlight: Highlight | None = None,
    ) -> None:
        self.dialect = parser.dialect
        self.stack: list[Container] = []
        self.quote_count = 0
        self.leaf: Leaf | None = None
        self.closer: Closer | None = None
        self.formula: OpenFormula | None = None
        self.line_number = 1
        self.buffer = buffer
        self._parser = parser
        self._references = references
        self._footnotes = footnotes
        self._prefix = prefix
        self._direction = ' dir="auto"' if dir_auto else ""
        self._on_fence = on_fence
        self._on_formula = on_formula
        self._highlight = highlight
        self._heading_count = 0

    def touch(self, depth: int) -> None:
        """Record that the line is not blank in the ``depth`` outermost containers."""
        if depth:
            for container in self.stack[:depth]:
                container.last_line = self.line_number

    def begin_line(self, text: str, complete: bool) -> None:
        """Pass another line, or the beginning of one, to the leaf."""
        assert self.leaf
        self.leaf.begin_line(text, complete)

    # Containers ----------------------------------------------------------------------------------

    def open_containers(self, matched: int, starts: list[ContainerStart]) -> None:
        """Close the blocks that the line does not continue, and open the containers it begins.

        Args:
            matched: how many open containers the line continues.
            starts: the containers that begin, the outermost first.
        """
        if not self.stack and not starts:
            self.close_leaf()
            return
        list_ = self._continued_list(matched, starts)
        parent = self.stack[matched - 1] if matched else None
        if list_:
            self._loosen_after_blank(self.stack[matched], list_)
        elif isinstance(parent, ListItem) and not parent.is_empty:
            self._loosen_after_blank(parent, parent.list)
        self.close(matched, keep=list_)
        self.touch(matched)
        for start in starts:
            self._open_container(start, list_)
            list_ = None

    def _continued_list(self, matched: int, starts: list[ContainerStart]) -> List | None:
        if matched < len(self.stack) and starts and isinstance(starts[0], ListItemStart):
            sibling = self.stack[matched]
            if isinstance(sibling, ListItem) and sibling.list.marker == starts[0].marker:
                return sibling.list
        return None

    def _loosen_after_blank(self, before: Container, list_: List) -> None:
        """Make a list loose if blank lines separate ``before`` from the block that begins now."""
        if self.line_number > before.last_line + 1:
            list_.loosen()

    def _open_container(self, start: ContainerStart, list_: List | None) -> None:
        buffer = self.buffer
        if self.stack:
            self.stack[-1].is_empty = False
        if isinstance(start, BlockQuoteStart):
            tag = f"<blockquote{self._direction}>"
            element = BufferedElement(tag, "</blockquote>", deferred=True)
            self.stack.append(BlockQuote(self.line_number, buffer.open(element)))
            self.quote_count += 1
        elif isinstance(start, ListItemStart):
            if list_ is None:
                list_ = List(buffer, buffer.open(self._list_element(start)), start.marker)
            buffer.open(BufferedElement("<li>", "</li>"))
            self.stack.append(ListItem(self.line_number, list_, start.width))
        else:
            self.stack.append(FootnoteDefinition(self.line_number, buffer))
            self.buffer = HTMLBuffer()
            self._footnotes.define(start.label, self.buffer)

    def _list_element(self, start: ListItemStart) -> BufferedElement:
        if start.number is None:
            return BufferedElement(f"<ul{self._direction}>", "</ul>")
        number = f' start="{start.number}"' if start.number != 1 else ""
        return BufferedElement(f"<ol{number}{self._direction}>", "</ol>")

    # Leaves --------------------------------------------------------------------------------------

    def convert(self, paragraph: Paragraph, start: SetextUnderline | TableStart) -> None:
        """Turn the open paragraph into a heading, or its last line into a table's header."""
        if self.stack and isinstance(container := self.stack[-1], ListItem):
            container.misread = True
        if isinstance(start, SetextUnderline):
            paragraph.become_heading(*self._heading_tags(start.level))
            self.leaf = None
        else:
            line = paragraph.take_last_line()
            self.leaf = table = Table(self.buffer, self._parser, start.alignments, self._direction)
            table.write_header(line)

    def begin_leaf(self, cursor: Cursor, start: LeafStart | None, complete: bool) -> None:
        """Open the leaf that begins at the cursor; ``start`` is None for text and indented code."""
        if cursor.blank:  # The line begins an empty list item.
            return
        container = self.stack[-1] if self.stack else None
        is_first = container is not None and container.is_empty
        if container and not isinstance(start, MathBlockStart):
            container.is_empty = False
        if start is not None:
            self.open_leaf(cursor, start, complete)
        elif cursor.indent > 3:
            self.leaf = CodeBlock(self.buffer)
            cursor.skip(4)
            self.begin_line(cursor.remainder, complete)
        else:
            self.leaf = self._paragraph(container, is_first)
            self.begin_line(cursor.rest, complete)

    def open_leaf(self, cursor: Cursor, start: LeafStart, complete: bool) -> None:
        """Open a leaf that begins with a marker, with the rest of the line."""
        match start:
            case ATXHeadingStart():
                self.leaf = ATXHeading(self.buffer, self._parser, *self._heading_tags(start.level))
                cursor.skip_marker(start.level)
                self.begin_line(cursor.rest, complete)
                if complete:
                    self.close_leaf()
            case ThematicBreakStart():
                self.buffer.open(BufferedElement("<hr>", ""))
                self.buffer.close()
            case FenceStart():
                info = unescape(start.info)
                language = _AFTER_LANGUAGE.split(info, maxsplit=1)[0]
                self.leaf = CodeBlock(
                    self.buffer,
                    language,
                    info=info,
                    css_class=self.language_class(language),
                    on_fence=self._on_fence,
                    highlight=self._highlight,
                )
                self.closer = FenceCloser(start.fence, start.indent)
            case MathLineStart():
                self._open_formula_block()
                self.begin_line(start.tex, complete)
                self.close_leaf()
            case MathBlockStart():
                self.formula = OpenFormula(start.sign, start.tex, first=cursor.rest)
            case _:
                # convert() handles the starts that change a paragraph, so this is an alert.
                assert isinstance(start, AlertStart)
                quote = self.stack[-1]
                assert isinstance(quote, BlockQuote)
                self._become_alert(quote.element, start.kind)

    # Formulas of several lines ------------------------------------------------------------------

    def continue_formula(self, end: ClosedFormula | None) -> None:
        """Add the last line of the open formula, which ``end`` describes if it closes it."""
        formula = self.formula
        assert formula
        self.touch(len(self.stack))
        if end:
            self.formula = None
        if formula.first is None:
            if end:
                for text in formula.texts:
                    self.begin_line(text.lstrip(" \t"), True)
            return
        if not end and formula.held <= WAIT_FOR_FORMULA:
            return
        texts = formula.texts[-1:]
        if not formula.is_shown:
            formula.is_shown = True
            self.close_leaf()
            if self.stack:
                self.stack[-1].is_empty = False
            self._open_formula_block()
            texts = [formula.tex, *formula.texts]
        if end:
            texts[-1] = end.tex
        for text in texts:
            if text.strip():
                self.begin_line(text, True)
        if end:
            self.close_leaf()
            if end.rest:
                self._begin_paragraph(end.rest)

    def give_up_formula(self) -> OpenFormula:
        """Show the first line of the open formula as text, and return the formula."""
        formula, self.formula = self.formula, None
        assert formula
        if formula.is_shown and formula.first is not None:
            # The paragraph needs tags, because it replaces an element.
            if self.stack and isinstance(container := self.stack[-1], ListItem):
                container.list.loosen()
            assert isinstance(self.leaf, CodeBlock)
            self.leaf.retract()
            self._begin_paragraph(formula.first, deferred=False)
        elif formula.first is not None:
            if isinstance(self.leaf, Paragraph):
                self.begin_line(formula.first, True)
            else:
                self.begin_leaf(Cursor(formula.first), None, True)
        return formula

    def _open_formula_block(self) -> None:
        self.leaf = CodeBlock(
            self.buffer,
            "math",
            css_class="language-math math-display",
            on_fence=self._on_formula,
            attributes=SCROLLABLE,
        )

    # Paragraphs and headings ---------------------------------------------------------------------

    def _begin_paragraph(self, text: str, *, deferred: bool = True) -> None:
        container = self.stack[-1] if self.stack else None
        self.leaf = self._paragraph(container, is_first=False, deferred=deferred)
        self.begin_line(text, True)

    def _paragraph(
        self, container: Container | None, is_first: bool, *, deferred: bool = True
    ) -> Paragraph:
        is_task = cautious = shares_element = False
        element = BufferedElement("<p>", "</p>", deferred=deferred)
        if isinstance(container, ListItem):
            is_task = is_first and self.dialect.task_items
            if not container.list.loose:
                item = self.buffer.innermost
                was_resent = item is not None and item.resent >= MAX_RESENT
                cautious, shares_element = container.misread or was_resent, not is_first
                element.start = element.end = ""
                container.list.paragraphs.append(element)
        return Paragraph(
            self.buffer,
            self._parser,
            self._references,
            element,
            is_task=is_task,
            cautious=cautious,
            shares_element=shares_element,
        )

    def _heading_tags(self, level: int) -> tuple[str, str]:
        self._heading_count += 1
        own_id = f' id="{self._prefix}-h{self._heading_count}"' if self._prefix else ""
        return f"<h{level}{own_id}>", f"</h{level}>"

    def language_class(self, language: str) -> str:
        """Return the class for a code block's language; ``""`` unless the name is plain."""
        return f"language-{language}" if _LANGUAGE.match(language) else ""

    def _become_alert(self, quote: BufferedElement, kind: str) -> None:
        css_class = f"markdown-alert markdown-alert-{kind}"
        quote.start, quote.end = f'<div class="{css_class}"{self._direction}>', "</div>"
        quote.deferred = False
        self.buffer.open(BufferedElement('<p class="markdown-alert-title">', "</p>"))
        title = _ALERT_TITLES[kind]
        # The title is English. In <bdi>, it does not decide the direction of the alert.
        self.buffer.write(f"<bdi>{title}</bdi>" if self._direction else title)
        self.buffer.close()

    # Closing -------------------------------------------------------------------------------------

    def close_leaf(self) -> None:
        """Close the leaf, if one is open."""
        leaf, self.leaf, self.closer = self.leaf, None, None
        if leaf:
            leaf.close()

    def close(self, depth: int, keep: List | None = None) -> None:
        """Close the leaf and all but the outermost ``depth`` containers; ``keep`` stays open."""
        self.close_leaf()
        while len(self.stack) > depth:
            container = self.stack.pop()
            if isinstance(container, FootnoteDefinition):
                self.buffer = container.outer_buffer
                continue
            self.buffer.close()
            self.quote_count -= isinstance(container, BlockQuote)
            if isinstance(container, ListItem) and (container.list is not keep):
                self.buffer.close()
