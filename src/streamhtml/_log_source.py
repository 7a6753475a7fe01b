"""Lets a response treat an answer in a log as it treats any other source.

An answer in a log is not read through a pump: its batches were cut before, and have numbers. The
package ``log`` has the sources themselves, so that nothing of it is imported without a log.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from streamhtml._delta import Delta
from streamhtml._ending import OnEnd
from streamhtml._limits import Limits
from streamhtml._patch import Fragment
from streamhtml._reply import Reply
from streamhtml._stream import Stream, close_unused, stream
from streamhtml.sources import Tokens


@dataclass(frozen=True, slots=True)
class Client:
    """What a response knows of the client that reads it.

    Args:
        last_id: what the client says that it received last; ``""`` for nothing.
        resumes: whether it asks for the rest if the body ends without an outcome.
    """

    last_id: str = ""
    resumes: bool = False


class LogSource(ABC):
    """An answer in a log.

    A response opens it. Anything else can iterate it, as any other async source.
    """

    @abstractmethod
    def create_reply(self, *, skip: Callable[[Fragment], object], **options: Any) -> Reply:
        """Return the message for a response.

        Args:
            skip: takes a Fragment that the client has already.
            options: as for ``Reply``.
        """

    @abstractmethod
    def open(
        self,
        reply: Reply,
        client: Client,
        *,
        interval: float,
        ping: float | None,
        on_end: OnEnd | None,
        limits: Limits,
    ) -> Stream:
        """Return the stream of a response. The arguments are those of ``stream()``.

        Args:
            reply: what ``create_reply()`` has returned.
            client: the client.
            interval: time in seconds between two batches, if the answer is recorded.
            ping: as for ``stream()``.
            on_end: as for ``stream()``.
            limits: the limits of the answer, if it is recorded, and of the reader.
        """

    @abstractmethod
    def close_unused(self) -> None:
        """Close what no stream will read. May be called from any thread."""

    @abstractmethod
    def __aiter__(self) -> AsyncIterator[Delta]:
        """Iterate the Deltas, for a reader that does not show the answer."""


def create_reply(tokens: Tokens, skip: Callable[[Fragment], object], **options: Any) -> Reply:
    """Return the message that shows a source.

    Args:
        tokens: the source.
        skip: see ``LogSource``.
        options: as for ``Reply``.
    """
    if isinstance(tokens, LogSource):
        return tokens.create_reply(skip=skip, **options)
    return Reply(**options)


def open_stream(reply: Reply, tokens: Tokens, client: Client, **options: Any) -> Stream:
    """Return the stream of a source.

    Args:
        reply: what ``create_reply()`` has returned for it.
        tokens: the source.
        client: see ``LogSource``.
        options: as for ``stream()``.
    """
    if isinstance(tokens, LogSource):
        return tokens.open(reply, client, **options)
    return stream(reply, tokens, **options)


def close_source(tokens: Tokens) -> None:
    """Close a source that no stream will read. May be called from any thread.

    Raises:
        TypeError: ``tokens`` cannot be iterated.
    """
    if isinstance(tokens, LogSource):
        tokens.close_unused()
    else:
        close_unused(tokens)
