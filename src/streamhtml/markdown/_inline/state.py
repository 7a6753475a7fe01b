"""The state of reading one text: what every rule reads and changes. It imports no rule.

``pieces`` is the HTML so far, and ``starts`` says where in the text each piece begins. A delimiter
run, such as ``**``, has a piece of its own, which is written when it is known what the run pairs up
with. When reading has ``stopped`` before the end of the text, ``hold`` is the index of the first
piece that is not certain.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from streamhtml.markdown._characters import escape
from streamhtml.markdown._inline.emphasis import DelimiterRun, DelimiterStack
from streamhtml.markdown._inline.patterns import Find, Patterns
from streamhtml.markdown._inline.references import References
from streamhtml.markdown._inline.urls import LinkPolicy
from streamhtml.markdown._options import Dialect


@dataclass(slots=True)
class InlineResult:
    """What was read of a text.

    Attributes:
        html: the HTML of the part that is certain.
        length: the number of characters of that part.
        tail: the HTML of the rest, as it is shown for now.
        pending: whether a definition that may still come could change the certain part.
        rejoin: whether the text continues an e-mail address whose beginning was already taken for
            plain text.
    """

    html: str
    length: int
    tail: str = ""
    pending: bool = False
    rejoin: bool = False


class Bracket:
    """A ``[`` or ``![`` that may open a link or an image.

    Attributes:
        level: the number of brackets that are open around it.
        index: the index of its piece.
        start: where its content begins in the text.
        bottom: the last delimiter run before it.
        image: whether it is ``![``.
        holds_bracket: whether another bracket was opened inside, so that the content is no label.
    """

    __slots__ = ("bottom", "holds_bracket", "image", "index", "level", "start")

    def __init__(
        self, level: int, index: int, start: int, bottom: DelimiterRun | None, *, image: bool
    ) -> None:
        self.level = level
        self.index = index
        self.start = start
        self.bottom = bottom
        self.image = image
        self.holds_bracket = False


Rule: TypeAlias = "Callable[[InlineState], None]"
"""Reads what begins with a special character at the state's position, and moves the position."""


class InlineContext:
    """What all texts of one document share.

    Args:
        dialect: the constructs that are known.
        policy: writes links and images.
        references: what the document has defined.
        rules: the rule for each special character.
        patterns: find the special characters.
    """

    __slots__ = ("dialect", "patterns", "policy", "references", "rules")

    def __init__(
        self,
        dialect: Dialect,
        policy: LinkPolicy,
        references: References,
        rules: Mapping[str, Rule],
        patterns: Patterns,
    ) -> None:
        self.dialect = dialect
        self.policy = policy
        self.references = references
        self.rules = rules
        self.patterns = patterns


class InlineState:
    """The state of reading one text.

    Args:
        context: what all texts of the document share.
        text: the text, with the last character before it if there is one.
        pos: where reading begins.
        search: finds the next special character.
        whole: whether the text ends here; otherwise more may follow.
    """

    __slots__ = (
        "brackets", "context", "first", "footnotes", "hold", "links", "links_from",
        "no_parenthesis", "pending", "pieces", "pos", "rejoin", "runs", "search", "starts",
        "stopped", "text", "ticks", "whole", "written",
    )  # fmt: skip

    def __init__(
        self, context: InlineContext, text: str, pos: int, search: Find, whole: bool
    ) -> None:
        self.context = context
        self.text = text
        self.pos = pos
        self.search = search
        self.whole = whole
        self.first = pos
        self.pieces: list[str] = []
        self.starts: list[int] = []
        self.runs = DelimiterStack()
        self.written: list[DelimiterRun] = []  # runs that have a piece of their own
        self.brackets: list[Bracket] = []
        self.links: list[tuple[int, str]] = []  # index of a link's piece, and its text as HTML
        self.links_from = 0  # brackets below this level contain a link, and open none
        self.footnotes: list[tuple[int, str]] = []  # index of a reference's piece, and its label
        self.ticks: dict[int, list[int]] | None = None  # where backtick runs begin, by length
        self.hold = 0
        self.stopped = False
        self.pending = False
        self.rejoin = False
        self.no_parenthesis = False  # whether no "\)" follows

    def add(self, html: str, start: int) -> None:
        """Add a piece of HTML for the text from ``start`` on."""
        self.pieces.append(html)
        self.starts.append(start)

    def literal(self, length: int = 1) -> None:
        """Add the next characters as text, and move behind them."""
        self.add(escape(self.text[self.pos : self.pos + length]), self.pos)
        self.pos += length

    def stop(self, tail: str = "") -> None:
        """Stop reading, because the rest may be part of something that is not complete.

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

    def write_runs(self, index: int) -> None:
        """Write the pieces of the delimiter runs from ``index`` on, as they have paired up."""
        written = self.written
        while written and written[-1].index >= index:
            run = written.pop()
            self.pieces[run.index] = run.html

    def write_footnotes(self, count: int, ahead: dict[str, int] | None = None) -> None:
        """Write the footnote references among the first ``count`` pieces.

        Args:
            count: the number of pieces.
            ahead: see ``References.footnote_reference()``.
        """
        for index, label in self.footnotes:
            if index < count:
                self.pieces[index] = self.context.references.footnote_reference(label, ahead)
