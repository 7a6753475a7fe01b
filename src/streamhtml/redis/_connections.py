"""What one event loop holds open: a connection for commands, and one for notifications."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from streamhtml._eventloop import current_event_loop
from streamhtml.redis._commands import Commands
from streamhtml.redis._notifications import Notifications


def check_event_loop() -> None:
    """Check that asyncio runs, if an event loop runs at all.

    Raises:
        RuntimeError: trio runs.
    """
    with suppress(RuntimeError):
        asyncio.get_running_loop()
        return
    try:
        current_event_loop()
    except RuntimeError:  # This is sync code.
        return
    raise RuntimeError(
        "RedisLog needs an event loop of asyncio, because redis-py does; with trio, use MemoryLog, "
        "or write a log of your own"
    )


class Connections:
    """The connections of one event loop to one Redis.

    Args:
        url: the URL, as ``redis.from_url()`` takes it.
        timeout: time in seconds after which Redis must have replied.
    """

    def __init__(self, url: str, timeout: float) -> None:
        defaults: dict[str, Any] = {
            "timeout": timeout,
            "socket_timeout": timeout,
            "socket_connect_timeout": timeout,
            # A connection that was lost while nobody used it is noticed by the next command. It is
            # sent again: each script may run twice.
            "retry": Retry(NoBackoff(), 1),
            "retry_on_error": [RedisConnectionError],  # redis-py 5 asks for it.
        }
        ours = {"max_connections": 2, "protocol": 2, "decode_responses": False}
        pool = BlockingConnectionPool(**{**defaults, **parse_url(url), **ours})
        self._client = Redis.from_pool(pool)
        self.commands = Commands(self._client, timeout)
        self.notifications = Notifications(pool, timeout)
        self._open = _closed_with_the_loop(self)

    async def aclose(self) -> None:
        """End the tasks, and close the connections."""
        await self.commands.aclose()
        await self.notifications.aclose()
        await self._client.aclose()


def _closed_with_the_loop(connections: Connections) -> AsyncGenerator[None, None]:
    """Return a generator that closes the connections when their event loop ends.

    ``asyncio.run()`` and the servers close every asynchronous generator that was started.
    """

    async def wait_for_the_end() -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await connections.aclose()

    generator = wait_for_the_end()
    with suppress(StopIteration):  # The first step awaits nothing.
        generator.asend(None).send(None)
    return generator


class ConnectionsByLoop:
    """The connections of each event loop of this process, which are opened when it needs them."""

    def __init__(self, url: str, timeout: float) -> None:
        self._url = url
        self._timeout = timeout
        self._by_loop: dict[asyncio.AbstractEventLoop, Connections] = {}

    def get(self) -> Connections:
        """Return those of the running event loop.

        Raises:
            RuntimeError: no event loop of asyncio is running.
        """
        check_event_loop()
        loop = asyncio.get_running_loop()
        connections = self._by_loop.get(loop)
        if connections is None:
            for each in [each for each in self._by_loop if each.is_closed()]:
                del self._by_loop[each]
            connections = self._by_loop[loop] = Connections(self._url, self._timeout)
        return connections

    async def aclose(self) -> None:
        """Close those of the running event loop. ``get()`` opens new ones."""
        if (connections := self._by_loop.pop(asyncio.get_running_loop(), None)) is not None:
            await connections.aclose()
