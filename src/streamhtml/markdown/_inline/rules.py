"""The rule for each special character, in one table; and the short rules themselves."""

from collections.abc import Mapping
from typing import Final

from streamhtml.markdown._characters import (
    ENTITY,
    PARTIAL_ENTITY,
    PUNCTUATION,
    entity,
    escape,
)
from streamhtml.markdown._inline.addresses import read_less_than
from streamhtml.markdown._inline.brackets import (
    read_close_bracket,
    read_exclamation,
    read_open_bracket,
)
from streamhtml.markdown._inline.code_spans import read_backtick
from streamhtml.markdown._inline.emphasis import delimiter_run
from streamhtml.markdown._inline.formulas import read_dollar, read_parentheses
from streamhtml.markdown._inline.state import InlineState, Rule


def read_backslash(state: InlineState) -> None:
    """Read a backslash: an escape, a hard line break or the beginning of a formula."""
    text, pos = state.text, state.pos
    following = text[pos + 1 : pos + 2]
    if not following:
        if state.whole:
            state.literal()
        else:
            state.stop()
    elif following == "\n":
        state.add("<br>", pos)
        state.pos += 1
    elif following == "(" and state.context.dialect.math and read_parentheses(state):
        pass
    elif following in PUNCTUATION:
        state.add(escape(following), pos)
        state.pos += 2
    else:
        state.literal()


def read_delimiter_run(state: InlineState) -> None:
    """Read a run of ``*``, ``_`` or ``~``."""
    text, pos = state.text, state.pos
    if text[pos] == "*" and (not pos or text[pos - 1] == " ") and _read_simple_emphasis(state):
        return
    character, end = text[pos], pos + 1
    while text.startswith(character, end):
        end += 1
    if end == len(text) and not state.whole:
        state.stop()
        return
    cjk = state.context.dialect.cjk_emphasis
    run = delimiter_run(text, pos, end, len(state.pieces), cjk=cjk)
    if run.opens or run.closes:
        state.runs.add(run)
        state.written.append(run)
    state.add(character * run.count, pos)
    state.pos = end


def _read_simple_emphasis(state: InlineState) -> bool:
    """Read emphasis that cannot be anything else in one step; return whether there is some.

    Emphasis that is still open is read so too, where nothing else is open.
    """
    patterns = state.context.patterns
    if state.search is not patterns.special:
        return False
    found = patterns.emphasis(state.text, state.pos)
    if not found:
        return False
    tag = "em" if found.end(1) == state.pos + 1 else "strong"
    if found[3] and (state.whole or found.end() < len(state.text)):
        state.add(f"<{tag}>{found[2]}</{tag}>", state.pos)
        state.pos = found.end()
        state.runs.enclose()
    elif found[3] or state.whole or state.runs.last or state.brackets:
        return False
    else:
        content = found[2].rstrip(" \t\n")
        state.stop(f"<{tag}>{content}</{tag}>")
    return True


def read_ampersand(state: InlineState) -> None:
    """Read ``&``, which may begin a character reference."""
    found = ENTITY.match(state.text, state.pos)
    if found:
        state.add(escape(entity(found[0])), state.pos)
        state.pos = found.end()
    elif not state.whole and PARTIAL_ENTITY.match(state.text, state.pos):
        state.stop()
    else:
        state.literal()


def read_newline(state: InlineState) -> None:
    """Read a line end: a hard line break after two spaces, else a soft one."""
    text, pos = state.text, state.pos
    hard = text.endswith("  ", 0, pos)
    state.add("<br>\n" if hard else "\n", pos)
    state.pos = pos + 1


RULES: Final[Mapping[str, Rule]] = {
    "\\": read_backslash,
    "$": read_dollar,
    "`": read_backtick,
    "*": read_delimiter_run,
    "_": read_delimiter_run,
    "~": read_delimiter_run,
    "!": read_exclamation,
    "[": read_open_bracket,
    "]": read_close_bracket,
    "<": read_less_than,
    "&": read_ampersand,
    "\n": read_newline,
}
