"""Reads the parts of links: destinations, titles and labels. The functions are pure.

A function returns ``INCOMPLETE`` if the text ends before the part does, and None if there is no
such part. See https://spec.commonmark.org/0.31.2/#links.
"""

import re
from typing import Final, NamedTuple

from streamhtml.markdown._escaping import unescape
from streamhtml.markdown._incomplete import INCOMPLETE, Incomplete

# Only single characters are repeated possessively: before 3.11.5, Python backtracks wrongly with
# possessive groups.
_SPACE: Final = re.compile(r"[ \t]*+(?:\n[ \t]*+)?")
_IN_ANGLES: Final = re.compile(r"<([^<>\n\\]*+(?:\\[^\n][^<>\n\\]*+)*)(>|\\?\Z)?")
_BARE: Final = re.compile(r"(?:[^\\()\x00-\x20\x7f]++|\\[!-/:-@\[-`{-~]?)+")
TITLES: Final = {
    '"': re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*)(")?', re.DOTALL),
    "'": re.compile(r"'([^'\\]*+(?:\\.[^'\\]*+)*)(')?", re.DOTALL),
    "(": re.compile(r"\(([^()\\]*+(?:\\.[^()\\]*+)*)(\))?", re.DOTALL),
}
_BLANKS: Final = re.compile(r"[ \t\n]+")

MAX_LABEL: Final = 999
"""Maximum length of a link label in characters, as in the specification."""
_LABEL: Final = re.compile(r"\[([^\[\]\\]*+(?:\\.[^\[\]\\]*+)*)(\])?", re.DOTALL)
MAX_PARENTHESES: Final = 8
"""Maximum nesting of parentheses in a destination. The specification asks for at least three, and
allows a limit, because finding the end of ``[a](b[a](b…`` would otherwise be slow."""


class Target(NamedTuple):
    """Where a link leads: its URL and title, with escapes resolved, not yet escaped for HTML."""

    url: str
    title: str | None


class InlineTarget(NamedTuple):
    """A target in parentheses, and where in the text it ends."""

    target: Target
    end: int


def read_inline_target(text: str, pos: int) -> InlineTarget | Incomplete | None:
    """Read ``(destination "title")``, whose parenthesis is at ``pos``."""
    pos = skip_space(text, pos + 1)
    if pos == len(text):
        return INCOMPLETE
    if text[pos] == ")":
        return InlineTarget(Target("", None), pos + 1)
    destination = read_destination(text, pos)
    if not isinstance(destination, tuple):
        return destination
    url, pos = destination
    after = skip_space(text, pos)
    title = None
    if after > pos and after < len(text) and text[after] in TITLES:
        found = read_title(text, after)
        if not isinstance(found, tuple):
            return found
        title, pos = found
        after = skip_space(text, pos)
    if after == len(text):
        return INCOMPLETE
    return InlineTarget(Target(url, title), after + 1) if text[after] == ")" else None


def read_label(text: str, pos: int) -> tuple[str, int] | Incomplete | None:
    """Read ``[label]``; return the raw text between the brackets, and where the label ends."""
    found = _LABEL.match(text, pos)
    assert found
    if len(found[1]) > MAX_LABEL:
        return None
    if found[2]:
        return found[1], found.end()
    return INCOMPLETE if found.end() >= len(text) - 1 else None


def normalize_label(label: str) -> str:
    """Return the form of a label that is used to compare labels."""
    return _BLANKS.sub(" ", label.strip(" \t\n")).casefold().upper()


def is_blank(label: str) -> bool:
    """Return whether a label contains only Markdown's white space, so that it is not a label."""
    return not label.strip(" \t\n")


def skip_space(text: str, pos: int) -> int:
    """Return the position after white space with at most one line break."""
    found = _SPACE.match(text, pos)
    assert found
    return found.end()


def read_destination(text: str, pos: int) -> tuple[str, int] | Incomplete | None:
    """Read a destination; return its URL with escapes resolved, and where it ends."""
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


def read_title(text: str, pos: int) -> tuple[str, int] | Incomplete | None:
    """Read a title in quotes or parentheses; return it with escapes resolved, and its end."""
    found = TITLES[text[pos]].match(text, pos)
    assert found
    if found[2]:
        return unescape(found[1]), found.end()
    return INCOMPLETE if found.end() >= len(text) - 1 else None
