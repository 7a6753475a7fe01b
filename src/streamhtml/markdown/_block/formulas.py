r"""Formulas of several lines, in ``$$…$$`` and ``\[…\]``.

The law: what is not closed before a blank line, the end of its container or the end of the text was
text. The lines are kept until that is known, and are then read again as text. In them, the same
delimiter opens no formula of several lines, so that no line is read more than a few times.
"""

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from streamhtml.markdown._incomplete import INCOMPLETE
from streamhtml.markdown._inline.tex import (
    Delimited,
    begins_as_prose,
    has_sign,
    is_bracket_block,
    is_bracket_display,
    is_dollar_display,
    is_prose,
    is_tex,
    joins_dollar,
    read_delimited,
)

MAX_HELD: Final = 2_000
"""Maximum length in characters of a formula inside a paragraph whose lines are held back."""

WAIT_FOR_FORMULA: Final = 200
"""A formula that is a block of its own is not shown until it is closed, or until it has more than
this many characters. It may be text."""

SIGNS: Final = "$["
"""The second characters of the opening delimiters."""

_CLOSING: Final = {
    "$": re.compile(r"([^$\\]*+(?:(?:\\.|\$(?!\$))[^$\\]*+)*+)\$\$"),
    "[": re.compile(r"([^\\]*+(?:\\[^\]][^\\]*+)*+)\\\]"),
}
_FENCE: Final = re.compile(r"[ \t]*(?:```|~~~)")
_OPENING: Final = re.compile(r"\$\$+|\\.")


class ClosedFormula(NamedTuple):
    """The line that closes a formula.

    Attributes:
        tex: the TeX source before the closing delimiter.
        rest: the text after it.
    """

    tex: str
    rest: str


@dataclass(slots=True)
class OpenFormula:
    """A formula whose closing delimiter has not arrived.

    Attributes:
        sign: the second character of its opening delimiter; see ``SIGNS``.
        tex: the TeX source so far, without the last line.
        first: the line that it begins with, if it is a block of its own; None inside a paragraph.
        lines: the lines after that, with the markers of their containers.
        texts: these lines without the markers.
        held: the number of characters in these lines.
        is_shown: whether the formula is shown already, although it is not closed. Only a long block
            of its own is. Inside a paragraph, the lines are held back until it is closed.
    """

    sign: str
    tex: str
    first: str | None = None
    lines: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    held: int = 0
    is_shown: bool = False

    def read(self, line: str, text: str) -> ClosedFormula | bool:
        """Read the next line.

        Args:
            line: the line with the markers of its containers.
            text: the line without them.

        Returns:
            The end of the formula, or whether the formula can go on after this line.
        """
        found = _CLOSING[self.sign].match(text)
        if _FENCE.match(text) or not (self._can_end(text, found) if found else self._fits(text)):
            return False
        self.lines.append(line)
        self.texts.append(text)
        self.held += len(line)
        return ClosedFormula(found[1], text[found.end() :].strip(" \t")) if found else True

    def may_go_on(self, text: str) -> bool:
        """Return whether the beginning of the next line can belong to the formula."""
        return bool(_CLOSING[self.sign].match(text)) or self._fits(text)

    def _can_end(self, text: str, found: re.Match[str]) -> bool:
        tex = "\n".join([self.tex, *self.texts, found[1]])
        if self.first is not None:
            return bool(tex.strip()) if self.sign == "$" else is_bracket_block(tex)
        # A price level can end a line too: "Price: $$".
        is_clear = self.tex.strip() or not found[1].strip() or has_sign(tex)
        following = text[found.end() :][:1]
        return bool(is_clear) and is_display(self.sign, tex, following) and self._fits(found[1])

    def _fits(self, text: str) -> bool:
        """Return whether a text can be part of the formula."""
        if self.first is not None:
            return not begins_as_prose(text)
        return self.held + len(text) <= MAX_HELD and not is_prose(text)


def is_display(sign: str, tex: str, following: str) -> bool:
    """Return whether the complete text between two delimiters is a display formula.

    Args:
        sign: see ``OpenFormula``.
        tex: the text.
        following: the character after the closing delimiter, or ``""``.
    """
    if sign == "[":
        return is_bracket_display(tex, "")
    return is_dollar_display(tex) and not joins_dollar(following)


def find_open_formula(line: str) -> OpenFormula | None:
    """Return the formula that begins in a line of a paragraph and does not end in it."""
    if "$$" not in line and "\\[" not in line:
        return None
    pos = ticks = 0
    while found := _OPENING.search(line, pos):
        start = found.start()
        ticks += line.count("`", pos, start)
        pos = found.end()
        is_code = ticks % 2
        joins = start and joins_dollar(line[start - 1])
        if is_code or found[0] not in {"$$", "\\["} or (found[0] == "$$" and joins):
            continue
        delimited = read_delimited(line, start)
        if isinstance(delimited, Delimited):
            pos = delimited.end
        elif delimited is INCOMPLETE:
            tex = line[pos:]
            return OpenFormula(found[0][1], tex) if not tex.strip() or is_tex(tex) else None
    return None
