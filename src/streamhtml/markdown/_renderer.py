"""The public renderer for Markdown. It connects the parts of the parser, and does no I/O."""

from typing import Final

from markupsafe import Markup

from streamhtml._arguments import check_options, check_root, check_text
from streamhtml._closed_html import closed
from streamhtml._patch import Patch, check_id
from streamhtml._scrub import Scrubber
from streamhtml.markdown._block.open_blocks import OpenBlocks
from streamhtml.markdown._block.parser import BlockParser
from streamhtml.markdown._dialect import Dialect
from streamhtml.markdown._drawing import draw_once, with_formulas
from streamhtml.markdown._inline.citations import Citations
from streamhtml.markdown._inline.footnotes import Footnotes
from streamhtml.markdown._inline.parser import InlineParser
from streamhtml.markdown._inline.references import LinkReferences
from streamhtml.markdown._inline.url_policy import SafeURLs
from streamhtml.markdown._options import Options
from streamhtml.markdown._output.buffer import BufferedElement, HTMLBuffer
from streamhtml.markdown._output.patches import PatchWriter

_DEFAULT: Final = Options()


class MarkdownRenderer:
    """Renders Markdown while it arrives: CommonMark 0.31.2 and the extensions of GitHub.

    The extensions are tables, strikethrough, task lists, addresses as links, footnotes and alerts.
    Formulas are marked, or drawn by ``options.math``. HTML in the text is shown as text, except for
    ``<br>``, ``<sub>``, ``<sup>`` and ``<kbd>`` without attributes.

    Args:
        root: the id of the region's element.
        options: how the text is rendered.

    Raises:
        TypeError: ``root`` is not a ``str``, or ``options`` are not ``Options``.
        ValueError: ``options.ids`` is set, but ``root`` is empty or cannot be an id.
    """

    element = "div"
    """The name of the region's element."""
    css_class = "streamhtml-markdown"
    """The class of that element."""

    def __init__(self, root: str, options: Options = _DEFAULT) -> None:
        check_root(root)
        check_options(options, Options)
        if options.ids and not root:
            raise ValueError(
                "Options(ids=True) needs a root, which all ids begin with: call render(text, "
                "options, root=…) with the id of the element that shows the message"
            )
        prefix = check_id(root, "root") if options.ids else ""
        self._scrubber = Scrubber()
        self._references = LinkReferences()
        self._footnotes = Footnotes(prefix, dir_auto=options.dir_auto)
        self._buffer = HTMLBuffer()
        self._patches = PatchWriter(root, self._buffer)
        draw = draw_once(options.math) if callable(options.math) else None
        self._citations = Citations(options.on_citation) if options.on_citation else None
        inline_parser = InlineParser(
            Dialect(
                math=bool(options.math),
                single_tilde=options.single_tilde,
                breaks=options.breaks,
                citations=options.on_citation is not None,
            ),
            SafeURLs(options.image_hosts, new_tab=options.new_tab),
            self._references,
            self._footnotes,
            draw=draw,
            citations=self._citations,
        )
        self._parser = BlockParser(
            OpenBlocks(
                self._buffer,
                inline_parser,
                self._references,
                self._footnotes,
                prefix=prefix,
                dir_auto=options.dir_auto,
                on_fence=options.on_fence,
                on_formula=with_formulas(options.on_fence, draw),
                highlight=options.highlight,
            )
        )

    def feed(self, text: str) -> list[Patch]:
        """Add text, and return the patches that show it.

        Args:
            text: Markdown. ``Markup`` is trusted HTML instead. It ends all open blocks, and is put
                into an element of its own. If it leaves something open, that is closed.
        """
        if isinstance(text, Markup):
            self._insert(text)
        else:
            self._parser.feed(self._scrubber.feed(text))
        return self._patches.flush()

    @property
    def held(self) -> int:
        """The number of characters that are held back, and may be read again by the next call."""
        return self._parser.held

    def close(self) -> list[Patch]:
        """End the text, and return the patches for held text, late definitions and footnotes."""
        self._finish()
        patches = self._patches.flush()
        self._finish_definitions()
        patches += self._patches.finish()
        self._add_footnotes()
        return patches + self._patches.flush()

    def render(self, *texts: str) -> Markup:
        """Return the content of the region, exactly as the patches for these texts would build it.

        Args:
            texts: the complete text, in one piece or more; ``Markup`` as in ``feed()``.

        Returns:
            HTML, which is escaped and closed.

        Raises:
            TypeError: a text is not a ``str``.
        """
        for text in texts:
            check_text(text)
            if isinstance(text, Markup):
                self._insert(text)
            else:
                self._parser.feed(self._scrubber.feed(text))
        self._finish()
        self._finish_definitions()
        html = self._buffer.html()  # This reads the references, which number the footnotes.
        self._buffer.clear()
        self._add_footnotes()
        return Markup(html + self._buffer.html())

    def _insert(self, html: Markup) -> None:
        if not html:
            return
        self._finish()
        self._buffer.open(BufferedElement('<div class="streamhtml-html">', "</div>"))
        self._buffer.write(str(closed(html)))
        self._buffer.close()

    def _finish(self) -> None:
        self._parser.feed(self._scrubber.close())
        self._parser.finish()

    def _finish_definitions(self) -> None:
        self._references.finish()
        self._footnotes.finish()
        if self._citations:
            self._citations.finish()

    def _add_footnotes(self) -> None:
        if html := self._footnotes.list_html():
            self._buffer.open(BufferedElement('<section class="footnotes">', "</section>"))
            self._buffer.write(html)
            self._buffer.close()


def render(text: str, options: Options = _DEFAULT, *, root: str = "") -> Markup:
    """Render Markdown as HTML, exactly as a stream of the same text leaves it on the page.

    Use it for messages that are stored as text and shown again.

    Args:
        text: Markdown. It may come from an untrusted source.
        options: the options that it was streamed with.
        root: the id that all ids begin with, if ``options.ids`` is set.

    Returns:
        HTML, which is escaped and closed.

    Raises:
        TypeError: ``text`` or ``root`` is not a ``str``, or ``options`` are not ``Options``.
        ValueError: ``options.ids`` is set, but ``root`` is empty or cannot be an id.
    """
    return MarkdownRenderer(root, options).render(text)
