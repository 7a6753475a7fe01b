"""Inline structure: emphasis, code, links, formulas … in the text of one block.

The text may be only the beginning. Then the reading tells how far it is certain, whatever follows,
and gives the rest as it is best shown for now. The law: what was certain once is never read again,
and the certain pieces join to the HTML of the text read whole.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from streamhtml.markdown import _autolinks
from streamhtml.markdown._characters import plain_html
from streamhtml.markdown._options import Dialect
from streamhtml.markdown._reader import Find, Reader, Reading
from streamhtml.markdown._references import References
from streamhtml.markdown._urls import Policy


class Inline:
    """Reads inline structure: the same for all blocks of one document.

    Args:
        dialect: the constructs that are known.
        policy: writes links and images.
        references: what the document has defined.
    """

    def __init__(self, dialect: Dialect, policy: Policy, references: References) -> None:
        self.dialect = dialect
        self.policy = policy
        self.references = references
        self.patterns = _patterns(dialect)

    def read(
        self, text: str, before: str = "", *, whole: bool = True, holds_words: bool = False
    ) -> Reading:
        """Read a text.

        Args:
            text: without white space at its beginning; at its end only where it goes on.
            before: the character that was read before, or ``""``.
            whole: whether the text ends here; otherwise more may follow.
            holds_words: whether a word at the end is held back, for it may become an address of
                e-mail. Without, that is seen too late where it comes in pieces: ``rejoin`` tells.
        """
        patterns = self.patterns
        if "@" in text and self.dialect.autolinks:
            search = patterns.with_emails
        elif ("://" in text or "www." in text) and self.dialect.autolinks:
            search = patterns.with_urls
        elif patterns.special(text):
            search = patterns.special
        else:
            return self._read_plain(text, before, whole, holds_words)
        reader = Reader(self, before + text, len(before), search, whole)
        return reader.read(holds_words=holds_words)

    def plain(self, text: str, *, whole: bool = True) -> str | None:
        """Return the HTML of a text that has no structure, quickly; None if it may have.

        Args:
            text: what is read next, nothing being held.
            whole: whether the text ends here; otherwise more may follow.
        """
        if not whole:
            is_plain = self.patterns.plain(text) and "://" not in text and "www." not in text
            return text if is_plain else None
        if self.patterns.special(text) or "@" in text or "://" in text or "www." in text:
            return None
        return plain_html(text.rstrip(" \t"))

    def _read_plain(self, text: str, before: str, whole: bool, holds_words: bool) -> Reading:
        if whole:
            return Reading(plain_html(text.rstrip(" \t\n")), len(text))
        end = len(text.rstrip(" \t\n"))
        may_grow = holds_words or text[-1] in _autolinks.LAST
        if end < len(text) or not may_grow or not self.dialect.autolinks:
            return Reading(plain_html(text[:end]), end)
        end = _autolinks.unfinished(before + text, words=holds_words) - len(before)
        end = max(end, 0)
        return Reading(plain_html(text[:end]), end, plain_html(text[end:]))


class Patterns(NamedTuple):
    """What finds the special characters of a dialect.

    Attributes:
        special: searches for the next one.
        with_urls, with_emails: search for the beginnings of addresses too, of e-mail or not.
        plain: matches a text that has neither, nor an end that what follows could change.
        emphasis: matches emphasis of ``*`` that has neither in it, and whose runs can be nothing
            else, where it stands behind white space; or all the text behind such an opener.
    """

    special: Find
    with_urls: Find
    with_emails: Find
    plain: Callable[[str], re.Match[str] | None]
    emphasis: Find


@lru_cache
def _patterns(dialect: Dialect) -> Patterns:
    characters = r"\\`*_\[\]!<&\n"
    if dialect.strikethrough:
        characters += "~"
    if dialect.math:
        characters += "$"
    special = f"[{characters}]"
    url, email = _autolinks.URL, _autolinks.EMAIL
    last = "".join(_autolinks.LAST)
    # Without "[" an exclamation mark is one, but the last.
    plain = f"[^{characters}>@]".replace("!", "")
    plain = rf"{plain}*+(?:(?<! )\n{plain}*+)*"
    at_certain_end = rf"(?:(?<=[^!{last}\s])|(?<=(?a:[^\W_{last}])[{last}]))"
    return Patterns(
        re.compile(special).search,
        re.compile(f"{special}|{url}").search,
        re.compile(f"{special}|{url}|{email}").search,
        re.compile(plain + at_certain_end).fullmatch,
        re.compile(
            rf"(\*\*?)(?=[^\W_])([^{characters}>]*+)(?:(?<=[^\W_])(\1)(?=[\s.,;:)]|\Z)|\Z)"
        ).match,
    )
