"""Splits text into lines and decides which block each line belongs to. A line is read only once.

The algorithm is that of https://spec.commonmark.org/0.31.2/#phase-1-block-structure. A line that
is not complete is read as soon as it is certain which block it begins or continues. From then on,
the rest of the line goes directly to the leaf.
"""

from collections.abc import Mapping

from streamhtml.markdown._block.closers import Closer, FenceCloser
from streamhtml.markdown._block.code import CodeBlock
from streamhtml.markdown._block.containers import BlockQuote, ListItem, skip_quote_marker
from streamhtml.markdown._block.cursor import Cursor
from streamhtml.markdown._block.formulas import (
    SIGNS,
    ClosedFormula,
    OpenFormula,
    find_open_formula,
)
from streamhtml.markdown._block.heading import ATXHeading
from streamhtml.markdown._block.leaf import Leaf
from streamhtml.markdown._block.open_blocks import OpenBlocks
from streamhtml.markdown._block.paragraph import Paragraph
from streamhtml.markdown._block.starts import (
    CONTAINER_STARTS,
    START_RULES,
    BlockQuoteStart,
    ContainerStart,
    LeafStart,
    LineContext,
    ListItemStart,
    MathBlockStart,
    SetextUnderline,
    StartRule,
    TableStart,
    find_start,
)
from streamhtml.markdown._block.table import Table
from streamhtml.markdown._dialect import MAX_CONTAINERS
from streamhtml.markdown._incomplete import INCOMPLETE, Incomplete
from streamhtml.markdown._rereading import next_reading


class BlockParser:
    """Reads text, line by line.

    Args:
        blocks: opens and closes the blocks, and writes them.
        rules: the rules for a block that begins with each character.
    """

    def __init__(
        self, blocks: OpenBlocks, rules: Mapping[str, tuple[StartRule, ...]] = START_RULES
    ) -> None:
        self._blocks = blocks
        self._rules = rules
        self._dialect = blocks.dialect
        self._line_leaf: Leaf | None = None  # to which the rest of the line goes directly
        self._partial: list[str] = []  # otherwise, the part of the line that has arrived
        self._partial_size = self._read_at = 0
        self._is_blank = True
        self._no_formulas = ""  # see LineContext
        self._closing: ClosedFormula | None = None  # if the last line closed a formula

    # Lines ---------------------------------------------------------------------------------------

    def feed(self, text: str) -> None:
        """Read more text."""
        if "\n" not in text:
            if self._line_leaf is not None:
                self._line_leaf.add(text)  # Fast path: most pieces continue a line.
            elif text:
                self._begin_line(text)
            return
        lines = text.split("\n")
        rest = lines.pop()
        self._finish_line(lines[0])
        if len(lines) > 1:
            self._read_lines(lines, has_delimiters="$$" in text or "\\" in text)
        if rest:
            self._begin_line(rest)

    def _read_lines(self, lines: list[str], *, has_delimiters: bool) -> None:
        """Read lines that are complete, without the first one, which ended a line.

        Args:
            lines: the lines.
            has_delimiters: whether they may contain delimiters of formulas.
        """
        blocks = self._blocks
        at, end = 1, len(lines)
        while at < end:
            if blocks.closer:
                at += self._read_fenced_lines(lines, at, blocks.closer)
                if at == end:
                    break
            line = lines[at]
            self._read_line(line, True)
            if has_delimiters and ("$$" in line or "\\" in line):
                self._look_for_formula()
            blocks.line_number += 1
            at += 1

    @property
    def held(self) -> int:
        """The number of characters that the next call may read again."""
        leaf = self._blocks.leaf
        formula = self._blocks.formula
        return self._partial_size + (leaf.held if leaf else 0) + (formula.held if formula else 0)

    def finish(self) -> None:
        """End the line and all open blocks."""
        if self._line_leaf or self._partial:
            self._finish_line("")
        while self._blocks.formula:
            self._give_up_formula()
        self._blocks.close(0)

    def _finish_line(self, text: str) -> None:
        blocks = self._blocks
        leaf = self._line_leaf
        if leaf:
            if text:
                leaf.add(text)
            leaf.end_line()
            if isinstance(leaf, ATXHeading):
                blocks.close_leaf()
            self._line_leaf = None
        else:
            if self._partial:
                text = "".join((*self._partial, text))
                self._forget_partial()
            self._read_line(text, True)
        self._look_for_formula()
        blocks.line_number += 1

    def _begin_line(self, text: str) -> None:
        """Read the beginning of a line, or hold it back until it is certain."""
        if self._partial or text.isspace():
            self._partial.append(text)
            self._partial_size += len(text)
            self._is_blank = self._is_blank and text.isspace()
            if self._is_blank or self._partial_size < self._read_at:
                return
            text = "".join(self._partial)
        if self._read_line(text, False):
            self._line_leaf = self._blocks.leaf
            if self._partial:
                self._forget_partial()
        else:
            self._partial = [text]
            self._is_blank = False
            self._partial_size = len(text)
            self._read_at = next_reading(self._partial_size)

    def _forget_partial(self) -> None:
        self._partial.clear()
        self._is_blank = True
        self._partial_size = self._read_at = 0

    # The blocks of a line ------------------------------------------------------------------------

    def _read_line(self, line: str, complete: bool) -> bool:
        """Read a line, or the beginning of one.

        Returns:
            Whether the text was read. The beginning of a line is not read until it is certain
            which block it begins or continues.
        """
        blocks = self._blocks
        while blocks.formula:
            if self._continue_formula(line, blocks.formula, complete):
                return complete
        if not (line or blocks.stack or blocks.closer or isinstance(blocks.leaf, CodeBlock)):
            blocks.close_leaf()  # Fast path: a blank line outside of containers.
            return True
        cursor = Cursor(line)
        matched = self._match_containers(cursor) if blocks.stack else 0
        is_inside = matched == len(blocks.stack)
        if is_inside and blocks.closer:
            return self._read_verbatim(blocks.closer, cursor, complete)
        if cursor.blank:
            if complete:
                self._read_blank(cursor, matched)
            return complete
        leaf = blocks.leaf
        if cursor.indent > 3 and is_inside and isinstance(leaf, CodeBlock):
            blocks.touch(matched)
            cursor.skip(4)
            blocks.begin_line(cursor.remainder, complete)
            return True
        paragraph = leaf if isinstance(leaf, Paragraph) else None
        containers: list[ContainerStart] = []
        start = None
        if cursor.indent < 4 and cursor.line[cursor.next] in self._rules:
            continued = paragraph if is_inside else None
            context = LineContext(complete, self._dialect, continued, self._no_formulas)
            cursor, found = self._find_starts(cursor, context, matched, containers)
            if found is INCOMPLETE or (cursor.blank and not complete):
                return False
            start = found
        if containers or start is None:
            is_row = is_inside and isinstance(leaf, Table) and cursor.indent < 4
            if (paragraph or is_row) and not containers:
                blocks.touch(len(blocks.stack))
                blocks.begin_line(cursor.rest, complete)
                return True
            blocks.open_containers(matched, containers)
        elif isinstance(start, (SetextUnderline, TableStart)):
            assert paragraph
            blocks.touch(matched)
            blocks.convert(paragraph, start)
            return True
        elif isinstance(start, MathBlockStart) and is_inside and paragraph:
            blocks.touch(matched)  # The paragraph stays open, because this line may belong to it.
        else:
            blocks.open_containers(matched, containers)
        blocks.begin_leaf(cursor, start, complete)
        return True

    def _continue_formula(self, line: str, formula: OpenFormula, complete: bool) -> bool:
        """Read a line of an open formula, and return whether it belongs to the formula.

        If it does not, the lines of the formula are read again as text. The beginning of a line is
        only checked: if it can belong to the formula, the line is read when it is complete.
        """
        blocks = self._blocks
        cursor = Cursor(line)
        matched = self._match_containers(cursor) if blocks.stack else 0
        can_go_on: bool | Incomplete = not cursor.blank
        if can_go_on and matched < len(blocks.stack):
            can_go_on = self._is_lazy(cursor, complete)
        if not complete:
            if cursor.blank or can_go_on is INCOMPLETE:
                return True
            if can_go_on and formula.may_go_on(cursor.remainder):
                return True
        elif can_go_on and (found := formula.read(line, cursor.remainder)):
            self._closing = found if isinstance(found, ClosedFormula) else None
            blocks.continue_formula(self._closing)
            return True
        self._give_up_formula()
        return False

    def _is_lazy(self, cursor: Cursor, complete: bool) -> bool | Incomplete:
        """Return whether a line without the markers of all containers begins no other block.

        Like text, a formula can go on in such a line.
        """
        if cursor.indent > 3 or cursor.line[cursor.next] not in self._rules:
            return True
        context = LineContext(complete, self._dialect, None, no_formulas=SIGNS)
        start = find_start(self._rules, cursor, context)
        return INCOMPLETE if start is INCOMPLETE else start is None

    def _give_up_formula(self) -> None:
        formula = self._blocks.give_up_formula()
        before = self._no_formulas
        self._no_formulas += formula.sign
        for line in formula.lines:
            self._read_line(line, True)
            self._look_for_formula()
        self._no_formulas = before

    def _look_for_formula(self) -> None:
        """Look for a formula that begins in the last line of a paragraph and is still open."""
        blocks = self._blocks
        closing, self._closing = self._closing, None
        if isinstance(blocks.leaf, Paragraph) and not blocks.formula and self._dialect.math:
            found = find_open_formula(closing.rest if closing else blocks.leaf.last_text)
            if found and found.sign not in self._no_formulas:
                blocks.formula = found

    def _match_containers(self, cursor: Cursor) -> int:
        """Return how many containers the line continues, and skip their markers."""
        blocks = self._blocks
        stack = blocks.stack
        if cursor.blank and not cursor.line and not blocks.quote_count:
            return len(stack) - (bool(stack) and not stack[-1].survives_blank)
        matched = 0
        for container in stack:
            if not container.continues(cursor):
                break
            matched += 1
        return matched

    def _find_starts(
        self, cursor: Cursor, context: LineContext, depth: int, containers: list[ContainerStart]
    ) -> tuple[Cursor, LeafStart | Incomplete | None]:
        """Find the blocks that begin in a line, and add the containers to ``containers``.

        Returns:
            The position after the containers, and the start of the leaf that begins there, if any.
        """
        while not cursor.blank and cursor.indent < 4:
            found = find_start(self._rules, cursor, context)
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
            context.new_container = found
        return cursor, None

    def _read_verbatim(self, closer: Closer, cursor: Cursor, complete: bool) -> bool:
        """Read a line of a block whose lines are not parsed."""
        blocks = self._blocks
        line = closer.read(cursor, complete)
        if line is INCOMPLETE:
            return False
        blocks.touch(len(blocks.stack))
        if line.text is not None:
            blocks.begin_line(line.text, complete)
        if line.ends:
            blocks.close_leaf()
        return True

    def _read_fenced_lines(self, lines: list[str], start: int, closer: Closer) -> int:
        """Read the lines that certainly belong to a fence in one step, and return their number."""
        blocks = self._blocks
        end = start
        if isinstance(closer, FenceCloser) and not (closer.indent or blocks.stack):
            while end < len(lines) and not lines[end].lstrip(" ").startswith(closer.fence):
                end += 1
        if end > start:
            assert blocks.leaf
            blocks.leaf.begin_line("\n".join(lines[start:end]), True)
            blocks.line_number += end - start
        return end - start

    def _read_blank(self, cursor: Cursor, matched: int) -> None:
        """Read a blank line, which continues ``matched`` containers."""
        blocks = self._blocks
        stack = blocks.stack
        if blocks.quote_count:
            # The line has the markers of these quotes, so it is blank only inside the innermost.
            quotes = [at for at in range(matched) if isinstance(stack[at], BlockQuote)]
            blocks.touch(quotes[-1] if quotes else 0)
        is_inside = matched == len(stack)
        if is_inside and isinstance(blocks.leaf, CodeBlock):
            cursor.skip(4)
            blocks.leaf.hold_blank_line(cursor.remainder)
        elif not is_inside and isinstance(item := stack[matched], ListItem) and item.is_empty:
            item.is_over = True
        else:
            blocks.close(matched)
