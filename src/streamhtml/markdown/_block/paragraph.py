"""Paragraphs, and what begins as one: reference definitions, Setext headings and table headers."""

import re
from typing import Final

from streamhtml.markdown._incomplete import INCOMPLETE, Incomplete
from streamhtml.markdown._inline.inline_text import InlineText
from streamhtml.markdown._inline.links import MAX_LABEL, Definition, read_definition
from streamhtml.markdown._inline.parser import InlineParser
from streamhtml.markdown._inline.references import References
from streamhtml.markdown._output.growing import next_reading
from streamhtml.markdown._output.output import Output, TagPair

_UNDECIDED: Final = re.compile(r"\[([^\[\]\\]*+(?:\\.[^\[\]\\]*+)*)(?:\\?\Z|\](?:\Z|:))", re.DOTALL)
_TASK: Final = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
_PARTIAL_TASK: Final = re.compile(r"\[(?:[ xX](?:\](?:[ \t]+)?)?)?\Z")


class Paragraph:
    """A paragraph, or what has begun as one: reference definitions, a heading, a table's header.

    Args:
        log: where it is written.
        element: its own, or one without tags where it shows none.
        is_task: whether a checkbox may stand at its beginning.
        cautious: show it provisionally until it ends, so that nothing has to be sent again.
        shares: whether its element has other text in it, which would be sent again with it.
    """

    __slots__ = (
        "_element", "_has_text", "_head", "_is_definition", "_is_task", "_line", "_output",
        "_prose", "_references", "_retry", "_row", "_size", "_task",
    )  # fmt: skip

    def __init__(
        self,
        output: Output,
        inline: InlineParser,
        references: References,
        element: TagPair,
        *,
        is_task: bool,
        cautious: bool,
        shares: bool,
    ) -> None:
        self._output = output
        self._references = references
        self._element = output.open(element)
        self._is_task = is_task
        self._prose = InlineText(inline, cautious=cautious, holds_words=shares)
        self._task = ""  # the Markdown of the checkbox at its beginning
        self._has_text = False
        self._line: list[str] = []
        self._row = False  # whether the line is held back, because it may be a table's header
        self._head: list[str] | None = []  # the text that may still be definitions
        self._is_definition = False
        self._size = self._retry = 0  # length of the head, now and when it is read again

    def begin(self, text: str, whole: bool) -> None:
        """Take another line, without its indentation."""
        if self._head:
            self._read_definitions(title_may_follow=text[0] in "\"'(")
        if self._row:
            self._release("".join(self._line))
        self._line = [text]
        self._row = False
        if self._head is not None and (self._head or text[0] == "["):
            self._head.append("\n" + text if self._head else text)
            self._size += len(text) + 1
            self._decide()
            return
        self._head = None
        self._row = text[0] == "|"
        if not self._row:
            self._release(text)

    def add(self, text: str) -> None:
        self._line.append(text)
        if self._head:
            self._head.append(text)
            self._size += len(text)
            self._decide()
        elif not self._row:
            self._prose.add(text)

    def end(self) -> None:
        pass

    def close(self) -> None:
        if self._head:
            self.settle()
        elif self._row:
            self._release("".join(self._line))
        self._close()

    def settle(self) -> bool:
        """Decide what is a definition, as if no line followed; return whether there is text."""
        if self._head:
            self._read_definitions(title_may_follow=False, whole=True)
            self._give_up_definitions()
        return self._has_text or self._row

    @property
    def last_line(self) -> str:
        """The last line that was taken."""
        return "".join(self._line)

    def become_setext_heading(self, start: str, end: str) -> None:
        """Close it as a heading with these tags."""
        if self._row:
            self._release("".join(self._line))
        self._misread()
        self._output.retract(self._element)
        self._output.open(TagPair(start, end))
        if self._task:  # A heading has no checkbox.
            self._prose.prepend(self._task)
        self._output.write(self._prose)
        self._prose.close()
        self._output.close()

    def take_last_line(self) -> str:
        """Close it without its last line, and return that line."""
        line = self.last_line
        if not self._row:
            self._misread()
            self._prose.cut(len(line) + 1)
            self._has_text = bool(self._prose.source)
        self._row = False
        self._close()
        return line

    def _misread(self) -> None:
        if self._element.start or self._task or self._prose.is_shown:
            self._output.change(self._element)
        else:
            self._output.step_back(self._element)

    def _close(self) -> None:
        self._prose.close()
        if self._has_text:
            self._output.close()
        else:
            self._output.retract(self._element)

    def _release(self, line: str) -> None:
        """Write a line as text."""
        if self._has_text:
            self._prose.add("\n" + line)
        else:
            self._has_text = True
            self._output.write(self._prose)
            self._prose.add(line)

    # Definitions -----------------------------------------------------------------------------

    def _decide(self) -> None:
        """Check whether text that begins with a bracket can still be a definition."""
        assert self._head is not None
        if self._is_definition:
            return  # The end of the line decides.
        text = "".join(self._head)
        if self._is_task:
            if _PARTIAL_TASK.match(text):
                return
            self._is_task = False
            if found := _TASK.match(text):
                checked = ' checked=""' if found[1] != " " else ""
                self._output.write(f'<input{checked} disabled="" type="checkbox"> ')
                self._head = None
                self._task = found[0]
                self._release(text[found.end() :])
                return
        undecided = _UNDECIDED.match(text)
        if not undecided or len(undecided[1]) > MAX_LABEL:
            self._give_up_definitions()
        else:
            self._is_definition = undecided[0][-1] == ":"

    def _read_definitions(self, *, title_may_follow: bool, whole: bool = False) -> None:
        """Take the definitions out of the head.

        Args:
            title_may_follow: whether the next line may be the title of the last definition.
            whole: whether no further line belongs to the head.
        """
        assert self._head is not None
        if not whole and self._size < self._retry:
            return
        text = "".join(self._head)
        found: Definition | Incomplete | None = INCOMPLETE
        while text:
            found = read_definition(text, whole=whole) if text[0] == "[" else None
            if not isinstance(found, Definition):
                break
            if title_may_follow and found.end == len(text) and found.target.title is None:
                break
            self._references.define(found.label, found.target)
            text = text[found.end :]
        self._head = [text] if text else []
        self._is_definition = bool(text)
        self._size = len(text)
        self._retry = next_reading(self._size)
        if found is None:
            self._give_up_definitions()

    def _give_up_definitions(self) -> None:
        text, self._head = "".join(self._head or ()), None
        if text:
            self._release(text)
