"""The renderer for Markdown: text in, patches out."""

from typing import Final

from markupsafe import Markup

from streamhtml._patch import Patch, check_id
from streamhtml._scrub import Scrubber
from streamhtml.markdown._block.lines import LineFeeder
from streamhtml.markdown._block.parser import BlockParser
from streamhtml.markdown._inline.parser import InlineParser
from streamhtml.markdown._inline.references import References
from streamhtml.markdown._inline.urls import SafeLinkPolicy
from streamhtml.markdown._options import Dialect, Options
from streamhtml.markdown._output.output import Output, TagPair
from streamhtml.markdown._output.patches import PatchWriter

_DEFAULT: Final = Options()


class MarkdownRenderer:
    """Shows Markdown: CommonMark 0.31.2, and beyond that what GitHub knows.

    That is tables, strikethrough, task lists, addresses as links, footnotes and alerts. Formulas
    are marked for whatever draws them, and HTML in the text is shown as text.

    Args:
        root: the id of the region's element.
        options: see there.

    Raises:
        ValueError: ``options.ids`` asks for ids, and there is no root that they could begin with,
            or one that cannot be an id.
    """

    element = "div"
    """The region's element."""
    css_class = "streamhtml-markdown"
    """Its class."""

    def __init__(self, root: str, options: Options = _DEFAULT) -> None:
        if options.ids and not root:
            raise ValueError(
                "Options(ids=True) needs a root, which the ids begin with: render(text, options, "
                "root=…) with the id that the message's region had"
            )
        prefix = check_id(root, "root") if options.ids else ""
        self._scrubber = Scrubber()
        self._references = References(prefix)
        self._output = Output()
        self._patches = PatchWriter(root, self._output)
        inline = InlineParser(
            Dialect(math=options.math), SafeLinkPolicy(options.image_hosts), self._references
        )
        self._lines = LineFeeder(
            BlockParser(
                self._output,
                inline,
                self._references,
                prefix=prefix,
                on_fence=options.on_fence,
            )
        )

    def feed(self, text: str) -> list[Patch]:
        """Take more text and return what changes by it.

        ``Markup`` is trusted HTML, well-formed by itself: it ends the blocks that are open, and
        goes into an element of its own, as it is.
        """
        if isinstance(text, Markup):
            self._insert(text)
        else:
            self._lines.feed(self._scrubber.feed(text))
        return self._patches.flush()

    def close(self) -> list[Patch]:
        """The text has ended: return what was held back, the footnotes, and late corrections."""
        self._finish()
        patches = self._patches.flush()
        self._references.complete()
        patches += self._patches.finish()
        self._add_footnotes()
        return patches + self._patches.flush()

    def render(self, *texts: str) -> Markup:
        """Return all text as the region's HTML: what the patches of these pieces would make."""
        for text in texts:
            if isinstance(text, Markup):
                self._insert(text)
            else:
                self._lines.feed(self._scrubber.feed(text))
        self._finish()
        self._references.complete()
        html = self._output.html()  # Before the footnotes: it is read now, and numbers them.
        self._output.clear()
        self._add_footnotes()
        return Markup(html + self._output.html())

    def _insert(self, html: Markup) -> None:
        if not html:
            return
        self._finish()
        self._output.open(TagPair('<div class="streamhtml-html">', "</div>"))
        self._output.write(str(html))
        self._output.close()

    def _finish(self) -> None:
        self._lines.feed(self._scrubber.close())
        self._lines.close()

    def _add_footnotes(self) -> None:
        if html := self._references.footnotes_html():
            self._output.open(TagPair('<section class="footnotes">', "</section>"))
            self._output.write(html)
            self._output.close()


def render(text: str, options: Options = _DEFAULT, *, root: str = "") -> Markup:
    """Return Markdown as HTML: the same that a stream of the text leaves on the page.

    For messages that are stored as text and shown again.

    Args:
        text: Markdown, from anyone.
        options: those that it was streamed with.
        root: the id that ids begin with, where ``options.ids`` asks for some.

    Raises:
        ValueError: it asks for some, and there is no root.
    """
    return MarkdownRenderer(root, options).render(text)
