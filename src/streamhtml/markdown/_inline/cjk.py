"""The letters and signs of Chinese, Japanese and Korean, which have no spaces between words."""

import unicodedata
from functools import lru_cache
from typing import Final

LETTERS: Final = (
    r"\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u302f\u3031-\u3035\u3038-\u303c\u3041-\u309a"
    r"\u309d-\u309f\u30a1-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    r"\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uffdc\U00016fe0-\U0001b2ff"
    r"\U00020000-\U0003ffff"
)
"""Letters and digits, for a character class. The dot in Japanese names (U+30FB) is one of them."""

SIGNS: Final = (
    r"\u3001-\u3004\u3008-\u3020\u3030\u3036\u3037\u303d-\u303f\u309b\u309c\u30a0"
    r"\ufe10-\ufe1f\ufe30-\ufe6f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffe0-\uffee"
    r"\u2018-\u201d\u2026\u2014"
)
"""Full-width signs, for a character class. Quotation marks, the dash and the ellipsis have no forms
of their own in Chinese, so those of other languages are included."""


@lru_cache(4096)
def kind_of(character: str) -> str:
    """Return " " for white space, "." for punctuation and symbols, "a" for anything else."""
    if character.isspace():
        return " "
    return "." if unicodedata.category(character)[0] in "PS" else "a"


@lru_cache(4096)
def kind_in_cjk(character: str) -> str:
    """Return "c" for a CJK letter, "," for full-width punctuation; else ``kind_of()``."""
    # Emoji are wide characters too, but they are symbols.
    is_wide = unicodedata.east_asian_width(character) in "WFH"
    if is_wide and unicodedata.category(character) != "So" and not character.isspace():
        return "c" if kind_of(character) == "a" else ","
    return kind_of(character)
