"""Block structure: which line belongs to which block. Each line is taken in once, for ever.

The algorithm is that of https://spec.commonmark.org/0.31.2/#phase-1-block-structure: a stack of
open containers, and a leaf in the innermost one. A line that is not complete yet is taken in as
soon as it is certain what it begins; from there on, what comes of it goes to the leaf directly.
"""

import re
from typing import Final

from streamhtml.markdown._characters import unescape
from streamhtml.markdown._containers import Container, Item, List, Note, Quote, skip_quote_marker
from streamhtml.markdown._cursor import Cursor
from streamhtml.markdown._inline import Inline
from streamhtml.markdown._leaves import Code, Heading, Leaf, Paragraph, Raw
from streamhtml.markdown._log import Element, Log
from streamhtml.markdown._options import MAX_CONTAINERS, OnFence
from streamhtml.markdown._prose import next_reading
from streamhtml.markdown._references import References
from streamhtml.markdown._starts import (
    CONTAINER_STARTS,
    STARTS,
    AlertStart,
    ContainerStart,
    FenceStart,
    FormulaStart,
    HeadingStart,
    ItemStart,
    LeafStart,
    QuoteStart,
    RawStart,
    RuleStart,
    Spot,
    TableStart,
    Uncertain,
    UnderlineStart,
    find_start,
)
from streamhtml.markdown._tables import Table
from streamhtml.markdown._verbatim import Ending, FenceEnd, FormulaEnd, RawEnd

_LANGUAGE: Final = re.compile(r"[\w.+#-]{1,40}\Z")
_ALERT_TITLES: Final = {
    "note": "Note",
    "tip": "Tip",
    "important": "Important",
    "warning": "Warning",
    "caution": "Caution",
}


class Blocks:
    """Takes in text, line by line, and writes blocks to a log.

    Args:
        log: where blocks are written.
        inline: reads their text.
        references: learns what is defined.
        prefix: what the ids of headings begin with; ``""`` for none.
        on_fence: what complete code blocks are offered to.
    """

    def __init__(
        self,
        log: Log,
        inline: Inline,
        references: References,
        *,
        prefix: str = "",
        on_fence: OnFence | None = None,
    ) -> None:
        self._log = log
        self._inline = inline
        self._references = references
        self._dialect = inline.dialect
        self._prefix = prefix
        self._on_fence = on_fence
        self._stack: list[Container] = []
        self._quotes = 0  # of these are block quotes
        self._leaf: Leaf | None = None
        self._ending: Ending | None = None
        self._number = 1  # of the line
        self._in_line = False  # whether what comes goes to the leaf directly
        self._partial: list[str] = []  # what came of the line, otherwise
        self._size = self._retry = 0
        self._is_blank = True
        self._headings = 0

    def feed(self, text: str) -> None:
        """Take in more text."""
        if "\n" not in text:
            if self._in_line and self._leaf:
                self._leaf.add(text)  # As it is most of the time.
            elif text:
                self._begin_line(text)
            return
        lines = text.split("\n")
        rest = lines.pop()
        self._finish_line(lines[0])
        at, end = 1, len(lines)
        while at < end:
            if self._ending:
                at += self._take_code(lines, at, self._ending)
                if at == end:
                    break
            self._take(lines[at], whole=True)
            self._number += 1
            at += 1
        if rest:
            self._begin_line(rest)

    def break_off(self) -> None:
        """End the line and all blocks that are open."""
        if self._in_line or self._partial:
            self._finish_line("")
        self._close(0)

    def _finish_line(self, text: str) -> None:
        if self._in_line:
            assert self._leaf
            if text:
                self._leaf.add(text)
            self._leaf.end()
            if isinstance(self._leaf, Heading):
                self._close_leaf()
            self._in_line = False
        else:
            if self._partial:
                text = "".join((*self._partial, text))
                self._forget_line()
            self._take(text, whole=True)
        self._number += 1

    def _begin_line(self, text: str) -> None:
        if self._partial or text.isspace():
            self._partial.append(text)
            self._size += len(text)
            self._is_blank = self._is_blank and text.isspace()
            if self._is_blank or self._size < self._retry:
                return
            text = "".join(self._partial)
        self._in_line = self._take(text, whole=False)
        if not self._in_line:
            self._partial = [text]
            self._is_blank = False
            self._size = len(text)
            self._retry = next_reading(self._size)
        elif self._partial:
            self._forget_line()

    def _forget_line(self) -> None:
        self._partial.clear()
        self._is_blank = True
        self._size = self._retry = 0

    def _take(self, line: str, *, whole: bool) -> bool:
        """Take in a line, or the beginning of one; return False if that is not certain enough."""
        if not (line or self._stack or isinstance(self._leaf, (Code, Raw))):
            self._close_leaf()  # As most blank lines do.
            return True
        cursor = Cursor(line)
        matched = self._match(cursor) if self._stack else 0
        inside = matched == len(self._stack)
        if inside and self._ending:
            return self._take_verbatim(self._ending, cursor, whole)
        if cursor.blank:
            if whole:
                self._take_blank(cursor, matched)
            return whole
        if inside and isinstance(self._leaf, Code) and cursor.indent > 3:
            self._touch(matched)
            cursor.skip(4)
            self._begin_in_leaf(cursor.remainder, whole)
            return True
        paragraph = self._leaf if isinstance(self._leaf, Paragraph) else None
        containers: list[ContainerStart] = []
        start = None
        if cursor.indent < 4 and cursor.line[cursor.next] in STARTS:
            spot = Spot(
                whole,
                self._dialect,
                paragraph if inside else None,
                lazy=not inside and bool(paragraph),
            )
            cursor, found = self._find(cursor, spot, matched, containers)
            if isinstance(found, Uncertain) or (cursor.blank and not whole):
                return False
            start = found
        is_row = inside and isinstance(self._leaf, Table) and cursor.indent < 4
        goes_on = paragraph or is_row
        if goes_on and not containers and start is None:
            self._touch(len(self._stack))
            self._begin_in_leaf(cursor.rest, whole)
            return True
        if start and not containers and isinstance(start, (UnderlineStart, TableStart)):
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
        self, cursor: Cursor, spot: Spot, depth: int, containers: list[ContainerStart]
    ) -> tuple[Cursor, LeafStart | Uncertain | None]:
        """Collect the containers that begin, and return the leaf that does, and where."""
        while not cursor.blank and cursor.indent < 4:
            found = find_start(cursor, spot)
            if found is None or not isinstance(found, CONTAINER_STARTS):
                return cursor, found
            if depth + len(containers) == MAX_CONTAINERS:
                break
            if isinstance(found, ItemStart):
                cursor = found.content
            elif isinstance(found, QuoteStart):
                skip_quote_marker(cursor)
            else:
                cursor.skip_marker(len(found.label) + 4)
                cursor.skip(cursor.indent)
            containers.append(found)
            spot.paragraph = None
            spot.lazy = False
            spot.in_new_quote = isinstance(found, QuoteStart)
        return cursor, None

    # Lines within blocks -----------------------------------------------------------------------

    def _begin_in_leaf(self, text: str, whole: bool) -> None:
        assert self._leaf
        self._leaf.begin(text, whole)
        if whole and isinstance(self._leaf, Heading):
            self._close_leaf()

    def _take_verbatim(self, ending: Ending, cursor: Cursor, whole: bool) -> bool:
        line = ending.read(cursor, whole)
        if line is None:
            return False
        self._touch(len(self._stack))
        if line.text is not None:
            self._begin_in_leaf(line.text, whole)
        if line.ends:
            self._close_leaf()
        return True

    def _take_code(self, lines: list[str], start: int, ending: Ending) -> int:
        """Take in the lines that stand in a fence for certain, at once; return how many."""
        end = start
        if isinstance(ending, FenceEnd) and not (ending.indent or self._stack):
            while end < len(lines) and not lines[end].lstrip(" ").startswith(ending.fence):
                end += 1
        if end > start:
            assert self._leaf
            self._leaf.begin("\n".join(lines[start:end]), True)
            self._number += end - start
        return end - start

    def _take_blank(self, cursor: Cursor, matched: int) -> None:
        inside = matched == len(self._stack)
        if self._quotes:  # Around the innermost, the line has its mark: it is not blank there.
            marked = [at for at in range(matched) if isinstance(self._stack[at], Quote)]
            self._touch(marked[-1] if marked else 0)
        if inside and isinstance(self._leaf, Code):
            cursor.skip(4)
            self._leaf.blank(cursor.remainder)
        elif not inside and isinstance(item := self._stack[matched], Item) and item.is_empty:
            item.is_over = True
        else:
            self._close(matched)

    def _touch(self, depth: int) -> None:
        """Note that the line is not blank in the outermost containers, so many of them."""
        if depth:
            for container in self._stack[:depth]:
                container.last_line = self._number

    # Blocks ---------------------------------------------------------------------------------

    def _convert(self, paragraph: Paragraph, start: UnderlineStart | TableStart) -> None:
        if self._stack and isinstance(container := self._stack[-1], Item):
            container.misread = True
        if isinstance(start, UnderlineStart):
            paragraph.become_heading(*self._heading_tags(start.level))
            self._leaf = None
        else:
            line = paragraph.take_last_line()
            self._leaf = table = Table(self._log, self._inline, start.alignments)
            table.head(line)

    def _open(self, matched: int, starts: list[ContainerStart]) -> None:
        """Close what the line does not continue, and open the containers that it begins."""
        if not self._stack and not starts:
            self._close_leaf()
            return
        list_ = self._continued_list(matched, starts)
        parent = self._stack[matched - 1] if matched else None
        if list_:
            self._separate(self._stack[matched], list_)
        elif isinstance(parent, Item) and not parent.is_empty:
            self._separate(parent, parent.list)
        self._close(matched, keep=list_)
        self._touch(matched)
        for start in starts:
            self._open_container(start, list_)
            list_ = None

    def _continued_list(self, matched: int, starts: list[ContainerStart]) -> List | None:
        if matched < len(self._stack) and starts and isinstance(starts[0], ItemStart):
            sibling = self._stack[matched]
            if isinstance(sibling, Item) and sibling.list.marker == starts[0].marker:
                return sibling.list
        return None

    def _separate(self, before: Container, list_: List) -> None:
        """Loosen a list if blank lines stand before what begins now."""
        if self._number > before.last_line + 1:
            list_.loosen()

    def _open_container(self, start: ContainerStart, list_: List | None) -> None:
        log = self._log
        if self._stack:
            self._stack[-1].is_empty = False
        if isinstance(start, QuoteStart):
            element = log.open(Element("<blockquote>", "</blockquote>", soft=True))
            self._stack.append(Quote(self._number, element))
            self._quotes += 1
        elif isinstance(start, ItemStart):
            if list_ is None:
                list_ = List(log, log.open(_list_element(start)), start.marker)
            log.open(Element("<li>", "</li>"))
            self._stack.append(Item(self._number, list_, start.width))
        else:
            self._stack.append(Note(self._number, log))
            self._log = Log()
            self._references.define_note(start.label, self._log)

    def _begin_leaf(self, cursor: Cursor, start: LeafStart | None, whole: bool) -> None:
        if cursor.blank:  # An empty item.
            return
        container = self._stack[-1] if self._stack else None
        is_first = container is not None and container.is_empty
        if container:
            container.is_empty = False
        match start:
            case None if cursor.indent > 3:
                self._leaf = Code(self._log)
                cursor.skip(4)
                self._begin_in_leaf(cursor.remainder, whole)
            case None:
                self._leaf = self._paragraph(container, is_first)
                self._begin_in_leaf(cursor.rest, whole)
            case HeadingStart():
                self._leaf = Heading(self._log, self._inline, *self._heading_tags(start.level))
                cursor.skip_marker(start.level)
                self._begin_in_leaf(cursor.rest, whole)
            case RuleStart():
                self._log.open(Element("<hr>", ""))
                self._log.close()
            case FenceStart():
                language = re.split(r"[ \t]", unescape(start.info), maxsplit=1)[0]
                self._leaf = Code(self._log, language, self._class(language), self._on_fence)
                self._ending = FenceEnd(start.fence, start.indent)
            case FormulaStart():
                self._leaf = Code(self._log, "math", "language-math math-display", self._on_fence)
                self._ending = FormulaEnd(start.closing)
                if start.tex is not None:
                    self._begin_in_leaf(start.tex, whole)
                    self._close_leaf()
            case AlertStart():
                assert isinstance(container, Quote)
                self._become_alert(container.element, start.kind)
            case _:
                assert isinstance(start, RawStart)  # What changes a paragraph was seen to before.
                self._leaf = Raw(self._log)
                self._ending = RawEnd(start.end)
                self._take_verbatim(self._ending, cursor, whole)

    def _paragraph(self, container: Container | None, is_first: bool) -> Paragraph:
        is_task = cautious = shares = False
        element = Element("<p>", "</p>", soft=True)
        if isinstance(container, Item):
            is_task = is_first and self._dialect.task_items
            if not container.list.loose:
                cautious, shares = container.misread, not is_first
                element.start = element.end = ""
                container.list.paragraphs.append(element)
        return Paragraph(
            self._log,
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

    def _class(self, language: str) -> str:
        """Return the class of a code block; the model's word is part of it if it is plain."""
        if not language or not (self._dialect.raw_html or _LANGUAGE.match(language)):
            return ""
        return f"language-{language}"

    def _become_alert(self, quote: Element, kind: str) -> None:
        quote.start, quote.end = f'<div class="markdown-alert markdown-alert-{kind}">', "</div>"
        quote.soft = False
        self._log.open(Element('<p class="markdown-alert-title">', "</p>"))
        self._log.write(_ALERT_TITLES[kind])
        self._log.close()

    def _close_leaf(self) -> None:
        leaf, self._leaf, self._ending = self._leaf, None, None
        if leaf:
            leaf.close()

    def _close(self, depth: int, keep: List | None = None) -> None:
        """Close the leaf, and the containers but so many of them; the list ``keep`` stays open."""
        self._close_leaf()
        while len(self._stack) > depth:
            container = self._stack.pop()
            if isinstance(container, Note):
                self._log = container.outside
                continue
            self._log.close()
            self._quotes -= isinstance(container, Quote)
            if isinstance(container, Item) and (container.list is not keep):
                self._log.close()


def _list_element(start: ItemStart) -> Element:
    if start.number is None:
        return Element("<ul>", "</ul>")
    own = f' start="{start.number}"' if start.number != 1 else ""
    return Element(f"<ol{own}>", "</ol>")
