"""Code blocks, and formulas on lines of their own: text that is shown as it is."""

import logging

from markupsafe import Markup
from markupsafe import escape as escape_markup

from streamhtml.markdown._characters import escape_attribute
from streamhtml.markdown._options import OnFence
from streamhtml.markdown._output.growing import VerbatimText
from streamhtml.markdown._output.output import Output, TagPair

logger = logging.getLogger("streamhtml")


class CodeBlock:
    """Text that is shown as it is: a code block, or a formula on lines of its own.

    Args:
        log: where it is written.
        language: what ``on_fence`` is told.
        css_class: of the element, or ``""``.
        on_fence: what a complete block is offered to.
    """

    def __init__(
        self,
        output: Output,
        language: str = "",
        css_class: str = "",
        on_fence: OnFence | None = None,
    ) -> None:
        self._output = output
        self._language = language
        self._on_fence = on_fence
        self._blank: list[str] = []
        self._text = VerbatimText()
        self._source: list[str] = []  # for on_fence
        self._element = output.open(TagPair("<pre>", "</pre>"))
        attribute = f' class="{escape_attribute(css_class)}"' if css_class else ""
        output.open(TagPair(f"<code{attribute}>", "</code>"))
        output.write(self._text)

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
        """Take a blank line. Blank lines at the end of the block are left out."""
        self._blank.append(text + "\n")

    def close(self) -> None:
        self._text.close()
        self._output.close()
        self._output.close()
        if self._on_fence and (shown := self._offer(self._on_fence)) is not None:
            self._output.change(self._element)
            self._output.retract(self._element)
            self._output.open(TagPair('<div class="streamhtml-fence">', "</div>"))
            self._output.write(str(escape_markup(shown)))
            self._output.close()

    def _offer(self, on_fence: OnFence) -> Markup | None:
        try:
            return on_fence(self._language, "".join(self._source))
        except Exception:
            logger.exception("on_fence failed for a block of %r", self._language)
            return None
