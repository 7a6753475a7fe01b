"""Reads the link reference definitions at the beginning of a paragraph.

https://spec.commonmark.org/0.31.2/#link-reference-definitions
"""

import re
from typing import Final, NamedTuple

from streamhtml.markdown._incomplete import INCOMPLETE, Incomplete
from streamhtml.markdown._inline.link_syntax import (
    TITLES,
    Target,
    is_blank,
    read_destination,
    read_label,
    read_title,
    skip_space,
)

_REST_OF_LINE: Final = re.compile(r"[ \t]*(?:\n|\Z)")


class Definition(NamedTuple):
    """A definition ``[label]: target``, and where it ends in the text, after its line break."""

    label: str
    target: Target
    end: int


def read_definition(text: str, *, final: bool) -> Definition | Incomplete | None:
    """Read the link reference definition at the beginning of a paragraph's text.

    https://spec.commonmark.org/0.31.2/#link-reference-definitions

    Args:
        text: complete lines of the paragraph, from the definition's bracket on.
        final: whether no further line belongs to the paragraph.
    """
    label = read_label(text, 0)
    if not isinstance(label, tuple):
        return label
    name, pos = label
    if pos == len(text):
        return INCOMPLETE
    if text[pos] != ":" or is_blank(name):
        return None
    pos = skip_space(text, pos + 1)
    if pos == len(text):
        return INCOMPLETE
    destination = read_destination(text, pos)
    if not isinstance(destination, tuple):
        return destination
    url, pos = destination
    after = skip_space(text, pos)
    if after > pos and after < len(text) and text[after] in TITLES:
        title = read_title(text, after)
        if title is INCOMPLETE and not final:
            return INCOMPLETE
        if isinstance(title, tuple) and (line_end := _REST_OF_LINE.match(text, title[1])):
            return Definition(name, Target(url, title[0]), line_end.end())
    if line_end := _REST_OF_LINE.match(text, pos):
        return Definition(name, Target(url, None), line_end.end())
    return None
