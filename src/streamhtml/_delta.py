"""What the model's iterator yields becomes ``Delta(text, part)``.

Events of SDKs are known by their shape; no SDK is imported. Nothing here knows HTML or time.
"""

import inspect
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, overload


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of one part of the message.

    Args:
        text: the piece. A plain ``str`` is untrusted text and gets escaped; a
            ``markupsafe.Markup`` is trusted HTML, well-formed by itself, and goes in as it is.
        part: the region of the message it belongs to: "text", "reasoning", "tool" or any name.
    """

    text: str
    part: str = "text"


class Truncated(Exception):  # noqa: N818 - it names an outcome
    """A source raises it to say that the answer was cut short, by the model's limit for instance.

    The reader keeps what came, and is told; it is not an error. ``deltas`` raises it for chunks
    of OpenAI's chat completions that say so, when their source has ended.

    Args:
        reason: for whoever catches it; the reader is not told.
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)


Tokens: TypeAlias = "AsyncIterable[Any] | Iterable[Any] | Awaitable[Any] | Callable[[], Any]"
"""What a stream is made of: an iterable of tokens, sync or async; or an awaitable of an async one,
or a function without arguments that returns either, for a source that must be opened in the event
loop that iterates it."""


@overload
def deltas(tokens: AsyncIterable[Any]) -> "AsyncDeltas": ...
@overload
def deltas(tokens: Iterable[Any]) -> "SyncDeltas": ...
@overload
def deltas(tokens: Awaitable[Any] | Callable[[], Any]) -> "AsyncDeltas": ...
def deltas(tokens: Tokens) -> "AsyncDeltas | SyncDeltas":
    """Iterate the Deltas of ``tokens``: asynchronously, unless ``tokens`` is a sync iterable.

    A token is a ``str`` (or ``Markup``, or a subclass), ``None``, a ``Delta``, or a chunk of
    OpenAI's chat completions, from any SDK that has their shape. ``None`` and empty tokens give
    no Delta. Whoever iterates owns the source: ``aclose()`` (``close()``) closes it, started or
    not, and may be called twice.

    Raises:
        TypeError: here, if ``tokens`` cannot be iterated; while iterating, if a token is
            anything else. Both name the type and say what to do.
        Truncated: at the end, if a chunk said that the answer was cut short.
    """
    if isinstance(tokens, str | bytes | bytearray):
        raise TypeError(
            f"tokens is one {type(tokens).__name__}, not an iterator of tokens; "
            "pass the model's stream, or [text] for a text that is already there"
        )
    if isinstance(tokens, AsyncIterable):
        return AsyncDeltas(tokens)
    if isinstance(tokens, Iterable):
        return SyncDeltas(tokens)
    if isinstance(tokens, Awaitable) or callable(tokens):
        return AsyncDeltas(tokens)
    raise TypeError(
        f"tokens is a {_type_name(tokens)}, which cannot be iterated; pass an async or sync "
        "iterable of str (of an SDK: the object that it returns with stream=True)"
    )


class _Reading:
    """What the tokens of one source have said so far."""

    def __init__(self) -> None:
        self._pending: list[Delta] = []
        self._cut_short = ""
        self._closed = False

    def read(self, token: object) -> list[Delta]:
        """Return the Deltas of the next token."""
        if isinstance(token, str):
            return [Delta(token)] if token else []
        self._cut_short = _cut_short(token) or self._cut_short
        return _read(token)

    def end(self) -> None:
        """The source has ended: raise Truncated if a token has said that it was cut short."""
        if self._cut_short:
            raise Truncated(self._cut_short) from None


class AsyncDeltas(_Reading):
    """The Deltas of an asynchronous source, which it opens at the first step and closes."""

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
        """Return the source's own iterator, for who reads its tokens one by one."""
        if not isinstance(self._tokens, AsyncIterable | Awaitable):
            self._tokens = self._tokens()
        if not isinstance(self._tokens, AsyncIterable) and isinstance(self._tokens, Awaitable):
            self._tokens = await self._tokens
        if not isinstance(self._tokens, AsyncIterable):
            raise TypeError(
                f"tokens is a function or an awaitable that gave a {_type_name(self._tokens)}, "
                "not an async iterable; a sync source is passed itself, not a function of it"
            )
        self._iterator = aiter(self._tokens)
        return self._iterator

    def close_unopened(self) -> bool:
        """Close a source that was never opened, if that takes no waiting; return if it did.

        What Python makes itself has nothing open yet; an SDK's stream has its connection.
        """
        if inspect.isasyncgen(self._tokens) or not isinstance(self._tokens, AsyncIterable):
            self._closed = True
            if inspect.iscoroutine(self._tokens):
                self._tokens.close()
            return True
        return False

    async def aclose(self) -> None:
        """Close the iterator, then the object it came from (an SDK's stream is not its own
        iterator, and holds the connection)."""
        if self._closed:
            return
        self._closed = True
        try:
            await _close_async(self._iterator)
        finally:
            if self._tokens is not self._iterator:
                await _close_async(self._tokens)


class SyncDeltas(_Reading):
    """The Deltas of a synchronous source. All calls belong on one thread."""

    def __init__(self, tokens: Iterable[Any]) -> None:
        super().__init__()
        self._tokens: Any = tokens
        self._iterator: Iterator[Any] | None = None

    def __iter__(self) -> "SyncDeltas":
        return self

    def __next__(self) -> Delta:
        if self._closed:
            raise StopIteration
        if self._iterator is None:
            self._iterator = iter(self._tokens)
        while not self._pending:
            try:
                token = next(self._iterator)
            except StopIteration:
                self.end()
                raise
            self._pending = self.read(token)[::-1]
        return self._pending.pop()

    def close_unopened(self) -> bool:
        """Close a source that was never opened; return True, for it takes no waiting."""
        self.close()
        return True

    def close(self) -> None:
        """Close the iterator, then the object it came from."""
        if self._closed:
            return
        self._closed = True
        try:
            _close_sync(self._iterator)
        finally:
            if self._tokens is not self._iterator:
                _close_sync(self._tokens)


async def _close_async(source: object) -> None:
    # Of an object that has both, aclose() is the asynchronous one; anthropic's streams have a
    # coroutine function under the name close().
    close = getattr(source, "aclose", None) or getattr(source, "close", None)
    if callable(close):
        closed = close()
        if inspect.isawaitable(closed):
            await closed


def _close_sync(source: object) -> None:
    close = getattr(source, "close", None)
    if callable(close):
        close()


def _read(token: object) -> list[Delta]:
    if token is None:
        return []
    if isinstance(token, Delta):
        return [token] if token.text else []
    choices = getattr(token, "choices", None)
    if isinstance(choices, list):
        return _read_chat_chunk(token, choices)
    raise TypeError(
        f"a token is a {_type_name(token)}; tokens are str, None, Markup, Delta or OpenAI chat "
        "chunks: map others first, as in (event.text async for event in stream)"
    )


def _read_chat_chunk(chunk: object, choices: list[Any]) -> list[Delta]:
    """Read a chunk of https://platform.openai.com/docs/api-reference/chat-streaming.

    Its ``choices`` are empty in the chunk that carries the usage; where several answers were
    asked for (``n`` > 1), the first is the message. ``reasoning_content`` is what DeepSeek and
    the servers that follow it send.
    """
    found: list[Delta] = []
    for choice in choices:
        if getattr(choice, "index", 0):
            continue
        if not hasattr(choice, "delta"):
            raise TypeError(
                f"a token is a {_type_name(chunk)}, a whole answer and not a chunk of one; "
                "ask for stream=True and pass what that returns"
            )
        delta = choice.delta
        calls = getattr(delta, "tool_calls", None) or ()
        pieces = [
            ("reasoning", getattr(delta, "reasoning_content", None)),
            ("text", getattr(delta, "content", None)),
            ("text", getattr(delta, "refusal", None)),
            *(
                ("tool", getattr(getattr(call, "function", None), "arguments", None))
                for call in calls
            ),
        ]
        found += [Delta(text, part) for part, text in pieces if text]
    return found


def _cut_short(token: object) -> str:
    """Return what a chat chunk says of an answer that ends too early; else ``""``."""
    choices = getattr(token, "choices", None)
    for choice in choices if isinstance(choices, list) else ():
        reason = getattr(choice, "finish_reason", None)
        if reason in ("length", "content_filter") and not getattr(choice, "index", 0):
            return f"finish_reason={reason!r}"
    return ""


def _type_name(value: object) -> str:
    kind = type(value)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
