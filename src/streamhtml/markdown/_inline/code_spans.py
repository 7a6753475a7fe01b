"""The rule for code spans. https://spec.commonmark.org/0.31.2/#code-spans"""

import re
from typing import Final

from streamhtml.markdown._characters import escape
from streamhtml.markdown._inline.state import InlineState

_TICKS: Final = re.compile(r"`+")


def read_backtick(state: InlineState) -> None:
    """Read a run of backticks, which may begin a code span."""
    text, pos = state.text, state.pos
    opening = _TICKS.match(text, pos)
    assert opening
    start, length = opening.end(), opening.end() - pos
    close = _closing_ticks(state, start, length)
    if close is not None:
        state.add(f"<code>{_content(text[start:close])}</code>", pos)
        state.pos = close + length
    elif state.whole:
        state.literal(length)
    else:
        content = _content(text[start:].rstrip("`")).strip(" ")
        state.stop(f"<code>{content}</code>" if content else "")


def _closing_ticks(state: InlineState, start: int, length: int) -> int | None:
    """Return where the next run of exactly ``length`` backticks begins."""
    text = state.text
    next_run = text.find("`", start)
    end = next_run + length
    if next_run < 0 or (end == len(text) and not state.whole):
        return None
    if text.startswith("`" * length, next_run) and not text.startswith("`", end):
        return next_run
    if state.ticks is None:  # The next run has another length: find all runs, once.
        state.ticks = {}
        for found in reversed(list(_TICKS.finditer(text, start))):
            if state.whole or found.end() < len(text):  # A run at the end may still grow.
                state.ticks.setdefault(len(found[0]), []).append(found.start())
    places = state.ticks.get(length, [])
    while places and places[-1] < start:
        places.pop()
    return places[-1] if places else None


def _content(text: str) -> str:
    text = text.replace("\n", " ")
    if text.startswith(" ") and text.endswith(" ") and text.strip(" "):
        text = text[1:-1]
    return escape(text)
