"""``Limits``: how much of an answer, and how much time, one stream may take.

Nothing here reads a clock. The pump and the stream pass the time in, and act on what they learn.
"""

from dataclasses import dataclass
from math import inf, isfinite
from typing import Final, Literal, TypeAlias

from streamhtml._patch import Outcome

LimitName: TypeAlias = Literal["characters", "silence", "duration", "unread"]
"""The names of the limits: those of the fields of ``Limits``."""

LIMIT_OUTCOMES: Final[dict[LimitName, Outcome]] = {
    "characters": "truncated",
    "silence": "interrupted",
    "duration": "truncated",
    "unread": "interrupted",
}
"""The outcome of an answer that has reached a limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one stream. What reaches one of them is closed, and ``reply.limit`` is its name.

    ``None`` means no limit.

    Args:
        characters: maximum number of characters of the answer, all parts together. The answer
            stays in memory until its end. The largest models can output about half as many
            characters as the default. At the limit, the outcome is "truncated".
        silence: time in seconds without a token from the source. Without this limit, pings would
            keep the connection open for ever if the source hangs. The default is the time for which
            the SDKs of OpenAI and Anthropic wait. A token without text, such as ``None``, also
            counts as one. After that time, the outcome is "interrupted".
        duration: time in seconds for the whole answer, for a source that never comes to an end.
            After that time, the outcome is "truncated". A reader who does not take the next
            fragment within a second then does not see the end.
        unread: time in seconds for which the reader does not take the next fragment. Until then,
            the source stays open for a reader who may be gone. The default is that of nginx's
            ``send_timeout``. After that time, the outcome is "interrupted".

    Raises:
        ValueError: a limit is neither ``None`` nor a number above 0.
    """

    characters: int | None = 1_000_000
    silence: float | None = 600.0
    duration: float | None = 3600.0
    unread: float | None = 60.0

    def __post_init__(self) -> None:
        characters: object = self.characters
        if characters is not None and (
            not isinstance(characters, int) or isinstance(characters, bool) or characters < 1
        ):
            raise ValueError(
                f"characters={characters!r} must be a whole number of 1 or more; "
                "None means no limit"
            )
        for name in ("silence", "duration", "unread"):
            seconds: object = getattr(self, name)
            if seconds is not None and (
                not isinstance(seconds, int | float)
                or isinstance(seconds, bool)
                or not (isfinite(seconds) and seconds > 0)
            ):
                raise ValueError(
                    f"{name}={seconds!r} must be a number of seconds above 0; None means no limit"
                )


DEFAULT_LIMITS: Final = Limits()

NO_LIMITS: Final = Limits(None, None, None, None)


def check_limits(limits: object) -> None:
    """Check the type of the limits of a stream."""
    if not isinstance(limits, Limits):
        raise TypeError(f"limits={limits!r} must be a Limits, such as Limits(silence=120)")


class Silence:
    """When the silence of one source reaches its limit.

    The next check is only moved when it is due, so that a token costs no more than a comparison.

    Args:
        limit: the limit in seconds, or None.
        now: the time at which the stream begins.

    Attributes:
        next_check: the time at which to call ``is_too_long()``.
        heard_at: the last time at which the source is known to have yielded something.
    """

    __slots__ = ("_limit", "_reads", "heard_at", "next_check")

    def __init__(self, limit: float | None, now: float) -> None:
        self._limit = limit or inf
        self._reads = 0
        self.heard_at = now
        self.next_check = now + self._limit

    def is_too_long(self, now: float, reads: int, *, silent: bool) -> bool:
        """Return whether the limit is reached, and set the next check.

        Args:
            now: the time.
            reads: the number of tokens so far of which the source was asked for their text.
            silent: whether nothing from the source is left to read.
        """
        if reads != self._reads or not silent:
            self._reads = reads
            self.heard_at = now
        self.next_check = self.heard_at + self._limit
        return now >= self.next_check
