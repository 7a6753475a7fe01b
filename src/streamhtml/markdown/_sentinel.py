"""The answer of every parser here to input that ends too early to decide."""

from enum import Enum
from typing import Final


class Incomplete(Enum):
    """The type of ``INCOMPLETE``. An enum, so that type checkers can narrow with ``is``."""

    INCOMPLETE = "incomplete"


INCOMPLETE: Final = Incomplete.INCOMPLETE
"""The input is valid so far, but not complete: what follows decides whether it is a match."""
