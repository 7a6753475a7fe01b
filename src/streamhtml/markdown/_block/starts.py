"""Which block a line begins: pure functions, in a table by the first character.

A line may have arrived only in part. A start that is possible but not certain yet is
``INCOMPLETE``, and the line is read again when more of it has arrived.

https://spec.commonmark.org/0.31.2/#leaf-blocks, #container-blocks; for tables
https://github.github.com/gfm/#tables-extension-
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from streamhtml.markdown._block.cursor import Cursor
from streamhtml.markdown._block.paragraph import Paragraph
from streamhtml.markdown._block.tables import split_row
from streamhtml.markdown._incomplete import INCOMPLETE, Incomplete
from streamhtml.markdown._options import MAX_COLUMNS, Dialect


class BlockQuoteStart(NamedTuple):
    """The ``>`` of a block quote."""


@dataclass(slots=True)
class ListItemStart:
    """The marker of a list item.

    Attributes:
        marker: the character that the items of one list share: ``-``, ``+``, ``*``, ``.`` or ``)``.
        number: the number of an item in an ordered list.
        width: the columns from the content of its container to its own content.
        content: where its content begins.
    """

    marker: str
    number: int | None
    width: int
    content: Cursor


class FootnoteStart(NamedTuple):
    """``[^label]:``, which begins the definition of a footnote."""

    label: str


class AlertStart(NamedTuple):
    """``[!NOTE]`` in the first line of a block quote, which becomes an alert."""

    kind: str


class ATXHeadingStart(NamedTuple):
    """The ``#`` to ``######`` of a heading."""

    level: int


class SetextHeadingStart(NamedTuple):
    """``===`` or ``---`` below a paragraph, which becomes a heading."""

    level: int


class ThematicBreakStart(NamedTuple):
    """A thematic break: ``***``, ``---`` or ``___``."""


class FenceStart(NamedTuple):
    """The opening fence of a code block, its indentation in columns, and its info string."""

    fence: str
    indent: int
    info: str


class FormulaStart(NamedTuple):
    """A formula on lines of its own: how it ends, and its source if it is all on this line."""

    closing: str
    tex: str | None


class TableStart(NamedTuple):
    """The delimiter row below the last line of a paragraph, which becomes a table's header."""

    alignments: tuple[str, ...]


ContainerStart: TypeAlias = BlockQuoteStart | ListItemStart | FootnoteStart
CONTAINER_STARTS: Final = (BlockQuoteStart, ListItemStart, FootnoteStart)
LeafStart: TypeAlias = (
    AlertStart
    | ATXHeadingStart
    | SetextHeadingStart
    | ThematicBreakStart
    | FenceStart
    | FormulaStart
    | TableStart
)
Start: TypeAlias = ContainerStart | LeafStart


@dataclass(slots=True)
class LineContext:
    """What the rules know about the line in which a block may begin.

    Attributes:
        whole: whether the line is complete.
        dialect: the constructs that are known.
        paragraph: the paragraph that the line would otherwise continue, in the same containers.
        lazy: whether the line would otherwise be a lazy continuation of a paragraph.
        in_new_quote: whether the position is the beginning of a new block quote's content.
    """

    whole: bool
    dialect: Dialect
    paragraph: Paragraph | None
    lazy: bool
    in_new_quote: bool = False


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
_RULE: Final = re.compile(r"(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})\Z")
_PARTIAL_RULE: Final = re.compile(r"(?:[*\t ]*|[-\t ]*|[_\t ]*)\Z")
_UNDERLINE: Final = re.compile(r"(?:=+|-+)[ \t]*\Z")
_FENCE: Final = re.compile(r"(`{3,})([^`]*)\Z|(~{3,})(.*)\Z", re.DOTALL)
_PARTIAL_FENCE: Final = re.compile(r"(?:`{1,2}|~{1,2})\Z")
_DELIMITERS: Final = re.compile(r"\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*\|?[ \t]*\Z")
_PARTIAL_DELIMITERS: Final = re.compile(r"[-|: \t]*\Z")
_DOLLARS: Final = re.compile(r"\$\$[ \t]*+(?:([^$]*[^$\s])[ \t]*\$\$[ \t]*)?\Z")
_BRACKETS: Final = re.compile(r"\\\[(?:[ \t]++(.*?\S)??[ \t]*\\\][ \t]*|[ \t]*)\Z")
_PARTIAL_BRACKETS: Final = re.compile(r"\\(?:\[(?:[ \t].*)?)?\Z")


def find_start(
    cursor: Cursor, context: LineContext, starts: "Mapping[str, tuple[StartRule, ...]]"
) -> Start | Incomplete | None:
    """Return what begins at the next character of the cursor's line.

    Args:
        cursor: where the block may begin.
        context: what is known about the line.
        starts: the rules by first character.
    """
    for read in starts.get(cursor.line[cursor.next], ()):
        if (found := read(cursor, context)) is not None:
            return found
    return None


def _quote(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    return BlockQuoteStart()


def _atx_heading(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    found = _HEADING.match(cursor.line, cursor.next)
    if not context.whole and _PARTIAL_HEADING.match(cursor.line, cursor.next):
        return INCOMPLETE
    return ATXHeadingStart(len(found[1])) if found else None


def _setext_heading(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    if not context.paragraph or not _UNDERLINE.match(cursor.line, cursor.next):
        return None
    if not context.whole:
        return INCOMPLETE
    if not context.paragraph.settle():
        return None
    return SetextHeadingStart(1 if cursor.line[cursor.next] == "=" else 2)


def _table(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    if not context.paragraph or not context.dialect.tables:
        return None
    if _BULLET.match(cursor.line, cursor.next):
        return None
    if not context.whole:
        return INCOMPLETE if _PARTIAL_DELIMITERS.match(cursor.line, cursor.next) else None
    if not _DELIMITERS.match(cursor.line, cursor.next):
        return None
    columns = [cell.strip(" \t") for cell in split_row(cursor.rest)]
    if len(columns) > MAX_COLUMNS or len(split_row(context.paragraph.last_line)) != len(columns):
        return None
    alignments = tuple(_ALIGNMENTS[cell[0] == ":", cell[-1] == ":"] for cell in columns)
    return TableStart(alignments) if context.paragraph.settle() else None


_ALIGNMENTS: Final = {
    (False, False): "",
    (True, False): "left",
    (False, True): "right",
    (True, True): "center",
}


def _thematic_break(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    if not context.whole:
        return INCOMPLETE if _PARTIAL_RULE.match(cursor.line, cursor.next) else None
    return ThematicBreakStart() if _RULE.match(cursor.line, cursor.next) else None


def _bullet(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    found = _BULLET.match(cursor.line, cursor.next)
    return _item(cursor, context, found, None) if found else None


def _plain_bullet(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    """Fast path for ``- `` or ``* `` before a letter or a digit, which is always a list item."""
    if not _PLAIN_BULLET.match(cursor.line, cursor.next):
        return None
    return ListItemStart(cursor.line[cursor.next], None, cursor.indent + 2, cursor.after(2))


def _number(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    found = _NUMBER.match(cursor.line, cursor.next)
    if not found:
        partial = not context.whole and _PARTIAL_NUMBER.match(cursor.line, cursor.next)
        if not partial or (context.paragraph and int(partial[1]) > 1):
            return None
        return INCOMPLETE
    number = int(found[1])
    if context.paragraph and number != 1:
        return None
    if found[3]:  # Fast path, as in _plain_bullet().
        length = len(found[0])
        return ListItemStart(found[2], number, cursor.indent + length, cursor.after(length))
    return _item(cursor, context, found, number)


def _item(
    cursor: Cursor, context: LineContext, found: re.Match[str], number: int | None
) -> Start | Incomplete | None:
    """Return the list item whose marker was found.

    https://spec.commonmark.org/0.31.2/#list-items
    """
    length = len(found[0])
    after = cursor.copy()
    after.skip_marker(length)
    if after.blank:
        if not context.whole:
            return INCOMPLETE
        if context.paragraph:
            return None
    spaces = 1 if after.blank or after.indent > 4 else after.indent
    after.skip(spaces)
    return ListItemStart(found[0][-1], number, cursor.indent + length + spaces, after)


def _fence(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    found = _FENCE.match(cursor.line, cursor.next)
    if not context.whole:
        return INCOMPLETE if found or _PARTIAL_FENCE.match(cursor.line, cursor.next) else None
    if not found:
        return None
    return FenceStart(found[1] or found[3], cursor.indent, (found[2] or found[4] or "").strip())


def _dollars(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    if not context.dialect.math:
        return None
    if not context.whole:
        uncertain = cursor.line.startswith("$$", cursor.next) or cursor.rest == "$"
        return INCOMPLETE if uncertain else None
    found = _DOLLARS.match(cursor.line, cursor.next)
    return FormulaStart("$$", found[1]) if found else None


def _brackets(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    if not context.dialect.math:
        return None
    if not context.whole:
        return INCOMPLETE if _PARTIAL_BRACKETS.match(cursor.line, cursor.next) else None
    found = _BRACKETS.match(cursor.line, cursor.next)
    return FormulaStart("\\]", found[1]) if found else None


def _alert(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    if not context.in_new_quote or not context.dialect.alerts:
        return None
    if not context.whole:
        return INCOMPLETE if _PARTIAL_ALERT.match(cursor.line, cursor.next) else None
    found = _ALERT.match(cursor.line, cursor.next)
    return AlertStart(found[1].lower()) if found else None


def _footnote(cursor: Cursor, context: LineContext) -> Start | Incomplete | None:
    if not context.dialect.footnotes:
        return None
    found = _FOOTNOTE.match(cursor.line, cursor.next)
    if found:
        return FootnoteStart(found[1])
    partial = not context.whole and _PARTIAL_FOOTNOTE.match(cursor.line, cursor.next)
    return INCOMPLETE if partial else None


StartRule: TypeAlias = Callable[[Cursor, LineContext], Start | Incomplete | None]
STARTS: Final[dict[str, tuple[StartRule, ...]]] = {
    ">": (_quote,),
    "#": (_atx_heading,),
    "`": (_fence,),
    "~": (_fence,),
    "=": (_setext_heading,),
    "-": (_plain_bullet, _setext_heading, _table, _thematic_break, _bullet),
    "*": (_plain_bullet, _thematic_break, _bullet),
    "_": (_thematic_break,),
    "+": (_bullet,),
    "|": (_table,),
    ":": (_table,),
    "$": (_dollars,),
    "\\": (_brackets,),
    "[": (_alert, _footnote),
    **dict.fromkeys("0123456789", (_number,)),
}
