"""Links, images and references to footnotes: what brackets become.

https://spec.commonmark.org/0.31.2/#look-for-link-or-image
"""

import re
from typing import Final

from streamhtml.markdown._characters import escape
from streamhtml.markdown._incomplete import INCOMPLETE, Incomplete
from streamhtml.markdown._inline.links import (
    MAX_LABEL,
    Target,
    is_blank,
    read_inline,
    read_label,
)
from streamhtml.markdown._inline.state import Bracket, InlineState
from streamhtml.markdown._inline.urls import text_of

_FOOTNOTE: Final = re.compile(r"\[\^([^\s\[\]]{1,200})\]")
_PARTIAL_FOOTNOTE: Final = re.compile(r"\[\^[^\s\[\]]{0,200}\Z")
_LIKELY_LABEL_BEFORE: Final = re.compile(r"[\w\]]")


def read_exclamation(state: InlineState) -> None:
    """Read ``!``, which may begin an image."""
    following = state.text[state.pos + 1 : state.pos + 2]
    if following == "[":
        _open_bracket(state, 2, image=True)
    elif following or state.whole:
        state.literal()
    else:
        state.stop()


def read_open_bracket(state: InlineState) -> None:
    """Read ``[``: a reference to a footnote, or what may open a link."""
    if state.context.dialect.footnotes and state.text.startswith("[^", state.pos):
        found = _FOOTNOTE.match(state.text, state.pos)
        if found:
            state.pending = True
            if state.context.references.may_be_footnote(found[1]):
                state.footnotes.append((len(state.pieces), found[1]))
                state.add("", state.pos)
                state.pos = found.end()
                return
        elif not state.whole and _PARTIAL_FOOTNOTE.match(state.text, state.pos):
            state.stop()
            return
    elif state.pos + 1 == len(state.text) and not state.whole:
        state.stop()
        return
    _open_bracket(state, 1, image=False)


def _open_bracket(state: InlineState, length: int, *, image: bool) -> None:
    if state.brackets:
        state.brackets[-1].holds_bracket = True
    start = state.pos + length
    level, index = len(state.brackets), len(state.pieces)
    state.brackets.append(Bracket(level, index, start, state.runs.last, image=image))
    state.literal(length)


def read_close_bracket(state: InlineState) -> None:
    """Read ``]``, which may close a link or an image."""
    bracket = state.brackets[-1] if state.brackets else None
    if not bracket or not state.may_close(bracket):
        if bracket:
            state.pop_bracket()
        state.literal()
        return
    target, end = _target_of(state, bracket)
    if end is INCOMPLETE:
        state.stop()
        return
    state.pop_bracket()
    if end is None:
        state.literal()
        return
    assert isinstance(end, int)
    if bracket.image:
        _make_image(state, bracket, target)
    else:
        _make_link(state, bracket, target)
    state.pos = end


def _target_of(
    state: InlineState, bracket: Bracket
) -> tuple[Target | None, int | Incomplete | None]:
    """Return where the link leads that is closed here, and where it ends.

    The end is None where there is no link. The target is None where it will most likely be
    defined later.
    """
    text, after = state.text, state.pos + 1
    references = state.context.references
    if after == len(text):
        if not state.whole:
            return None, INCOMPLETE
    elif text[after] == "(":
        found = read_inline(text, after)
        if isinstance(found, Incomplete) and not state.whole:
            return None, INCOMPLETE
        if isinstance(found, tuple):
            return found
    elif text[after] == "[":
        label = read_label(text, after)
        if isinstance(label, Incomplete) and not state.whole:
            return None, INCOMPLETE
        if isinstance(label, tuple) and label[0]:
            name, end = label
            if target := references.target(name) if not is_blank(name) else None:
                return target, end
            state.pending = True
            return None, end if _is_likely(state, bracket, name) else None
        if isinstance(label, tuple):
            after = label[1]
    if bracket.holds_bracket or after - bracket.start > MAX_LABEL + 2:
        return None, None
    name = text[bracket.start : state.pos]
    if is_blank(name):
        return None, None
    if target := references.target(name):
        return target, after
    state.pending = True
    return None, after if after > state.pos + 1 and _is_likely(state, bracket, name) else None


def _is_likely(state: InlineState, bracket: Bracket, label: str) -> bool:
    """Return whether a label that is not defined is one whose definition follows."""
    before = state.text[bracket.start - 2 : bracket.start - 1]
    is_citation = label.isdigit() and state.text[bracket.start : state.pos].isdigit()  # [2][3]
    return (
        not state.context.references.is_complete
        and not is_citation
        and not is_blank(label)
        and not label.startswith("^")
        and not _LIKELY_LABEL_BEFORE.match(before)
    )


def _make_link(state: InlineState, bracket: Bracket, target: Target | None) -> None:
    state.runs.pair(bracket.bottom)
    state.write_runs(bracket.index)
    state.runs.drop(bracket.bottom)
    start, end = state.context.policy.link(target) if target else ("", "")
    state.pieces[bracket.index] = start
    state.add(end, state.pos)
    # No link stands in another: what is one in here is text, and what is open opens none.
    while state.links and state.links[-1][0] > bracket.index:
        index, plain = state.links.pop()
        state.pieces[index] = plain
    while state.footnotes and state.footnotes[-1][0] > bracket.index:
        index, label = state.footnotes.pop()
        state.pieces[index] = escape(f"[^{label}]")
    state.links_from = len(state.brackets)


def _make_image(state: InlineState, bracket: Bracket, target: Target | None) -> None:
    state.runs.pair(bracket.bottom)
    state.write_runs(bracket.index)
    state.runs.drop(bracket.bottom)
    content = "".join(state.pieces[bracket.index + 1 :])
    for inside in (state.links, state.footnotes):
        while inside and inside[-1][0] > bracket.index:
            inside.pop()
    del state.pieces[bracket.index :], state.starts[bracket.index :]
    html = state.context.policy.image(target, content) if target else text_of(content)
    if html.startswith("<a "):
        state.links.append((len(state.pieces), text_of(html)))
    state.add(html, bracket.start - 2)
