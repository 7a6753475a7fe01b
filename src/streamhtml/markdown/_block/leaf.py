"""What the block parser asks of a block that holds text."""

from typing import Protocol


class Leaf(Protocol):
    """A block that holds lines of text.

    The parser calls ``begin_line()`` with as much of a line as there is. If the line is not
    complete, ``add()`` receives the rest of it in pieces, and ``end_line()`` says that it is
    complete. ``close()`` says that no further line belongs to the block.
    """

    def begin_line(self, text: str, complete: bool) -> None: ...
    def add(self, text: str) -> None: ...
    def end_line(self) -> None: ...
    def close(self) -> None: ...
