r"""Rules for formulas inside text: ``$…$``, ``$$…$$``, ``\(…\)`` and ``\[…\]``.

There is no standard for ``$``. Here, ``$`` opens a formula if no ``$``, no digit and no letter that
has an upper case precedes it, and no white space follows it. The formula ends at the next ``$`` on
the same line that has no white space before it, and none of these characters after it. Chinese,
Japanese, Korean and Arabic have no upper case. They attach their words to a formula.

Prices and shell variables are common, so the content must look like TeX. Most prose is recognised
after two words, and need not be held back until the end of the paragraph. GitHub's unambiguous
form, ``$`…`$``, is recognised too.
"""

import re
from typing import Final, NamedTuple

from streamhtml.markdown._drawing import SCROLLABLE
from streamhtml.markdown._escaping import escape
from streamhtml.markdown._incomplete import INCOMPLETE, Incomplete
from streamhtml.markdown._inline.state import InlineState
from streamhtml.markdown._inline.tex import (
    NOT_AT_START,
    Delimited,
    is_bracket_display,
    is_dollar_display,
    is_likely_display,
    is_prose,
    is_tex,
    joins_dollar,
    read_delimited,
)

_BODY: Final = re.compile(r"[^$\\\n`]*+(?:\\[^\n][^$\\\n`]*+)*")
_QUOTED: Final = re.compile(r"\$`([^`\n]*+)(`\$|`?\Z)")
# The beginning of a price, or of a variable in a shell or a program.
_UNLIKELY: Final = re.compile(
    r"[{(._:]|[A-Z][A-Z0-9_]|[A-Za-z]\w+(?::|->|\.[A-Za-z])|\d+[_}]"
    r"|\d[\d.,]*+[KkMmBb]?+"
    r"(?:\+?/?[A-Za-z]*\Z|[/+][A-Za-z]{2}|/[A-Za-z]|\+?\s*[(|)=*]|\+?[\s.,;:])"
)
_SIGN: Final = re.compile(r"[\\^_{}=+*/<>|()]")
_DOLLARS: Final = re.compile(r"\$+")
# What follows the "]" of a link that is escaped. The number of an equation may follow a formula.
_LINK_TARGET: Final = re.compile(r"\((?!(?:\d{1,3}[a-z]?)?(?:\Z|(?<=\w)\)))")
_PARTIAL_NUMBER: Final = re.compile(r"(?:\((?:\d{1,3}[a-z]?)?)?\Z")


class Formula(NamedTuple):
    """A formula.

    Attributes:
        tex: its TeX source.
        end: the index in the text after it.
        display: whether it is shown on a line of its own.
    """

    tex: str
    end: int
    display: bool


def find_formula(text: str, pos: int, *, final: bool) -> Formula | Incomplete | None:
    """Read the formula whose ``$`` is at ``pos``.

    Args:
        text: the text.
        pos: the index of the ``$``.
        final: whether the text is complete; otherwise more may follow.
    """
    if pos + 1 == len(text):
        return INCOMPLETE
    if pos and joins_dollar(text[pos - 1]):
        return None
    if text[pos + 1] == "$":
        return _read_display(text, pos, final=final)
    if text[pos + 1] == "`":
        return _read_quoted(text, pos)
    if text[pos + 1].isspace():
        return None
    found = _BODY.match(text, pos + 1)
    assert found
    tex, end = found[0], found.end()
    if is_prose(tex):
        return None
    if end == len(text) or (text[end] == "\\" and end + 1 == len(text)):
        return INCOMPLETE
    if text[end] != "$" or tex[-1:].isspace() or not is_tex(tex):
        return None
    if end + 1 == len(text) and not final:
        return INCOMPLETE
    following = text[end + 1 : end + 2]
    in_code = following == "{" or (following == "(" and tex[-1] in "/:=.,-")  # $HOME/$(date)
    if in_code or joins_dollar(following) or NOT_AT_START.match(tex):
        return None
    return Formula(tex, end + 1, display=False)


def _read_quoted(text: str, pos: int) -> Formula | Incomplete | None:
    found = _QUOTED.match(text, pos)
    if found and found[2] != "`$":
        return INCOMPLETE
    return Formula(found[1], found.end(), display=False) if found and found[1] else None


def looks_like_formula(tex: str) -> bool:
    """Return whether an unfinished formula is shown as a formula.

    It is not while it may be a price or something like ``$(pwd)``. Then it is not shown at all.
    """
    return bool(_SIGN.search(tex)) and not _UNLIKELY.match(tex)


def _read_display(text: str, pos: int, *, final: bool) -> Formula | Incomplete | None:
    found = read_delimited(text, pos)
    if not isinstance(found, Delimited):
        return found
    if found.end == len(text) and not final:
        return INCOMPLETE
    following = text[found.end : found.end + 1]
    in_code = following in {"{", "@"} or (following == "(" and found.tex[0] == "(")
    if in_code or joins_dollar(following) or not is_dollar_display(found.tex):
        return None
    return Formula(found.tex.strip(), found.end, display=True)


def read_dollar(state: InlineState) -> None:
    """Read ``$``: a formula, or one or more dollar signs."""
    found = find_formula(state.text, state.pos, final=state.final)
    if isinstance(found, Formula):
        _add_formula(state, found.tex, display=found.display)
        state.pos = found.end
    elif found is INCOMPLETE and not state.final:
        display = state.text.startswith("$$", state.pos)
        tex = state.text[state.pos :].strip("$").rstrip("\\").strip()
        state.stop(source_html(tex, display=display) if looks_like_formula(tex) else "")
    else:
        dollars = _DOLLARS.match(state.text, state.pos)
        assert dollars
        state.add_literal(len(dollars[0]))


def read_formula_in_brackets(state: InlineState) -> bool:
    r"""Read ``\(…\)`` or ``\[…\]``, and return whether it is a formula or may become one."""
    text, pos = state.text, state.pos
    display = text[pos + 1] == "["
    found = read_delimited(text, pos)
    if isinstance(found, Delimited):
        tex, end = found.tex, found.end
        if not _is_formula_in_brackets(text, pos, found):
            return False
        if state.final or not display or not _PARTIAL_NUMBER.match(text, end):
            _add_formula(state, tex.strip(), display=display)
            state.pos = end
            return True
    elif found is None or state.final:
        return False
    else:
        tex = text[pos + 2 :].rstrip("\\")
    tex = tex.strip()
    is_likely = is_likely_display(tex) if display else tex
    state.stop(source_html(tex, display=display) if is_likely else "")
    return True


def _is_formula_in_brackets(text: str, pos: int, found: Delimited) -> bool:
    if text[pos + 1] == "(":
        return is_tex(found.tex)
    is_formula = is_bracket_display(found.tex, text[pos - 1 : pos])
    return is_formula and not _LINK_TARGET.match(text, found.end)


def _add_formula(state: InlineState, tex: str, *, display: bool) -> None:
    """Add a complete formula: as it is drawn, or its TeX source."""
    draw = state.context.draw
    html = draw(tex, display) if draw else None
    if html is None:
        html = source_html(tex, display=display)
    elif display:
        html = f'<span class="math-display"{SCROLLABLE}>{html}</span>'
    state.add(html, state.pos)


def source_html(tex: str, *, display: bool) -> str:
    """Return the HTML of the TeX source of a formula, which a script can typeset."""
    kind = "display" if display else "inline"
    return f'<code class="language-math math-{kind}">{escape(tex)}</code>'
