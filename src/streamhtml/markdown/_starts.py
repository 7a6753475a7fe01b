"""Which block a line begins, seen at one place in the line. Pure functions, by first character.

A line may be only the beginning of one. Then a start that is possible, but not yet certain, is
``UNCERTAIN``, and the line is looked at again when more of it is there.

https://spec.commonmark.org/0.31.2/#leaf-blocks, #container-blocks; for tables
https://github.github.com/gfm/#tables-extension-
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from streamhtml.markdown._cursor import Cursor
from streamhtml.markdown._leaves import Paragraph
from streamhtml.markdown._options import MAX_COLUMNS, Dialect
from streamhtml.markdown._raw_html import raw_block_end
from streamhtml.markdown._tables import split_row


class Uncertain:
    """What is there of the line may become a start, or not."""


UNCERTAIN: Final = Uncertain()


class QuoteStart(NamedTuple):
    """``>``"""


@dataclass(slots=True)
class ItemStart:
    """A list item.

    Attributes:
        marker: what lists of one kind have in common: ``-``, ``+``, ``*``, ``.`` or ``)``.
        number: of an ordered one.
        width: columns from its container's content to its own.
        content: where its content begins.
    """

    marker: str
    number: int | None
    width: int
    content: Cursor


class NoteStart(NamedTuple):
    """The definition of a footnote."""

    label: str


class AlertStart(NamedTuple):
    """``[!NOTE]`` as the first line of a block quote, which becomes an alert."""

    kind: str


class HeadingStart(NamedTuple):
    """``#`` to ``######``"""

    level: int


class UnderlineStart(NamedTuple):
    """``===`` or ``---`` below a paragraph, which becomes a heading."""

    level: int


class RuleStart(NamedTuple):
    """A thematic break."""


class FenceStart(NamedTuple):
    """The opening fence of a code block: its characters, its indentation, its info string."""

    fence: str
    indent: int
    info: str


class FormulaStart(NamedTuple):
    """A formula on lines of its own: how it ends, or what it is if it is all on this line."""

    closing: str
    tex: str | None


class TableStart(NamedTuple):
    """The delimiter row below a paragraph's last line, which becomes a table's header."""

    alignments: tuple[str, ...]


class RawStart(NamedTuple):
    """A block of raw HTML: the pattern of the line that ends it."""

    end: re.Pattern[str]


ContainerStart: TypeAlias = QuoteStart | ItemStart | NoteStart
CONTAINER_STARTS: Final = (QuoteStart, ItemStart, NoteStart)
LeafStart: TypeAlias = (
    AlertStart
    | HeadingStart
    | UnderlineStart
    | RuleStart
    | FenceStart
    | FormulaStart
    | TableStart
    | RawStart
)
Start: TypeAlias = ContainerStart | LeafStart


@dataclass(slots=True)
class Spot:
    """What is known of the place where a block may begin.

    Attributes:
        whole: whether the line is complete.
        dialect: the constructs that are known.
        paragraph: the one that the line would otherwise continue, inside of all its containers.
        lazy: whether it would continue a paragraph from outside of its container.
        in_new_quote: whether this is the beginning of a block quote's content.
    """

    whole: bool
    dialect: Dialect
    paragraph: Paragraph | None
    lazy: bool
    in_new_quote: bool = False


_ALERT: Final = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][ \t]*\Z", re.IGNORECASE)
_PARTIAL_ALERT: Final = re.compile(r"\[(?:!(?:[A-Za-z]{0,9}(?:\][ \t]*)?)?)?\Z")
_NOTE: Final = re.compile(r"\[\^([^\s\[\]]{1,200})\]:")
_PARTIAL_NOTE: Final = re.compile(r"\[(?:\^(?:[^\s\[\]]{0,200}\]?)?)?\Z")
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


def find_start(cursor: Cursor, spot: Spot) -> Start | Uncertain | None:
    """Return what begins at the next character of the cursor's line."""
    for read in STARTS.get(cursor.line[cursor.next], ()):
        if (found := read(cursor, spot)) is not None:
            return found
    return None


def _quote(cursor: Cursor, spot: Spot) -> Start | Uncertain | None:
    return QuoteStart()


def _heading(cursor: Cursor, spot: Spot) -> Start | Uncertain | None:
    found = _HEADING.match(cursor.line, cursor.next)
    if not spot.whole and _PARTIAL_HEADING.match(cursor.line, cursor.next):
        return UNCERTAIN
    return HeadingStart(len(found[1])) if found else None


def _underline(cursor: Cursor, spot: Spot) -> Start | Uncertain | None:
    if not spot.paragraph or not _UNDERLINE.match(cursor.line, cursor.next):
        return None
    if not spot.whole:
        return UNCERTAIN
    if not spot.paragraph.settle():
        return None
    return UnderlineStart(1 if cursor.line[cursor.next] == "=" else 2)


def _table(cursor: Cursor, spot: Spot) -> Start | Uncertain | None:
    if not spot.paragraph or not spot.dialect.tables:
        return None
    if _BULLET.match(cursor.line, cursor.next):
        return None
    if not spot.whole:
        return UNCERTAIN if _PARTIAL_DELIMITERS.match(cursor.line, cursor.next) else None
    if not _DELIMITERS.match(cursor.line, cursor.next):
        return None
    columns = [cell.strip(" \t") for cell in split_row(cursor.rest)]
    if len(columns) > MAX_COLUMNS or len(split_row(spot.paragraph.last_line)) != len(columns):
        return None
    alignments = tuple(_ALIGNMENTS[cell[0] == ":", cell[-1] == ":"] for cell in columns)
    return TableStart(alignments) if spot.paragraph.settle() else None


_ALIGNMENTS: Final = {
    (False, False): "",
    (True, False): "left",
    (False, True): "right",
    (True, True): "center",
}


def _rule(cursor: Cursor, spot: Spot) -> Start | Uncertain | None:
    if not spot.whole:
        return UNCERTAIN if _PARTIAL_RULE.match(cursor.line, cursor.next) else None
    return RuleStart() if _RULE.match(cursor.line, cursor.next) else None


def _bullet(cursor: Cursor, spot: Spot) -> Start | Uncertain | None:
    found = _BULLET.match(cursor.line, cursor.next)
    return _item(cursor, spot, found, None) if found else None


def _plain_bullet(cursor: Cursor, spot: Spot) -> Start | Uncertain | None:
    """See first whether a letter follows: most items begin so, and nothing else does."""
    if not _PLAIN_BULLET.match(cursor.line, cursor.next):
        return None
    return ItemStart(cursor.line[cursor.next], None, cursor.indent + 2, cursor.behind(2))


def _number(cursor: Cursor, spot: Spot) -> Start | Uncertain | None:
    found = _NUMBER.match(cursor.line, cursor.next)
    if not found:
        partial = not spot.whole and _PARTIAL_NUMBER.match(cursor.line, cursor.next)
        if not partial or (spot.paragraph and int(partial[1]) > 1):
            return None
        return UNCERTAIN
    number = int(found[1])
    if spot.paragraph and number != 1:
        return None
    if found[3]:  # As in _plain_bullet.
        length = len(found[0])
        return ItemStart(found[2], number, cursor.indent + length, cursor.behind(length))
    return _item(cursor, spot, found, number)


def _item(
    cursor: Cursor, spot: Spot, found: re.Match[str], number: int | None
) -> Start | Uncertain | None:
    """Return the item whose marker was found. https://spec.commonmark.org/0.31.2/#list-items"""
    length = len(found[0])
    after = cursor.copy()
    after.skip_marker(length)
    if after.blank:
        if not spot.whole:
            return UNCERTAIN
        if spot.paragraph:
            return None
    spaces = 1 if after.blank or after.indent > 4 else after.indent
    after.skip(spaces)
    return ItemStart(found[0][-1], number, cursor.indent + length + spaces, after)


def _fence(cursor: Cursor, spot: Spot) -> Start | Uncertain | None:
    found = _FENCE.match(cursor.line, cursor.next)
    if not spot.whole:
        return UNCERTAIN if found or _PARTIAL_FENCE.match(cursor.line, cursor.next) else None
    if not found:
        return None
    return FenceStart(found[1] or found[3], cursor.indent, (found[2] or found[4] or "").strip())


def _dollars(cursor: Cursor, spot: Spot) -> Start | Uncertain | None:
    if not spot.dialect.math:
        return None
    if not spot.whole:
        uncertain = cursor.line.startswith("$$", cursor.next) or cursor.rest == "$"
        return UNCERTAIN if uncertain else None
    found = _DOLLARS.match(cursor.line, cursor.next)
    return FormulaStart("$$", found[1]) if found else None


def _brackets(cursor: Cursor, spot: Spot) -> Start | Uncertain | None:
    if not spot.dialect.math:
        return None
    if not spot.whole:
        return UNCERTAIN if _PARTIAL_BRACKETS.match(cursor.line, cursor.next) else None
    found = _BRACKETS.match(cursor.line, cursor.next)
    return FormulaStart("\\]", found[1]) if found else None


def _alert(cursor: Cursor, spot: Spot) -> Start | Uncertain | None:
    if not spot.in_new_quote or not spot.dialect.alerts:
        return None
    if not spot.whole:
        return UNCERTAIN if _PARTIAL_ALERT.match(cursor.line, cursor.next) else None
    found = _ALERT.match(cursor.line, cursor.next)
    return AlertStart(found[1].lower()) if found else None


def _note(cursor: Cursor, spot: Spot) -> Start | Uncertain | None:
    if not spot.dialect.footnotes:
        return None
    found = _NOTE.match(cursor.line, cursor.next)
    if found:
        return NoteStart(found[1])
    partial = not spot.whole and _PARTIAL_NOTE.match(cursor.line, cursor.next)
    return UNCERTAIN if partial else None


def _raw(cursor: Cursor, spot: Spot) -> Start | Uncertain | None:
    if not spot.dialect.raw_html:
        return None
    if not spot.whole:
        return UNCERTAIN
    end = raw_block_end(cursor.rest, in_paragraph=bool(spot.paragraph) or spot.lazy)
    return RawStart(end) if end else None


_Read: TypeAlias = Callable[[Cursor, Spot], Start | Uncertain | None]
STARTS: Final[dict[str, tuple[_Read, ...]]] = {
    ">": (_quote,),
    "#": (_heading,),
    "`": (_fence,),
    "~": (_fence,),
    "=": (_underline,),
    "-": (_plain_bullet, _underline, _table, _rule, _bullet),
    "*": (_plain_bullet, _rule, _bullet),
    "_": (_rule,),
    "+": (_bullet,),
    "|": (_table,),
    ":": (_table,),
    "$": (_dollars,),
    "\\": (_brackets,),
    "[": (_alert, _note),
    "<": (_raw,),
    **dict.fromkeys("0123456789", (_number,)),
}
