"""Recognises the block that begins at a position in a line. Each rule is a pure function.

A line may not be complete. A start that is possible but not certain is then ``INCOMPLETE``, and the
line is read again when more of it has arrived.

https://spec.commonmark.org/0.31.2/#leaf-blocks, #container-blocks; for tables
https://github.github.com/gfm/#tables-extension-
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from streamhtml.markdown._block.cursor import Cursor
from streamhtml.markdown._block.formulas import is_display
from streamhtml.markdown._block.paragraph import Paragraph
from streamhtml.markdown._block.table import split_row
from streamhtml.markdown._dialect import MAX_COLUMNS, Dialect
from streamhtml.markdown._incomplete import INCOMPLETE, Incomplete
from streamhtml.markdown._inline.tex import Delimited, has_sign, is_tex, read_delimited


class BlockQuoteStart(NamedTuple):
    """The ``>`` of a block quote."""


@dataclass(slots=True)
class ListItemStart:
    """The marker of a list item.

    Attributes:
        marker: ``-``, ``+``, ``*``, ``.`` or ``)``. All items of a list share it.
        number: the number of an ordered item, else None.
        width: columns from the content of its container to its own content.
        content: where its content begins.
    """

    marker: str
    number: int | None
    width: int
    content: Cursor


class FootnoteDefinitionStart(NamedTuple):
    """``[^label]:``, which begins the definition of a footnote."""

    label: str


class AlertStart(NamedTuple):
    """``[!NOTE]`` as the first line of a block quote, which becomes an alert."""

    kind: str


class ATXHeadingStart(NamedTuple):
    """The ``#`` to ``######`` of a heading."""

    level: int


class SetextUnderline(NamedTuple):
    """``===`` or ``---`` below a paragraph, which turns it into a heading."""

    level: int


class ThematicBreakStart(NamedTuple):
    """A thematic break: ``***``, ``---`` or ``___``."""


class FenceStart(NamedTuple):
    """The opening fence of a code block: its characters, indentation and info string."""

    fence: str
    indent: int
    info: str


class MathLineStart(NamedTuple):
    """A formula that is a whole line.

    Attributes:
        tex: its TeX source.
    """

    tex: str


class MathBlockStart(NamedTuple):
    """The first line of a formula on lines of its own.

    Attributes:
        sign: see ``OpenFormula``.
        tex: the TeX source in this line.
    """

    sign: str
    tex: str


class TableStart(NamedTuple):
    """A delimiter row below a paragraph, whose last line becomes the header of a table."""

    alignments: tuple[str, ...]


ContainerStart: TypeAlias = BlockQuoteStart | ListItemStart | FootnoteDefinitionStart
CONTAINER_STARTS: Final = (BlockQuoteStart, ListItemStart, FootnoteDefinitionStart)
LeafStart: TypeAlias = (
    AlertStart
    | ATXHeadingStart
    | SetextUnderline
    | ThematicBreakStart
    | FenceStart
    | MathLineStart
    | MathBlockStart
    | TableStart
)
Start: TypeAlias = ContainerStart | LeafStart


@dataclass(slots=True)
class LineContext:
    """The facts about a line that the rules for starts need.

    Attributes:
        complete: whether the line is complete.
        dialect: the constructs that are recognised.
        paragraph: the open paragraph that the line would otherwise continue, if it is inside all
            open containers.
        no_formulas: the signs of the formulas of several lines that do not begin here; see
            ``OpenFormula``.
        new_container: the innermost container that began in this line before this position.
    """

    complete: bool
    dialect: Dialect
    paragraph: Paragraph | None
    no_formulas: str = ""
    new_container: "ContainerStart | None" = None


_ALERT: Final = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][ \t]*\Z", re.IGNORECASE)
_PARTIAL_ALERT: Final = re.compile(r"\[(?:!(?:[A-Za-z]{0,9}(?:\][ \t]*)?)?)?\Z")
_FOOTNOTE: Final = re.compile(r"\[\^([^\s\[\]]{1,200})\]:")
_PARTIAL_FOOTNOTE: Final = re.compile(r"\[(?:\^(?:[^\s\[\]]{0,200}\]?)?)?\Z")
_HEADING: Final = re.compile(r"(#{1,6})(?:[ \t]|\Z)")
_PARTIAL_HEADING: Final = re.compile(r"#{1,6}[ \t]*\Z")
_BULLET: Final = re.compile(r"[-+*](?=[ \t]|\Z)")
_PLAIN_BULLET: Final = re.compile(r"[-*] (?=[^\W_])")
_NUMBER: Final = re.compile(r"([0-9]{1,9})([.)])(?:( )(?=[^\W_])|(?=[ \t]|\Z))")
_PARTIAL_NUMBER: Final = re.compile(r"([0-9]{1,9})(?:[.)][ \t]*)?\Z")
_THEMATIC_BREAK: Final = re.compile(r"(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})\Z")
_PARTIAL_THEMATIC_BREAK: Final = re.compile(r"(?:[*\t ]*|[-\t ]*|[_\t ]*)\Z")
_UNDERLINE: Final = re.compile(r"(?:=+|-+)[ \t]*\Z")
_FENCE: Final = re.compile(r"(`{3,})([^`]*)\Z|(~{3,})(.*)\Z", re.DOTALL)
_PARTIAL_FENCE: Final = re.compile(r"(?:`{1,2}|~{1,2})\Z")
_DELIMITERS: Final = re.compile(r"\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*\|?[ \t]*\Z")
_PARTIAL_DELIMITERS: Final = re.compile(r"[-|: \t]*\Z")


def find_start(
    rules: "Mapping[str, tuple[StartRule, ...]]", cursor: Cursor, context: LineContext
) -> Start | Incomplete | None:
    """Return the block that begins at the cursor's next character, or None."""
    for read in rules.get(cursor.line[cursor.next], ()):
        if (found := read(cursor, context)) is not None:
            return found
    return None


def _block_quote(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    return BlockQuoteStart()


def _atx_heading(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    found = _HEADING.match(cursor.line, cursor.next)
    if not context.complete and _PARTIAL_HEADING.match(cursor.line, cursor.next):
        return INCOMPLETE
    return ATXHeadingStart(len(found[1])) if found else None


def _setext_underline(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    if not context.paragraph or not _UNDERLINE.match(cursor.line, cursor.next):
        return None
    if not context.complete:
        return INCOMPLETE
    if not context.paragraph.settle_definitions():
        return None
    return SetextUnderline(1 if cursor.line[cursor.next] == "=" else 2)


def _delimiter_row(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    if not context.paragraph or not context.dialect.tables:
        return None
    if _BULLET.match(cursor.line, cursor.next):
        return None
    if not context.complete:
        return INCOMPLETE if _PARTIAL_DELIMITERS.match(cursor.line, cursor.next) else None
    if not _DELIMITERS.match(cursor.line, cursor.next):
        return None
    columns = [cell.strip(" \t") for cell in split_row(cursor.rest)]
    if len(columns) > MAX_COLUMNS or len(split_row(context.paragraph.last_line)) != len(columns):
        return None
    alignments = tuple(_ALIGNMENTS[cell[0] == ":", cell[-1] == ":"] for cell in columns)
    return TableStart(alignments) if context.paragraph.settle_definitions() else None


_ALIGNMENTS: Final = {
    (False, False): "",
    (True, False): "left",
    (False, True): "right",
    (True, True): "center",
}


def _thematic_break(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    if not context.complete:
        return INCOMPLETE if _PARTIAL_THEMATIC_BREAK.match(cursor.line, cursor.next) else None
    return ThematicBreakStart() if _THEMATIC_BREAK.match(cursor.line, cursor.next) else None


def _bullet_item(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    found = _BULLET.match(cursor.line, cursor.next)
    return _list_item(cursor, context, found, None) if found else None


def _simple_bullet_item(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    """Fast path: a bullet, a space and a letter or digit always begin a list item."""
    if not _PLAIN_BULLET.match(cursor.line, cursor.next):
        return None
    return ListItemStart(cursor.line[cursor.next], None, cursor.indent + 2, cursor.copy_after(2))


def _ordered_item(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    found = _NUMBER.match(cursor.line, cursor.next)
    if not found:
        partial = not context.complete and _PARTIAL_NUMBER.match(cursor.line, cursor.next)
        if not partial or (context.paragraph and int(partial[1]) > 1):
            return None
        return INCOMPLETE
    number = int(found[1])
    if context.paragraph and number != 1:
        return None
    if found[3]:  # Fast path, as in _simple_bullet_item().
        length = len(found[0])
        return ListItemStart(found[2], number, cursor.indent + length, cursor.copy_after(length))
    return _list_item(cursor, context, found, number)


def _list_item(
    cursor: Cursor, context: LineContext, found: re.Match[str], number: int | None
) -> Start | Incomplete | None:
    """Return the item whose marker was found.

    https://spec.commonmark.org/0.31.2/#list-items
    """
    length = len(found[0])
    after = cursor.copy()
    after.skip_marker(length)
    if after.blank:
        if not context.complete:
            return INCOMPLETE
        if context.paragraph:
            return None
    spaces = 1 if after.blank or after.indent > 4 else after.indent
    after.skip(spaces)
    return ListItemStart(found[0][-1], number, cursor.indent + length + spaces, after)


def _code_fence(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    found = _FENCE.match(cursor.line, cursor.next)
    if not context.complete:
        return INCOMPLETE if found or _PARTIAL_FENCE.match(cursor.line, cursor.next) else None
    if not found:
        return None
    return FenceStart(found[1] or found[3], cursor.indent, (found[2] or found[4] or "").strip())


def _math_block(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    line = cursor.rest
    if not context.dialect.math or line[1:2] not in {"", "$" if line[0] == "$" else "["}:
        return None
    if len(line) == 1:
        return None if context.complete else INCOMPLETE
    found = read_delimited(line, 0)
    sign, tex = line[1], line[2:]
    if found is None or (isinstance(found, Delimited) and line[found.end :].strip(" \t")):
        return None  # The formula, if it is one, is part of a paragraph.
    if not context.complete:
        return INCOMPLETE
    if isinstance(found, Delimited):
        tex = found.tex
        return MathLineStart(tex.strip()) if is_display(sign, tex, "") else None
    if sign in context.no_formulas or (tex.strip() and not (has_sign(tex) and is_tex(tex))):
        return None
    return MathBlockStart(sign, tex.strip())


def _alert(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    if not isinstance(context.new_container, BlockQuoteStart) or not context.dialect.alerts:
        return None
    if not context.complete:
        return INCOMPLETE if _PARTIAL_ALERT.match(cursor.line, cursor.next) else None
    found = _ALERT.match(cursor.line, cursor.next)
    return AlertStart(found[1].lower()) if found else None


def _footnote_definition(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    if not context.dialect.footnotes:
        return None
    found = _FOOTNOTE.match(cursor.line, cursor.next)
    if found:
        return FootnoteDefinitionStart(found[1])
    partial = not context.complete and _PARTIAL_FOOTNOTE.match(cursor.line, cursor.next)
    return INCOMPLETE if partial else None


StartRule: TypeAlias = Callable[[Cursor, LineContext], Start | Incomplete | None]
START_RULES: Final[Mapping[str, tuple[StartRule, ...]]] = {
    ">": (_block_quote,),
    "#": (_atx_heading,),
    "`": (_code_fence,),
    "~": (_code_fence,),
    "=": (_setext_underline,),
    "-": (_simple_bullet_item, _setext_underline, _delimiter_row, _thematic_break, _bullet_item),
    "*": (_simple_bullet_item, _thematic_break, _bullet_item),
    "_": (_thematic_break,),
    "+": (_bullet_item,),
    "|": (_delimiter_row,),
    ":": (_delimiter_row,),
    "$": (_math_block,),
    "\\": (_math_block,),
    "[": (_alert, _footnote_definition),
    **dict.fromkeys("0123456789", (_ordered_item,)),
}
"""The rules for a block that begins with each character, in the order in which they apply."""
