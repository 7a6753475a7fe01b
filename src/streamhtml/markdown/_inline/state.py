"""The state of reading one text, which all inline rules share. It imports no rule.

Nothing is certain after an opener that may still be closed: emphasis, a bracket, a code span or a
formula. The state keeps these openers, so that the certain part of the text can be determined.
"""

from dataclasses import dataclass
from typing import NamedTuple

from streamhtml.markdown._dialect import Dialect
from streamhtml.markdown._drawing import DrawnFormula
from streamhtml.markdown._escaping import escape
from streamhtml.markdown._inline.citations import Citations
from streamhtml.markdown._inline.delimiters import DelimiterRun, DelimiterStack
from streamhtml.markdown._inline.footnotes import Footnotes
from streamhtml.markdown._inline.patterns import Patterns, Search
from streamhtml.markdown._inline.references import LinkReferences
from streamhtml.markdown._inline.url_policy import URLPolicy


@dataclass(slots=True)
class InlineContext:
    """The objects that all texts of one document share.

    Attributes:
        dialect: the constructs that are recognised.
        patterns: the patterns of the dialect.
        policy: writes links and images.
        references: the document's link reference definitions.
        footnotes: the document's footnotes.
        draw: draws formulas; None if they are only marked.
        citations: the document's citations; None if they are text.
    """

    dialect: Dialect
    patterns: Patterns
    policy: URLPolicy
    references: LinkReferences
    footnotes: Footnotes
    draw: DrawnFormula | None
    citations: Citations | None


class FootnoteReference(NamedTuple):
    """A footnote reference.

    Attributes:
        piece: the index of its piece of HTML.
        label: the footnote's label.
        in_link: whether a link contains it.
    """

    piece: int
    label: str
    in_link: bool = False


class Citation(NamedTuple):
    """A citation that the caller may replace by HTML.

    Attributes:
        first: the index of its first piece of HTML.
        end: the index after its last piece.
        label: its label.
        prefix: the text before it in its first piece.
    """

    first: int
    end: int
    label: str
    prefix: str = ""


class Bracket:
    """A ``[`` or ``![`` that may open a link or an image.

    Attributes:
        level: the number of brackets that are open around it.
        index: the index of its piece of HTML.
        start: the index in the text where its content begins.
        bottom: the last delimiter run before it.
        image: whether it is ``![``.
        holds_bracket: whether it contains another bracket, so that its content is not a label.
        images: the number of brackets of images that are open around it.
    """

    __slots__ = ("bottom", "holds_bracket", "image", "images", "index", "level", "start")

    def __init__(
        self, level: int, index: int, start: int, bottom: DelimiterRun | None, *, image: bool
    ) -> None:
        self.level = level
        self.index = index
        self.start = start
        self.bottom = bottom
        self.image = image
        self.holds_bracket = False
        self.images = 0


@dataclass(slots=True)
class OpenTag:
    """A ``<sub>``, ``<sup>`` or ``<kbd>`` that may have an end tag. Until then, it is text.

    Attributes:
        name: its name in lower case.
        index: the index of its piece of HTML.
        start: the index in the text where its content begins.
    """

    name: str
    index: int
    start: int


class InlineState:
    """The text that is read, the position in it, and the HTML of the text so far.

    Attributes:
        context: the objects that all texts of the document share.
        text: the text, with the last character before it if there is one.
        first: the index where reading begins.
        pos: the index where reading goes on.
        search: finds the next special character.
        final: whether the text is complete; otherwise more may follow.
        pieces: the HTML. The piece of a delimiter run is written once its pairs are known.
        starts: where in the text each piece begins.
        delimiters: the delimiter runs that may still pair up.
        runs: all delimiter runs that have not been written.
        brackets: the open brackets.
        tags: the open tags, which are nested with the brackets by their indexes.
        links: the index of the piece of each link, and its text as HTML, which replaces the link
            if another link encloses it.
        links_from: open brackets below this level contain a link, so they cannot open one.
        footnotes: the footnote references.
        citations: the citations that no link or image contains.
        closing_ticks: the positions of runs of backticks, by length, the last one first; None if
            they have not been searched for.
        stopped: whether reading has stopped before the end of the text.
        hold: the index of the first piece that is not certain, if reading has stopped.
        pending: whether a definition that may still follow could change the certain part.
        restart: whether the text before this one must be read again, see ``Reading``.
    """

    __slots__ = (
        "brackets", "citations", "closing_ticks", "context", "delimiters", "final", "first",
        "footnotes", "hold", "links", "links_from", "pending", "pieces", "pos", "restart", "runs",
        "search", "starts", "stopped", "tags", "text",
    )  # fmt: skip

    def __init__(
        self, context: InlineContext, text: str, pos: int, search: Search, final: bool
    ) -> None:
        self.context = context
        self.text = text
        self.pos = pos
        self.search = search
        self.final = final
        self.first = pos
        self.pieces: list[str] = []
        self.starts: list[int] = []
        self.delimiters = DelimiterStack()
        self.runs: list[DelimiterRun] = []
        self.brackets: list[Bracket] = []
        self.tags: list[OpenTag] = []
        self.links: list[tuple[int, str]] = []
        self.links_from = 0
        self.footnotes: list[FootnoteReference] = []
        self.citations: list[Citation] = []
        self.closing_ticks: dict[int, list[int]] | None = None
        self.hold = 0
        self.stopped = False
        self.pending = False
        self.restart = False

    def add(self, html: str, start: int) -> None:
        """Add a piece of HTML for the text from ``start`` on."""
        self.pieces.append(html)
        self.starts.append(start)

    def add_literal(self, length: int = 1) -> None:
        """Add the next ``length`` characters as text, and move past them."""
        self.add(escape(self.text[self.pos : self.pos + length]), self.pos)
        self.pos += length

    def stop(self, tail: str = "") -> None:
        """Stop reading, because the rest may belong to something incomplete.

        Args:
            tail: the HTML that is shown for the rest.
        """
        self.hold = len(self.pieces)
        if tail:
            self.add(tail, self.pos)
        self.stopped = True

    def may_close(self, bracket: Bracket) -> bool:
        """Return whether an open bracket can become a link or an image."""
        return bracket.image or bracket.level >= self.links_from

    def pop_bracket(self) -> None:
        """Remove the innermost open bracket."""
        self.brackets.pop()
        self.links_from = min(self.links_from, len(self.brackets))

    def drop_tags(self, index: int) -> None:
        """Forget the open tags from the piece ``index`` on, which are text now."""
        while self.tags and self.tags[-1].index >= index:
            self.tags.pop()

    def close_delimiters(self, index: int, bottom: DelimiterRun | None) -> None:
        """Pair up the delimiter runs from the piece ``index`` on, and forget the others there."""
        self.delimiters.pair(bottom)
        self.write_runs(index)
        self.delimiters.drop(bottom)

    def write_runs(self, index: int) -> None:
        """Write the pieces of the delimiter runs from ``index`` on, with their tags."""
        runs = self.runs
        while runs and runs[-1].index >= index:
            run = runs.pop()
            self.pieces[run.index] = run.html

    def write_footnotes(self, count: int, provisional: dict[str, int] | None = None) -> None:
        """Write the footnote references among the first ``count`` pieces.

        Args:
            count: the number of pieces.
            provisional: see ``Footnotes.reference_html()``.
        """
        for index, label, in_link in self.footnotes:
            if index < count:
                self.pieces[index] = self.context.footnotes.reference_html(
                    label, provisional, in_link=in_link
                )
