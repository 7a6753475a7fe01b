"""Scrubs a text: removes or replaces characters that a model should not send.

This happens before the text is parsed or escaped.

- NUL, the other C0 controls except tab and newline, and lone surrogates become U+FFFD.
- CR and CRLF become LF.
- Tag characters (U+E0000 to U+E007F) are removed, because they hide text from the reader. They
  stay in the flags of regions, such as the flag of England.
- Controls that change the reading order (U+202A to U+202E, U+2066 to U+2069) are removed.

The result does not depend on how the text is cut into pieces.
"""

import re

_SUSPECT = re.compile(
    "[\x00-\x08\x0b-\x1f\ud800-\udfff\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f\U0001f3f4]"
)
# The flag of a region is a black flag, the region's code in tag characters, and the cancel tag
# (UTS #51).
_FLAG = "\U0001f3f4"
_TAG = "[\U000e0030-\U000e0039\U000e0061-\U000e007a]"
# The pattern begins with one character class, because `re` skips text without a match fastest then.
_FOUND = re.compile(
    f"{_SUSPECT.pattern}"
    f"(?:(?<=\U0001f3f4){_TAG}{{1,6}}\U000e007f"
    "|(?<=[\ud800-\udbff])[\udc00-\udfff]"
    "|(?<=\r)\n)?"
)
_DROPPED = frozenset(
    map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xE0000, 0xE0080)))
)
# The end of a text that may be the beginning of a flag, of a surrogate pair, or of CRLF.
_UNDECIDED = re.compile(f"(?:\U0001f3f4{_TAG}{{0,6}}|[\ud800-\udbff]|\r)\\Z")
_MAX_UNDECIDED = 7  # Characters: a black flag and six tag characters.


class Scrubber:
    """Scrubs a text that arrives in pieces.

    It holds back the last few characters while their treatment depends on what follows.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Return the scrubbed text, without the characters that are held back."""
        if self._held:
            text = self._held + text
            self._held = ""
        # Fast path for most texts, ten times as fast as the search: of all the characters to look
        # at, only the black flag is printable.
        if text.replace("\n", "").isprintable() and not text.endswith(_FLAG):
            return text
        if not _SUSPECT.search(text):
            return text
        if undecided := _UNDECIDED.search(text, len(text) - _MAX_UNDECIDED):
            self._held = undecided.group()
            text = text[: undecided.start()]
        return _FOUND.sub(_replacement, text)

    def close(self) -> str:
        """Return what was held back, now that the text has ended."""
        held, self._held = self._held, ""
        return _FOUND.sub(_replacement, held)


def _replacement(found: re.Match[str]) -> str:
    text = found[0]
    match text[0]:
        case "\U0001f3f4":
            return text
        case "\r":
            return "\n"
        case first if first in _DROPPED:
            return ""
        case _ if len(text) == 2:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        case _:
            return "\ufffd"
