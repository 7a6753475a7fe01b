"""Render Markdown as the specifications do, for the comparison with their examples.

It lets raw HTML through (https://spec.commonmark.org/0.31.2/#html-blocks, #raw-html), and any URL.
The package itself has no such mode. The rules here are added to its tables.
"""

import re
from typing import Any, Final, NamedTuple

from streamhtml.markdown._block.cursor import Cursor
from streamhtml.markdown._block.ends import VerbatimLine
from streamhtml.markdown._block.lines import LineFeeder
from streamhtml.markdown._block.parser import BlockParser
from streamhtml.markdown._block.starts import STARTS, LineContext
from streamhtml.markdown._characters import escape_attribute
from streamhtml.markdown._incomplete import INCOMPLETE, Incomplete
from streamhtml.markdown._inline.addresses import read_less_than
from streamhtml.markdown._inline.links import Target
from streamhtml.markdown._inline.parser import InlineParser
from streamhtml.markdown._inline.references import References
from streamhtml.markdown._inline.rules import RULES
from streamhtml.markdown._inline.state import InlineState
from streamhtml.markdown._inline.urls import normalize_url, text_of
from streamhtml.markdown._options import Dialect
from streamhtml.markdown._output.output import Output

_ATTRIBUTE: Final = (
    r"\s+[a-zA-Z_:][a-zA-Z0-9_.:-]*(?:\s*=\s*(?:[^\s\"'=<>`\x00-\x20]+|'[^']*'|\"[^\"]*\"))?"
)
_OPEN_TAG: Final = rf"<[A-Za-z][A-Za-z0-9-]*(?:{_ATTRIBUTE})*\s*/?>"
_CLOSE_TAG: Final = r"</[A-Za-z][A-Za-z0-9-]*\s*>"
_TAG: Final = re.compile(
    rf"{_OPEN_TAG}|{_CLOSE_TAG}|<!---?>|<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<![A-Za-z][^>]*>"
    r"|<!\[CDATA\[[\s\S]*?\]\]>"
)
_BLOCK_NAMES: Final = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details"
    "|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head"
    "|header|hr|html|iframe|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|p"
    "|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul"
)
_BLOCKS: Final = tuple(
    (re.compile(start, re.IGNORECASE), re.compile(end, re.IGNORECASE) if end else None)
    for start, end in (
        (r"<(?:script|pre|textarea|style)(?:\s|>|\Z)", r"</(?:script|pre|textarea|style)>"),
        (r"<!--", r"-->"),
        (r"<\?", r"\?>"),
        (r"<![A-Za-z]", r">"),
        (r"<!\[CDATA\[", r"\]\]>"),
        (rf"</?(?:{_BLOCK_NAMES})(?:\s|/?>|\Z)", None),
    )
)
_ALONE: Final = re.compile(rf"(?:{_OPEN_TAG}|{_CLOSE_TAG})\s*\Z")

_BLANK: Final = re.compile(r"\s*\Z")


def render_spec(text: str, *, gfm: bool) -> str:
    """Return the HTML of a text by CommonMark 0.31.2, with or without GitHub's extensions.

    https://spec.commonmark.org/0.31.2/ and https://github.github.com/gfm/; the extension
    "tagfilter" is left out.
    """
    dialect = Dialect(
        tables=gfm,
        strikethrough=gfm,
        task_items=gfm,
        autolinks=gfm,
        footnotes=False,
        alerts=False,
        math=False,
        cjk_emphasis=False,
    )
    references = References("")
    output = Output()
    inline = InlineParser(dialect, AnyURL(), references, {**RULES, "<": _read_less_than})
    starts = {**STARTS, "<": (_raw_html_start,)}
    lines = LineFeeder(_SpecBlockParser(output, inline, references, starts=starts))
    lines.feed(text.replace("\0", "\ufffd"))
    lines.close()
    references.complete()
    return output.html()


class AnyURL:
    """Writes every link and every image, as the examples of the specification expect."""

    def link(self, target: Target) -> tuple[str, str]:
        return f"<a{_attributes('href', target)}>", "</a>"

    def image(self, target: Target, content: str) -> str:
        alternative = text_of(content).replace('"', "&quot;")
        return f'<img{_attributes("src", target)} alt="{alternative}">'


def _attributes(name: str, target: Target) -> str:
    url = escape_attribute(normalize_url(target.url))
    title = f' title="{escape_attribute(target.title)}"' if target.title else ""
    return f' {name}="{url}"{title}'


def _read_less_than(state: InlineState) -> None:
    """Read an address in angle brackets as the package does, else a tag, a comment and the like."""
    pieces = len(state.pieces)
    pos = state.pos
    read_less_than(state)
    is_literal = not state.stopped and state.pieces[pieces:] == ["&lt;"]
    if is_literal and (tag := _TAG.match(state.text, pos)):
        state.pieces[-1] = tag[0]
        state.pos = tag.end()


class _HTMLBlockStart(NamedTuple):
    """The beginning of an HTML block: the pattern of the line that ends it."""

    end: re.Pattern[str]


def _raw_html_start(cursor: Cursor, context: LineContext) -> Any:
    if not context.whole:
        return INCOMPLETE
    line = cursor.rest
    for start, end in _BLOCKS:
        if start.match(line):
            return _HTMLBlockStart(end or _BLANK)
    in_paragraph = bool(context.paragraph) or context.lazy
    return _HTMLBlockStart(_BLANK) if not in_paragraph and _ALONE.match(line) else None


class _HTMLBlockEnd(NamedTuple):
    """A line in which the pattern is found ends an HTML block; a blank line is not part of it."""

    pattern: re.Pattern[str]

    def read(self, cursor: Cursor, whole: bool) -> VerbatimLine | Incomplete:
        if not whole:
            return INCOMPLETE
        line = cursor.remainder
        if self.pattern is _BLANK:
            return VerbatimLine(None if cursor.blank else line, ends=cursor.blank)
        return VerbatimLine(line, ends=bool(self.pattern.search(line)))


class _HTMLBlock:
    """Writes the lines of an HTML block as they are. They come whole."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def begin(self, text: str, whole: bool) -> None:
        assert whole
        self._output.write(text + "\n")

    def add(self, text: str) -> None: ...
    def end(self) -> None: ...
    def close(self) -> None: ...


class _SpecBlockParser(BlockParser):
    def _begin_leaf(self, cursor: Cursor, start: Any, whole: bool) -> None:
        if not isinstance(start, _HTMLBlockStart):
            super()._begin_leaf(cursor, start, whole)
            return
        if self._stack:
            self._stack[-1].is_empty = False
        self.leaf = _HTMLBlock(self._output)
        self._block_end = _HTMLBlockEnd(start.end)
        self._take_verbatim(self._block_end, cursor, whole)

    def _css_class(self, language: str) -> str:
        return f"language-{language}" if language else ""
