"""The patterns that find the special characters of a dialect, compiled once for each dialect."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, Protocol

from streamhtml.markdown._dialect import Dialect
from streamhtml.markdown._inline import addresses


class Search(Protocol):
    """The bound ``search`` or ``match`` of a compiled pattern."""

    def __call__(
        self, text: str, pos: int = ..., endpos: int = ..., /
    ) -> "re.Match[str] | None": ...


class Patterns(NamedTuple):
    """The patterns of one dialect.

    Attributes:
        special: searches for the next special character.
        with_urls: searches for the beginning of a URL too.
        with_emails: searches for the beginning of a URL or an e-mail address too.
        plain: matches a whole text that has no special character and no address, and whose end
            means the same whatever follows.
        simple_emphasis: matches emphasis of ``*`` after white space that contains no special
            character and whose delimiters cannot mean anything else; or such an opener and the
            rest of the text.
    """

    special: Search
    with_urls: Search
    with_emails: Search
    plain: Callable[[str], re.Match[str] | None]
    simple_emphasis: Search


@lru_cache
def patterns_for(dialect: Dialect) -> Patterns:
    """Return the patterns of a dialect."""
    characters = r"\\`*_\[\]!<&\n"
    if dialect.strikethrough:
        characters += "~"
    if dialect.math:
        characters += "$"
    if dialect.citations:
        characters += "【"
    special = f"[{characters}]"
    url, email = addresses.URL, addresses.EMAIL
    last = "".join(addresses.LAST_CHARACTERS)
    # Without "[" after it, an exclamation mark is plain text, except at the end.
    plain = f"[^{characters}>@]".replace("!", "")
    lines = "" if dialect.breaks else rf"(?:(?<! )\n{plain}*+)*"
    plain = f"{plain}*+{lines}"
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
