"""Recognises a source whose every token repeats the whole text so far, and takes what is new.

Some SDKs stream like this by default, for example ``stream_text()`` of Pydantic AI.
"""

import logging
from typing import Final

ENOUGH: Final = 12
"""Number of characters that must be repeated. Fewer may be a coincidence, as in "ha" and "haha"."""

MAX_EQUAL: Final = 8
"""Number of equal tokens, one after the other, that are held back at most. More of them are a line
of dashes, for example, and no repeated text."""

logger = logging.getLogger("streamhtml")


class RepeatedText:
    """Takes the tokens of one source, which are plain text, and returns the pieces in them.

    For nearly every source, the second token decides, because it does not begin with the first.
    Otherwise the tokens are held back until one does not begin with the one before it, or until
    enough is repeated.

    Attributes:
        is_done: whether all further tokens are pieces.
    """

    __slots__ = ("_equal", "_held", "_is_cumulative", "_last", "is_done")

    def __init__(self) -> None:
        self.is_done = False
        self._is_cumulative = False
        self._last: str | None = None
        self._equal = 0
        self._held: list[tuple[str, str]] = []  # Each with the token before it.

    @property
    def holds(self) -> bool:
        """Whether a token is held back."""
        return bool(self._held)

    def feed(self, token: str) -> list[str]:
        """Return the pieces that a token adds to the text."""
        if self.is_done or not token:
            return [token]
        last, self._last = self._last, token
        if last is None:
            return [token]
        if self._is_cumulative:
            return [token.removeprefix(last)]
        self._held.append((last, token))
        self._equal = self._equal + 1 if token == last else 0
        if not token.startswith(last) or self._equal > MAX_EQUAL:
            return self._decide(cumulative=False)
        if len(self._held) > 1 and len(token) > len(last) >= ENOUGH:
            return self._decide(cumulative=True)
        return []

    def close(self) -> list[str]:
        """Return the pieces that were held back, now that the source has ended."""
        repeated = sum(len(last) for last, token in self._held if len(token) > len(last))
        # Tokens that are all equal are no growing text, but lines of a list, for example.
        is_long = bool(repeated) and len(self._held[-1][0]) >= ENOUGH
        return self._decide(cumulative=is_long or repeated >= ENOUGH)

    def _decide(self, *, cumulative: bool) -> list[str]:
        held, self._held = self._held, []
        self._is_cumulative, self.is_done = cumulative, not cumulative
        if not cumulative:
            return [token for _, token in held]
        logger.warning(
            "each token of a source repeats the text so far; what is new in it is shown, but pass "
            "a source of pieces instead, such as stream_text(delta=True) of Pydantic AI"
        )
        return [token.removeprefix(before) for before, token in held]
