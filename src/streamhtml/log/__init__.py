"""Answers that outlive their connections: recorded once, and followed by any number of readers.

``MemoryLog`` is for one process, ``streamhtml.redis.RedisLog`` for several. Nothing of this is
imported without a log.
"""

from streamhtml.log._log import AnswerStatus, Log
from streamhtml.log._memory import MemoryLog
from streamhtml.log._sources import Following, OnAnswer, Recording
from streamhtml.log._storage import AnswerGone, Change, End, Entries, Watch, WriterFenced
from streamhtml.log._wait import wait

__all__ = [
    "AnswerGone",
    "AnswerStatus",
    "Change",
    "End",
    "Entries",
    "Following",
    "Log",
    "MemoryLog",
    "OnAnswer",
    "Recording",
    "Watch",
    "WriterFenced",
    "wait",
]
