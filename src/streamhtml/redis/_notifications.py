"""Receives the notifications of answers (Redis Pub/Sub), over one connection per event loop.

The law: a notification says that something may have changed, and nothing else. It can be lost with
its connection, so nobody may rely on it: whoever waits also reads the log from time to time.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import Context
from typing import Any, Final

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

SILENCE: Final = 10.0
"""Time in seconds after which a connection that has heard nothing is tested by a ``PING``, and then
replaced if that brings no reply either."""

RETRY: Final = 0.25
"""Time in seconds between two attempts to connect."""


class Notifications:
    """Listens to the channels of all answers that somebody waits for in an event loop.

    The beginning of a subscription counts as a notification, also after a lost connection, because
    Redis does not deliver what was published before.

    redis-py's ``PubSub`` is not used: it connects again by itself, both where it reads and where it
    subscribes, but the two are different tasks here.

    Args:
        pool: the connections, of the running event loop. They have to use RESP2.
        timeout: time in seconds for closing a connection.
    """

    def __init__(self, pool: ConnectionPool, timeout: float) -> None:
        self._pool = pool
        self._timeout = timeout
        self._listeners: dict[bytes, list[Callable[[], object]]] = {}
        self._subscribed: set[bytes] = set()
        self._connection: AbstractConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._subscriber: asyncio.Task[None] | None = None

    @contextmanager
    def listening(self, channel: str, call: Callable[[], object]) -> Iterator[None]:
        """Call a function at each notification on the channel, until the block ends."""
        name = channel.encode()
        self._listeners.setdefault(name, []).append(call)
        self._subscribe_soon()
        try:
            yield
        finally:
            self._listeners[name].remove(call)
            if not self._listeners[name]:
                del self._listeners[name]
                self._subscribe_soon()

    async def aclose(self) -> None:
        """End the tasks, and close the connection."""
        for task in (self._reader, self._subscriber):
            if task is not None:
                task.cancel()
                await asyncio.wait([task], timeout=self._timeout)

    def _subscribe_soon(self) -> None:
        """Tell Redis what has changed, in a task that no listener can cancel."""
        if self._reader is None:
            self._reader = asyncio.create_task(self._read(), context=Context())
        elif self._connection is not None and self._subscriber is None:
            self._subscriber = asyncio.create_task(self._subscribe(), context=Context())

    async def _subscribe(self) -> None:
        try:
            while (connection := self._connection) is not None:
                new = self._listeners.keys() - self._subscribed
                old = self._subscribed - self._listeners.keys()
                if not new and not old:
                    return
                self._subscribed = set(self._listeners)
                for command, channels in ("SUBSCRIBE", new), ("UNSUBSCRIBE", old):
                    if channels:
                        await connection.send_command(command, *channels)
        except (RedisError, OSError):
            self._connection = None  # The connection is closed, so the other task notices it.
        finally:
            self._subscriber = None

    async def _read(self) -> None:
        try:
            while self._listeners:
                with suppress(RedisError, OSError):
                    await self._read_connection()
                if self._listeners:
                    await asyncio.sleep(RETRY)
        finally:
            self._reader = None

    async def _read_connection(self) -> None:
        """Read until nobody listens, or until the connection is lost."""
        connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        self._connection = connection
        try:
            self._subscribed = set()
            self._subscribe_soon()
            silences = 0
            while self._listeners and self._connection is connection and silences < 2:
                reply = await connection.read_response(timeout=SILENCE, disconnect_on_error=False)
                silences = self._notify(reply, silences)
                await _ping_if_silent(connection, silences)
        finally:
            self._connection = None
            with suppress(TimeoutError):
                async with asyncio.timeout(self._timeout):
                    await asyncio.shield(self._close(connection))

    async def _close(self, connection: AbstractConnection) -> None:
        await connection.disconnect(nowait=True)
        await self._pool.release(connection)

    def _notify(self, reply: list[Any] | None, silences: int) -> int:
        """Call the listeners. Return how often in a row there was no reply."""
        if reply is None:
            return silences + 1
        kind, channel, *_ = reply
        if kind in (b"message", b"subscribe"):
            for call in tuple(self._listeners.get(channel, ())):
                call()
        return 0


async def _ping_if_silent(connection: AbstractConnection, silences: int) -> None:
    """Send a ``PING`` if the connection was silent. One that works replies."""
    if silences:
        await connection.send_command("PING")
