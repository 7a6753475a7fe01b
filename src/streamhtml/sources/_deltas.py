"""``deltas()`` and the two iterators that it returns: each owns its source until it is closed."""

import inspect
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any, TypeAlias, overload

from streamhtml._delta import Delta
from streamhtml._type_name import with_article
from streamhtml.sources._close import close_async, close_sync
from streamhtml.sources._tokens import TokenReader

Tokens: TypeAlias = "AsyncIterable[Any] | Iterable[Any] | Awaitable[Any] | Callable[[], Any]"
"""A source: an async or sync iterable of tokens; an awaitable of an async iterable; or a function
without arguments that returns an async iterable or such an awaitable. Use the function for a
source that must be opened in the event loop that iterates it."""


@overload
def deltas(tokens: AsyncIterable[Any]) -> "AsyncDeltas": ...
@overload
def deltas(tokens: Iterable[Any]) -> "SyncDeltas": ...
@overload
def deltas(tokens: Awaitable[Any] | Callable[[], Any]) -> "AsyncDeltas": ...
def deltas(tokens: Tokens) -> "AsyncDeltas | SyncDeltas":
    """Return an iterator over the Deltas of ``tokens``: sync for a sync iterable, else async.

    A token is a ``str`` (or a subclass such as ``Markup``), ``None``, a ``Delta``, or a chunk of
    OpenAI's chat completions, from any SDK whose chunks have the same shape. ``None`` and empty
    tokens produce no Delta.

    The caller must close the iterator with ``aclose()`` (async) or ``close()`` (sync). This also
    closes the source, even if the iteration never began. Closing twice does no harm.

    Raises:
        TypeError: ``tokens`` cannot be iterated. The iteration raises it too, if a token has
            another type. The message quotes the type and says what to pass instead.
        Truncated: a chunk said that the answer was cut short. The iteration raises it after the
            last Delta.
    """
    if isinstance(tokens, str | bytes | bytearray):
        raise TypeError(
            f"tokens is one {type(tokens).__name__}, not an iterator of tokens; "
            "pass the model's stream, or [text] for a text that is already complete"
        )
    if isinstance(tokens, AsyncIterable):
        return AsyncDeltas(tokens)
    if isinstance(tokens, Iterable):
        return SyncDeltas(tokens)
    if isinstance(tokens, Awaitable) or callable(tokens):
        return AsyncDeltas(tokens)
    raise TypeError(
        f"tokens is {with_article(tokens)}, which cannot be iterated; pass an async or sync "
        "iterable of str, or the object that your SDK returns for stream=True"
    )


class AsyncDeltas(TokenReader):
    """Iterates the Deltas of an async source, which is opened at the first step."""

    def __init__(self, tokens: AsyncIterable[Any] | Awaitable[Any] | Callable[[], Any]) -> None:
        super().__init__()
        self._tokens: Any = tokens
        self._iterator: AsyncIterator[Any] | None = None

    def __aiter__(self) -> "AsyncDeltas":
        return self

    async def __anext__(self) -> Delta:
        if self._closed:
            raise StopAsyncIteration
        iterator = self._iterator or await self.open()
        while not self._pending:
            try:
                token = await anext(iterator)
            except StopAsyncIteration:
                self.end()
                raise
            self._pending = self.read(token)[::-1]
        return self._pending.pop()

    async def open(self) -> AsyncIterator[Any]:
        """Open the source and return its own iterator, for a caller that reads single tokens.

        Raises:
            TypeError: the function or the awaitable did not return an async iterable.
        """
        # Store the result of each step at once, so that aclose() can close it if the next step
        # fails.
        if not isinstance(self._tokens, AsyncIterable | Awaitable):
            self._tokens = self._tokens()
        if not isinstance(self._tokens, AsyncIterable) and isinstance(self._tokens, Awaitable):
            self._tokens = await self._tokens
        if not isinstance(self._tokens, AsyncIterable):
            raise TypeError(
                f"tokens is a function or awaitable that returned {with_article(self._tokens)}, "
                "not an async iterable; pass a sync source directly, not through a function"
            )
        self._iterator = aiter(self._tokens)
        return self._iterator

    def close_unopened(self) -> bool:
        """Close a source that was never opened, if this needs no ``await``.

        A generator, a coroutine or a function holds nothing before it starts. The stream object
        of an SDK may already hold a connection, and has to be closed with ``aclose()``.

        Returns:
            Whether the source is now closed.
        """
        if inspect.isasyncgen(self._tokens) or not isinstance(self._tokens, AsyncIterable):
            self._closed = True
            if inspect.iscoroutine(self._tokens):
                self._tokens.close()
            return True
        return False

    async def aclose(self) -> None:
        """Close the iterator, then the object that it was made from.

        They differ for an SDK's stream: it holds the connection, but is not its own iterator.
        """
        if self._closed:
            return
        self._closed = True
        try:
            await close_async(self._iterator)
        finally:
            if self._tokens is not self._iterator:
                await close_async(self._tokens)


class SyncDeltas(TokenReader):
    """Iterates the Deltas of a sync source. Use it from one thread only."""

    def __init__(self, tokens: Iterable[Any]) -> None:
        super().__init__()
        self._tokens: Any = tokens
        self._iterator: Iterator[Any] | None = None

    def __iter__(self) -> "SyncDeltas":
        return self

    def __next__(self) -> Delta:
        if self._closed:
            raise StopIteration
        iterator = self.open() if self._iterator is None else self._iterator
        while not self._pending:
            try:
                token = next(iterator)
            except StopIteration:
                self.end()
                raise
            self._pending = self.read(token)[::-1]
        return self._pending.pop()

    def open(self) -> Iterator[Any]:
        """Open the source and return its own iterator, for a caller that reads single tokens."""
        self._iterator = iter(self._tokens)
        return self._iterator

    def close_unopened(self) -> bool:
        """Close a source that was never opened. Always returns True: this needs no ``await``."""
        self.close()
        return True

    def close(self) -> None:
        """Close the iterator, then the object that it was made from."""
        if self._closed:
            return
        self._closed = True
        try:
            close_sync(self._iterator)
        finally:
            if self._tokens is not self._iterator:
                close_sync(self._tokens)
