r"""Finds the ends of formulas, and tells TeX from prose, prices, code and escaped brackets.

The law: a text is rejected early only for its beginning, so that the result does not depend on how
much of it has arrived. Everything else is decided when the closing delimiter is there.
"""

import re
from typing import Final, NamedTuple

from streamhtml.markdown._incomplete import INCOMPLETE, Incomplete

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
_LOWER_WORD: Final = re.compile(rf"(?<![{_LETTER}])[a-zß-öø-ÿа-я]{{2,}}")

# The names of functions, as in max(a, b), are no words.
_FULL_WORD: Final = re.compile(rf"[{_LETTER}]{{4,}}+(?!\()")
_SCRIPT: Final = re.compile(
    rf"[^\s\\]\s?\^|(?<!\\)\^\{{"
    rf"|(?:(?<![\\{_LETTER}_])[{_LETTER}\d]|[)\]}}|'])_(?:\d|[{{\\]|[{_LETTER}](?![{_LETTER}_]))"
)
_SPACED_OPERATOR: Final = re.compile(r"(?<=\s)[=+*/<>×÷·−±∈≤≥≠≈-](?=\s)")

# What an operator can be between: a variable, a number, a bracket or a product, as in "x1 = 2",
# "f(x) = ma" and "PV = nRT", but not in "file=x".
_VARIABLE: Final = rf"(?<![{_LETTER}_])(?:[{_LETTER}Α-ω]|[A-Z]{{2,3}})\d{{0,2}}'*"
_LEFT: Final = rf"(?:{_VARIABLE}|(?<![\w.,])\d[\d.,]*+|[)\]}}|!])"
_RIGHT: Final = rf"[+−-]?\s?(?:[\d(|\[{{]|[{_LETTER}Α-ω]{{1,3}}(?![{_LETTER}_]))"
_EQUATION: Final = re.compile(rf"{_LEFT}\s?[=≤≥≠≈∈]\s?{_RIGHT}")
# The same with other operators and longer names, which is clear only after white space.
_CJK: Final = r"[\u3000-\uffff]"
_OPERATION: Final = re.compile(
    rf"(?:{_LEFT}|[a-z]{{2,3}}(?=\s)|{_CJK})\s?(?:[=+*<>×÷·−±∈≤≥≠≈]|(?<!\d)-)\s?(?:{_RIGHT}|{_CJK})"
    r"|\\[{}|,;]"
)

# Quotes, URLs, Markdown, full-width punctuation, regular expressions, options and code.
_NOT_TEX: Final = re.compile(
    r"[\"，。、；：！？]|://|\*\*|\]\(|\[\^|\.[*+?]|\\[bBdDsSwW](?![A-Za-z])|0-9|a-z|A-Z"
    r"|(?:\A|\s)--?[a-z]{4}|&&|[=!]~|->[a-z{(\[]|::|\+\+|--|;\s*\n|\);|\s'"
    r"|\A\s+(?:and|or)\s+\Z"
)
# The punctuation that follows the dollar sign of a variable, a regular expression or a price.
NOT_AT_START: Final = re.compile(r"\{\w\w|[,;:!?)@#%'/]|\.(?!\d)|\|(?:\^|[^|]*\Z)|[_^](?![\w{\\])")
_NOT_AT_END: Final = frozenset("=+-*/<>(.,;:^_·×÷")
_WORD_CHARACTER: Final = re.compile(r"\w")
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


def is_likely_display(tex: str) -> bool:
    r"""Return whether an unfinished text after ``\[`` is most likely TeX."""
    return bool(_COMMAND.search(tex) or _SCRIPT.search(tex))


def is_dollar_display(tex: str) -> bool:
    """Return whether the complete text between ``$$`` and ``$$`` is TeX.

    In a shell, in a makefile and in price levels, two dollar signs have other meanings. White space
    is then on one side only, or words are between them that are not names of variables.
    """
    if not is_tex(tex):
        return False
    if _COMMAND.search(tex) or _SCRIPT.search(tex):
        return True
    content = tex.strip()
    if not _WORD_CHARACTER.search(content) or content[-1] in _NOT_AT_END:
        return False
    if NOT_AT_START.match(content):
        return False
    if content == tex:
        return "=" in tex or not _LONG_WORD.search(tex) or len(tex.split()) == 1
    before, after = tex[: tex.index(content[0])], tex[len(tex.rstrip()) :]
    if "\n" in before and "\n" not in after:  # "echo $$", and "kill $$" in the next line
        return False
    if "\n" not in tex and not (before and after):
        return False
    return bool(_SPACED_OPERATOR.search(tex)) or not _LOWER_WORD.search(tex)


def is_bracket_display(tex: str, before: str) -> bool:
    r"""Return whether the complete text between ``\[`` and ``\]`` is TeX.

    It needs a sign: a command, a script, or an operator between variables, numbers and brackets.
    Otherwise these are brackets with backslashes, as in ``\[optional\]``, ``\[file=x\]`` and
    ``list\[my_index\]``.

    Args:
        tex: the text.
        before: the character before it, or ``""``.
    """
    if not is_tex(tex):
        return False
    if _COMMAND.search(tex):
        return True
    if before.isascii() and before.isalnum() and not tex[0].isspace():
        return False
    if _SCRIPT.search(tex):
        return True
    is_spaced = tex[0].isspace() or tex[-1].isspace()
    if _FULL_WORD.search(tex):
        return is_spaced and len(_SPACED_OPERATOR.findall(tex)) > 1
    return bool(_EQUATION.search(tex) or (is_spaced and _OPERATION.search(tex)))


def is_bracket_block(tex: str) -> bool:
    r"""Return whether the lines between ``\[`` and ``\]`` are TeX, which needs no sign there."""
    return is_bracket_display(tex, "") or (is_tex(tex) and not _LOWER_WORD.search(tex))
