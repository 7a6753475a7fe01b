"""Characters that a model has no business sending are taken out before anything else.

NUL, the C0 controls but tab and newline, and lone surrogates become U+FFFD; CR and CRLF become
LF; tag characters (U+E0000-E007F), which hide text from a reader, go, but in a flag; so do the
controls that reorder what is read (U+202A-202E, U+2066-2069).

The law: however a text is cut, the scrubbed pieces join to the same text.
"""

import re

_SUSPECT = re.compile(
    "[\x00-\x08\x0b-\x1f\ud800-\udfff\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f\U0001f3f4]"
)
# A flag is a black flag, the region's letters in tag characters, and the cancel tag (UTS #51).
_FLAG = "\U0001f3f4"
_TAG = "[\U000e0030-\U000e0039\U000e0061-\U000e007a]"
# One class begins it, so that the search runs at the speed of C where there is nothing.
_FOUND = re.compile(
    f"{_SUSPECT.pattern}"
    f"(?:(?<=\U0001f3f4){_TAG}{{1,6}}\U000e007f"
    "|(?<=[\ud800-\udbff])[\udc00-\udfff]"
    "|(?<=\r)\n)?"
)
_DROPPED = frozenset(
    map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xE0000, 0xE0080)))
)
# What may be the beginning of a flag, of a surrogate pair, or of CRLF.
_UNDECIDED = re.compile(f"(?:\U0001f3f4{_TAG}{{0,6}}|[\ud800-\udbff]|\r)\\Z")
_MOST_UNDECIDED = 7  # characters: a black flag and six tags


class Scrubber:
    """Scrubs a text that arrives in pieces; holds back the few characters not yet decided."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Return what is certain of the text so far and was not returned before."""
        if self._held:
            text = self._held + text
            self._held = ""
        # Nothing suspect is printable but the flag: that tells most texts, ten times as fast.
        if text.replace("\n", "").isprintable() and not text.endswith(_FLAG):
            return text
        if not _SUSPECT.search(text):
            return text
        if undecided := _UNDECIDED.search(text, len(text) - _MOST_UNDECIDED):
            self._held = undecided.group()
            text = text[: undecided.start()]
        return _FOUND.sub(_replacement, text)

    def close(self) -> str:
        """Return what was held: the text has ended, so all of it is decided now."""
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
