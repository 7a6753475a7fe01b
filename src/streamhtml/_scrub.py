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
_TAG = "[\U000e0030-\U000e0039\U000e0061-\U000e007a]"
_FOUND = re.compile(
    f"(?P<keep>\U0001f3f4{_TAG}{{1,6}}\U000e007f)"
    "|(?P<pair>[\ud800-\udbff][\udc00-\udfff])"
    "|(?P<newline>\r\n?)"
    "|(?P<drop>[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f])"
    "|[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]"
)
# What may be the beginning of a flag, of a surrogate pair, or of CRLF.
_UNDECIDED = re.compile(f"(?:\U0001f3f4{_TAG}{{0,6}}|[\ud800-\udbff]|\r)\\Z")


class Scrubber:
    """Scrubs a text that arrives in pieces; holds back the few characters not yet decided."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Return what is certain of the text so far and was not returned before."""
        text = self._held + text
        self._held = ""
        if not _SUSPECT.search(text):
            return text
        if undecided := _UNDECIDED.search(text):
            self._held = undecided.group()
            text = text[: undecided.start()]
        return _FOUND.sub(_replacement, text)

    def close(self) -> str:
        """Return what was held: the text has ended, so all of it is decided now."""
        held, self._held = self._held, ""
        return _FOUND.sub(_replacement, held)


def _replacement(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "keep":
            return found.group()
        case "pair":
            return found.group().encode("utf-16", "surrogatepass").decode("utf-16")
        case "newline":
            return "\n"
        case "drop":
            return ""
        case _:
            return "\ufffd"
