"""``Said``: text that grows, of which pieces can be trusted HTML, and its form in JSON."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

from markupsafe import Markup

Stored: TypeAlias = "str | dict[str, Any] | list[Any]"
"""A ``Said`` in JSON: a text; ``{"html": …}`` for ``Markup``; ``{"escaped": …}`` for a text with
characters that some databases refuse; or a list of these."""

_REFUSED: Final = re.compile("[\0\ud800-\udfff]")
"""NUL and lone surrogates. PostgreSQL, for example, cannot store them, not even in JSON."""


class Said:
    """Text that grows, of which pieces can be ``Markup``, which is trusted HTML.

    It is kept as UTF-8, which takes a fraction of the memory of one str for each token. Two halves
    of a surrogate pair become one character, even if they came one after the other.

    Args:
        pieces: what to begin with.
    """

    __slots__ = ("_growing", "_pieces")

    def __init__(self, *pieces: str) -> None:
        self._pieces: list[bytearray | Markup] = []
        self._growing: bytearray | None = None
        for piece in pieces:
            self.add(piece)

    def add(self, text: str) -> None:
        """Add a piece: text, or ``Markup``."""
        growing = self._growing
        if growing is not None and not isinstance(text, Markup):
            # Fast path: most pieces continue a text. "+=" changes the bytearray in place.
            growing += text.encode("utf-8", "surrogatepass")
        elif isinstance(text, Markup):
            if text:
                self._pieces.append(text)
                self._growing = None
        elif text:
            self._growing = bytearray(text.encode("utf-8", "surrogatepass"))
            self._pieces.append(self._growing)

    def __iter__(self) -> Iterator[str]:
        """Iterate the pieces: ``Markup`` as it came, and the text between as one ``str``."""
        for piece in self._pieces:
            yield piece if isinstance(piece, Markup) else _decode(piece)

    def __bool__(self) -> bool:
        """Return whether there is any text."""
        return bool(self._pieces)

    def __str__(self) -> str:
        return "".join(self)

    def __repr__(self) -> str:
        return f"Said({', '.join(map(repr, self))})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Said):
            return NotImplemented
        return _with_types(self) == _with_types(other)

    __hash__ = None  # type: ignore[assignment]  # It grows.

    def to_json(self) -> Stored:
        """Return this as values of JSON."""
        pieces = [text_to_json(piece) for piece in self]
        return pieces[0] if len(pieces) == 1 else pieces or ""

    @classmethod
    def from_json(cls, stored: object) -> "Said":
        """Return what ``to_json()`` has stored.

        Raises:
            ValueError: it is something else. The message does not quote it.
        """
        pieces = stored if isinstance(stored, list) else [stored]
        return cls(*map(text_from_json, pieces))


def _decode(text: bytearray) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:  # Only surrogates can be the reason.
        halves = text.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass")
        return halves.decode("utf-16", "surrogatepass")


def _with_types(pieces: Iterable[str]) -> list[tuple[bool, str]]:
    return [(isinstance(piece, Markup), str(piece)) for piece in pieces]


def text_to_json(piece: str) -> Stored:
    """Return a text, or ``Markup``, as a value of JSON that every database takes."""
    if isinstance(piece, Markup):
        return {"html": text_to_json(str(piece))}
    return {"escaped": json.dumps(piece)} if _REFUSED.search(piece) else piece


def text_from_json(stored: object) -> str:
    """Return what ``text_to_json()`` has stored.

    Raises:
        ValueError: it is something else. The message does not quote it.
    """
    match stored:
        case str():
            return stored
        case {"html": (str() | {"escaped": _}) as html}:
            return Markup(text_from_json(html))
        case {"escaped": str(escaped)} if escaped.startswith('"'):
            return str(json.loads(escaped))  # A JSONDecodeError is a ValueError.
    raise ValueError("is neither a text nor a list of its pieces")
