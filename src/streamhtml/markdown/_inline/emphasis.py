"""The rule for ``*``, ``_`` and ``~``, which form emphasis. ``delimiters`` pairs them up."""

from streamhtml.markdown._inline.delimiters import MARKS, MAX_MARKS, is_argument, new_run
from streamhtml.markdown._inline.state import InlineState


def read_delimiter_run(state: InlineState) -> None:
    """Read a delimiter run, or a whole emphasis if it is simple."""
    text, pos = state.text, state.pos
    if text[pos] == "*" and (not pos or text[pos - 1] == " ") and _read_simple_emphasis(state):
        return
    character, end = text[pos], pos + 1
    while text.startswith(character, end):
        end += 1
    if not state.final and len(text) - end <= MAX_MARKS and not text[end:].strip(MARKS):
        state.stop()
        return
    run = new_run(text, pos, end, len(state.pieces), state.context.dialect)
    if state.runs and state.runs[-1].index == run.index - 1:
        run.follow(state.runs[-1])
    if run.opens or run.closes:
        state.delimiters.add(run)
        state.runs.append(run)
    state.add(character * run.count, pos)
    state.pos = end


def _read_simple_emphasis(state: InlineState) -> bool:
    """Fast path: read emphasis that cannot be anything else in one step.

    Open emphasis is read this way too, if nothing else is open.

    Returns:
        Whether there was such emphasis.
    """
    patterns = state.context.patterns
    if state.search is not patterns.special:
        return False
    text = state.text
    found = patterns.simple_emphasis(text, state.pos)
    if not found:
        return False
    tag = "em" if found.end(1) == state.pos + 1 else "strong"
    if found[3] and (state.final or found.end() < len(text)):
        state.add(f"<{tag}>{found[2]}</{tag}>", state.pos)
        state.pos = found.end()
        state.delimiters.enclose()
    elif found[3] or state.final or state.delimiters.last or state.brackets or state.tags:
        return False
    elif found[2][0].isdigit() or is_argument(text, state.pos, found.start(2)):
        return False  # This may be a product or an argument, so it is not shown at once.
    else:
        content = found[2].rstrip(" \t\n")
        state.stop(f"<{tag}>{content}</{tag}>")
    return True
