"""Reads the inline structure of a text, although more text may follow.

The law: text that is certain is never read again, and the HTML of the certain parts joins to the
HTML of the whole text. A ``Reading`` says how much of the text is certain, and shows the rest as a
tail.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from streamhtml.markdown._dialect import Dialect
from streamhtml.markdown._drawing import DrawnFormula
from streamhtml.markdown._escaping import escape_plain
from streamhtml.markdown._inline import addresses
from streamhtml.markdown._inline.autolinks import check_shown_email, read_address, read_less_than
from streamhtml.markdown._inline.citation_rules import read_lenticular_bracket, write_citations
from streamhtml.markdown._inline.citations import Citations
from streamhtml.markdown._inline.code_spans import read_backtick, show_open_span
from streamhtml.markdown._inline.emphasis import read_delimiter_run
from streamhtml.markdown._inline.escapes import read_ampersand, read_backslash, read_newline
from streamhtml.markdown._inline.footnotes import Footnotes
from streamhtml.markdown._inline.links import (
    read_close_bracket,
    read_exclamation_mark,
    read_open_bracket,
)
from streamhtml.markdown._inline.math import read_dollar
from streamhtml.markdown._inline.patterns import patterns_for
from streamhtml.markdown._inline.references import LinkReferences
from streamhtml.markdown._inline.state import InlineContext, InlineState
from streamhtml.markdown._inline.tail import show_tail
from streamhtml.markdown._inline.url_policy import URLPolicy

InlineRule: TypeAlias = Callable[[InlineState], None]

INLINE_RULES: Final[Mapping[str, InlineRule]] = {
    "\\": read_backslash,
    "$": read_dollar,
    "`": read_backtick,
    "*": read_delimiter_run,
    "_": read_delimiter_run,
    "~": read_delimiter_run,
    "!": read_exclamation_mark,
    "[": read_open_bracket,
    "]": read_close_bracket,
    "<": read_less_than,
    "&": read_ampersand,
    "\n": read_newline,
    "【": read_lenticular_bracket,
}
"""The rule for each special character. It reads what begins there, and moves the position."""


Reading: TypeAlias = tuple[str, int, str, bool, bool]
"""The result of reading a text, as a tuple, which takes much less time to make than an object:

- the HTML of the part that is certain;
- the length of that part, in characters;
- the HTML of the rest, as it is shown for now;
- whether a definition that may still follow could change the certain part;
- whether the block's text must be read again from its beginning, because it continues an e-mail
  address whose beginning was shown as plain text.
"""


class InlineParser:
    """Reads inline structure. All blocks of a document share one parser.

    Args:
        dialect: the constructs that are recognised.
        policy: writes links and images.
        references: the document's link reference definitions.
        footnotes: the document's footnotes.
        rules: the rule for each special character.
        draw: draws formulas; None if they are only marked.
        citations: the document's citations, if the dialect has them.
    """

    def __init__(
        self,
        dialect: Dialect,
        policy: URLPolicy,
        references: LinkReferences,
        footnotes: Footnotes,
        rules: Mapping[str, InlineRule] = INLINE_RULES,
        *,
        draw: DrawnFormula | None = None,
        citations: Citations | None = None,
    ) -> None:
        self.dialect = dialect
        self._patterns = patterns_for(dialect)
        self._context = InlineContext(
            dialect, self._patterns, policy, references, footnotes, draw, citations
        )
        self._rules = rules

    def read(
        self, text: str, before: str = "", *, final: bool = True, hold_words: bool = False
    ) -> Reading:
        """Read a text.

        Args:
            text: the text, without white space at its beginning.
            before: the last character that was read before it, or ``""``.
            final: whether the text is complete; otherwise more may follow.
            hold_words: whether to hold back a word at the end, because it may become an e-mail
                address. If not, an address that arrives in pieces is recognised too late, and
                the text must be read again.
        """
        if not final and text[0] == "`" and not hold_words and "@" not in text:
            tail = show_open_span(text)  # Fast path: code that arrives in pieces.
            if tail is not None:
                return "", 0, tail, False, False
        patterns = self._patterns
        if "@" in text and self.dialect.autolinks:
            search = patterns.with_emails
        elif ("://" in text or "www." in text) and self.dialect.autolinks:
            search = patterns.with_urls
        elif final or patterns.special(text):
            search = patterns.special
        else:
            return self._read_plain(text, before, hold_words)
        state = InlineState(self._context, before + text, len(before), search, final)
        return _read(state, self._rules, hold_words)

    def read_unstructured(self, text: str, *, final: bool = True) -> str | None:
        """Return the HTML of a text without structure; None if it may have structure.

        This is much faster than ``read()``.

        Args:
            text: the next text, when no text before it is held back.
            final: whether the text is complete; otherwise more may follow.
        """
        if not final:
            is_plain = self._patterns.plain(text) and "://" not in text and "www." not in text
            return text if is_plain else None
        if self._patterns.special(text) or "@" in text or "://" in text or "www." in text:
            return None
        return escape_plain(text.rstrip(" \t"))

    def _read_plain(self, text: str, before: str, hold_words: bool) -> Reading:
        """Read a text without special characters that may go on."""
        end = len(text.rstrip(" \t\n"))
        may_grow = hold_words or text[-1] in addresses.LAST_CHARACTERS
        if end < len(text) or not may_grow or not self.dialect.autolinks:
            return escape_plain(text[:end]), end, "", False, False
        end = addresses.unfinished_start(before + text, words=hold_words) - len(before)
        end = max(end, 0)
        return escape_plain(text[:end]), end, escape_plain(text[end:]), False, False


def _read(state: InlineState, rules: Mapping[str, InlineRule], hold_words: bool) -> Reading:
    """Read from one special character to the next, until the end or an incomplete construct."""
    text, search, pieces, starts = state.text, state.search, state.pieces, state.starts
    limit = length = len(text.rstrip(" \t\n"))
    if hold_words and not state.final and length == len(text):
        limit = max(addresses.unfinished_start(text, words=True), state.first)
    elif state.first and "@" in text and state.context.dialect.autolinks:
        check_shown_email(state)
    while not state.stopped:
        pos = state.pos
        found = search(text, pos, length)
        start = found.start() if found else limit
        if not found or start >= limit:
            _read_rest(state, limit)
            break
        character = text[start]
        if start > pos:
            plain = text[pos:start]
            if character == "\n":
                plain = plain.rstrip(" ")
            pieces.append(plain.replace(">", "&gt;"))
            starts.append(pos)
            state.pos = start
        if found.lastgroup:
            read_address(state, found)
        else:
            rules[character](state)
    return _final_result(state) if state.final else _partial_result(state)


def _read_rest(state: InlineState, length: int) -> None:
    """Add the plain text after the last special character, up to ``length``."""
    text = state.text
    if state.final:
        if state.pos < length:
            state.add(escape_plain(text[state.pos : length]), state.pos)
        return
    end = max(length, state.pos)
    if (
        length == len(text)
        and text[-1] in addresses.LAST_CHARACTERS
        and state.context.dialect.autolinks
    ):
        end = max(addresses.unfinished_start(text, words=False), state.pos)
    if state.pos < end:
        state.add(escape_plain(text[state.pos : end]), state.pos)
        state.pos = end
    if end < len(text):
        state.stop(escape_plain(text[end:].rstrip(" \t\n_")))


def _final_result(state: InlineState) -> Reading:
    pieces = state.pieces
    if state.runs:
        state.delimiters.pair()
        state.write_runs(0)
    if state.footnotes:
        state.write_footnotes(len(pieces))
    if state.citations:
        write_citations(state)
    return "".join(pieces), len(state.text) - state.first, "", state.pending, state.restart


def _partial_result(state: InlineState) -> Reading:
    pieces = state.pieces
    certain = held = state.hold if state.stopped else len(pieces)
    if state.citations:
        write_citations(state)
    if state.brackets or state.tags or state.delimiters.last:
        certain = _certain_count(state, held)
    end, tail = state.pos, ""
    if state.footnotes:
        state.write_footnotes(certain)
    if certain < len(pieces):
        end = state.starts[certain]
        tail = pieces.pop() if certain == held else show_tail(state, certain)
    if state.runs:
        state.write_runs(0)
    return "".join(pieces), end - state.first, tail, state.pending, state.restart


def _certain_count(state: InlineState, held: int) -> int:
    """Return how many of the first ``held`` pieces no later text can change."""
    certain = held
    for bracket in state.brackets:
        if state.may_close(bracket):
            certain = min(certain, bracket.index)
            break
    if state.tags:
        certain = min(certain, state.tags[0].index)
    if state.delimiters.last:
        state.delimiters.pair(until=certain)
        for run in state.delimiters.openers():
            certain = min(certain, run.reach)
    return certain
