"""Scrubs a text: removes or replaces characters that a model should not send.

This happens before the text is parsed or escaped.

- Control characters except tab and newline, and lone surrogates become U+FFFD.
- CR and CRLF become LF.
- Invisible characters are removed, except where a reader needs them; see ``_invisible.py``.

The result does not depend on how the text is cut into pieces.
"""

import re

from streamhtml._invisible import CONTROLS, INVISIBLE, LOOKS_AHEAD, STAND_INS, is_kept


def _class_of_others(ranges: list[tuple[int, int]]) -> str:
    """Return the class of all characters outside the ranges, which are in order."""
    starts = [0, *(last + 1 for _, last in ranges)]
    ends = [*(first - 1 for first, _ in ranges), 0x10FFFF]
    pairs = zip(starts, ends, strict=True)
    return "".join(rf"\U{start:08x}-\U{end:08x}" for start, end in pairs if start <= end)


# A negated class is twice as fast here: `re` finds usual characters in its bitmap, and tests the
# ranges beyond U+FFFF only for the others.
_SUSPECT = f"[^{_class_of_others(sorted(CONTROLS.ranges + INVISIBLE.ranges))}]"
# Three frequent uses of invisible characters are passed over here, because the function is_kept()
# takes longer. It would keep them.
_SYMBOL = "\u25a0-\u27bf\U0001f000-\U0001faff"
_FOUND = re.compile(
    f"{_SUSPECT}(?!(?<=[\u0620-\u06ff]\u200c)|(?<=[#*0-9{_SYMBOL}]\ufe0f)"
    f"|(?:(?<=[{_SYMBOL}]\u200d)|(?<=[{_SYMBOL}]\ufe0f\u200d))(?=[{_SYMBOL}]))"
)
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
# The end of a text whose treatment depends on what follows.
_TAG = "[\U000e0061-\U000e007a]"
_UNDECIDED = re.compile(
    f"(?:(?<=\U0001f3f4){_TAG}{{1,5}}|[{LOOKS_AHEAD}]{{0,2}})[\ud800-\udbff\r]?\\Z"
)
BYTE_ORDER_MARK = "\ufeff"
_MAX_UNDECIDED = 6  # Characters: five tag characters and half of the sixth.


class Scrubber:
    """Scrubs a text that arrives in pieces.

    It holds back the last few characters while their treatment depends on what follows.
    """

    def __init__(self) -> None:
        self._held = ""
        self._before = ""  # The previous text, as it came. Its last two characters count.

    def feed(self, text: str) -> str:
        """Return the scrubbed text, without the characters that are held back."""
        if self._held:
            text = self._held + text
            self._held = ""
        # Fast paths for most texts. Short pieces have no line break.
        if text.isascii() and (text.isprintable() or text.replace("\n", "").isprintable()):
            self._before = text or self._before
            return text
        if not _FOUND.search(text):
            self._before = text or self._before
            return text
        before = self._before[-2:]
        if not before:
            text = text.lstrip(BYTE_ORDER_MARK)
        start = len(before)
        text = before + text
        end = len(text)
        if _FOUND.search(text, start):
            text = _PAIR.sub(_join, text)
            undecided = _UNDECIDED.search(text, max(start, len(text) - _MAX_UNDECIDED))
            assert undecided
            self._held = undecided[0]
            end = undecided.start()
        self._before = text[:end]
        return _scrub(text, start, end)

    def close(self) -> str:
        """Return what was held back, now that the text has ended."""
        before, held = self._before[-2:], self._held
        self._before = self._held = ""
        return _scrub(before + held, len(before), len(before + held))


def scrubbed(text: str) -> str:
    """Return a whole text, scrubbed."""
    scrubber = Scrubber()
    return scrubber.feed(text) + scrubber.close()


def scrub_between(before: str, text: str, after: str) -> str:
    """Scrub a text that comes between two others.

    Args:
        before: the last character of scrubbed text, or ``""``.
        text: the text.
        after: the first character of scrubbed text, or ``""``.
    """
    if not _FOUND.search(text):
        return text
    before = STAND_INS.get(before, before)
    return _scrub(before + text + after, len(before), len(before + text))


def _scrub(text: str, start: int, end: int) -> str:
    pieces: list[str] = []
    for found in _FOUND.finditer(text, start):
        index = found.start()
        if index >= end:
            break
        pieces += text[start:index], _replacement(text, index)
        start = index + 1
    return "".join(pieces) + text[start:end]


def _replacement(text: str, index: int) -> str:
    character = text[index]
    if character == "\r":
        return "" if text.startswith("\n", index + 1) else "\n"
    if character in CONTROLS:
        return "\ufffd"
    return character if is_kept(text, index) else ""


def _join(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")
