"""Inline structure: emphasis, code, links, formulas … in the text of one block.

The text may be only the beginning. Then the reading tells how far it is certain, whatever follows,
and gives the rest as it is best shown for now. The law: what was certain once is never read again,
and the certain pieces join to the HTML of the text read whole.
"""

import re
from functools import lru_cache

from streamhtml.markdown import _autolinks
from streamhtml.markdown._characters import plain_html
from streamhtml.markdown._options import Dialect
from streamhtml.markdown._reader import Reader, Reading
from streamhtml.markdown._references import References
from streamhtml.markdown._urls import Policy


class Inline:
    """Reads inline structure: the same for all blocks of one document.

    Args:
        dialect: the constructs that are known.
        policy: writes links and images.
        references: what the document has defined.

    Attributes:
        holds_words: whether a word is held back while it may become an address of e-mail. None is
            before an address has come in pieces: words would be shown twice for nothing.
    """

    def __init__(self, dialect: Dialect, policy: Policy, references: References) -> None:
        self.dialect = dialect
        self.policy = policy
        self.references = references
        self._search, self._search_addresses = _searches(dialect)
        self.holds_words = False

    def read(self, text: str, before: str = "", *, whole: bool = True) -> Reading:
        """Read a text.

        Args:
            text: without white space at its beginning; at its end only where it goes on.
            before: the character that was read before, or ``""``.
            whole: whether the text ends here; otherwise more may follow.
        """
        search = self._search
        if self.dialect.autolinks and ("@" in text or "://" in text or "www." in text):
            search = self._search_addresses
        elif not search.search(text):
            return self._read_plain(text, before, whole)
        return Reader(self, before + text, len(before), search, whole).read()

    def plain(self, text: str) -> str | None:
        """Return the HTML of a whole text that has no structure, quickly; None if it may have."""
        # In this order: to look for addresses takes ten times as long.
        if self._search.search(text) or "@" in text or "://" in text or "www." in text:
            return None
        return plain_html(text.strip(" \t"))

    def _read_plain(self, text: str, before: str, whole: bool) -> Reading:
        if whole:
            return Reading(plain_html(text.rstrip(" \t\n")), len(text))
        end = len(text.rstrip(" \t\n"))
        may_grow = self.holds_words or text[-1] in _autolinks.LAST
        if end < len(text) or not may_grow or not self.dialect.autolinks:
            return Reading(plain_html(text[:end]), end)
        end = _autolinks.unfinished(before + text, words=self.holds_words) - len(before)
        end = max(end, 0)
        return Reading(plain_html(text[:end]), end, plain_html(text[end:]))


@lru_cache
def _searches(dialect: Dialect) -> tuple[re.Pattern[str], re.Pattern[str]]:
    characters = r"\\`*_\[\]!<&\n"
    if dialect.strikethrough:
        characters += "~"
    if dialect.math:
        characters += "$"
    return re.compile(f"[{characters}]"), re.compile(f"[{characters}]|{_autolinks.SEARCH}")
