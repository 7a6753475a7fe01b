"""Sends the commands of all tasks of an event loop over one connection.

The law: only the task that sends owns the connection. Whoever waits for a reply may be cancelled
at any time, and the connection does not notice.
"""

import asyncio
from collections import deque
from contextvars import Context
from itertools import islice
from typing import Any, Final, TypeAlias

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

Command: TypeAlias = tuple[str | bytes | int, ...]
"""The name of a command, and its arguments."""

MAX_COMMANDS: Final = 500
"""Maximum number of commands that are sent at once. While their replies are read, more can wait."""


class Commands:
    """Sends what has been waiting since the last replies arrived, as one pipeline.

    So a thousand tasks need one connection and few system calls, and a task that is alone waits for
    nobody.

    Args:
        client: the client, of the running event loop.
        timeout: time in seconds after which Redis must have replied.
    """

    def __init__(self, client: Redis, timeout: float) -> None:
        self._client = client
        self._timeout = timeout
        self._waiting: deque[tuple[list[Command], asyncio.Future[list[Any]]]] = deque()
        self._sender: asyncio.Task[None] | None = None

    async def execute(self, *commands: Command) -> list[Any]:
        """Send the commands, one after the other, and return their replies.

        Returns:
            The replies, in order. One that reports an error is a ``redis.ResponseError``.

        Raises:
            redis.RedisError: Redis cannot be reached, or it has not replied in time. It may have
                executed the commands, or not.
        """
        encoded: list[Command] = [
            tuple(each.encode() if isinstance(each, str) else each for each in command)
            for command in commands
        ]
        replies: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._waiting.append((encoded, replies))
        if self._sender is None:
            self._sender = asyncio.create_task(self._send(), context=Context())
        return await replies

    async def aclose(self) -> None:
        """Send what is waiting. The task that sends is cancelled after the timeout."""
        if (sender := self._sender) is not None:
            _, late = await asyncio.wait([sender], timeout=self._timeout)
            for task in late:
                task.cancel()

    async def _send(self) -> None:
        try:
            while self._waiting:
                await self._send_some()
        finally:
            self._sender = None
            while self._waiting:  # Only if this task was cancelled.
                _, replies = self._waiting.popleft()
                _fail(replies, RedisConnectionError("the log was closed"))

    async def _send_some(self) -> None:
        sent: list[tuple[int, asyncio.Future[list[Any]]]] = []
        pipeline = self._client.pipeline(transaction=False)
        while self._waiting and len(pipeline) < MAX_COMMANDS:
            commands, replies = self._waiting.popleft()
            sent.append((len(commands), replies))
            for command in commands:
                pipeline.execute_command(*command)
        try:
            async with asyncio.timeout(self._timeout):
                received = iter(await pipeline.execute(raise_on_error=False))
        except BaseException as error:
            # No task may wait for ever, even if the event loop is ending.
            reason = error if isinstance(error, RedisError) else _unreachable(error)
            for _, replies in sent:
                _fail(replies, reason)
            if not isinstance(error, Exception):
                raise
        else:
            for number, replies in sent:
                mine = list(islice(received, number))
                if not replies.done():
                    replies.set_result(mine)


def _fail(replies: asyncio.Future[list[Any]], error: RedisError) -> None:
    """Raise an error in the task that waits for these replies, unless it was cancelled."""
    if not replies.done():
        replies.set_exception(error)


def _unreachable(error: BaseException) -> RedisError:
    if isinstance(error, TimeoutError):
        return RedisTimeoutError("Redis has not replied in time")
    return RedisConnectionError(f"Redis cannot be reached: {error!r}")
