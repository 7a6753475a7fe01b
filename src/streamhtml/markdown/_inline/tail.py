"""How text is shown that is not certain yet: guesses, made so that they are seldom taken back.

Open emphasis is closed, an open bracket is left out, as if a link came of it. What is as likely to
be something else is left out until more is known, with all that follows: it takes a word or two.
A guess never changes what is certain, and what was guessed wrong is mended by the next tail.
"""

import re
from typing import Final

from streamhtml.markdown._inline.emphasis import DelimiterRun
from streamhtml.markdown._inline.state import Bracket, InlineState

_OPENED: Final = {
    "*": ("", "<em>", "<strong>", "<em><strong>"),
    "_": ("", "<em>", "<strong>", "<em><strong>"),
    "~": ("", "<del>", "<del>"),
}
_CLOSED: Final = {
    "*": ("", "</em>", "</strong>", "</strong></em>"),
    "_": ("", "</em>", "</strong>", "</strong></em>"),
    "~": ("", "</del>", "</del>"),
}

MAX_OPENED: Final = 20
"""Delimiter runs that a tail shows as open inside each other; more are shown without."""

SHOWN_AFTER: Final = 3
"""Characters after which the text behind an open bracket is shown: ``[1]`` and ``[x]`` are text."""

LITERAL_AFTER: Final = 400
"""Characters after which a bracket that is still open is shown as what it is."""

# What stands behind an opener in file names, lists of code, an emoji of an asterisk …
_UNLIKELY_EMPHASIZED: Final = frozenset("./,;:?!)]}%=|\ufe0f")
# … and in a second citation, or an interval.
_UNLIKELY_LINKED: Final = re.compile(
    r"[\"'{,;:.?=+\-/\\|^ ]|\[(?!\d+\])|\d+\]\[|[^\[\]()\n]{1,40}\)|-?(?:\d[\d.]*|[a-z]),"
)

_SEEN: Final = re.compile(r"(?:<(?!img )[^>]*+>|\s)*(?:<img |[^<\s])")
_NAME: Final = re.compile(r"\w+_\w")
_WORD_AT_END: Final = re.compile(r"\w*[*_]*\Z")


def show_tail(state: InlineState, certain: int) -> str:
    """Return the HTML of the pieces behind the certain ones, and take these out of the state's."""
    pieces = state.pieces
    _leave_out(state, certain)
    state.runs.pair(until=len(pieces))
    for bracket in state.brackets:
        is_open = state.may_close(bracket) and certain <= bracket.index < len(pieces)
        if is_open and _is_link(state, bracket):
            pieces[bracket.index] = ""
    ends = _open_runs(state, certain)
    state.write_runs(certain)
    if state.footnotes:
        state.write_footnotes(len(pieces), {})
    html = "".join(pieces[certain:])
    del pieces[certain:]
    is_seen = html and (html[0] not in "< \t\n" or _SEEN.match(html))
    return html.rstrip(" \n") + ends if is_seen else ""


def _leave_out(state: InlineState, certain: int) -> None:
    """Take out what may become the description of an image, and all that follows.

    So with a bracket that has just opened; and with a word that begins with ``_`` or has ``*`` in
    it: that may be emphasis, or the name of a variable, or a product.
    """
    pieces, starts, text = state.pieces, state.starts, state.text
    count = len(pieces)
    for bracket in state.brackets:
        is_short = len(text) - bracket.start <= SHOWN_AFTER
        if bracket.image or (is_short and state.may_close(bracket)):
            count = bracket.index
            break
    run = state.written[-1] if state.written else None
    if run and run.opens and run.index >= certain and not (run.before or run.after):
        in_name = run.character == "_" or _is_in_word(state, run.index)
        if in_name and _WORD_AT_END.match(text, starts[run.index] + run.length):
            count = min(count, run.index)
    if count < len(pieces):
        del pieces[count:], starts[count:]
        state.written = [run for run in state.written if run.index < count]
        state.footnotes = [each for each in state.footnotes if each[0] < count]


def _open_runs(state: InlineState, certain: int) -> str:
    """Show what runs would open as if it ended here; return the end tags."""
    ends: list[str] = []
    for run in state.runs.openers():
        if certain <= run.index < len(state.pieces) and _is_emphasis(state, run):
            if len(ends) < MAX_OPENED:
                run.after = _OPENED[run.character][run.count] + run.after
                ends.append(_CLOSED[run.character][run.count])
            run.count = 0
    return "".join(ends[::-1])


def _is_link(state: InlineState, bracket: Bracket) -> bool:
    """Return whether a link is what the open bracket will most likely become."""
    return (
        len(state.text) - bracket.start <= LITERAL_AFTER
        and not _UNLIKELY_LINKED.match(state.text, bracket.start)
        and not _is_in_word(state, bracket.index)
    )


def _is_emphasis(state: InlineState, run: DelimiterRun) -> bool:
    """Return whether emphasis is what the run will most likely open."""
    end = state.starts[run.index] + run.length
    if run.count > 3 or run.html == "~" or state.text[end : end + 1] in _UNLIKELY_EMPHASIZED:
        return False
    if run.character == "_":
        return not _NAME.match(state.text, end)
    return not _is_in_word(state, run.index)


def _is_in_word(state: InlineState, index: int) -> bool:
    """Return whether a letter or a digit of ASCII stands before a piece."""
    start = state.starts[index]
    before = state.text[start - 1] if start else " "
    return before.isascii() and before.isalnum()
