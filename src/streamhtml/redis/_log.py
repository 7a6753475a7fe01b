"""``RedisLog``: keeps answers in Redis, so that every process can follow them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Final

from redis.asyncio import ConnectionPool
from redis.exceptions import ResponseError

from streamhtml._limits import Limits
from streamhtml._type_name import with_article
from streamhtml.log import (
    AnswerGone,
    Change,
    End,
    Entries,
    Following,
    Log,
    OnAnswer,
    Recording,
    Watch,
    WriterFenced,
)
from streamhtml.redis._connections import ConnectionsByLoop, check_event_loop
from streamhtml.redis._scripts import APPEND, CREATE, END_LOST, READ, RENEW, REQUEST_STOP
from streamhtml.sources import Tokens

_EXAMPLE: Final = "RedisLog('redis://localhost:6379/0', prefix='chat:')"


class RedisLog(Log):
    """Keep answers in Redis or Valkey, of version 6.2 or newer.

    Each event loop has two connections, however many answers it writes and follows. They are opened
    when they are needed, and closed with the loop.

    Whoever can write to the Redis can write HTML into the page, because stored ``Markup`` is shown
    unescaped.

    Args:
        url: such as ``"redis://localhost:6379/0"``, ``"rediss://…"`` or ``"unix:///…"``, as
            ``redis.from_url()`` takes it. Query arguments set what redis-py can do.
        prefix: what the names of all keys and channels begin with. It has no braces.
        lease: as for ``Log``. It is also the time in seconds in which Redis has to reply.
        ttl: as for ``Log``.

    Raises:
        TypeError: the URL or the prefix is no ``str``.
        ValueError: the URL is no URL of Redis, the prefix has braces, or a time is not positive.
    """

    def __init__(
        self, url: str, *, prefix: str = "streamhtml:", lease: float = 5.0, ttl: float = 3600.0
    ) -> None:
        super().__init__(lease=lease, ttl=ttl)
        for name, value in ("url", url), ("prefix", prefix):
            if not isinstance(value, str):
                raise TypeError(f"{name} is {with_article(value)}; pass a str, as in {_EXAMPLE}")
        _check_url(url)
        if "{" in prefix or "}" in prefix:
            raise ValueError(f"prefix={prefix!r} must have no braces, as in {_EXAMPLE}")
        self._prefix = prefix
        self._connections = ConnectionsByLoop(url, timeout=lease)
        self._times = (_milliseconds(lease), _milliseconds(ttl))

    def record(
        self,
        id: str,
        tokens: Tokens,
        *,
        on_end: OnAnswer | None = None,
        interval: float | None = None,
        limits: Limits | None = None,
    ) -> Recording:
        check_event_loop()
        return super().record(id, tokens, on_end=on_end, interval=interval, limits=limits)

    def follow(self, id: str, *, wait: float = 0.0) -> Following:
        check_event_loop()
        return super().follow(id, wait=wait)

    async def create(self, id: str, entry: str) -> int | None:
        epoch = await self._run(CREATE, id, *self._times, entry)
        return None if epoch is None else int(epoch)

    async def append(
        self, id: str, epoch: int, number: int, entry: str, end: End | None = None
    ) -> bool:
        reply = await self._run(APPEND, id, *self._times, epoch, number, entry, end or "")
        return _is_stopped(reply, id)

    async def renew(self, id: str, epoch: int) -> bool:
        return _is_stopped(await self._run(RENEW, id, *self._times, epoch), id)

    async def read(self, id: str, after: int) -> Entries | None:
        reply = await self._run(READ, id, after + 1)
        if reply is None:
            return None
        epoch, lease_left, entries = reply
        return Entries(int(epoch), [_entry(each) for each in entries], lease_left / 1000)

    async def end_lost(self, id: str, epoch: int, number: int, entry: str) -> None:
        await self._run(END_LOST, id, self._times[1], epoch, number, entry)

    async def request_stop(self, id: str) -> None:
        await self._run(REQUEST_STOP, id, self._times[1])

    def watch(self, id: str, what: Change) -> AbstractAsyncContextManager[Watch]:
        return self._watch(self._key(id, what))

    async def aclose(self) -> None:
        """Close the connections of the running event loop. A later call opens new ones."""
        await self._connections.aclose()

    @asynccontextmanager
    async def _watch(self, channel: str) -> AsyncIterator[Watch]:
        watch = _Watch()
        notifications = self._connections.get().notifications
        with notifications.listening(channel, watch.notify):
            yield watch

    def _key(self, id: str, name: str) -> str:
        # The braces keep the keys of an answer together in a cluster.
        return f"{self._prefix}{{{id}}}:{name}"

    async def _run(self, script: str, id: str, *arguments: str | int) -> Any:
        keys = [self._key(id, name) for name in ("entries", "lease", "stop")]
        commands = self._connections.get().commands
        (reply,) = await commands.execute(("EVAL", script, len(keys), *keys, *arguments))
        if isinstance(reply, ResponseError):
            raise reply
        return reply


class _Watch:
    """Waits for the next notification on a channel."""

    def __init__(self) -> None:
        self._notified = asyncio.Event()
        self.notify = self._notified.set

    async def wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._notified.wait()
        self._notified.clear()


def _check_url(url: str) -> None:
    """Raise a ValueError for what redis-py cannot connect to. It quotes no password."""
    try:
        ConnectionPool.from_url(url).make_connection()  # type: ignore[no-untyped-call]
    except (TypeError, ValueError) as error:
        scheme = f"{url.partition(':')[0]}:…"
        raise ValueError(
            f"url={scheme!r} is no URL of Redis ({error}); pass one as in {_EXAMPLE}"
        ) from None


def _is_stopped(reply: bytes, id: str) -> bool:
    if reply == b"gone":
        raise AnswerGone(f"entries of the answer {id!r} are missing in Redis")
    if reply == b"fenced":
        raise WriterFenced(f"somebody else has written or ended the answer {id!r}")
    return reply == b"stop"


def _entry(reply: list[Any]) -> tuple[int, str]:
    """Return the number and the text of an entry of a stream."""
    entry_id, fields = reply
    return int(entry_id.partition(b"-")[2]), fields[1].decode()


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
