"""Renders Markdown as the specifications have it, to compare the parser with their examples.

Raw HTML and any URL pass through. The package itself cannot do that: this module adds the rules.
"""

import re
from dataclasses import replace
from typing import Any, NamedTuple

from tests.markdown.raw_html import BLANK, html_block_end, raw_tag_end

from streamhtml.markdown._block.closers import VerbatimLine
from streamhtml.markdown._block.cursor import Cursor
from streamhtml.markdown._block.open_blocks import OpenBlocks
from streamhtml.markdown._block.paragraph import Paragraph
from streamhtml.markdown._block.parser import BlockParser
from streamhtml.markdown._block.starts import START_RULES, LineContext
from streamhtml.markdown._dialect import Dialect
from streamhtml.markdown._incomplete import INCOMPLETE, Incomplete
from streamhtml.markdown._inline.autolinks import read_less_than
from streamhtml.markdown._inline.footnotes import Footnotes
from streamhtml.markdown._inline.link_syntax import Target
from streamhtml.markdown._inline.parser import INLINE_RULES, InlineParser
from streamhtml.markdown._inline.references import LinkReferences
from streamhtml.markdown._inline.state import InlineState
from streamhtml.markdown._inline.url_policy import escape_quotes, text_of, url_attributes
from streamhtml.markdown._output.buffer import HTMLBuffer

COMMONMARK = Dialect(
    tables=False,
    strikethrough=False,
    task_items=False,
    autolinks=False,
    footnotes=False,
    alerts=False,
    math=False,
    cjk=False,
)
GFM = replace(
    COMMONMARK,
    tables=True,
    strikethrough=True,
    single_tilde=True,
    task_items=True,
    autolinks=True,
)


def render_spec(text: str, *, gfm: bool) -> str:
    """Return the HTML of a text by CommonMark 0.31.2, with or without GitHub's extensions.

    https://spec.commonmark.org/0.31.2/ and https://github.github.com/gfm/, without the latter's
    "tagfilter".
    """
    references, footnotes, buffer = LinkReferences(), Footnotes(""), HTMLBuffer()
    inline_rules = {**INLINE_RULES, "<": read_tag_or_autolink}
    parser = InlineParser(GFM if gfm else COMMONMARK, AnyURL(), references, footnotes, inline_rules)
    blocks = SpecBlocks(buffer, parser, references, footnotes)
    block_parser = BlockParser(blocks, {**START_RULES, "<": (blocks.html_block_start,)})
    block_parser.feed(text.replace("\0", "\ufffd"))
    block_parser.finish()
    references.finish()
    footnotes.finish()
    return buffer.html().replace(' aria-label="Task"', "")  # GitHub's checkboxes have no name.


def read_tag_or_autolink(state: InlineState) -> None:
    """Let a tag or a comment through, and read anything else as the package does."""
    if end := raw_tag_end(state.text, state.pos):
        state.add(state.text[state.pos : end], state.pos)
        state.pos = end
    else:
        read_less_than(state)


class AnyURL:
    """Allows every link and image, as the examples expect."""

    loads_images = True

    def link(self, target: Target) -> tuple[str, str]:
        return f"<a{url_attributes('href', target)}>", "</a>"

    def image(self, target: Target, content: str) -> str:
        return f'<img{url_attributes("src", target)} alt="{escape_quotes(text_of(content))}">'


class HTMLBlockStart(NamedTuple):
    """The first line of an HTML block: the pattern of the line that ends it."""

    end: re.Pattern[str]


class HTMLBlockCloser(NamedTuple):
    """Ends an HTML block at a line that contains the pattern, or before a blank line."""

    pattern: re.Pattern[str]

    def read(self, cursor: Cursor, complete: bool) -> VerbatimLine | Incomplete:
        if not complete:
            return INCOMPLETE
        line = cursor.remainder
        if self.pattern is BLANK:
            return VerbatimLine(None if cursor.blank else line, ends=cursor.blank)
        return VerbatimLine(line, ends=bool(self.pattern.search(line)))


class HTMLBlock:
    """A block of HTML that passes through. Its lines are always complete."""

    def __init__(self, buffer: HTMLBuffer) -> None:
        self._buffer = buffer

    def begin_line(self, text: str, complete: bool) -> None:
        assert complete
        self._buffer.write(text + "\n")

    def add(self, text: str) -> None: ...
    def end_line(self) -> None: ...
    def close(self) -> None: ...


class SpecBlocks(OpenBlocks):
    """Open blocks that include HTML blocks, and allow any language of a code block."""

    def html_block_start(self, cursor: Cursor, context: LineContext) -> Any:
        """Recognise the start of an HTML block: a rule for ``<``."""
        if not context.complete:
            return INCOMPLETE
        # A container that began in this line makes the paragraph irrelevant.
        in_paragraph = isinstance(self.leaf, Paragraph) and context.new_container is None
        end = html_block_end(cursor.rest, in_paragraph=in_paragraph)
        return HTMLBlockStart(end) if end else None

    def open_leaf(self, cursor: Cursor, start: Any, complete: bool) -> None:
        if not isinstance(start, HTMLBlockStart):
            super().open_leaf(cursor, start, complete)
            return
        self.leaf = HTMLBlock(self.buffer)
        self.closer = HTMLBlockCloser(start.end)
        line = self.closer.read(cursor, complete)
        assert isinstance(line, VerbatimLine)
        assert line.text is not None
        self.begin_line(line.text, complete)
        if line.ends:
            self.close_leaf()

    def language_class(self, language: str) -> str:
        return f"language-{language}" if language else ""
