"""``Storage``: what a log needs of a database, and the types of what they exchange."""

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias, TypeVar

import anyio

from streamhtml._arguments import check_seconds
from streamhtml._patch import is_id

T = TypeVar("T")

MAX_ID: Final = 128
"""Maximum number of characters of an id. It becomes a part of keys and of URLs."""

End: TypeAlias = Literal["final", "repeatable"]
"""How an answer ends for its storage. After "repeatable", the same id can be recorded again."""

Change: TypeAlias = Literal["entries", "stop"]
"""What somebody watches: new entries, or that a stop was requested."""


class AnswerGone(Exception):  # noqa: N818 - it is not always an error
    """Raised by a storage that no longer has what it stored before: it was evicted or restarted."""


class WriterFenced(Exception):  # noqa: N818 - it is not always an error
    """Raised by a storage if the answer belongs to another writer, or was ended by a reader."""


@dataclass(frozen=True, slots=True)
class Entries:
    """What a storage has of one answer, as a consistent snapshot.

    Attributes:
        epoch: the number of its writer, as ``create()`` has returned it.
        entries: the entries that were asked for, each with its number, in order.
        lease_left: time in seconds until the writer counts as gone; 0.0 if nobody holds the lease.
    """

    epoch: int
    entries: Sequence[tuple[int, str]]
    lease_left: float


class Watch(Protocol):
    """Tells when something has changed. What it tells may be late, lost or repeated."""

    async def wait(self, seconds: float) -> None:
        """Wait for the next change, but no longer than ``seconds``.

        A change since the watch was entered, or since the last call has returned, counts too. It
        does not raise if the storage cannot be reached.
        """
        ...


class Storage(ABC):
    """Stores the entries of answers. A log inherits from it, and implements its methods.

    An application does not call them. They may be called from several event loops of a process.

    Args:
        lease: time in seconds after which a writer that the storage has not heard from counts as
            gone.
        ttl: time in seconds for which an answer is kept after its last change.

    Raises:
        ValueError: one of them is not above 0.
    """

    def __init__(self, *, lease: float = 5.0, ttl: float = 3600.0) -> None:
        check_seconds("lease", lease)
        check_seconds("ttl", ttl)
        self.lease = lease
        self.ttl = ttl

    @abstractmethod
    async def create(self, id: str, entry: str) -> int | None:
        """Begin an answer: remove what there was, store entry 0, and take the lease.

        This is atomic. If entry 0 is there already with the same text, because the call is
        repeated, only the lease is taken again.

        Args:
            id: the id of the answer.
            entry: entry 0.

        Returns:
            The epoch of the writer: a number above 0, and above that of all earlier writers of this
            id. None if the id is taken: the answer has ended as "final", or somebody holds its
            lease. Nothing is changed then.
        """

    @abstractmethod
    async def append(
        self, id: str, epoch: int, number: int, entry: str, end: End | None = None
    ) -> bool:
        """Store the next entry, and take the lease again. This is atomic.

        If the entry is there already with the same text, because the call is repeated, it is not
        stored again.

        Args:
            id: the id of the answer.
            epoch: what ``create()`` has returned.
            number: the number of the entry, one more than that of the last one.
            entry: the entry.
            end: set for the last entry. The lease is released. After "final", ``create()`` returns
                None; after "repeatable", it may replace the answer.

        Returns:
            Whether a stop was requested since ``create()``.

        Raises:
            AnswerGone: there is no such answer, or the entry before this one is missing.
            WriterFenced: the epoch is another one, or there is another entry with this number.
            Exception: the storage cannot be reached. The call is repeated.
        """

    @abstractmethod
    async def renew(self, id: str, epoch: int) -> bool:
        """Take the lease again.

        Returns:
            Whether a stop was requested since ``create()``.

        Raises:
            AnswerGone: there is no such answer.
            WriterFenced: the epoch is another one, or the answer has ended.
        """

    @abstractmethod
    async def read(self, id: str, after: int) -> Entries | None:
        """Return the entries with higher numbers than ``after``, in order.

        Args:
            id: the id of the answer.
            after: the number of the last entry that the caller has; -1 for none.

        Returns:
            None if there is no such answer.
        """

    @abstractmethod
    async def end_lost(self, id: str, epoch: int, number: int, entry: str) -> None:
        """Store the last entry for a writer that is gone. This is atomic.

        Does nothing if somebody holds the lease, if the epoch is another one, or if the entry does
        not follow the last one.

        Args:
            id: the id of the answer.
            epoch: the epoch of the entries that the caller has read.
            number: the number of the entry.
            entry: the entry. The answer can be recorded again after it, as after "repeatable".
        """

    @abstractmethod
    async def request_stop(self, id: str) -> None:
        """Remember that the answer is to be stopped. Does nothing if there is no such answer."""

    @abstractmethod
    def watch(self, id: str, what: Change) -> AbstractAsyncContextManager[Watch]:
        """Return a context manager that watches an answer.

        Args:
            id: the id of the answer, which need not exist.
            what: "entries" for ``create()``, ``append()`` and ``end_lost()``, "stop" for
                ``request_stop()``; in any process.
        """

    async def aclose(self) -> None:  # noqa: B027  (most storages have something to close)
        """Close the connections of the storage. Recordings should have ended before."""

    async def bounded(self, call: Awaitable[T]) -> T:
        """Return what one of the methods above returns, in the time of a lease.

        Raises:
            TimeoutError: the storage has not answered.
        """
        with anyio.fail_after(self.lease):
            return await call


def is_log_id(id: object) -> bool:
    """Return whether an answer can have this id."""
    return isinstance(id, str) and len(id) <= MAX_ID and is_id(id)


def check_log_id(id: object) -> str:
    """Return the id of an answer that the application wants to record.

    Raises:
        TypeError: it is not a ``str``.
        ValueError: it has other characters, or too many.
    """
    if not isinstance(id, str):
        raise TypeError(f"id={id!r} must be a str, such as pair_id() returns")
    if not is_log_id(id):
        shown = id if len(id) <= MAX_ID else id[:MAX_ID] + "…"
        raise ValueError(
            f"id={shown!r} cannot be the id of an answer: begin with a letter or an underscore, "
            f"and continue with ASCII letters, digits, '_', '.', ':' or '-', {MAX_ID} characters "
            "at most; pair_id() makes one that nobody can guess"
        )
    return id


_CURSOR: Final = re.compile(r"(\d{1,15})(?:\.([A-Za-z0-9]{1,16}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a client has of an answer.

    Attributes:
        number: the number of the last fragment that it has.
        tag: what the number belongs to; ``""`` if the client does not say it.
    """

    number: int
    tag: str = ""

    @classmethod
    def read(cls, last_id: str) -> "Cursor | None":
        """Return what a client has sent; None for nothing, and for anything that is no cursor."""
        found = _CURSOR.fullmatch(last_id.strip(" \t"))
        return cls(int(found[1]), found[2] or "") if found else None
