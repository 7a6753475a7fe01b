"""Rules for citations, such as ``[1]`` and ``【1†source】``, which the caller replaces by HTML.

The law: the caller is asked for a label only once it is certain that no link, code or formula
contains the citation.
"""

import re
from typing import Final

from streamhtml.markdown._inline.state import Bracket, Citation, InlineState

# A label has no characters that form other constructs, so its text has no structure. The "x" of a
# checkbox is no label.
_SPECIAL: Final = r"\[\]^`*~$<>&\\|【】†\n"
_LABEL: Final = re.compile(
    rf"\^?(?![xX]\])([^\s!{_SPECIAL}](?:[^{_SPECIAL}]{{0,98}}[^\s{_SPECIAL}])?)\^?\]"
)
_NAME: Final = rf"[^\s_!{_SPECIAL}]"
_LENTICULAR: Final = re.compile(rf"【({_NAME}{{1,40}})(?:†[^{_SPECIAL}]{{0,200}})?】")
_PARTIAL_LENTICULAR: Final = re.compile(
    rf"【(?:{_NAME}{{0,40}}|{_NAME}{{1,40}}†[^{_SPECIAL}]{{0,200}})\Z"
)


def find_citation(state: InlineState, bracket: Bracket) -> None:
    """Note the citation that a bracket forms, whose ``]`` is the last piece, if it is one."""
    found = _LABEL.match(state.text, bracket.start)
    is_plain = not (
        (state.runs and state.runs[-1].index > bracket.index)
        or (state.links and state.links[-1][0] > bracket.index)
    )
    if found and is_plain:
        prefix = "!" if bracket.image else ""
        citation = Citation(bracket.index, len(state.pieces), found[1], prefix)
        state.citations.append(citation)


def read_lenticular_bracket(state: InlineState) -> None:
    """Read ``【``: a citation, or text."""
    found = _LENTICULAR.match(state.text, state.pos)
    if found:
        state.pending = True
        state.citations.append(Citation(len(state.pieces), len(state.pieces) + 1, found[1]))
        state.add_literal(len(found[0]))
    elif not state.final and _PARTIAL_LENTICULAR.match(state.text, state.pos):
        state.stop()
    else:
        state.add_literal()


def write_citations(state: InlineState) -> None:
    """Replace the citations that are certain, that is, not in a bracket that may become a link."""
    citations, pieces = state.context.citations, state.pieces
    assert citations
    end = next((each.index for each in state.brackets if state.may_close(each)), len(pieces))
    for first, last, label, prefix in state.citations:
        if first >= end and not state.final:
            break
        html = citations.html(label)
        if html is not None:
            pieces[first] = prefix + html
            pieces[first + 1 : last] = [""] * (last - first - 1)


def discard_citations(state: InlineState, index: int) -> None:
    """Keep the text of the citations after a piece, because a link or an image contains them."""
    while state.citations and state.citations[-1].first > index:
        state.citations.pop()
