r"""Finds the ends of formulas, and tells TeX from prose, prices, code and escaped brackets.

The law: a text is rejected early only for its beginning, so that the result does not depend on how
much of it has arrived. Everything else is decided when the closing delimiter is there.
"""

import re
from typing import Final, NamedTuple

from streamhtml.markdown._sentinel import INCOMPLETE, Incomplete

# The content stops at the next opening delimiter, so that no text is searched twice.
_DELIMITED: Final = {
    "$": re.compile(r"\$\$((?=[^$\\]|\\.)[^$\\]*+(?:\\.[^$\\]*+)*+)(\$\$)?", re.DOTALL),
    "(": re.compile(r"\\\(([^\\]*+(?:\\[^()][^\\]*+)*+)(\\\))?", re.DOTALL),
    "[": re.compile(r"\\\[([^\\]*+(?:\\[^\[\]][^\\]*+)*+)(\\\])?", re.DOTALL),
}

# The classes of regular expressions, such as \d, are not commands of TeX.
_COMMAND: Final = re.compile(r"\\(?![bBdDsSwW](?![A-Za-z]))[A-Za-z]")
_STRONG_SIGN: Final = re.compile(rf"{_COMMAND.pattern}|(?<!\\)(?:(?<=.)\^|\^\{{|=)", re.DOTALL)
_SIGN: Final = re.compile(rf"{_STRONG_SIGN.pattern}|(?<!\\)_", re.DOTALL)

_LETTER: Final = "A-Za-zÀ-ÖØ-öø-ɏЀ-ӿ"
_WORD: Final = rf"(?<![\\{_LETTER}{{])[{_LETTER}]{{2,}}"
_BREAK: Final = r"[.,;:!?)\"']*+\s+"
_PROSE: Final = re.compile(rf"(?:^\d[\d.,]*+[KkMmBb]?+|{_WORD}){_BREAK}[{_LETTER}]{{2}}")
_LONG_PROSE: Final = re.compile(rf"{_WORD}{_BREAK}(?:[{_LETTER}]+{_BREAK}){{6}}[{_LETTER}]")
_LONG_WORD: Final = re.compile(rf"[{_LETTER}]{{3}}")

# Quotes, URLs, Markdown, full-width punctuation, regular expressions, options and code.
_NOT_TEX: Final = re.compile(
    r"[\"，。、；：！？]|://|\*\*|\]\(|\[\^|\.[*+?]|\\[bBdDsSwW](?![A-Za-z])|0-9|a-z|A-Z"
    r"|(?:\A|\s)--?[a-z]{4}|&&|[=!]~|->[a-z{(\[]|::|\+\+|--|;\s*\n|\);|\s'"
    r"|\A\s+(?:and|or)\s+\Z"
)
_CJK_PRICE: Final = re.compile(
    r"\d[\d.,]*+\s*[\u0e00-\u0e7f\u1100-\u11ff\u3040-\u9fff\uac00-\ud7af]"
)


class Delimited(NamedTuple):
    """A text between two delimiters.

    Attributes:
        tex: the text, with the white space around it.
        end: the index after the closing delimiter.
    """

    tex: str
    end: int


def read_delimited(text: str, pos: int) -> Delimited | Incomplete | None:
    r"""Read a text between ``$$…$$``, ``\(…\)`` or ``\[…\]`` that begins at ``pos``.

    Returns:
        ``INCOMPLETE`` if the text ends before the closing delimiter; None if there is none.
    """
    found = _DELIMITED[text[pos + 1]].match(text, pos)
    if not found:
        return INCOMPLETE if pos + 2 >= len(text) or text[pos + 2 :] == "\\" else None
    if found[2]:
        return Delimited(found[1], found.end())
    if found.end() < len(text) - 1 or begins_as_prose(found[1]):
        return None
    return INCOMPLETE


def joins_dollar(character: str) -> bool:
    """Return whether ``$`` is part of a word or a price beside a character, or ``""``."""
    is_letter = character.lower() != character.upper()
    return character == "$" or is_letter or character.isdecimal()


def has_command(tex: str) -> bool:
    r"""Return whether a text contains a command such as ``\frac``."""
    return bool(_COMMAND.search(tex))


def has_sign(tex: str) -> bool:
    """Return whether a text contains a command, a script or an equals sign."""
    return bool(_SIGN.search(tex))


def begins_as_prose(tex: str) -> bool:
    """Return whether the first words of a text show that it is not TeX: eight without a sign."""
    found = _LONG_PROSE.search(tex)
    return bool(found and not _SIGN.search(tex, 0, found.end()))


def is_prose(tex: str) -> bool:
    """Return whether the first words of a text are two without a command, or a number and a word.

    This is too strict for delimiters that are rarely anything else.
    """
    found = _PROSE.search(tex)
    return bool(found and not _COMMAND.search(tex, 0, found.end()))


def is_tex(tex: str) -> bool:
    """Return whether the complete text between two delimiters is TeX."""
    if not tex or tex.isspace() or begins_as_prose(tex):
        return False
    if _COMMAND.search(tex):
        return True
    if _NOT_TEX.search(tex) or tex[-1] in "^_/" or not _is_balanced(tex):
        return False
    return bool(_STRONG_SIGN.search(tex)) or not (_PROSE.search(tex) or _CJK_PRICE.match(tex))


def _is_balanced(tex: str) -> bool:
    """Return whether as many brackets are closed as are opened; ``[0, 1)`` is an interval."""
    opened = tex.count("(") + tex.count("[")
    return tex.count("{") == tex.count("}") and opened == tex.count(")") + tex.count("]")


def is_dollar_display(tex: str) -> bool:
    """Return whether the complete text between ``$$`` and ``$$`` is TeX.

    In a shell and in price levels, two dollar signs have other meanings. Therefore words that are
    not names of variables need a sign of TeX.
    """
    is_clear = has_sign(tex) or len(tex.split()) == 1 or not _LONG_WORD.search(tex)
    return is_clear and is_tex(tex)


def is_bracket_display(tex: str, before: str) -> bool:
    r"""Return whether the complete text between ``\[`` and ``\]`` is TeX.

    Otherwise these are brackets with backslashes, as in ``\[optional\]`` and ``list\[my_index\]``.

    Args:
        tex: the text.
        before: the character before it, or ``""``.
    """
    if not (has_sign(tex) and is_tex(tex)):
        return False
    is_attached = before.isascii() and before.isalnum() and not tex[0].isspace()
    return not is_attached or has_command(tex)
