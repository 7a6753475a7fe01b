"""The inline parser: what blocks call to read their text.

A text may be only a beginning. Then the result says how far it is certain, whatever follows, and
how the rest is best shown for now. The law: what was certain once is never read again, and the
certain parts join to the HTML of the text read as a whole.
"""

from collections.abc import Mapping

from streamhtml.markdown._characters import plain_html
from streamhtml.markdown._inline import autolinks
from streamhtml.markdown._inline.patterns import patterns_of
from streamhtml.markdown._inline.reader import read_text
from streamhtml.markdown._inline.references import References
from streamhtml.markdown._inline.rules import RULES
from streamhtml.markdown._inline.state import InlineContext, InlineResult, InlineState, Rule
from streamhtml.markdown._inline.urls import LinkPolicy
from streamhtml.markdown._options import Dialect


class InlineParser:
    """Reads the text of all blocks of one document.

    Args:
        dialect: the constructs that are known.
        policy: writes links and images.
        references: what the document has defined.
        rules: the rule for each special character.
    """

    def __init__(
        self,
        dialect: Dialect,
        policy: LinkPolicy,
        references: References,
        rules: Mapping[str, Rule] = RULES,
    ) -> None:
        self.dialect = dialect
        self._patterns = patterns_of(dialect)
        self._context = InlineContext(dialect, policy, references, rules, self._patterns)

    def read(
        self, text: str, before: str = "", *, whole: bool = True, holds_words: bool = False
    ) -> InlineResult:
        """Read a text.

        Args:
            text: has no white space at its beginning, and at its end only where it goes on.
            before: the last character that was read before, or ``""``.
            whole: whether the text ends here; otherwise more may follow.
            holds_words: whether the last word is held back, because it may become an e-mail
                address. Otherwise an address that arrives in pieces is recognised too late, and
                the result says so by ``rejoin``.
        """
        patterns = self._patterns
        if "@" in text and self.dialect.autolinks:
            search = patterns.with_emails
        elif ("://" in text or "www." in text) and self.dialect.autolinks:
            search = patterns.with_urls
        elif patterns.special(text):
            search = patterns.special
        else:
            return self._read_plain(text, before, whole, holds_words)
        state = InlineState(self._context, before + text, len(before), search, whole)
        return read_text(state, holds_words=holds_words)

    def plain(self, text: str, *, whole: bool = True) -> str | None:
        """Return the HTML of a text without inline structure; None if it may have some.

        This is much faster than ``read()``.

        Args:
            text: what is read next, while nothing is held back.
            whole: whether the text ends here; otherwise more may follow.
        """
        if not whole:
            is_plain = self._patterns.plain(text) and "://" not in text and "www." not in text
            return text if is_plain else None
        if self._patterns.special(text) or "@" in text or "://" in text or "www." in text:
            return None
        return plain_html(text.rstrip(" \t"))

    def _read_plain(self, text: str, before: str, whole: bool, holds_words: bool) -> InlineResult:
        if whole:
            return InlineResult(plain_html(text.rstrip(" \t\n")), len(text))
        end = len(text.rstrip(" \t\n"))
        may_grow = holds_words or text[-1] in autolinks.LAST
        if end < len(text) or not may_grow or not self.dialect.autolinks:
            return InlineResult(plain_html(text[:end]), end)
        end = autolinks.unfinished(before + text, words=holds_words) - len(before)
        end = max(end, 0)
        return InlineResult(plain_html(text[:end]), end, plain_html(text[end:]))
