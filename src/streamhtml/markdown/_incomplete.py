"""The one value that says "not complete yet": what came may still become what is looked for."""

from typing import Final


class Incomplete:
    """The type of ``INCOMPLETE``."""


INCOMPLETE: Final = Incomplete()
"""The text ends before it can be decided. It has to be looked at again when more of it is there."""
