"""Sources for the servers under test. Each has an account: a record of what happened to it.

The account is a file of JSON lines, so the test can read it while the server is running and after
it was killed. Times are those of ``time.monotonic()``, which all processes share.
"""

import json
import os
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

import anyio
from anyio.lowlevel import checkpoint

BIG = "x" * 65536
END = "end "
"""The word after which the source "asked" ends."""


class Account:
    """The events of one source and their processes: opened, closing, closed.

    "closing" includes the time at which each token was taken.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{name}.jsonl"
        self._asked = folder / f"{name}.asked"
        self._shown = folder / f"{name}.shown"
        self.pulls: list[float] = []

    def pull(self) -> None:
        self.pulls.append(time.monotonic())

    def show(self) -> None:
        """Record at once that a token was taken. This costs some microseconds."""
        with self._shown.open("ab", buffering=0) as file:
            file.write(b".")

    def shown(self) -> int:
        return self._shown.stat().st_size if self._shown.exists() else 0

    def write(self, event: str) -> None:
        line: dict[str, Any] = {"event": event, "at": time.monotonic(), "pid": os.getpid()}
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

    def at(self, event: str) -> float | None:
        """Return the time at which it happened first (``time.monotonic()``)."""
        return next((line["at"] for line in self.read() if line["event"] == event), None)

    def ask(self, word: str) -> None:
        """Make the source "asked" yield this word."""
        with self._asked.open("a") as file:
            file.write(f"{word.strip()} ")

    def asked(self) -> list[str]:
        """Return the words that were asked for, each with its space."""
        return re.findall(r"\S+ ", self._asked.read_text()) if self._asked.exists() else []


class Sum(Account):
    """An account that only counts the events of each source, in memory: files would cost too much.

    An event that happens twice is counted as "opened again", for example.
    """

    events: ClassVar[dict[str, Counter[str]]] = {}
    _lock: ClassVar[Lock] = Lock()

    def __init__(self, source: str) -> None:
        self._sums = self.events.setdefault(source, Counter())
        self._written: set[str] = set()

    def pull(self) -> None:
        pass

    def show(self) -> None:
        pass

    def write(self, event: str) -> None:
        with self._lock:
            self._sums[f"{event} again" if event in self._written else event] += 1
            self._written.add(event)


async def _close(account: Account, seconds: float = 0.01) -> None:
    # Without a shield on asyncio, like the cleanup of most users. trio cancels every await of a
    # cancelled task.
    import sniffio

    account.write("closing")
    try:
        with anyio.CancelScope(shield=sniffio.current_async_library() == "trio"):
            await anyio.sleep(seconds)
            await checkpoint()
    except anyio.get_cancelled_exc_class():
        account.write("closing cut")
        raise
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


async def _asked(account: Account) -> AsyncIterator[str]:
    """Yield each word after the test has asked for it."""
    yielded = 0
    while True:
        for word in account.asked()[yielded:]:
            yielded += 1
            yield word
            if word == END:
                return
        await anyio.sleep(0.005)


async def _ending(account: Account) -> AsyncIterator[str]:
    for _ in range(5):
        yield "x "
        await anyio.sleep(0.005)


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
        account.show()
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
    """A stream that an SDK opened in the view. It holds a connection before its first step."""

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
    "asked": _source(_asked),
    "steady": _source(_steady),
    "fast": _source(_fast),
    "never-suspending": _source(_never_suspending),
    "back-pressured": _source(_back_pressured),
    "sync": synchronous,
    "opened": Opened,
    "ending": _source(_ending),
    "failing": _source(_failing),
    "failing-in-finally": failing_in_finally,
    "slow-finally": _source(_waiting, cleanup=0.5),
}
