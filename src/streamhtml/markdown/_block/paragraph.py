"""Paragraphs, and blocks that begin like one: definitions, Setext headings and table headers.

A line that may become another block is held back only if that is likely, because readers wait for
it. Otherwise it is shown as text, and the paragraph is sent again if it becomes another block.
"""

import re
from typing import Final

from streamhtml.markdown._block.reference_definitions import Definition, read_definition
from streamhtml.markdown._incomplete import INCOMPLETE, Incomplete
from streamhtml.markdown._inline.inline_text import InlineText
from streamhtml.markdown._inline.link_syntax import MAX_LABEL
from streamhtml.markdown._inline.parser import InlineParser
from streamhtml.markdown._inline.references import LinkReferences
from streamhtml.markdown._output.buffer import BufferedElement, HTMLBuffer
from streamhtml.markdown._rereading import READ_AT_ONCE, next_reading

_PARTIAL_DEFINITION: Final = re.compile(
    r"\[([^\[\]\\]*+(?:\\.[^\[\]\\]*+)*)(?:\\?\Z|\](?:\Z|:))", re.DOTALL
)
# The text of a speaker, such as "[Hero]: Who goes there?"
_NO_DEFINITION: Final = re.compile(
    r"\[[^\[\]\\\n]*+\]:[ \t]*+(?!<)[^\\()\x00-\x20\x7f]++[ \t]++[^\s\"'(]"
)
_TASK: Final = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
_PARTIAL_TASK: Final = re.compile(r"\[(?:[ xX](?:\](?:[ \t]+)?)?)?\Z")


class Paragraph:
    """A paragraph, or a block that begins like one.

    Args:
        buffer: receives its HTML.
        parser: reads its text.
        references: receives the definitions at its beginning.
        element: its element, without tags in a tight list.
        is_task: whether it may begin with the checkbox of a task item.
        cautious: whether the text is shown as a tail until it ends, so that nothing is sent again.
        shares_element: whether its element contains other text, which would be sent again with it.
    """

    __slots__ = (
        "_buffer", "_checkbox", "_element", "_has_text", "_is_definition", "_is_task", "_leading",
        "_leading_size", "_line", "_line_held", "_read_at", "_references", "_text",
    )  # fmt: skip

    def __init__(
        self,
        buffer: HTMLBuffer,
        parser: InlineParser,
        references: LinkReferences,
        element: BufferedElement,
        *,
        is_task: bool,
        cautious: bool,
        shares_element: bool,
    ) -> None:
        self._buffer = buffer
        self._references = references
        self._element = buffer.open(element)
        self._is_task = is_task
        self._text = InlineText(parser, cautious=cautious, hold_words=shares_element)
        self._checkbox = ""  # the source of the checkbox at its beginning
        self._has_text = False
        self._line: list[str] = []
        self._line_held = False  # whether the line is held back for a table
        self._leading: list[str] | None = []  # lines that may still be definitions
        self._is_definition = False
        self._leading_size = self._read_at = 0

    def begin_line(self, text: str, complete: bool) -> None:
        """Begin another line, without its indentation."""
        if self._leading:
            self._read_definitions(title_may_follow=text[0] in "\"'(")
        if self._line_held:
            self._add_line("".join(self._line))
            self._line_held = False
        self._line = [text]
        if self._leading is not None:
            if self._leading or text[0] == "[":
                self._leading.append("\n" + text if self._leading else text)
                self._leading_size += len(text) + 1
                self._check_leading()
                return
            self._leading = None
        if text[0] == "|":
            self._line_held = True
        else:
            self._add_line(text)

    def add(self, text: str) -> None:
        self._line.append(text)
        if self._leading:
            self._leading.append(text)
            self._leading_size += len(text)
            self._check_leading()
        elif not self._line_held:
            self._text.add(text)

    def end_line(self) -> None:
        pass

    def close(self) -> None:
        if self._leading:
            self.settle_definitions()
        elif self._line_held:
            self._add_line("".join(self._line))
        self._close()

    @property
    def held(self) -> int:
        line = len(self.last_line) if self._line_held else 0
        return self._text.held + self._leading_size + line

    def settle_definitions(self) -> bool:
        """Read the definitions as if no line followed, and return whether any text is left."""
        if self._leading:
            self._read_definitions(title_may_follow=False, final=True)
            self._give_up_definitions()
        return self._has_text or self._line_held

    @property
    def last_line(self) -> str:
        """The last line so far."""
        return "".join(self._line)

    @property
    def last_text(self) -> str:
        """The last line so far, or ``""`` if it may still be something else than text."""
        return "" if self._leading or self._line_held else "".join(self._line)

    def become_heading(self, start: str, end: str) -> None:
        """Close the paragraph as a heading with these tags."""
        if self._line_held:
            self._add_line("".join(self._line))
        self._mark_misread()
        self._buffer.retract(self._element)
        self._buffer.open(BufferedElement(start, end))
        if self._checkbox:  # A heading has no checkbox.
            self._text.prepend(self._checkbox)
        self._buffer.write(self._text)
        self._text.close()
        self._buffer.close()

    def take_last_line(self) -> str:
        """Close the paragraph without its last line, and return that line."""
        line = self.last_line
        if not self._line_held:
            self._mark_misread()
            self._text.remove_end(len(line) + 1)
            self._has_text = bool(self._text.source)
        self._line_held = False
        self._close()
        return line

    def _mark_misread(self) -> None:
        if self._element.start or self._checkbox or self._text.is_shown:
            self._buffer.mark_changed(self._element)
        else:
            self._buffer.mark_rewritten(self._element)

    def _close(self) -> None:
        self._text.close()
        if self._has_text:
            self._buffer.close()
        else:
            self._buffer.retract(self._element)

    def _add_line(self, line: str) -> None:
        """Show a line as text."""
        if self._has_text:
            self._text.add("\n" + line)
        else:
            self._has_text = True
            self._buffer.write(self._text)
            self._text.add(line)

    # Link reference definitions ------------------------------------------------------------------

    def _check_leading(self) -> None:
        """Check whether text that begins with a bracket can still be a definition."""
        assert self._leading is not None
        if self._is_definition and self._leading_size > READ_AT_ONCE:
            return  # The end of the line will decide.
        text = "".join(self._leading)
        if self._is_definition:
            if _NO_DEFINITION.match(text):
                self._give_up_definitions()
            return
        if self._is_task:
            if _PARTIAL_TASK.match(text):
                return
            self._is_task = False
            if found := _TASK.match(text):
                checked = ' checked=""' if found[1] != " " else ""
                self._buffer.write(
                    f'<input{checked} disabled="" type="checkbox" aria-label="Task"> '
                )
                self._leading = None
                self._checkbox = found[0]
                self._add_line(text[found.end() :])
                return
        partial = _PARTIAL_DEFINITION.match(text)
        if not partial or len(partial[1]) > MAX_LABEL:
            self._give_up_definitions()
        else:
            self._is_definition = partial[0].endswith("]:")

    def _read_definitions(self, *, title_may_follow: bool, final: bool = False) -> None:
        """Move the definitions from the leading lines to the document's references.

        Args:
            title_may_follow: whether the next line may begin with the title of the last one.
            final: whether no further line belongs to the paragraph.
        """
        assert self._leading is not None
        if not final and self._leading_size < self._read_at:
            return
        text = "".join(self._leading)
        found: Definition | Incomplete | None = INCOMPLETE
        while text:
            found = read_definition(text, final=final) if text[0] == "[" else None
            if not isinstance(found, Definition):
                break
            if title_may_follow and found.end == len(text) and found.target.title is None:
                break
            self._references.define(found.label, found.target)
            text = text[found.end :]
        self._leading = [text] if text else []
        self._is_definition = bool(text)
        self._leading_size = len(text)
        self._read_at = next_reading(self._leading_size)
        if found is None:
            self._give_up_definitions()

    def _give_up_definitions(self) -> None:
        text, self._leading = "".join(self._leading or ()), None
        if text:
            self._add_line(text)
