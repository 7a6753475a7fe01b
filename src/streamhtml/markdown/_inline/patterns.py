"""The patterns that find the special characters of a dialect: pure data, compiled once for each."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, Protocol

from streamhtml.markdown._inline import autolinks
from streamhtml.markdown._options import Dialect


class Find(Protocol):
    """The ``search`` or ``match`` method of a compiled pattern."""

    def __call__(
        self, text: str, pos: int = ..., endpos: int = ..., /
    ) -> "re.Match[str] | None": ...


class Patterns(NamedTuple):
    """What finds the special characters of a dialect.

    Attributes:
        special: searches for the next special character.
        with_urls: searches for the beginning of a web address too.
        with_emails: searches for the beginning of a web or e-mail address too.
        plain: matches a whole text that has no special character and no address, and whose end
            means the same whatever follows.
        emphasis: matches ``*`` emphasis after white space that contains no special character and
            whose delimiters cannot mean anything else; or such an opener and the rest of the text.
    """

    special: Find
    with_urls: Find
    with_emails: Find
    plain: Callable[[str], re.Match[str] | None]
    emphasis: Find


@lru_cache
def patterns_of(dialect: Dialect) -> Patterns:
    """Return the patterns of a dialect."""
    characters = r"\\`*_\[\]!<&\n"
    if dialect.strikethrough:
        characters += "~"
    if dialect.math:
        characters += "$"
    special = f"[{characters}]"
    url, email = autolinks.URL, autolinks.EMAIL
    last = "".join(autolinks.LAST)
    # An exclamation mark that no "[" can follow is plain, so only one at the end is special.
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
