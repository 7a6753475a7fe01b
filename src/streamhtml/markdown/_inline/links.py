"""The parts of links: destinations, titles, labels and reference definitions. Pure functions.

https://spec.commonmark.org/0.31.2/#links. A text may go on: whoever reads a part is told when it
reaches the end without being complete.
"""

import re
from typing import Final, NamedTuple

from streamhtml.markdown._characters import unescape
from streamhtml.markdown._incomplete import INCOMPLETE, Incomplete

# Possessive are single characters alone: before 3.11.5 Python takes back too little of a group.
_SPACE: Final = re.compile(r"[ \t]*+(?:\n[ \t]*+)?")
_IN_ANGLES: Final = re.compile(r"<([^<>\n\\]*+(?:\\[^\n][^<>\n\\]*+)*)(>|\\?\Z)?")
_BARE: Final = re.compile(r"(?:[^\\()\x00-\x20\x7f]++|\\[!-/:-@\[-`{-~]?)+")
_TITLES: Final = {
    '"': re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*)(")?', re.DOTALL),
    "'": re.compile(r"'([^'\\]*+(?:\\.[^'\\]*+)*)(')?", re.DOTALL),
    "(": re.compile(r"\(([^()\\]*+(?:\\.[^()\\]*+)*)(\))?", re.DOTALL),
}
_BLANKS: Final = re.compile(r"[ \t\n]+")
_REST_OF_LINE: Final = re.compile(r"[ \t]*(?:\n|\Z)")

MAX_LABEL: Final = 999
_LABEL: Final = re.compile(r"\[([^\[\]\\]*+(?:\\.[^\[\]\\]*+)*)(\])?", re.DOTALL)
MAX_PARENTHESES: Final = 8
"""Pairs inside each other in a destination. The specification asks for three at least, and leaves
the limit to those who fear what it costs to look for the end of ``[a](b[a](b…``."""


class Target(NamedTuple):
    """Where a link leads: the URL and the title as they are meant, escapes resolved."""

    url: str
    title: str | None


class ParsedLink(NamedTuple):
    """Something read: what, and where in the text it ends."""

    target: Target
    end: int


class Definition(NamedTuple):
    """``[label]: target``, and where in the text it ends, its line's end included."""

    label: str
    target: Target
    end: int


def read_inline(text: str, pos: int) -> ParsedLink | Incomplete | None:
    """Read ``(destination "title")`` from its parenthesis on."""
    pos = _skip(text, pos + 1)
    if pos == len(text):
        return INCOMPLETE
    if text[pos] == ")":
        return ParsedLink(Target("", None), pos + 1)
    destination = _destination(text, pos)
    if not isinstance(destination, tuple):
        return destination
    url, pos = destination
    after = _skip(text, pos)
    title = None
    if after > pos and after < len(text) and text[after] in _TITLES:
        found = _title(text, after)
        if not isinstance(found, tuple):
            return found
        title, pos = found
        after = _skip(text, pos)
    if after == len(text):
        return INCOMPLETE
    return ParsedLink(Target(url, title), after + 1) if text[after] == ")" else None


def read_label(text: str, pos: int) -> tuple[str, int] | Incomplete | None:
    """Read ``[label]``; return what is between the brackets, as it stands there, and the end."""
    found = _LABEL.match(text, pos)
    assert found
    if len(found[1]) > MAX_LABEL:
        return None
    if found[2]:
        return found[1], found.end()
    return INCOMPLETE if found.end() >= len(text) - 1 else None


def read_definition(text: str, *, whole: bool) -> Definition | Incomplete | None:
    """Read a reference definition at the beginning of a paragraph's text.

    https://spec.commonmark.org/0.31.2/#link-reference-definitions

    Args:
        text: the paragraph, from the definition's bracket on: complete lines.
        whole: whether the paragraph ends with the text.
    """
    label = read_label(text, 0)
    if not isinstance(label, tuple):
        return label
    name, pos = label
    if pos == len(text):
        return INCOMPLETE
    if text[pos] != ":" or is_blank(name):
        return None
    pos = _skip(text, pos + 1)
    if pos == len(text):
        return INCOMPLETE
    destination = _destination(text, pos)
    if not isinstance(destination, tuple):
        return destination
    url, pos = destination
    after = _skip(text, pos)
    if after > pos and after < len(text) and text[after] in _TITLES:
        title = _title(text, after)
        if title is INCOMPLETE and not whole:
            return INCOMPLETE
        if isinstance(title, tuple) and (line_end := _REST_OF_LINE.match(text, title[1])):
            return Definition(name, Target(url, title[0]), line_end.end())
    if line_end := _REST_OF_LINE.match(text, pos):
        return Definition(name, Target(url, None), line_end.end())
    return None


def normalize(label: str) -> str:
    """Return the form in which labels are compared."""
    return _BLANKS.sub(" ", label.strip(" \t\n")).casefold().upper()


def is_blank(label: str) -> bool:
    """Return whether a label has nothing but Markdown's white space, so that it is none."""
    return not label.strip(" \t\n")


def _skip(text: str, pos: int) -> int:
    found = _SPACE.match(text, pos)
    assert found
    return found.end()


def _destination(text: str, pos: int) -> tuple[str, int] | Incomplete | None:
    if text[pos] == "<":
        found = _IN_ANGLES.match(text, pos)
        assert found
        if found[2] == ">":
            return unescape(found[1]), found.end()
        return None if found[2] is None else INCOMPLETE
    start, depth = pos, 0
    while pos < len(text):
        if plain := _BARE.match(text, pos):
            pos = plain.end()
            continue
        character = text[pos]
        if character == "(":
            depth += 1
            if depth > MAX_PARENTHESES:
                return None
        elif character == ")":
            if not depth:
                break
            depth -= 1
        else:
            break
        pos += 1
    if pos == len(text) and depth:
        return INCOMPLETE
    if depth or pos == start:
        return None
    return unescape(text[start:pos]), pos


def _title(text: str, pos: int) -> tuple[str, int] | Incomplete | None:
    found = _TITLES[text[pos]].match(text, pos)
    assert found
    if found[2]:
        return unescape(found[1]), found.end()
    return INCOMPLETE if found.end() >= len(text) - 1 else None
