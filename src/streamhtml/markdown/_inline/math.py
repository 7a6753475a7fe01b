r"""Rules for formulas inside text: ``$…$``, ``$$…$$`` and ``\(…\)``.

There is no standard for ``$``. Here, ``$`` opens a formula if no letter, digit or ``$`` precedes it
and no white space follows it. The formula ends at the next ``$`` on the same line that has no white
space before it and no letter or digit after it.

Prices and shell variables are common, so text that reads as prose (two words, or a number and a
word) is not a formula. Most prose is recognised after two words, and need not be held back until
the end of the paragraph. GitHub's unambiguous form, ``$`…`$``, is recognised too.
"""

import re
from typing import Final, NamedTuple

from streamhtml.markdown._escaping import escape
from streamhtml.markdown._inline.state import InlineState
from streamhtml.markdown._sentinel import INCOMPLETE, Incomplete

_BODY: Final = re.compile(r"[^$\\\n`]*+(?:\\[^\n][^$\\\n`]*+)*")
_QUOTED: Final = re.compile(r"\$`([^`\n]*+)(`\$|`?\Z)")
_DISPLAY: Final = re.compile(r"\$\$((?=[^$\\]|\\.)[^$\\]*+(?:\\.[^$\\]*+)*)(\$\$)?", re.DOTALL)
_PROSE: Final = re.compile(
    r"(?:^\d[\d.,]*+[KkMmBb]?+|(?<![\\A-Za-z{])[A-Za-z]{2,})[.,;:!?)\"']*+\s+[A-Za-z]{2,}"
)
_PRICE: Final = re.compile(
    r"[{(]|[A-Z_][A-Z0-9_]"
    r"|\d[\d.,]*+[KkMmBb]?+(?:\+?/?[A-Za-z]*\Z|/[A-Za-z]+|\+?\s*[(|)=*]|\+?[\s.,;:])"
)
_SIGN: Final = re.compile(r"[\\^_{}=+*/<>|()]")
_TEXT: Final = re.compile(r"\\(?:text|math|operatorname|mbox)")
_DOLLARS: Final = re.compile(r"\$+")


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
    if pos and (text[pos - 1].isalnum() or text[pos - 1] == "$"):
        return None
    if text[pos + 1] == "$":
        return _read_display(text, pos)
    if text[pos + 1] == "`":
        return _read_quoted(text, pos)
    if text[pos + 1].isspace():
        return None
    found = _BODY.match(text, pos + 1)
    assert found
    tex, end = found[0], found.end()
    if _PROSE.search(tex) and not _TEXT.search(tex):
        return None
    if end == len(text) or (text[end] == "\\" and end + 1 == len(text)):
        return INCOMPLETE
    if text[end] != "$" or tex[-1:].isspace():
        return None
    if end + 1 == len(text):
        if not final:
            return INCOMPLETE
    elif text[end + 1].isalnum() or text[end + 1] == "$":
        return None
    return Formula(tex, end + 1, display=False)


def _read_quoted(text: str, pos: int) -> Formula | Incomplete | None:
    found = _QUOTED.match(text, pos)
    if found and found[2] != "`$":
        return INCOMPLETE
    return Formula(found[1], found.end(), display=False) if found and found[1] else None


def looks_like_formula(tex: str) -> bool:
    """Return whether an unfinished formula is shown as a formula.

    It is not while it may be a price or something like ``$(pwd)``.
    """
    return bool(_SIGN.search(tex)) and not _PRICE.match(tex)


def _read_display(text: str, pos: int) -> Formula | Incomplete | None:
    found = _DISPLAY.match(text, pos)
    if not found:
        return INCOMPLETE if pos + 2 >= len(text) or text[pos + 2 :] == "\\" else None
    if not found[2]:
        return INCOMPLETE if found.end() >= len(text) - 1 else None
    return Formula(found[1].strip(), found.end(), display=True) if found[1].strip() else None


def read_dollar(state: InlineState) -> None:
    """Read ``$``: a formula, or one or more dollar signs."""
    found = find_formula(state.text, state.pos, final=state.final)
    if isinstance(found, Formula):
        state.add(formula_html(found.tex, display=found.display), state.pos)
        state.pos = found.end
    elif found is INCOMPLETE and not state.final:
        display = state.text.startswith("$$", state.pos)
        tex = state.text[state.pos :].strip("$").rstrip("\\").strip()
        state.stop(formula_html(tex, display=display) if looks_like_formula(tex) else "")
    else:
        dollars = _DOLLARS.match(state.text, state.pos)
        assert dollars
        state.add_literal(len(dollars[0]))


def read_parenthesized_formula(state: InlineState) -> bool:
    r"""Read ``\(…\)``, and return whether it is a formula or may become one."""
    end = -1 if state.no_formula_end else state.text.find("\\)", state.pos + 2)
    if end >= 0:
        tex = state.text[state.pos + 2 : end].strip()
        if tex:
            state.add(formula_html(tex, display=False), state.pos)
            state.pos = end + 2
        return bool(tex)
    state.no_formula_end = True
    if not state.final:
        tex = state.text[state.pos + 2 :].removesuffix("\\").strip()
        state.stop(formula_html(tex, display=False) if tex else "")
    return not state.final


def formula_html(tex: str, *, display: bool) -> str:
    """Return the HTML of a formula: its TeX source, which a script can typeset."""
    kind = "display" if display else "inline"
    return f'<code class="language-math math-{kind}">{escape(tex)}</code>'
