"""Code blocks, and formulas on lines of their own. Their text is escaped, and not parsed."""

import logging

from markupsafe import Markup
from markupsafe import escape as escape_markup

from streamhtml.markdown._escaping import escape_attribute
from streamhtml.markdown._options import OnFence
from streamhtml.markdown._output.buffer import BufferedElement, HTMLBuffer
from streamhtml.markdown._output.growing_text import VerbatimText

logger = logging.getLogger("streamhtml")


class CodeBlock:
    """A code block, or a formula on lines of its own.

    Args:
        buffer: receives its HTML.
        language: the language that ``on_fence`` is called with.
        css_class: the class of the ``code`` element; ``""`` for none.
        on_fence: called when the block is complete, see ``Options``; None for indented code.
        attributes: the attributes of the ``pre`` element, with a space before each.
    """

    def __init__(
        self,
        buffer: HTMLBuffer,
        language: str = "",
        css_class: str = "",
        on_fence: OnFence | None = None,
        attributes: str = "",
    ) -> None:
        self._buffer = buffer
        self._language = language
        self._on_fence = on_fence
        self._blank_lines: list[str] = []
        self._text = VerbatimText()
        self._source: list[str] = []  # the text for on_fence
        self._source_size = 0
        self._element = buffer.open(BufferedElement(f"<pre{attributes}>", "</pre>"))
        attribute = f' class="{escape_attribute(css_class)}"' if css_class else ""
        buffer.open(BufferedElement(f"<code{attribute}>", "</code>"))
        buffer.write(self._text)

    def begin_line(self, text: str, complete: bool) -> None:
        if self._blank_lines:
            self.add("".join(self._blank_lines))
            self._blank_lines = []
        self.add(text + "\n" if complete else text)

    def add(self, text: str) -> None:
        self._text.add(text)
        if self._on_fence:
            self._source.append(text)
            self._source_size += len(text)

    def end_line(self) -> None:
        self.add("\n")

    def hold_blank_line(self, text: str) -> None:
        """Hold back a blank line of indented code. Blank lines at the end are left out."""
        self._blank_lines.append(text + "\n")

    def retract(self) -> None:
        """Remove the block, because its lines are text."""
        self._buffer.mark_changed(self._element)
        self._buffer.retract(self._element)

    @property
    def held(self) -> int:
        return self._source_size

    def close(self) -> None:
        self._text.close()
        self._buffer.close()
        self._buffer.close()
        if self._on_fence and (html := self._call(self._on_fence)) is not None:
            self.retract()
            self._buffer.open(BufferedElement('<div class="streamhtml-fence">', "</div>"))
            self._buffer.write(str(escape_markup(html)))
            self._buffer.close()

    def _call(self, on_fence: OnFence) -> Markup | None:
        try:
            return on_fence(self._language, "".join(self._source))
        except Exception:
            logger.exception("on_fence failed for a code block or a formula")
            return None
