"""Remembers the pieces of a text, so that the whole text adds only what is new."""

from io import StringIO


class TextPieces:
    """The pieces of several texts, by the keys of the texts.

    Many protocols send each text in pieces, and then as a whole. A piece with the key None may
    belong to any text. After it, no whole text adds anything.
    """

    def __init__(self) -> None:
        self._texts: dict[object, StringIO] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._texts

    def add(self, key: object, piece: str) -> None:
        """Remember the next piece of a text."""
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = StringIO()
        text.write(piece)

    def rest(self, key: object, whole: str) -> str:
        """Return what no piece has brought; ``""`` if the pieces were those of another text."""
        if key is None or None in self._texts:
            return ""
        said = self._texts[key].getvalue() if key in self._texts else ""
        rest = whole[len(said) :] if whole.startswith(said) else ""
        if rest:
            self.add(key, rest)
        return rest

    def clear(self) -> None:
        """Forget everything."""
        self._texts.clear()
