"""Makes the tail, which shows text that is not certain as it will most likely end.

The law: a tail never changes what is certain, and the next tail corrects a wrong guess. Open
emphasis is shown as emphasis. An open bracket is not shown, because it most likely opens a link. If
something else is just as likely, the opener and all text after it are not shown until more is
known, usually a word or two later.
"""

import re
from typing import Final

from streamhtml.markdown._inline.delimiters import DelimiterRun
from streamhtml.markdown._inline.state import Bracket, InlineState, OpenTag

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
"""Maximum number of elements, most of them emphasis, that a tail opens. The text inside any further
delimiter runs is shown without emphasis."""

SHOWN_AFTER: Final = 3
"""Text after an open bracket is shown once it is longer than this, in characters. Shorter text is
often not a link: ``[1]`` and ``[x]``."""

TAG_AFTER: Final = 200
"""A ``<sub>`` is shown as text if it has no end tag after this many characters."""

LITERAL_AFTER: Final = 400
"""A bracket is shown as a bracket if it is still open after this many characters."""

# The characters that follow an asterisk in file names ("*.py"), code ("*="), the asterisk emoji …
_UNLIKELY_EMPHASIZED: Final = frozenset("./,;:?!)]}%=|\ufe0f")
# The text that follows a bracket in code, a second citation ("[1][2]") or an interval ("[0, 1)").
_UNLIKELY_LINKED: Final = re.compile(
    r"[\"'{,;:.?=+\-/\\|^ ]|\[(?!\d+\])|\d+\]\[|[^\[\]()\n]{1,40}\)|-?(?:\d[\d.]*|[a-z]),"
)

# The characters that follow a tag in a sentence about it.
_UNLIKELY_IN_TAG: Final = frozenset(" \t\n,;:)")
_VISIBLE: Final = re.compile(r"(?:<(?!img )[^>]*+>|\s)*(?:<img |[^<\s])")
_NAME: Final = re.compile(r"\w+_\w")
_WORD_AT_END: Final = re.compile(r"\w*[*_]*\Z")


def show_tail(state: InlineState, certain: int) -> str:
    """Return the HTML for the pieces after the certain ones, and remove them from the state."""
    pieces = state.pieces
    _leave_out(state, certain)
    ends: list[tuple[int, str]] = []
    if state.tags:
        _open_tags(state, ends)
    state.delimiters.pair(until=len(pieces))
    for bracket in state.brackets:
        is_open = state.may_close(bracket) and certain <= bracket.index < len(pieces)
        if is_open and _is_link(state, bracket):
            pieces[bracket.index] = ""
    _open_runs(state, certain, ends)
    state.write_runs(certain)
    if state.footnotes:
        state.write_footnotes(len(pieces), {})
    html = "".join(pieces[certain:])
    closing = "".join(end for _, end in sorted(ends, reverse=True))
    del pieces[certain:]
    is_visible = html and (html[0] not in "< \t\n" or _VISIBLE.match(html))
    return html.rstrip(" \n") + closing if is_visible else ""


def _leave_out(state: InlineState, certain: int) -> None:
    """Remove the pieces that cannot be guessed, and everything after them.

    These are the description of an image; the text after a bracket that has just opened; and a last
    word that begins with ``_`` or contains ``*``, which may be emphasis, a variable or a product.
    """
    pieces, starts, text = state.pieces, state.starts, state.text
    count = len(pieces)
    for bracket in state.brackets:
        is_short = len(text) - bracket.start <= SHOWN_AFTER
        if bracket.image or (is_short and state.may_close(bracket)):
            count = bracket.index
            break
    run = state.runs[-1] if state.runs else None
    if run and run.opens and run.index >= certain and not (run.before or run.after):
        in_name = run.character == "_" or _is_in_word(state, run.index)
        if in_name and _WORD_AT_END.match(text, starts[run.index] + run.length):
            count = min(count, run.index)
    if count < len(pieces):
        del pieces[count:], starts[count:]
        state.runs = [run for run in state.runs if run.index < count]
        state.footnotes = [footnote for footnote in state.footnotes if footnote[0] < count]


def _open_tags(state: InlineState, ends: list[tuple[int, str]]) -> None:
    """Open elements at the tags that have no end tag yet, the innermost first.

    Args:
        state: the state.
        ends: receives the index of the piece of each element that is opened, and its end tag.
    """
    for tag in reversed(state.tags):
        if tag.index < len(state.pieces) and _is_element(state, tag):
            bottom = state.delimiters.last_before(tag.index)
            state.delimiters.pair(bottom, until=len(state.pieces))
            _open_runs(state, tag.index, ends)
            state.delimiters.drop(bottom)
            state.pieces[tag.index] = f"<{tag.name}>"
            ends.append((tag.index, f"</{tag.name}>"))


def _open_runs(state: InlineState, first: int, ends: list[tuple[int, str]]) -> None:
    """Open emphasis at the runs from the piece ``first`` on that have no closer yet.

    Args:
        state: the state.
        first: the index of the piece.
        ends: see ``_open_tags()``.
    """
    for run in state.delimiters.openers():
        if first <= run.index < len(state.pieces) and _is_emphasis(state, run):
            if len(ends) < MAX_OPENED:
                run.after = _OPENED[run.character][run.count] + run.after
                ends.append((run.index, _CLOSED[run.character][run.count]))
            run.count = 0


def _is_link(state: InlineState, bracket: Bracket) -> bool:
    """Return whether the open bracket will most likely become a link."""
    return (
        len(state.text) - bracket.start <= LITERAL_AFTER
        and not _UNLIKELY_LINKED.match(state.text, bracket.start)
        and not _is_in_word(state, bracket.index)
    )


def _is_element(state: InlineState, tag: OpenTag) -> bool:
    """Return whether the open tag will most likely have an end tag."""
    return (
        len(state.text) - tag.start <= TAG_AFTER
        and state.text[tag.start : tag.start + 1] not in _UNLIKELY_IN_TAG
    )


def _is_emphasis(state: InlineState, run: DelimiterRun) -> bool:
    """Return whether the delimiter run will most likely open emphasis."""
    end = state.starts[run.index] + run.length
    if run.count > 3 or run.html == "~" or state.text[end : end + 1] in _UNLIKELY_EMPHASIZED:
        return False
    if run.character == "_":
        return not _NAME.match(state.text, end)
    return not _is_in_word(state, run.index)


def _is_in_word(state: InlineState, index: int) -> bool:
    """Return whether an ASCII letter or digit precedes a piece."""
    start = state.starts[index]
    before = state.text[start - 1] if start else " "
    return before.isascii() and before.isalnum()
