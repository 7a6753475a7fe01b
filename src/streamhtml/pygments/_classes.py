"""The CSS classes of Pygments' tokens, and the HTML of code that has them."""

from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from itertools import groupby
from typing import Final

from pygments.token import STANDARD_TYPES, _TokenType

_PLAIN: Final = {"", "w", "err"}
"""Classes that are left out. White space has no colour. Text that a lexer does not know, such as
the prompt before a command, is not an error that a reader should see."""


@cache
def class_of(kind: _TokenType) -> str:
    """Return the class of a token type, or of its nearest ancestor that has one."""
    while kind not in STANDARD_TYPES:
        assert kind.parent is not None  # The root type is a standard type.
        kind = kind.parent
    name = STANDARD_TYPES[kind]
    return "" if name in _PLAIN else name


def html_of(tokens: Iterable[tuple[_TokenType, str]]) -> str:
    """Return the HTML of tokens.

    An element contains neither a line break nor the indentation of a line, so the lines of a block
    have the same HTML whether they are lexed together or one by one.
    """
    pieces: list[str] = []
    is_start = True  # of a line
    for name, parts in groupby(_parts(tokens), lambda part: part[0]):
        html = escape("".join([text for _, text in parts]), quote=False)
        if name:
            code = html.lstrip() if is_start else html
            indentation = html[: len(html) - len(code)]
            html = f'{indentation}<span class="{name}">{code}</span>' if code else indentation
        is_start = html.endswith("\n")
        pieces.append(html)
    return "".join(pieces)


def _parts(tokens: Iterable[tuple[_TokenType, str]]) -> Iterator[tuple[str, str]]:
    """Yield the class and the text of each token, with line breaks apart."""
    for kind, value in tokens:
        name = class_of(kind)
        if not name or "\n" not in value:
            if value:
                yield name, value
            continue
        for number, line in enumerate(value.split("\n")):
            if number:
                yield "", "\n"
            if line:
                yield name, line
