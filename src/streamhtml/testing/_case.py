"""Runs the cases of a kit: each gets a new log, in an event loop of its own."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

import anyio

from streamhtml.log import Log

TIMEOUT: Final = 60.0
"""Time in seconds after which a case fails, because something hangs."""

LONG_LEASE: Final = 30.0
SHORT_LEASE: Final = 0.3
"""Times in seconds of a lease that does not run out during a case, and of one that does."""

K = TypeVar("K", bound="LogKit")


class LogKit:
    """What the cases need of a log.

    Attributes:
        backends: the event loops in which the log works, by anyio's names: "asyncio", "trio".
    """

    backends: tuple[str, ...] = ("asyncio",)

    async def make_log(self, *, lease: float, ttl: float) -> Log:
        """Return a new log. The data may be those of another case, which uses other ids.

        Args:
            lease: for the log.
            ttl: for the log.
        """
        raise NotImplementedError("let make_log() return your log, with this lease and this ttl")

    def run(self, case: Callable[[Any, Log], Awaitable[None]], *, lease: float, ttl: float) -> None:
        """Run one case in each event loop."""
        for backend in self.backends:
            anyio.run(self._run, case, lease, ttl, backend=backend)

    async def _run(
        self, case: Callable[[Any, Log], Awaitable[None]], lease: float, ttl: float
    ) -> None:
        with anyio.fail_after(TIMEOUT):
            log = await self.make_log(lease=lease, ttl=ttl)
            try:
                await case(self, log)
            finally:
                await log.aclose()


def case(
    *, lease: float = LONG_LEASE, ttl: float = 3600.0
) -> Callable[[Callable[[K, Log], Coroutine[Any, Any, None]]], Callable[[K], None]]:
    """Make a test of an async method that takes a log.

    Args:
        lease: for the log.
        ttl: for the log.
    """

    def make(method: Callable[[K, Log], Coroutine[Any, Any, None]]) -> Callable[[K], None]:
        def test(self: K) -> None:
            self.run(method, lease=lease, ttl=ttl)

        # Not functools.wraps(): pytest would ask for a fixture with the name of the argument.
        test.__name__, test.__doc__ = method.__name__, method.__doc__
        return test

    return make


def check(is_right: object, expected: str, found: object = "") -> None:
    """Fail if something is not right. pytest cannot explain an ``assert`` of a package."""
    if not is_right:
        raise AssertionError(f"{expected}; found {found!r}" if found != "" else expected)


def check_equal(found: object, expected: object, what: str) -> None:
    """Fail if two values differ."""
    check(found == expected, f"{what} must be {expected!r}", found)


async def check_raises(error: type[Exception], call: Awaitable[object], what: str) -> None:
    """Fail if a call does not raise this error."""
    try:
        result = await call
    except error:
        return
    check(False, f"{what} must raise {error.__name__}", result)
