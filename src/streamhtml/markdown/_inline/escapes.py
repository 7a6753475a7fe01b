"""Rules for backslash escapes, entities and line breaks.

https://spec.commonmark.org/0.31.2/#backslash-escapes, #entity-and-numeric-character-references,
#hard-line-breaks
"""

from streamhtml.markdown._escaping import (
    ENTITY,
    PARTIAL_ENTITY,
    PUNCTUATION,
    escape,
    resolve_entity,
)
from streamhtml.markdown._inline.math import read_parenthesized_formula
from streamhtml.markdown._inline.state import InlineState


def read_backslash(state: InlineState) -> None:
    r"""Read a backslash: an escape, a hard line break, a formula in ``\(…\)``, or text."""
    text, pos = state.text, state.pos
    following = text[pos + 1 : pos + 2]
    if not following:
        if state.final:
            state.add_literal()
        else:
            state.stop()
    elif following == "\n":
        state.add("<br>", pos)
        state.pos += 1
    elif following == "(" and state.context.dialect.math and read_parenthesized_formula(state):
        pass
    elif following in PUNCTUATION:
        state.add(escape(following), pos)
        state.pos += 2
    else:
        state.add_literal()


def read_ampersand(state: InlineState) -> None:
    """Read ``&``: an entity, or text."""
    found = ENTITY.match(state.text, state.pos)
    if found:
        state.add(escape(resolve_entity(found[0])), state.pos)
        state.pos = found.end()
    elif not state.final and PARTIAL_ENTITY.match(state.text, state.pos):
        state.stop()
    else:
        state.add_literal()


def read_newline(state: InlineState) -> None:
    """Read the end of a line, which is a hard line break after two spaces."""
    text, pos = state.text, state.pos
    hard = text.endswith("  ", 0, pos)
    state.add("<br>\n" if hard else "\n", pos)
    state.pos = pos + 1
