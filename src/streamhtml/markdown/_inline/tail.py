"""Makes the tail, which shows text that is not certain as it will most likely end.

The law: a tail never changes what is certain, and text that a tail has shown is taken back only if
a guess was wrong. Open emphasis is shown as emphasis. If something else is just as likely, the
opener and all text after it are not shown at first. This wait is over when the construct ends, or
after a number of characters. From then on, the opener is shown as text.
"""

import re
from typing import Final
from unicodedata import category

from streamhtml.markdown._inline.delimiters import DelimiterRun, is_argument
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
"""Maximum number of elements that a tail opens. The text inside any further delimiter runs is shown
without emphasis."""

WAIT_FOR_LINK: Final = 100
"""Text after an open bracket is not shown until the bracket closes, or until the text is longer
than this, in characters. It may be a link, a citation or a placeholder such as ``[Your name]``."""

WAIT_FOR_END_TAG: Final = 60
"""The same for the text after a ``<sub>`` that has no end tag yet."""

WAIT_FOR_UNLIKELY_LINK: Final = 30
"""The same for text that is most likely code, a list of values or an interval."""

WAIT_FOR_IMAGE: Final = 400
"""The same for the description of an image, and for a link around an image."""

WAIT_FOR_UNLIKELY_EMPHASIS: Final = 60
"""Text after an asterisk that is most likely a product, or after an underscore that most likely
begins a name such as ``_id`` or ``*args``, is not shown until it becomes emphasis, or until it is
longer than this, in characters."""

WAIT_FOR_STRIKETHROUGH: Final = 60
"""The same for ``~~``. It is shown as struck through after that."""

# The characters that follow an asterisk in file names ("*.py"), code ("*="), the asterisk emoji …
_UNLIKELY_EMPHASIZED: Final = frozenset("./,;:?!)]}%=|\ufe0f")
# The text that follows a bracket in code or an interval ("[0, 1)").
_UNLIKELY_LINKED: Final = re.compile(
    r"[\"'{,;:.?=+\-/\\|^\s]|\[(?!\d+\])|[^\[\]()\n]{1,40}\)|-?(?:\d[\d.]*|[a-z]),"
)
# The end of a link's text, and the beginning of its address.
_ADDRESS: Final = re.compile(r"\]\((?:https?:|mailto:|www\.|[/#.<])", re.IGNORECASE)

_VISIBLE: Final = re.compile(r"(?:<(?!img )[^>]*+>|\s)*(?:<img |[^<\s])")
_NAME: Final = re.compile(r"\w+_\w")
# The characters before an underscore in formulas ("\mathbf{x}_i") and in names ("a._b", "/_c").
_BEFORE_INDEX: Final = frozenset(")]}|^\\/.'%")
_PLAIN_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?=[\s,;:).]|\Z)")
# The characters before and after an asterisk in a product: "(a)*b", "x'*y'", "50%*2", "2*(-1)".
_BEFORE_PRODUCT: Final = frozenset(")]}|'!%")
_AFTER_PRODUCT: Final = frozenset("(-|")
_WORD_AT_END: Final = re.compile(r"\w*[*_]*\Z")


def show_tail(state: InlineState, certain: int) -> str:
    """Return the HTML for the pieces after the certain ones, and remove them from the state."""
    pieces = state.pieces
    _wait_for_brackets(state)
    if state.tags:
        _wait_for_end_tags(state)
    closing = ""
    if state.delimiters.last:
        state.delimiters.pair(until=len(pieces))
        _wait_for_runs(state, certain)
        closing = _open_runs(state, certain)
    state.write_runs(certain)
    if state.footnotes:
        state.write_footnotes(len(pieces), {})
    html = "".join(pieces[certain:])
    del pieces[certain:]
    is_visible = html and (html[0] not in "< \t\n" or _VISIBLE.match(html))
    return html.rstrip(" \n") + closing if is_visible else ""


def _wait_for_brackets(state: InlineState) -> None:
    """Remove the text after the first bracket whose wait is not over."""
    for bracket in state.brackets:
        if not state.may_close(bracket):
            continue
        if bracket is state.brackets[-1] and _opens_link(state, bracket):
            state.pieces[bracket.index] = ""
        elif len(state.text) - bracket.start <= _wait_for_bracket(state, bracket):
            _leave_out(state, bracket.index)
            break


def _opens_link(state: InlineState, bracket: Bracket) -> bool:
    """Return whether the last open bracket certainly opens a link, and not an image."""
    may_be_image = bracket.image and state.context.policy.loads_images
    return not may_be_image and _ADDRESS.match(state.text, state.pos) is not None


def _wait_for_bracket(state: InlineState, bracket: Bracket) -> int:
    """Return how many characters after an open bracket are not shown."""
    if bracket.image or state.text.startswith("![", bracket.start):
        return WAIT_FOR_IMAGE
    if _UNLIKELY_LINKED.match(state.text, bracket.start) or _is_in_word(state, bracket.index):
        return WAIT_FOR_UNLIKELY_LINK
    return WAIT_FOR_LINK


def _wait_for_end_tags(state: InlineState) -> None:
    """Remove the text after the first open tag whose wait is not over."""
    text = state.text
    for tag in state.tags:
        if len(text) - tag.start <= WAIT_FOR_END_TAG:
            _leave_out(state, tag.index)
            break


def _wait_for_runs(state: InlineState, certain: int) -> None:
    """Remove the text after the first open delimiter run whose wait is not over."""
    text = state.text
    for run in state.delimiters.openers():
        if not certain <= run.index < len(state.pieces) or run.before or run.after:
            continue
        end = state.starts[run.index] + run.length
        is_short = len(text) - end <= WAIT_FOR_UNLIKELY_EMPHASIS
        if run.character == "_":
            waits = _WORD_AT_END.match(text, end) or (is_short and _is_name(state, run))
        elif run.character == "*":
            waits = is_short and (_is_product(state, run) or _is_argument(state, run))
        else:
            waits = run.count == 2 and len(text) - end <= WAIT_FOR_STRIKETHROUGH
        if waits:
            _leave_out(state, run.index)
            break


def _leave_out(state: InlineState, count: int) -> None:
    """Remove all pieces but the first ``count``."""
    del state.pieces[count:], state.starts[count:]
    state.runs = [run for run in state.runs if run.index < count]
    state.footnotes = [note for note in state.footnotes if note.piece < count]


def _open_runs(state: InlineState, first: int) -> str:
    """Open emphasis at the runs from the piece ``first`` on that have no closer yet.

    Returns:
        The end tags.
    """
    ends: list[str] = []
    for run in state.delimiters.openers():
        if first <= run.index < len(state.pieces) and _is_emphasis(state, run):
            if len(ends) < MAX_OPENED:
                run.after = _OPENED[run.character][run.count] + run.after
                ends.append(_CLOSED[run.character][run.count])
            run.count = 0
    return "".join(reversed(ends))


def _is_emphasis(state: InlineState, run: DelimiterRun) -> bool:
    """Return whether the delimiter run will most likely open emphasis."""
    if run.opens_around and run.is_alone:
        return False
    end = state.starts[run.index] + run.length
    if run.count > 3 or run.html == "~" or state.text[end : end + 1] in _UNLIKELY_EMPHASIZED:
        return False
    if run.character == "_":
        return not (_NAME.match(state.text, end) or _is_name(state, run))
    return run.character == "~" or not (_is_product(state, run) or _is_argument(state, run))


def _is_name(state: InlineState, run: DelimiterRun) -> bool:
    """Return whether the underscores most likely belong to a name or to an index in a formula."""
    start = state.starts[run.index]
    if not start:
        return False
    before = state.text[start - 1]
    if before in _BEFORE_INDEX or category(before) == "Sm":
        return True
    return before in " (" and bool(_PLAIN_NAME.match(state.text, start + run.length))


def _is_argument(state: InlineState, run: DelimiterRun) -> bool:
    start = state.starts[run.index]
    return is_argument(state.text, start, start + run.length)


def _is_product(state: InlineState, run: DelimiterRun) -> bool:
    """Return whether the asterisks most likely mean multiplication or a power."""
    start = state.starts[run.index]
    if not start:
        return False
    before, after = state.text[start - 1], state.text[start + run.length : start + run.length + 1]
    if run.length == 1:
        if before == " ":  # "2 *3"
            return after.isdigit()
        is_factor = after.isalnum() or after in _AFTER_PRODUCT
        return before.isalnum() or (before in _BEFORE_PRODUCT and is_factor)
    # Languages without spaces between words emphasize parts of words.
    return _is_in_word(state, run.index) or (before in ")]}" and after.isdigit())


def _is_in_word(state: InlineState, index: int) -> bool:
    """Return whether a letter or digit precedes a piece, in a script with spaces between words."""
    start = state.starts[index]
    before = state.text[start - 1] if start else " "
    return before < "\u0530" and before.isalnum()
