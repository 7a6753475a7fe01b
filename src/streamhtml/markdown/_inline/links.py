"""Rules for ``[``, ``]`` and ``!``, which form links, images and footnote references.

https://spec.commonmark.org/0.31.2/#look-for-link-or-image
"""

import re
from typing import Final

from streamhtml.markdown._dialect import MAX_IMAGES
from streamhtml.markdown._escaping import escape
from streamhtml.markdown._incomplete import INCOMPLETE, Incomplete
from streamhtml.markdown._inline.citation_rules import discard_citations, find_citation
from streamhtml.markdown._inline.link_syntax import (
    MAX_LABEL,
    Target,
    is_blank,
    read_inline_target,
    read_label,
)
from streamhtml.markdown._inline.state import Bracket, FootnoteReference, InlineState
from streamhtml.markdown._inline.url_policy import text_of

_FOOTNOTE: Final = re.compile(r"\[\^([^\s\[\]]{1,200})\]")
_PARTIAL_FOOTNOTE: Final = re.compile(r"\[\^[^\s\[\]]{0,200}\Z")
_DIGITS: Final = re.compile(r"\d+")
_RANGE: Final = re.compile(r"(?i:a-z)|\d-\d")  # in a regular expression
_UNLIKELY_BEFORE_LINK: Final = re.compile(r"[\w\]]")


def read_exclamation_mark(state: InlineState) -> None:
    """Read ``!``: the beginning of an image, or text. ``![^1]`` is ``!`` and a footnote."""
    following = state.text[state.pos + 1 : state.pos + 3]
    outer = state.brackets[-1] if state.brackets else None
    if not state.final and following in ("", "["):
        state.stop()
    elif (
        not following.startswith("[")
        or (following == "[^" and state.context.dialect.footnotes)
        or (outer and outer.images + outer.image == MAX_IMAGES)
    ):
        state.add_literal()
    else:
        _open_bracket(state, 2, image=True)


def read_open_bracket(state: InlineState) -> None:
    """Read ``[``: a footnote reference, or the possible beginning of a link."""
    if state.context.dialect.footnotes and state.text.startswith("[^", state.pos):
        found = _FOOTNOTE.match(state.text, state.pos)
        if found:
            state.pending = True
            before = state.text[max(state.pos - 1, 0) : state.pos]
            if state.context.footnotes.may_be_reference(found[1], before):
                state.footnotes.append(FootnoteReference(len(state.pieces), found[1]))
                state.add("", state.pos)
                state.pos = found.end()
                return
        elif not state.final and _PARTIAL_FOOTNOTE.match(state.text, state.pos):
            state.stop()
            return
    elif state.pos + 1 == len(state.text) and not state.final:
        state.stop()
        return
    _open_bracket(state, 1, image=False)


def _open_bracket(state: InlineState, length: int, *, image: bool) -> None:
    outer = state.brackets[-1] if state.brackets else None
    if outer:
        outer.holds_bracket = True
    start = state.pos + length
    level, index = len(state.brackets), len(state.pieces)
    bracket = Bracket(level, index, start, state.delimiters.last, image=image)
    bracket.images = outer.images + outer.image if outer else 0
    state.brackets.append(bracket)
    state.add_literal(length)


def read_close_bracket(state: InlineState) -> None:
    """Read ``]``: the end of a link or an image, or text."""
    bracket = state.brackets[-1] if state.brackets else None
    if not bracket or not state.may_close(bracket):
        if bracket:
            state.pop_bracket()
        state.add_literal()
        return
    target, end = _find_target(state, bracket)
    if end is INCOMPLETE:
        state.stop()
        return
    state.pop_bracket()
    if end is None:
        state.add_literal()
        if state.context.citations:
            find_citation(state, bracket)
        return
    discard_citations(state, bracket.index)
    if bracket.image:
        _make_image(state, bracket, target)
    else:
        _make_link(state, bracket, target)
    state.pos = end


def _find_target(
    state: InlineState, bracket: Bracket
) -> tuple[Target | None, int | Incomplete | None]:
    """Return the target and the end of the link or image that a ``]`` closes.

    Returns:
        The target; None if it is not defined yet, but most likely will be. The index after the
        link; None if there is no link, and ``INCOMPLETE`` if that depends on more text.
    """
    text, after = state.text, state.pos + 1
    references = state.context.references
    if after == len(text):
        if not state.final:
            return None, INCOMPLETE
    elif text[after] == "(":
        found = read_inline_target(text, after)
        if found is INCOMPLETE and not state.final:
            return None, INCOMPLETE
        if isinstance(found, tuple):
            return found
    elif text[after] == "[":
        label = read_label(text, after)
        if label is INCOMPLETE and not state.final:
            return None, INCOMPLETE
        if isinstance(label, tuple) and label[0]:
            name, end = label
            if target := references.target(name) if not is_blank(name) else None:
                return target, end
            state.pending = True
            return None, end if _is_likely_label(state, bracket, name) else None
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
    is_collapsed = after > state.pos + 1
    return None, after if is_collapsed and _is_likely_label(state, bracket, name) else None


def _is_likely_label(state: InlineState, bracket: Bracket, label: str) -> bool:
    """Return whether an undefined label will most likely be defined later."""
    before = state.text[bracket.start - 2 : bracket.start - 1]
    text = state.text[bracket.start : state.pos]
    is_alike = _DIGITS.sub("0", label) == _DIGITS.sub("0", text)
    is_citation = is_alike and (label != text or label.isdigit())  # [2][3], [doc1][doc2]
    is_index = not bracket.image and len(text) == len(label) == 1  # [A][B]
    return (
        not state.context.references.is_final
        and not state.context.citations
        and not is_citation
        and not is_index
        and not _RANGE.search(label)
        and not is_blank(label)
        and not label.startswith("^")
        and not _UNLIKELY_BEFORE_LINK.match(before)
    )


def _make_link(state: InlineState, bracket: Bracket, target: Target | None) -> None:
    state.close_delimiters(bracket.index, bracket.bottom)
    state.drop_tags(bracket.index)
    start, end = state.context.policy.link(target) if target else ("", "")
    state.pieces[bracket.index] = start
    state.add(end, state.pos)
    # Links do not nest: links inside this one become text, and open brackets around it cannot
    # become links any more.
    while state.links and state.links[-1][0] > bracket.index:
        index, plain = state.links.pop()
        state.pieces[index] = plain
    notes = state.footnotes
    for at in range(len(notes) - 1, -1, -1):
        if notes[at].piece < bracket.index:
            break
        notes[at] = notes[at]._replace(in_link=bool(start))
    state.links_from = len(state.brackets)


def _make_image(state: InlineState, bracket: Bracket, target: Target | None) -> None:
    state.close_delimiters(bracket.index, bracket.bottom)
    state.drop_tags(bracket.index)
    notes: list[FootnoteReference] = []
    while state.footnotes and state.footnotes[-1].piece > bracket.index:
        notes.append(state.footnotes.pop())
    if bracket.images:
        for note in notes:
            state.pieces[note.piece] = escape(f"[^{note.label}]")
        notes.clear()
    while state.links and state.links[-1][0] > bracket.index:
        state.links.pop()
    content = "".join(state.pieces[bracket.index + 1 :])
    del state.pieces[bracket.index :], state.starts[bracket.index :]
    html = state.context.policy.image(target, content) if target else text_of(content)
    if html.startswith("<a "):
        state.links.append((len(state.pieces), text_of(html)))
    state.add(html, bracket.start - 2)
    for note in reversed(notes):  # An image contains only text, so they follow it.
        state.footnotes.append(note._replace(piece=len(state.pieces)))
        state.add("", bracket.start - 2)
