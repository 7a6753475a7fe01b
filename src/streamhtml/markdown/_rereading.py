"""Decides when text that is held back is read again, so that the total time stays linear."""

from typing import Final

READ_AT_ONCE: Final = 512
"""Up to this many held characters, the text is read again with every piece that arrives."""

READ_SOON: Final = 2048
"""Up to this many held characters, the text is read again once it has grown by an eighth. Above
that, it is read again once it has doubled."""


def next_reading(held: int) -> int:
    """Return the length that held text must reach before it is read again, in characters.

    The text has to grow by a fraction of itself, so the cost of all readings together is a
    multiple of its length. Ordinary texts never reach these lengths, but an attack does.
    """
    if held <= READ_AT_ONCE:
        return 0
    return held + (held // 8 if held <= READ_SOON else held)
