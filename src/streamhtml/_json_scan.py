"""Finds the end of a JSON object or array that arrives in pieces, in linear time."""

import re
from typing import Final

_MARK: Final = re.compile(r"\\.?|[\"{}\[\]]", re.DOTALL)


class JSONScan:
    """Reads a text that may be one JSON object or array. It checks nothing else in it.

    Attributes:
        is_complete: whether the object or the array has ended.
    """

    __slots__ = ("_after_backslash", "_depth", "_in_string", "_is_json", "is_complete")

    def __init__(self) -> None:
        self._is_json: bool | None = None  # Until the first character is there.
        self._depth = 0
        self._in_string = False
        self._after_backslash = False
        self.is_complete = False

    def feed(self, text: str) -> None:
        """Read the next piece."""
        if self._is_json is None and (text := text.lstrip()):
            self._is_json = text[0] in "{["
        if not self._is_json or self.is_complete or not text:
            return
        if self._after_backslash:
            text, self._after_backslash = text[1:], False
        for mark in _MARK.findall(text):
            if mark == '"':
                self._in_string = not self._in_string
            elif mark == "\\":  # The piece ends here.
                self._after_backslash = True
            elif len(mark) == 1 and not self._in_string:
                self._depth += 1 if mark in "{[" else -1
                if not self._depth:
                    self.is_complete = True
                    return
