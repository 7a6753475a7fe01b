"""Decides where a character that cannot be seen is kept, because a reader needs it.

The law: a decision depends on the two characters before and the two after it, and never on another
decision, so it is the same however the text is cut. Only the flag of a region is read as a whole.

The data are those of Unicode 16, and do not depend on Python's version. The same rules are a table
in docs/reference/characters.md, with reasons and sources. Where an exact set of neighbours would be
long, the set consists of whole blocks. No set of neighbours contains an invisible character.
"""

from bisect import bisect_right
from collections.abc import Callable
from typing import Final


class Characters:
    """A set of characters.

    Args:
        ranges: characters and ranges, as in a character class of ``re``: ``"#*0-9"``.

    Attributes:
        ranges: the first and the last code point of each range, in order.
    """

    __slots__ = ("_bounds", "_text", "ranges")

    def __init__(self, ranges: str) -> None:
        self._text = ranges
        pairs: list[tuple[int, int]] = []
        pos = 0
        while pos < len(ranges):
            last = pos + 2 if ranges[pos + 1 : pos + 2] == "-" else pos
            pairs.append((ord(ranges[pos]), ord(ranges[last])))
            pos = last + 1
        self.ranges = sorted(pairs)
        self._bounds = [chr(bound) for first, last in self.ranges for bound in (first, last + 1)]

    def __or__(self, other: "Characters") -> "Characters":
        return Characters(self._text + other._text)

    def __contains__(self, character: str) -> bool:
        return bisect_right(self._bounds, character) % 2 == 1


CONTROLS: Final = Characters("\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff")
"""Control characters except tab and newline, and surrogates."""

INVISIBLE: Final = Characters(
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
"""Default_Ignorable_Code_Point, and the controls of interlinear annotation, U+FFF9 to U+FFFB."""

LOOKS_AHEAD: Final = "\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\U0001bca0-\U0001bca3"
"""The invisible characters whose decision may depend on what follows them."""

_FLAGS = tuple(
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)
"""The flags of England, Scotland and Wales: a black flag, tag characters and the cancel tag."""

_EMOJI = Characters(
    "\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2900-\u297f"
    "\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_PRESENTED = _EMOJI | Characters("#*0-9")
_IDEOGRAPHS = Characters(
    "\u3005-\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
)
# Zero, quotation marks, letterlike symbols, operators, punctuation of East Asia, Myanmar, Phags-pa,
# Manichaean and mathematical letters.
_VARIED = _IDEOGRAPHS | Characters(
    "0\u2018\u2019\u201c\u201d\u2100-\u214f\u2200-\u22ff\u2a00-\u2aff\u3001\u3002\uff01-\uff1f"
    "\u1000-\u109f\uaa60-\uaa7f\ua840-\ua877\U00010ac0-\U00010aff\U0001d400-\U0001d7ff"
)
_HIEROGLYPHS = Characters("\U00013000-\U000143ff")
_MONGOLIAN = Characters("\u1800-\u180a\u1810-\u18af\U00011660-\U0001167f")
# Scripts whose letters join, and scripts that stack consonants: Arabic to Sinhala, Khmer …
_JOINED = Characters(
    "\u0600-\u061b\u061d-\u109f\u1700-\u17b3\u17b6-\u180a\u1810-\u18af\u1900-\u1c7f\u1cc0-\u1cff"
    "\ua800-\ua95f\ua980-\uaaff\uabc0-\uabff\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00010aff"
    "\U00010b80-\U00010baf\U00010d00-\U00010d3f\U00010ec0-\U00011fff\U00016100-\U0001613f"
    "\U00016d40-\U00016d7f\U0001e900-\U0001e95f\U0001ee00-\U0001eeff"
)
_SHORTHAND = Characters("\U0001bc00-\U0001bc9f")
# Scripts without spaces between words: Thai, Lao, Myanmar, Khmer, Tai.
_UNSPACED = Characters(
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17b3\u17b6-\u17ff\u1950-\u19ff\u1a20-\u1aaf\ua9e0-\ua9ff"
    "\uaa60-\uaadf\U00011700-\U0001174f"
)
# White space, punctuation and symbols, which take the direction of what stands beside them.
_NEUTRAL = Characters(
    "\t\n\r -/:-@[-`{-~\xa0-\xa9\xab\xac\xae-\xb4\xb6-\xb9\xbb-\xbf\xd7\xf7\u05be\u05c0\u05c3"
    "\u05c6\u05f3\u05f4\u0606-\u060f\u061b\u061d-\u061f\u066a-\u066d\u06d4\u0700-\u070d"
    "\u2000-\u200a\u2010-\u2029\u202f-\u205f\u20a0-\u20cf\u2100-\u2bff\u2e00-\u2e7f\u3000-\u303f"
    "\ufd3e\ufd3f\ufdfc-\ufdff\ufe10-\ufe1f\ufe30-\ufe6f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40"
    "\uff5b-\uff65\U0001f000-\U0001faff"
)
_COMBINING = Characters(
    "\u0300-\u034e\u0350-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    "\u08ca-\u08e1\u08e3-\u08ff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
_LEADING_JAMO = Characters("\u1100-\u115e\ua960-\ua97c")
_VOWEL_JAMO = Characters("\u1161-\u11a7\ud7b0-\ud7c6")
_TRAILING_JAMO = Characters("\u11a8-\u11ff\ud7cb-\ud7fb")

Rule = Callable[[str, str], bool]
"""Decides from the character before, or ``""``, and the up to two characters after."""


def _beside(neighbours: Characters) -> Rule:
    """Return the rule for what is kept after a neighbour, or before one.

    Of several invisible characters before a neighbour, none is kept.
    """

    def rule(before: str, after: str) -> bool:
        return before in neighbours or (after[:1] in neighbours and before not in INVISIBLE)

    return rule


def _between(neighbours: Characters) -> Rule:
    """Return the rule for what is kept between two neighbours."""
    return lambda before, after: before in neighbours and after[:1] in neighbours


def _either(one: Rule, other: Rule) -> Rule:
    return lambda before, after: one(before, after) or other(before, after)


def _directs(before: str, after: str) -> bool:
    """Decide on a mark of direction, which has no use between two letters or digits."""
    if not before or before in _NEUTRAL:
        return True
    return before not in INVISIBLE and (not after or after[0] in _NEUTRAL)


def _separates_marks(before: str, after: str) -> bool:
    return before not in INVISIBLE and after[:1] in _COMBINING


def _fills_lead(before: str, after: str) -> bool:
    """Decide on the filler for a missing first consonant, which a visible part must follow."""
    return after[:1] in _VOWEL_JAMO or (after[:1] == "\u1160" and after[1:] in _TRAILING_JAMO)


def _fills_vowel(before: str, after: str) -> bool:
    return before in _LEADING_JAMO or (before == "\u115f" and after[:1] in _TRAILING_JAMO)


_RULES: Final[dict[str, Rule]] = {
    "\u034f": _separates_marks,
    **dict.fromkeys("\u061c\u200e\u200f", _directs),
    "\u115f": _fills_lead,
    "\u1160": _fills_vowel,
    "\u180e": _between(_MONGOLIAN),
    "\u200b": _beside(_UNSPACED),
    "\u200c": _beside(_JOINED),
    "\u200d": _either(_beside(_JOINED), _between(_EMOJI)),
    **dict.fromkeys("\U0001bca0\U0001bca1\U0001bca2\U0001bca3", _beside(_SHORTHAND)),
}

_BASES: Final[dict[str, Characters]] = {
    **dict.fromkeys("\u180b\u180c\u180d\u180f", _MONGOLIAN),
    **dict.fromkeys("\ufe00\ufe01\ufe02", _VARIED | _HIEROGLYPHS),
    **dict.fromkeys("\ufe03\ufe04\ufe05\ufe06", _HIEROGLYPHS),
    **dict.fromkeys("\ufe0e\ufe0f", _PRESENTED),
    **dict.fromkeys(map(chr, range(0xE0100, 0xE01F0)), _IDEOGRAPHS),
}
"""The variation selectors, and the characters that each can follow."""

STAND_INS: Final[dict[str, str]] = {
    **dict.fromkeys("\ufe0e\ufe0f", "\u2764"),
    **dict.fromkeys("\u180b\u180c\u180d\u180f", "\u1820"),
}
"""For a kept variation selector, a character that means the same to the rules as the selector and
the character before it: an emoji, or a Mongolian letter."""


def is_kept(text: str, index: int) -> bool:
    """Return whether the invisible character at an index is kept.

    Args:
        text: the text, with the two characters before it and the two after it, and with all of the
            flag that it may belong to.
        index: its index.
    """
    character, before = text[index], text[index - 1 : index]
    if character in _BASES:
        return before in _BASES[character]
    if character >= "\U000e0000":
        flag = text.rfind("\U0001f3f4", max(index - 6, 0), index)
        return flag >= 0 and text.startswith(_FLAGS, flag)
    if before in STAND_INS and text[index - 2 : index - 1] in _BASES[before]:
        before = STAND_INS[before]
    rule = _RULES.get(character)
    return rule is not None and rule(before, text[index + 1 : index + 3])
