"""Reads the inline structure of one text, from one special character to the next.

Nothing is certain after an opener that may still be closed: emphasis, a bracket, a code span or a
formula. So what is certain ends before the first such opener, and before what encloses it.
"""

from streamhtml.markdown._characters import plain_html
from streamhtml.markdown._inline import autolinks
from streamhtml.markdown._inline.addresses import read_address, read_continued_email
from streamhtml.markdown._inline.state import InlineResult, InlineState
from streamhtml.markdown._inline.tail import show_tail


def read_text(state: InlineState, *, holds_words: bool) -> InlineResult:
    """Read all of the text that a new state has.

    Args:
        state: at the beginning of its text.
        holds_words: whether the last word is held back, because it may become an e-mail address.
    """
    text, search, pieces, starts = state.text, state.search, state.pieces, state.starts
    rules = state.context.rules
    limit = length = len(text.rstrip(" \t\n"))
    if holds_words and not state.whole and length == len(text):
        limit = max(autolinks.unfinished(text, words=True), state.first)
    elif state.first and "@" in text and state.context.dialect.autolinks:
        read_continued_email(state)
    while not state.stopped:
        pos = state.pos
        found = search(text, pos, length)
        start = found.start() if found else limit
        if not found or start >= limit:
            _finish_plain(state, limit)
            break
        character = text[start]
        if start > pos:
            plain = text[pos:start]
            if character == "\n":
                plain = plain.rstrip(" ")
            pieces.append(plain.replace(">", "&gt;"))
            starts.append(pos)
            state.pos = start
        if found.lastgroup:
            read_address(state, found)
        else:
            rules[character](state)
    return _result(state)


def _finish_plain(state: InlineState, length: int) -> None:
    """Add the text after the last special character."""
    text = state.text
    if state.whole:
        if state.pos < length:
            state.add(plain_html(text[state.pos : length]), state.pos)
        return
    end = max(length, state.pos)
    if length == len(text) and text[-1] in autolinks.LAST and state.context.dialect.autolinks:
        end = max(autolinks.unfinished(text, words=False), state.pos)
    if state.pos < end:
        state.add(plain_html(text[state.pos : end]), state.pos)
        state.pos = end
    if end < len(text):
        state.stop(plain_html(text[end:].rstrip(" \t\n_")))


def _result(state: InlineState) -> InlineResult:
    pieces = state.pieces
    if state.whole:
        if state.written:
            state.runs.pair()
            state.write_runs(0)
        if state.footnotes:
            state.write_footnotes(len(pieces))
        length = len(state.text) - state.first
        return InlineResult("".join(pieces), length, "", state.pending, state.rejoin)
    certain = held = state.hold if state.stopped else len(pieces)
    if state.brackets or state.runs.last:
        certain = _count_certain(state, held)
    end, tail = state.pos, ""
    if state.footnotes:
        state.write_footnotes(certain)
    if certain < len(pieces):
        end = state.starts[certain]
        tail = pieces.pop() if certain == held else show_tail(state, certain)
    if state.written:
        state.write_runs(0)
    length = end - state.first
    return InlineResult("".join(pieces), length, tail, state.pending, state.rejoin)


def _count_certain(state: InlineState, count: int) -> int:
    """Return how many of the first ``count`` pieces are certain, whatever follows."""
    certain = count
    for bracket in state.brackets:
        if state.may_close(bracket):
            certain = min(certain, bracket.index)
            break
    if state.runs.last:
        state.runs.pair(until=certain)
        for run in state.runs.openers():
            certain = min(certain, run.reach)
    return certain
