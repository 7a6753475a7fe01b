"""The blocks that hold text: paragraphs, headings, code. Tables have a module of their own.

A leaf is given lines: ``begin()`` with what there is of one, and whether that is all. If it is
not, ``add()`` takes what comes later of the same line, and ``end()`` says that it is complete.
``close()`` says that no further line belongs to it.
"""

import logging
import re
from typing import Final, Protocol

from markupsafe import Markup
from markupsafe import escape as escape_markup

from streamhtml.markdown._characters import escape_attribute
from streamhtml.markdown._inline import Inline
from streamhtml.markdown._links import CUT, MAX_LABEL, Cut, Definition, read_definition
from streamhtml.markdown._log import Element, Log
from streamhtml.markdown._options import OnFence
from streamhtml.markdown._prose import Prose, Verbatim, next_reading
from streamhtml.markdown._references import References

logger = logging.getLogger("streamhtml")


class Leaf(Protocol):
    """See above."""

    def begin(self, text: str, whole: bool) -> None: ...
    def add(self, text: str) -> None: ...
    def end(self) -> None: ...
    def close(self) -> None: ...


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
        "_element", "_has_text", "_head", "_is_definition", "_is_task", "_line", "_log", "_prose",
        "_references", "_retry", "_row", "_size", "_task",
    )  # fmt: skip

    def __init__(
        self,
        log: Log,
        inline: Inline,
        references: References,
        element: Element,
        *,
        is_task: bool,
        cautious: bool,
        shares: bool,
    ) -> None:
        self._log = log
        self._references = references
        self._element = log.open(element)
        self._is_task = is_task
        self._prose = Prose(inline, cautious=cautious, holds_words=shares)
        self._task = ""  # what stands for a checkbox at its beginning
        self._has_text = False
        self._line: list[str] = []
        self._row = False  # whether the line is held back, for it may be a table's header
        self._head: list[str] | None = []  # what may still be definitions
        self._is_definition = False
        self._size = self._retry = 0  # of the head: how long it is, and is when it is read again

    def begin(self, text: str, whole: bool) -> None:
        """Go on with another line, without its indentation."""
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
        """Decide what is definition and what text, if all lines so far are all; is there text?"""
        if self._head:
            self._read_definitions(title_may_follow=False, whole=True)
            self._give_up_definitions()
        return self._has_text or self._row

    @property
    def last_line(self) -> str:
        """The last line so far."""
        return "".join(self._line)

    def become_heading(self, start: str, end: str) -> None:
        """Close it as a heading with these tags."""
        if self._row:
            self._release("".join(self._line))
        self._misread()
        self._log.retract(self._element)
        self._log.open(Element(start, end))
        if self._task:  # Only a paragraph has a checkbox.
            self._prose.prepend(self._task)
        self._log.write(self._prose)
        self._prose.close()
        self._log.close()

    def take_last_line(self) -> str:
        """Close it without its last line, and return that."""
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
            self._log.change(self._element)
        else:
            self._log.step_back(self._element)

    def _close(self) -> None:
        self._prose.close()
        if self._has_text:
            self._log.close()
        else:
            self._log.retract(self._element)

    def _release(self, line: str) -> None:
        """Show a line as text."""
        if self._has_text:
            self._prose.add("\n" + line)
        else:
            self._has_text = True
            self._log.write(self._prose)
            self._prose.add(line)

    # Definitions -----------------------------------------------------------------------------

    def _decide(self) -> None:
        """See whether what begins with a bracket can still be a definition."""
        assert self._head is not None
        if self._is_definition:
            return  # Or not: that is seen at the line's end.
        text = "".join(self._head)
        if self._is_task:
            if _PARTIAL_TASK.match(text):
                return
            self._is_task = False
            if found := _TASK.match(text):
                checked = ' checked=""' if found[1] != " " else ""
                self._log.write(f'<input{checked} disabled="" type="checkbox"> ')
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
        """Take the definitions out of the head; ``whole``: no further line belongs to it."""
        assert self._head is not None
        if not whole and self._size < self._retry:
            return
        text = "".join(self._head)
        found: Definition | Cut | None = CUT
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


class Heading:
    """A heading that ``#`` begins."""

    def __init__(self, log: Log, inline: Inline, start: str, end: str) -> None:
        self._log = log
        self._prose = Prose(inline)
        self._held: list[str] = []
        log.open(Element(start, end))
        log.write(self._prose)

    def begin(self, text: str, whole: bool) -> None:
        self.add(text)
        if whole:
            self.end()

    def add(self, text: str) -> None:
        end = len(text.rstrip("# \t"))
        if end:
            self._prose.add("".join((*self._held, text[:end])))
            self._held.clear()
        self._held.append(text[end:])

    def end(self) -> None:
        held = "".join(self._held).rstrip(" \t")
        opening = held.rstrip("#")
        # https://spec.commonmark.org/0.31.2/#closing-sequence
        if opening[-1:].isspace() or not (opening or self._prose.source):
            held = opening.rstrip(" \t")
        self._prose.add(held)

    def close(self) -> None:
        self._prose.close()
        self._log.close()


class Code:
    """Text that is shown as it is: a code block, or a formula on lines of its own.

    Args:
        log: where it is written.
        language: what ``on_fence`` is told.
        css_class: of the element, or ``""``.
        on_fence: what a complete block is offered to.
    """

    def __init__(
        self, log: Log, language: str = "", css_class: str = "", on_fence: OnFence | None = None
    ) -> None:
        self._log = log
        self._language = language
        self._on_fence = on_fence
        self._blank: list[str] = []
        self._text = Verbatim()
        self._source: list[str] = []  # for on_fence
        self._element = log.open(Element("<pre>", "</pre>"))
        attribute = f' class="{escape_attribute(css_class)}"' if css_class else ""
        log.open(Element(f"<code{attribute}>", "</code>"))
        log.write(self._text)

    def begin(self, text: str, whole: bool) -> None:
        if self._blank:
            self.add("".join(self._blank))
            self._blank = []
        self.add(text + "\n" if whole else text)

    def add(self, text: str) -> None:
        self._text.add(text)
        if self._on_fence:
            self._source.append(text)

    def end(self) -> None:
        self.add("\n")

    def blank(self, text: str) -> None:
        """Take a blank line that is left out where it is the last."""
        self._blank.append(text + "\n")

    def close(self) -> None:
        self._text.close()
        self._log.close()
        self._log.close()
        if self._on_fence and (shown := self._offer(self._on_fence)) is not None:
            self._log.change(self._element)
            self._log.retract(self._element)
            self._log.open(Element('<div class="streamhtml-fence">', "</div>"))
            self._log.write(str(escape_markup(shown)))
            self._log.close()

    def _offer(self, on_fence: OnFence) -> Markup | None:
        try:
            return on_fence(self._language, "".join(self._source))
        except Exception:
            logger.exception("on_fence failed for a block of %r", self._language)
            return None


class Raw:
    """A block of HTML that is let through, see ``_raw_html``. Its lines come whole."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def begin(self, text: str, whole: bool) -> None:
        assert whole
        self._log.write(text + "\n")

    def add(self, text: str) -> None: ...
    def end(self) -> None: ...
    def close(self) -> None: ...
