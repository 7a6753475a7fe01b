"""The rule for code spans. https://spec.commonmark.org/0.31.2/#code-spans"""

import re
from typing import Final

from streamhtml.markdown._escaping import escape
from streamhtml.markdown._inline.state import InlineState

_TICKS: Final = re.compile(r"`+")


def read_backtick(state: InlineState) -> None:
    """Read a run of backticks: a code span, or text."""
    text, pos = state.text, state.pos
    opening = _TICKS.match(text, pos)
    assert opening
    start, length = opening.end(), opening.end() - pos
    close = _find_closing_ticks(state, start, length)
    if close is not None:
        state.add(f"<code>{_code_html(text[start:close])}</code>", pos)
        state.pos = close + length
    elif state.final:
        state.add_literal(length)
    else:
        state.stop(_open_span(text[start:].rstrip("`")))


def show_open_span(text: str) -> str | None:
    """Return the HTML of a text that is a code span without its end; None if it is anything else.

    Args:
        text: the text, which begins with a backtick.
    """
    content = text.lstrip("`")
    return None if "`" in content else _open_span(content)


def _open_span(text: str) -> str:
    content = _code_html(text).strip(" ")
    return f"<code>{content}</code>" if content else ""


def _find_closing_ticks(state: InlineState, start: int, length: int) -> int | None:
    """Return where the next run of exactly ``length`` backticks begins."""
    text = state.text
    next_run = text.find("`", start)
    end = next_run + length
    if next_run < 0 or (end == len(text) and not state.final):
        return None
    if text.startswith("`" * length, next_run) and not text.startswith("`", end):
        return next_run
    if state.closing_ticks is None:  # The next run has another length: find all runs, once.
        state.closing_ticks = {}
        for found in reversed(list(_TICKS.finditer(text, start))):
            if state.final or found.end() < len(text):  # A run at the end may still grow.
                state.closing_ticks.setdefault(len(found[0]), []).append(found.start())
    places = state.closing_ticks.get(length, [])
    while places and places[-1] < start:
        places.pop()
    return places[-1] if places else None


def _code_html(text: str) -> str:
    text = text.replace("\n", " ")
    if text.startswith(" ") and text.endswith(" ") and text.strip(" "):
        text = text[1:-1]
    return escape(text)
