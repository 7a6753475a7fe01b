"""The value that every parser here returns if the input ends before it can be decided."""

from enum import Enum
from typing import Final


class Incomplete(Enum):
    """The type of ``INCOMPLETE``. It is an enum, so that type checkers can narrow with ``is``."""

    INCOMPLETE = "incomplete"


INCOMPLETE: Final = Incomplete.INCOMPLETE
"""The input is valid so far, but not complete. The text that follows decides if it is a match."""
