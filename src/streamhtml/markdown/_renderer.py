"""The renderer for Markdown: text in, patches out."""

from typing import Final

from markupsafe import Markup

from streamhtml._patch import Patch, check_id
from streamhtml._scrub import Scrubber
from streamhtml.markdown._blocks import Blocks
from streamhtml.markdown._inline import Inline
from streamhtml.markdown._log import Element, Log
from streamhtml.markdown._options import Dialect, Options
from streamhtml.markdown._patches import Patches
from streamhtml.markdown._references import References
from streamhtml.markdown._urls import Safe

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
        self._log = Log()
        self._patches = Patches(root, self._log)
        self._blocks = Blocks(
            self._log,
            Inline(Dialect(math=options.math), Safe(options.image_hosts), self._references),
            self._references,
            prefix=prefix,
            on_fence=options.on_fence,
        )

    def feed(self, text: str) -> list[Patch]:
        """Take more text and return what changes by it.

        ``Markup`` is trusted HTML, well-formed by itself: it ends the blocks that are open, and
        goes into an element of its own, as it is.
        """
        if isinstance(text, Markup):
            self._insert(text)
        else:
            self._blocks.feed(self._scrubber.feed(text))
        return self._patches.flush()

    def close(self) -> list[Patch]:
        """The text has ended: return what was held back, the footnotes, and late corrections."""
        self._finish()
        patches = self._patches.flush()
        self._references.complete()
        patches += self._patches.finish()
        self._add_notes()
        return patches + self._patches.flush()

    def render(self, *texts: str) -> Markup:
        """Return all text as the region's HTML: what the patches of these pieces would make."""
        for text in texts:
            if isinstance(text, Markup):
                self._insert(text)
            else:
                self._blocks.feed(self._scrubber.feed(text))
        self._finish()
        self._references.complete()
        html = self._log.html()  # Before the footnotes: it is read now, and numbers them.
        self._log.clear()
        self._add_notes()
        return Markup(html + self._log.html())

    def _insert(self, html: Markup) -> None:
        if not html:
            return
        self._finish()
        self._log.open(Element('<div class="streamhtml-html">', "</div>"))
        self._log.write(str(html))
        self._log.close()

    def _finish(self) -> None:
        self._blocks.feed(self._scrubber.close())
        self._blocks.break_off()

    def _add_notes(self) -> None:
        if html := self._references.notes_html():
            self._log.open(Element('<section class="footnotes">', "</section>"))
            self._log.write(html)
            self._log.close()


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
