"""Keep the HTML of a patch inside the element that a format writes around it.

This is no sanitiser: the HTML may contain any element and any attribute. It only must not end the
element around it, and must not swallow what comes after it, however sloppy it is.
"""

import re
from typing import Final

from streamhtml.formats._html_tokens import finish_tokens, is_plain
from streamhtml.formats._html_tree import VOID, balanced

_TAG_NAME: Final = re.compile(r"<(/?)([a-z][^ \t\n\f\r/>]*)")

# Their start tag also closes the last one of them, and every <div> in it.
_CLOSES_DIV: Final = frozenset({"button", "dd", "dt", "li"})

# If one of these is left open, a parser may open a <b> before it again after the template.
_MARKER: Final = re.compile("<(?:applet|caption|marquee|object|t[dh])", re.IGNORECASE | re.ASCII)


def contained(html: str) -> str:
    """Return HTML that stays inside of a ``<template>``.

    Well-formed HTML stays the same on the page. What is not well-formed is mended: end tags without
    a start tag are dropped, elements that are left open are closed, and a tag that has no end
    becomes text.
    """
    if "<" not in html or (is_plain(html) and (not _MARKER.search(html) or _is_nested(html))):
        return html
    return balanced(finish_tokens(str(html)))


def stays_in_div(html: str) -> bool:
    """Return whether the HTML stays inside of a ``<div>`` as it is: its elements are all closed.

    It is False for some HTML of which that is true.
    """
    return "<" not in html or (is_plain(html) and _is_nested(html))


def _is_nested(html: str) -> bool:
    open_: list[str] = []
    for is_end, name in _TAG_NAME.findall(html.lower()):
        if is_end:
            if not open_ or open_.pop() != name:
                return False
        elif name not in VOID:
            if name in _CLOSES_DIV and "div" in open_ and not _CLOSES_DIV.isdisjoint(open_):
                return False
            open_.append(name)
    return not open_
