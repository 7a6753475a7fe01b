"""Sources that cost something by the token, each with an account of what became of it.

The account is a file of JSON lines, so that it can be read while the server runs and after it was
killed; times are ``time.monotonic()``, which all processes of a machine share.
"""

import json
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
from anyio.lowlevel import checkpoint

BIG = "x" * 65536


class Account:
    """What happened to one source: opened, closing (with the time of each pull), closed."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{name}.jsonl"
        self.pulls: list[float] = []

    def pull(self) -> None:
        self.pulls.append(time.monotonic())

    def write(self, event: str) -> None:
        line: dict[str, Any] = {"event": event, "at": time.monotonic()}
        if event == "closing":
            line["pulls"] = self.pulls
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            os.write(file, (json.dumps(line) + "\n").encode())
        finally:
            os.close(file)

    def read(self) -> list[dict[str, Any]]:
        """Return the events so far, in order."""
        if not self._path.exists():
            return []
        return [json.loads(line) for line in self._path.read_text().splitlines()]


async def _close(account: Account, seconds: float = 0.01) -> None:
    # asyncio: unshielded, as a user's cleanup is. trio cancels each await of a cancelled task.
    import sniffio

    account.write("closing")
    with anyio.CancelScope(shield=sniffio.current_async_library() == "trio"):
        await anyio.sleep(seconds)
        await checkpoint()
    account.write("closed")


def _source(body: Callable[[Account], AsyncIterator[str]], *, cleanup: float = 0.01) -> Any:
    async def source(account: Account) -> AsyncIterator[str]:
        account.write("opened")
        try:
            async for token in body(account):
                account.pull()
                yield token
        finally:
            await _close(account, cleanup)

    return source


async def _waiting(account: Account) -> AsyncIterator[str]:
    yield "a "
    await anyio.sleep(30)
    yield "b "


async def _fast(account: Account) -> AsyncIterator[str]:
    while True:
        yield "x "
        await checkpoint()


async def _steady(account: Account) -> AsyncIterator[str]:
    while True:
        yield "x "
        await anyio.sleep(0.02)


async def _never_suspending(account: Account) -> AsyncIterator[str]:
    while True:
        yield "x "


async def _back_pressured(account: Account) -> AsyncIterator[str]:
    while True:
        yield BIG
        await checkpoint()


async def _failing(account: Account) -> AsyncIterator[str]:
    yield "a "
    raise ConnectionError("the secret")


async def failing_in_finally(account: Account) -> AsyncIterator[str]:
    account.write("opened")
    try:
        yield "a "
        await anyio.sleep(30)
    finally:
        await _close(account)
        raise OSError("the secret")


def synchronous(account: Account) -> Iterator[str]:
    account.write("opened")
    try:
        while True:
            account.pull()
            yield "x "
            time.sleep(0.002)
    finally:
        account.write("closing")
        account.write("closed")


class Opened:
    """A stream that an SDK has opened in the view: it holds a connection before its first step."""

    def __init__(self, account: Account) -> None:
        self._account = account
        account.write("opened")

    async def __aiter__(self) -> AsyncIterator[str]:
        async for token in _waiting(self._account):
            self._account.pull()
            yield token

    async def aclose(self) -> None:
        await _close(self._account)


SOURCES: dict[str, Callable[[Account], Any]] = {
    "waiting": _source(_waiting),
    "steady": _source(_steady),
    "fast": _source(_fast),
    "never-suspending": _source(_never_suspending),
    "back-pressured": _source(_back_pressured),
    "sync": synchronous,
    "opened": Opened,
    "failing": _source(_failing),
    "failing-in-finally": failing_in_finally,
    "slow-finally": _source(_waiting, cleanup=0.5),
}
