"""``deltas()`` and the two iterators that it returns: each owns its source until it is closed."""

import inspect
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    ExitStack,
)
from typing import Any, Final, Protocol, TypeAlias, overload

from streamhtml._delta import Delta
from streamhtml._type_name import with_article
from streamhtml.sources._close import close_async, close_sync
from streamhtml.sources._open import (
    cannot_be_read,
    check_source,
    is_async,
    make_sync_stream,
    stream_method,
)
from streamhtml.sources._think import THINK_TAGS, Tags
from streamhtml.sources._tokens import ReadToken, TokenReader

_MAX_STEPS: Final = 10
"""How often a source is called, awaited or entered until it is a stream. The SDKs need four."""


class _Run(Protocol):
    """The run of an agent, which makes a stream of events."""

    def stream_events(self) -> Any: ...


class _Engine(Protocol):
    """The answer of a chat engine of LlamaIndex."""

    @property
    def response_gen(self) -> Any: ...


Tokens: TypeAlias = (
    AsyncIterable[Any]
    | Iterable[Any]
    | Awaitable[Any]
    | Callable[[], Any]
    | AbstractAsyncContextManager[Any]
    | AbstractContextManager[Any]
    | _Run
    | _Engine
)
"""A source: an async or sync iterable of tokens; what an SDK returns when it is asked to stream,
which can be an awaitable, a context manager or the run of an agent; or a function without arguments
that returns any of these but a sync iterable. Use the function for a source that must be opened in
the event loop that iterates it."""


@overload
def deltas(tokens: AsyncIterable[Any], *, read: ReadToken | None = None) -> "AsyncDeltas": ...
@overload
def deltas(tokens: Iterable[Any], *, read: ReadToken | None = None) -> "SyncDeltas": ...
@overload
def deltas(
    tokens: Awaitable[Any] | Callable[[], Any] | AbstractAsyncContextManager[Any] | _Run,
    *,
    read: ReadToken | None = None,
) -> "AsyncDeltas": ...
@overload
def deltas(tokens: Tokens, *, read: ReadToken | None = None) -> "AsyncDeltas | SyncDeltas": ...
def deltas(tokens: Tokens, *, read: ReadToken | None = None) -> "AsyncDeltas | SyncDeltas":
    """Return an iterator over the Deltas of ``tokens``: sync for a sync iterable, else async.

    A token is a ``str`` (or a subclass such as ``Markup``), ``None``, a ``Delta``, or what an SDK
    yields when it is asked to stream: see the list in the documentation. ``None`` and empty tokens
    produce no Delta. What is returned can be passed to a response or to ``stream()`` as it is.

    The caller must close the iterator with ``aclose()`` (async) or ``close()`` (sync). This also
    closes the source, even if the iteration never began. Closing twice does no harm.

    Args:
        tokens: the source. If this is what ``deltas()`` or ``think()`` has returned, the same
            object is returned.
        read: a function that is asked first for each token. It returns what to read instead: a
            ``str``, a ``Delta``, a list or an iterator of them, or None for nothing. It returns the
            token itself to have it read as usual.

    Raises:
        TypeError: ``tokens`` cannot be iterated. The iteration raises it too, if a token has
            another type. The message quotes the type and says what to pass instead.
        SourceError: a token said that the answer has failed. The iteration raises it after the
            last Delta, and so it does with what the source itself raises.
        Truncated: a token said that the answer was cut short. The iteration raises it after the
            last Delta.
    """
    if read is not None and not callable(read):
        raise TypeError(
            f"read is {with_article(read)}, not a function; pass one that takes a token and "
            "returns its text or a Delta, or None for nothing"
        )
    if isinstance(tokens, AsyncDeltas | SyncDeltas) and (read is None or tokens.read_with(read)):
        return tokens
    return AsyncDeltas(tokens, read) if is_async(tokens) else SyncDeltas(tokens, read)


@overload
def think(tokens: AsyncIterable[Any], tags: Tags = THINK_TAGS) -> "AsyncDeltas": ...
@overload
def think(tokens: Iterable[Any], tags: Tags = THINK_TAGS) -> "SyncDeltas": ...
@overload
def think(tokens: Tokens, tags: Tags = THINK_TAGS) -> "AsyncDeltas | SyncDeltas": ...
def think(tokens: Tokens, tags: Tags = THINK_TAGS) -> "AsyncDeltas | SyncDeltas":
    """Return the source with the reasoning found between other tags than the usual ones.

    Models with open weights write their reasoning into the text, as in ``<think>…</think>``. Every
    source is searched for the usual tags, so this is only needed for others, or for none. They
    count only at the beginning of the text, and of the text after a tool call.

    Args:
        tokens: the source, as ``deltas()`` takes it. Call this before it is iterated.
        tags: names of elements, or pairs of what opens and what closes the reasoning. An opening
            ``""`` is for a model whose answer begins with reasoning, without a tag. ``()`` finds
            none.

    Raises:
        TypeError: ``tokens`` cannot be iterated, or a tag is neither a name nor a pair.
        RuntimeError: ``tokens`` was iterated already.
    """
    source = deltas(tokens)
    source.split_reasoning(tags)
    return source


class AsyncDeltas(TokenReader):
    """Iterates the Deltas of an async source, which is opened at the first step.

    The task that iterates it must also close it, because a context manager of an SDK has to be left
    by the task that has entered it.
    """

    def __init__(self, tokens: object, read: ReadToken | None = None) -> None:
        super().__init__(tokens, read)
        self._iterator: AsyncIterator[Any] | None = None
        self._opened: AsyncExitStack | None = None
        """Closes all that was opened on the way from ``tokens`` to the iterator."""

    def __aiter__(self) -> "AsyncDeltas":
        return self

    async def __anext__(self) -> Delta:
        if self._closed:
            raise StopAsyncIteration
        iterator = await self.open() if self._iterator is None else self._iterator
        while not self._pending:
            try:
                self._pending = self.read(await anext(iterator))[::-1]
            except StopAsyncIteration:
                self._pending = self._end()
                if not self._pending:
                    raise
            except Exception as error:
                self._pending = self._fail(error)
        return self._pending.pop()

    async def open(self) -> AsyncIterator[Any]:
        """Open the source and return its own iterator, for a caller that reads single tokens.

        Raises:
            TypeError: what was opened is not an async iterable.
        """
        if self._iterator is not None:
            return self._iterator
        self._is_opened = True
        source = self._tokens
        steps = 0
        while not isinstance(source, AsyncIterable):
            if steps == _MAX_STEPS:  # A manager that returns itself, such as a client.
                raise TypeError(cannot_be_read(source))
            steps += 1
            self._opened = opened = self._opened or AsyncExitStack()
            source = await self._take_step(source, opened)
            # At once, so that aclose() closes it if the next step fails.
            opened.push_async_callback(close_async, source)
            check_source(source)
        self._iterator = aiter(source)
        return self._iterator

    async def _take_step(self, source: object, opened: AsyncExitStack) -> Any:
        """Return what the source gives when it is called, awaited or entered."""
        if (make := stream_method(source)) is not None:
            return make()
        if isinstance(source, Awaitable):
            return await source
        if isinstance(source, AbstractAsyncContextManager):
            return await opened.enter_async_context(source)
        is_sync = isinstance(source, AbstractContextManager | Iterable)
        if callable(source) and not is_sync:
            return source()
        remedy = (
            "pass a sync source directly, not through a function"
            if is_sync
            else "let it return what your SDK returns when it is asked to stream"
        )
        raise TypeError(
            f"tokens is a function or awaitable that returned {with_article(source)}, not an async "
            f"iterable; {remedy}"
        )

    def close_unopened(self) -> bool:
        """Close a source that was never opened, if this needs no ``await``.

        A generator, a coroutine, a function or a context manager holds nothing before it starts.
        The stream or the run of an SDK may already hold a connection, and has to be closed with
        ``aclose()``.

        Returns:
            Whether the source is now closed.
        """
        has_begun = isinstance(self._tokens, AsyncIterable) or stream_method(self._tokens)
        if has_begun and not inspect.isasyncgen(self._tokens):
            return False
        self._closed = True
        if inspect.iscoroutine(self._tokens):
            self._tokens.close()
        return True

    async def aclose(self) -> None:
        """Close the iterator, then all that was opened on the way to it, the last first.

        They differ for an SDK's stream: it holds the connection, but is not its own iterator.
        """
        if self._closed:
            return
        self._closed = True
        try:
            await close_async(self._iterator)
        finally:
            try:
                if self._opened is not None:
                    await self._opened.aclose()
            finally:
                await close_async(self._tokens)


class SyncDeltas(TokenReader):
    """Iterates the Deltas of a sync source. Use it from one thread only."""

    def __init__(self, tokens: object, read: ReadToken | None = None) -> None:
        super().__init__(tokens, read)
        self._iterator: Iterator[Any] | None = None
        self._opened = ExitStack()
        self._opened.callback(close_sync, tokens)

    def __iter__(self) -> "SyncDeltas":
        return self

    def __next__(self) -> Delta:
        if self._closed:
            raise StopIteration
        iterator = self.open() if self._iterator is None else self._iterator
        while not self._pending:
            try:
                self._pending = self.read(next(iterator))[::-1]
            except StopIteration:
                self._pending = self._end()
                if not self._pending:
                    raise
            except Exception as error:
                self._pending = self._fail(error)
        return self._pending.pop()

    def open(self) -> Iterator[Any]:
        """Open the source and return its own iterator, for a caller that reads single tokens.

        Raises:
            TypeError: what was opened cannot be iterated.
        """
        if self._iterator is not None:
            return self._iterator
        self._is_opened = True
        source = self._tokens
        if isinstance(source, AbstractContextManager) and not isinstance(source, Iterable):
            source = self._opened.enter_context(source)
            self._opened.callback(close_sync, source)
        self._iterator = iter(make_sync_stream(source))
        return self._iterator

    def close_unopened(self) -> bool:
        """Close a source that was never opened. Always returns True: this needs no ``await``."""
        self.close()
        return True

    def close(self) -> None:
        """Close the iterator, then all that was opened on the way to it, the last first."""
        if self._closed:
            return
        self._closed = True
        try:
            close_sync(self._iterator)
        finally:
            self._opened.close()
