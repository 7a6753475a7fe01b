"""What all blocks that hold text have in common.

The block parser gives lines to the open leaf, whole or in pieces.
"""

from typing import Protocol


class Leaf(Protocol):
    """A block that holds text: a paragraph, a heading, a code block or a table."""

    def begin(self, text: str, whole: bool) -> None:
        """Take a new line, or the beginning of one.

        Args:
            text: what there is of the line, without the indentation that belongs to the block.
            whole: whether that is all. If it is not, ``add()`` gets the rest, and then ``end()``
                is called.
        """
        ...

    def add(self, text: str) -> None:
        """Take more of the same line."""
        ...

    def end(self) -> None:
        """The line is complete."""
        ...

    def close(self) -> None:
        """No further line belongs to the block."""
        ...
