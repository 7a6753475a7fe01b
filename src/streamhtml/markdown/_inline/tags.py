"""The rules for HTML tags. A few without attributes are elements, and all others are text.

The law: no Markdown is read inside a tag, so an address in an attribute is not a link.

https://spec.commonmark.org/0.31.2/#raw-html
"""

import re
from typing import Final

from streamhtml.markdown._dialect import MAX_TAGS
from streamhtml.markdown._escaping import escape
from streamhtml.markdown._inline.state import InlineState, OpenTag

_ELEMENT: Final = re.compile(r"<(?:br ?/?|(/?)(sub|sup|kbd) ?)>", re.IGNORECASE)
_PARTIAL_ELEMENT: Final = re.compile(r"<(?:br ?/?|/?(?:sub|sup|kbd) ?)\Z", re.IGNORECASE)
_ATTRIBUTES: Final = (
    r"<[A-Za-z][A-Za-z0-9-]*+(?=\s)"
    r"(?:\s++[A-Za-z_:][A-Za-z0-9_.:-]*+(?:\s*+=\s*+(?:[^\s\"'<>`]++|'[^']*+'|\"[^\"]*+\"))?)"
)
_TAG: Final = re.compile(rf"{_ATTRIBUTES}+\s*+/?>")
_PARTIAL_TAG: Final = re.compile(
    rf"{_ATTRIBUTES}*"
    r"(?:\s++(?:[A-Za-z_:][A-Za-z0-9_.:-]*+\s*+(?:=\s*+(?:'[^']*+|\"[^\"]*+)?)?)?)?/?\Z"
)
MAX_LENGTH: Final = 1000
"""Maximum length of a tag with attributes, in characters. In a longer one, Markdown is read."""


def read_tag(state: InlineState) -> bool:
    """Read ``<`` if a tag begins there or may begin there, and return whether it does."""
    text, pos = state.text, state.pos
    following = text[pos + 1 : pos + 2]
    if not (following.isalpha() or following == "/"):
        return False
    if found := _ELEMENT.match(text, pos):
        if found[2]:
            read = _close if found[1] else _open
            read(state, found[2].lower(), found.end())
        else:
            _break_line(state, found.end())
    elif found := _TAG.match(text, pos, pos + MAX_LENGTH):
        state.add_literal(len(found[0]))
    else:
        return not state.final and _hold(state)
    return True


def _hold(state: InlineState) -> bool:
    """Stop reading if the rest of the text may become a tag, and return whether it may."""
    text, pos = state.text, state.pos
    if _PARTIAL_ELEMENT.match(text, pos):
        state.stop()
    elif len(text) - pos < MAX_LENGTH and _PARTIAL_TAG.match(text, pos):
        state.stop(escape(text[pos:].rstrip(" \t\n")))
    return state.stopped


def _break_line(state: InlineState, end: int) -> None:
    """Add a line break. If those of the text are shown too, one after it is not another one."""
    html = "<br>"
    if state.context.dialect.breaks:
        if end == len(state.text) and not state.final:
            state.stop(html)
            return
        if state.text.startswith("\n", end):
            html = "<br>\n"
            end += 1
    state.add(html, state.pos)
    state.pos = end


def _open(state: InlineState, name: str, end: int) -> None:
    if len(state.tags) < MAX_TAGS:
        state.tags.append(OpenTag(name, len(state.pieces), end))
    state.add_literal(end - state.pos)


def _close(state: InlineState, name: str, end: int) -> None:
    """Close the innermost open tag of this name. What was opened inside of it is text."""
    tag = next((tag for tag in reversed(state.tags) if tag.name == name), None)
    if not tag:
        state.add_literal(end - state.pos)
        return
    while state.brackets and state.brackets[-1].index > tag.index:
        state.pop_bracket()
    state.drop_tags(tag.index)
    state.close_delimiters(tag.index, state.delimiters.last_before(tag.index))
    state.pieces[tag.index] = f"<{name}>"
    state.add(f"</{name}>", state.pos)
    state.pos = end
