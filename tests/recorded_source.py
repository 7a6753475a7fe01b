"""A source for tests that records what happens to it."""

import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from typing import Any, Literal

import anyio
import sniffio
from anyio.lowlevel import checkpoint

TIMEOUT = 30.0
"""Time in seconds to wait for what must happen, on a busy machine."""


class RecordedSource:
    """A source of tokens, in three forms.

    - Called, it returns an async generator.
    - ``sync()`` returns a sync generator.
    - The object itself is like the stream of an SDK: it can be iterated, it is not its own
      iterator, and it has to be closed even if it was never iterated.

    Args:
        tokens: the tokens. A function among them is called, and gives the token.
        then: what follows the last token: the end, a minute of silence, or an exception.
        body: an async generator function that yields the tokens instead.
        log: a list to which "source started" and "source closed" are added.
        cleanup: called first when an iterator is closed.

    Attributes:
        started: whether the source was iterated.
        yielded: the number of tokens that were taken.
        closings: how often the source was closed.
        closed: set when a closing is complete.
    """

    def __init__(
        self,
        *tokens: Any,
        then: Literal["end", "wait", "fail"] = "end",
        body: Callable[[], AsyncGenerator[Any, None]] | None = None,
        log: list[str] | None = None,
        cleanup: Callable[[], object] = lambda: None,
    ) -> None:
        self.started = False
        self.yielded = 0
        self.closings = 0
        self.closed = threading.Event()
        self._tokens = tokens
        self._then = then
        self._body = body or self._read_tokens
        self._log = log if log is not None else []
        self._cleanup = cleanup

    async def __call__(self) -> AsyncGenerator[Any, None]:
        try:
            async with aclosing(self.__aiter__()) as tokens:
                async for token in tokens:
                    yield token
        finally:
            await self.aclose()

    def sync(self) -> Iterator[Any]:
        self._start()
        try:
            for token in self._tokens:
                self.yielded += 1
                yield token() if callable(token) else token
            self._fail_if_asked()
        finally:
            self.closings += 1
            self.closed.set()

    async def __aiter__(self) -> AsyncGenerator[Any, None]:
        self._start()
        try:
            async with aclosing(self._body()) as body:
                async for token in body:
                    self.yielded += 1
                    yield token
        finally:
            self._cleanup()

    async def aclose(self) -> None:
        self.closings += 1
        # Without a shield on asyncio, like the cleanup of most users. trio cancels every await of a
        # cancelled task.
        with anyio.CancelScope(shield=sniffio.current_async_library() == "trio"):
            await anyio.sleep(0.001)
            await checkpoint()
        self._log.append("source closed")
        self.closed.set()

    async def until_closed(self) -> None:
        """Wait until the source is closed, or fail."""
        with anyio.fail_after(TIMEOUT):
            while not self.closed.is_set():  # noqa: ASYNC110  (it may be closed in another loop)
                await anyio.sleep(0.001)

    def _start(self) -> None:
        self.started = True
        self._log.append("source started")

    async def _read_tokens(self) -> AsyncGenerator[Any, None]:
        for token in self._tokens:
            yield token() if callable(token) else token
            await checkpoint()
        self._fail_if_asked()
        if self._then == "wait":
            await anyio.sleep(60)

    def _fail_if_asked(self) -> None:
        if self._then == "fail":
            raise ValueError("the secret")
