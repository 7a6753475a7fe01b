r"""Formulas in running text: ``$…$``, ``$$…$$`` and ``\(…\)``.

There is no standard. A ``$`` opens a formula if no letter, digit or ``$`` comes before it and no
white space after it. The next ``$`` on the same line closes it, if no white space comes before it
and no letter or digit after it. Prices and shell variables are common, so what reads like prose
(two words, or a number and a word) is not a formula. Most of it is recognised after two words, so
it is not held back until the paragraph ends. GitHub's form for what this gets wrong, ``$`…`$``, is
known too.
"""

import re
from typing import Final, NamedTuple

from streamhtml.markdown._characters import escape
from streamhtml.markdown._incomplete import INCOMPLETE, Incomplete
from streamhtml.markdown._inline.state import InlineState

_DOLLARS: Final = re.compile(r"\$+")
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


class Formula(NamedTuple):
    """A formula's source, its place in the text, and whether it stands on a line of its own."""

    tex: str
    end: int
    display: bool


def formula_at(text: str, pos: int, *, whole: bool) -> Formula | Incomplete | None:
    """Read the formula that begins with the ``$`` at ``pos``; ``whole``: the text ends here."""
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
        if not whole:
            return INCOMPLETE
    elif text[end + 1].isalnum() or text[end + 1] == "$":
        return None
    return Formula(tex, end + 1, display=False)


def _read_quoted(text: str, pos: int) -> Formula | Incomplete | None:
    found = _QUOTED.match(text, pos)
    if found and found[2] != "`$":
        return INCOMPLETE
    return Formula(found[1], found.end(), display=False) if found and found[1] else None


def looks_like_one(tex: str) -> bool:
    """Return whether the beginning of a formula can be shown as one: no price, no ``$(pwd)``."""
    return bool(_SIGN.search(tex)) and not _PRICE.match(tex)


def _read_display(text: str, pos: int) -> Formula | Incomplete | None:
    found = _DISPLAY.match(text, pos)
    if not found:
        return INCOMPLETE if pos + 2 >= len(text) or text[pos + 2 :] == "\\" else None
    if not found[2]:
        return INCOMPLETE if found.end() >= len(text) - 1 else None
    return Formula(found[1].strip(), found.end(), display=True) if found[1].strip() else None


def read_dollar(state: InlineState) -> None:
    """Read ``$``, which may begin a formula."""
    found = formula_at(state.text, state.pos, whole=state.whole)
    if isinstance(found, Formula):
        state.add(_formula(found.tex, display=found.display), state.pos)
        state.pos = found.end
    elif isinstance(found, Incomplete) and not state.whole:
        display = state.text.startswith("$$", state.pos)
        tex = state.text[state.pos :].strip("$").rstrip("\\").strip()
        state.stop(_formula(tex, display=display) if looks_like_one(tex) else "")
    else:
        dollars = _DOLLARS.match(state.text, state.pos)
        assert dollars
        state.literal(len(dollars[0]))


def read_parentheses(state: InlineState) -> bool:
    r"""Read ``\(…\)``; return whether it is a formula, or may become one."""
    end = -1 if state.no_parenthesis else state.text.find("\\)", state.pos + 2)
    if end >= 0:
        tex = state.text[state.pos + 2 : end].strip()
        if tex:
            state.add(_formula(tex, display=False), state.pos)
            state.pos = end + 2
        return bool(tex)
    state.no_parenthesis = True
    if not state.whole:
        tex = state.text[state.pos + 2 :].removesuffix("\\").strip()
        state.stop(_formula(tex, display=False) if tex else "")
    return not state.whole


def _formula(tex: str, *, display: bool) -> str:
    """Return the TeX source of a formula as HTML, which a script can draw."""
    kind = "display" if display else "inline"
    return f'<code class="language-math math-{kind}">{escape(tex)}</code>'
