"""The interface of all blocks that contain text, which the block parser calls."""

from typing import Protocol


class Leaf(Protocol):
    """A block that contains lines of text.

    The parser calls ``begin_line()`` with the part of a line that has arrived. If the line is not
    complete, ``add()`` receives the rest of it in pieces, and ``end_line()`` is called at its end.
    ``close()`` is called when no further line belongs to the block.
    """

    def begin_line(self, text: str, complete: bool) -> None: ...
    def add(self, text: str) -> None: ...
    def end_line(self) -> None: ...
    def close(self) -> None: ...

    @property
    def held(self) -> int:
        """The number of characters that may be read again."""
        ...
