"""Rules for backslash escapes, entities and line breaks.

https://spec.commonmark.org/0.31.2/#backslash-escapes, #entity-and-numeric-character-references,
#hard-line-breaks
"""

from typing import Final

from streamhtml._scrub import scrub_between
from streamhtml.markdown._escaping import (
    ENTITY,
    PARTIAL_ENTITY,
    PUNCTUATION,
    escape,
    resolve_entity,
)
from streamhtml.markdown._inline.math import read_formula_in_brackets
from streamhtml.markdown._inline.state import InlineState

# What follows one of these never depends on it: it cannot join, and has no variants.
_SETTLED: Final = PUNCTUATION - {"#", "*"} | {" ", "\t", "\n", "\xa0"}


def read_backslash(state: InlineState) -> None:
    r"""Read a backslash: an escape, a hard line break, a formula, or text."""
    text, pos = state.text, state.pos
    following = text[pos + 1 : pos + 2]
    if not following:
        if state.final:
            state.add_literal()
        else:
            state.stop()
    elif following == "\n":
        state.add("<br>\n", pos)
        state.pos += 2
    elif following in "([" and state.context.dialect.math and read_formula_in_brackets(state):
        pass
    elif following in PUNCTUATION:
        state.add(escape(following), pos)
        state.pos += 2
    else:
        state.add_literal()


def read_ampersand(state: InlineState) -> None:
    """Read ``&``: entities side by side, or text.

    Entities are resolved together, because invisible characters are only kept beside others.
    """
    text, end = state.text, state.pos
    resolved = ""
    while found := ENTITY.match(text, end):
        resolved += resolve_entity(found[0])
        end = found.end()
    if not resolved:
        if not state.final and PARTIAL_ENTITY.match(text, end):
            state.stop()
        else:
            state.add_literal()
        return
    html = escape(scrub_between(text[state.pos - 1 : state.pos], resolved, text[end : end + 1]))
    may_continue = end == len(text) or PARTIAL_ENTITY.match(text, end)
    if may_continue and not state.final and resolved[-1] not in _SETTLED:
        state.stop(html)
    else:
        state.add(html, state.pos)
        state.pos = end


def read_newline(state: InlineState) -> None:
    """Read the end of a line, which is a hard line break after two spaces."""
    text, pos = state.text, state.pos
    hard = state.context.dialect.breaks or text.endswith("  ", 0, pos)
    state.add("<br>\n" if hard else "\n", pos)
    state.pos = pos + 1
