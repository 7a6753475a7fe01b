"""Code blocks, and formulas on lines of their own. Their text is escaped, and not parsed."""

import logging
from collections.abc import Callable
from typing import ParamSpec

from streamhtml._type_name import type_name
from streamhtml.markdown._escaping import escape, escape_attribute
from streamhtml.markdown._options import CodeHighlighter, Highlight, OnFence
from streamhtml.markdown._output.buffer import BufferedElement, HTMLBuffer
from streamhtml.markdown._output.growing_text import GrowingText, LineText, VerbatimText
from streamhtml.markdown._returned_html import returned_html

logger = logging.getLogger("streamhtml")

P = ParamSpec("P")


class CodeBlock:
    """A code block, or a formula on lines of its own.

    Args:
        buffer: receives its HTML.
        language: the language that the functions of ``Options`` are called with.
        info: the info string.
        css_class: the class of the ``code`` element; ``""`` for none.
        on_fence: called when the block is complete, see ``Options``; None for indented code.
        attributes: the attributes of the ``pre`` element, with a space before each.
        highlight: called when the block begins, see ``Options``; None for other blocks than fences.
    """

    def __init__(
        self,
        buffer: HTMLBuffer,
        language: str = "",
        *,
        info: str = "",
        css_class: str = "",
        on_fence: OnFence | None = None,
        attributes: str = "",
        highlight: Highlight | None = None,
    ) -> None:
        self._buffer = buffer
        self._language = language
        self._info = info
        self._on_fence = on_fence
        self._blank_lines: list[str] = []
        self._colors: CodeHighlighter | None = None
        if highlight:
            self._colors = _begin_colors(highlight, language)
        self._lines = LineText(self._color_line) if self._colors else None
        self._text: GrowingText = self._lines or VerbatimText()
        self._source: list[str] = []  # the text for the functions
        self._keeps_source = bool(on_fence or self._colors)
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
        if self._keeps_source:
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
        source = "".join(self._source)
        html = None
        if self._on_fence:
            html = _call("on_fence", self._on_fence, self._language, source, self._info)
        if self._lines and html is None:
            self._settle_colors(self._lines, source)
        if html is None:
            self._text.close()
            self._buffer.close()
            self._buffer.close()
        else:
            self.retract()
            self._buffer.open(BufferedElement('<div class="streamhtml-fence">', "</div>"))
            self._buffer.write(html)
            self._buffer.close()

    def _color_line(self, line: str) -> str:
        html = _call("highlight", self._colors.line, line) if self._colors else None
        if html is None:  # After an error, the rest has no colours.
            self._colors = None
            return escape(line)
        return html

    def _settle_colors(self, lines: LineText, source: str) -> None:
        html = _call("highlight", self._colors.block, source) if self._colors else None
        if html is not None and lines.settle(html):
            self._buffer.mark_changed(self._element)


def _begin_colors(highlight: Highlight, language: str) -> CodeHighlighter | None:
    """Call ``highlight``, which may fail."""
    try:
        colors = highlight(language)
        if colors is None or (hasattr(colors, "line") and hasattr(colors, "block")):
            return colors
        raise TypeError(
            f"the function returned a value of the type {type_name(colors)}; it must return an "
            "object with the methods line() and block(), or None"
        )
    except Exception:
        logger.exception("highlight failed for a code block or a formula")
        return None


def _call(
    name: str, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs
) -> str | None:
    """Call a function of the user, which may fail, and return its HTML."""
    try:
        return returned_html(function(*args, **kwargs))
    except Exception:
        logger.exception("%s failed for a code block or a formula", name)
        return None
