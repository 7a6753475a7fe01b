r"""Formulas in running text: ``$…$``, ``$$…$$`` and ``\(…\)``. Pure functions.

There is no standard. A ``$`` opens a formula where a letter, digit or ``$`` does not stand before
it and white space not behind it; it ends at the next ``$``, on the same line, that has no white
space before it and no letter or digit behind it. Prices and shell variables are common, so what
reads as prose (two words, or a number and a word) is none: most are known after two words, and need
not be held back until the end of the paragraph. GitHub's form for what this gets wrong,
``$`…`$``, is known too.
"""

import re
from typing import Final, NamedTuple

from streamhtml.markdown._links import CUT, Cut

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


def read_dollars(text: str, pos: int, *, whole: bool) -> Formula | Cut | None:
    """Read the formula that begins with the ``$`` at ``pos``; ``whole``: the text ends here."""
    if pos + 1 == len(text):
        return CUT
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
        return CUT
    if text[end] != "$" or tex[-1:].isspace():
        return None
    if end + 1 == len(text):
        if not whole:
            return CUT
    elif text[end + 1].isalnum() or text[end + 1] == "$":
        return None
    return Formula(tex, end + 1, display=False)


def _read_quoted(text: str, pos: int) -> Formula | Cut | None:
    found = _QUOTED.match(text, pos)
    if found and found[2] != "`$":
        return CUT
    return Formula(found[1], found.end(), display=False) if found and found[1] else None


def looks_like_one(tex: str) -> bool:
    """Return whether the beginning of a formula can be shown as one: no price, no ``$(pwd)``."""
    return bool(_SIGN.search(tex)) and not _PRICE.match(tex)


def _read_display(text: str, pos: int) -> Formula | Cut | None:
    found = _DISPLAY.match(text, pos)
    if not found:
        return CUT if pos + 2 >= len(text) or text[pos + 2 :] == "\\" else None
    if not found[2]:
        return CUT if found.end() >= len(text) - 1 else None
    return Formula(found[1].strip(), found.end(), display=True) if found[1].strip() else None
