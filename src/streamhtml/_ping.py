"""Decides when a stream sends a ping: after some time in which the reader got nothing new."""

from math import inf
from time import monotonic


class Ping:
    """When the next ping of one stream is due.

    Args:
        seconds: time without anything to show, after which a ping is due; ``None`` for never.

    Attributes:
        due: the time at which the next ping is due.
    """

    __slots__ = ("_keeps_time", "_seconds", "due")

    def __init__(self, seconds: float | None) -> None:
        self.due = 0.0
        self._seconds = inf if seconds is None else seconds
        self._keeps_time = False

    def restart(self, now: float) -> None:
        """Begin a step of the stream: restart the time, unless the last step showed nothing."""
        if not self._keeps_time:
            self.due = now + self._seconds
        self._keeps_time = False

    def is_due(self) -> bool:
        """Return whether to send a ping after a batch that changed nothing for the user.

        If this method returns False, the next step does not restart the time, because the user has
        seen nothing new.
        """
        is_due = monotonic() >= self.due
        self._keeps_time = not is_due
        return is_due
