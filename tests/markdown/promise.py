"""Checks that a growing text never takes back what it has shown."""


class Promise:
    """Checks for a growing text whether it is the beginning of ``final``, word by word.

    Text that was compared once is compared again only if it has changed.
    """

    def __init__(self, final: str) -> None:
        self.final = " ".join(final.split())
        self._kept = ""
        self._length = 0

    def holds(self, text: str) -> bool:
        if not text.startswith(self._kept):
            self._kept, self._length = "", 0
        rest = text[len(self._kept) :]
        if not self.final.startswith(self._words(rest), self._length):
            return False
        if len(rest) > 600:
            kept = rest[:-300].rstrip()
            self._length += len(self._words(kept))
            self._kept += kept
        return True

    def _words(self, rest: str) -> str:
        words = " ".join(rest.split())
        return " " + words if self._kept and words and rest[0].isspace() else words
