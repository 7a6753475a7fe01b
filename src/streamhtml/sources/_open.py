"""Finds the iterator in what an SDK returns.

That may be the stream itself; something to await; a context manager that has to be entered; or an
object with a method that makes the stream. They can be nested in any order. An object is recognised
by its type, because an SDK's object may make up attributes.
"""

import inspect
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import partial
from typing import Any, Final

from streamhtml._type_name import with_article
from streamhtml.sources._whole_answers import is_whole_answer, whole_answer

_STREAM_METHODS: Final[dict[str, dict[str, Any]]] = {
    "stream_events": {},
    "async_response_gen": {},
    "stream_response": {"debounce_by": None},
    "stream_text": {"delta": True, "debounce_by": None},
}
"""Methods that make the stream, and their arguments: of the runs of OpenAI's Agents SDK and of
LlamaIndex, of the chat engines of LlamaIndex, and of the runs of Pydantic AI. Those wait for more
by default, and the last repeats the text so far."""

_MODEL_METHODS: Final = ("astream", "astream_chat", "run_stream", "run_streamed")
"""Methods of a model or an agent, which is no stream itself. Some have ``stream_events()`` too."""

_CLIENT_ATTRIBUTES: Final = ("chat", "messages", "models", "responses")
"""What clients have. Many are context managers too, but entering one gives no stream."""


def is_async(tokens: object) -> bool:
    """Return whether the source has to be opened and read in an event loop.

    Raises:
        TypeError: it cannot be opened. The message has its type and says what to pass instead.
    """
    check_source(tokens)
    if isinstance(tokens, AsyncIterable) and isinstance(tokens, Iterable):
        # The stream of LiteLLM can be iterated in both ways, but only one of them works.
        stream = getattr(tokens, "completion_stream", tokens)
        return isinstance(stream, AsyncIterable)
    if isinstance(tokens, AsyncIterable):
        return True
    if sync_stream_method(tokens):
        return False
    # A task can be iterated too, but only by the event loop.
    if stream_method(tokens) or isinstance(tokens, Awaitable):
        return True
    if isinstance(tokens, Iterable):
        return False
    if isinstance(tokens, AbstractAsyncContextManager):
        return True
    if isinstance(tokens, AbstractContextManager):
        return False
    if callable(tokens):
        _check_needs_no_arguments(tokens)
        return True
    raise TypeError(cannot_be_read(tokens))


def _check_needs_no_arguments(function: Callable[..., Any]) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # Some that are written in C have none.
        return
    try:
        signature.bind()
    except TypeError as error:
        name = getattr(function, "__name__", "function")
        raise TypeError(
            f"tokens is a function that needs arguments: {name}(): {error}; call it and pass what "
            f"it returns, or pass lambda: {name}(…) with its arguments"
        ) from None


def stream_method(source: object) -> Callable[[], Any] | None:
    """Return the method that makes the async stream of a run; None if there is none."""
    for name, arguments in _STREAM_METHODS.items():
        if callable(getattr(type(source), name, None)):
            return partial(getattr(source, name), **arguments)
    return None


def sync_stream_method(source: object) -> Callable[[], Any] | None:
    """Return a function that makes the sync stream of a run or a chat engine; None without one."""
    if type(source).__name__.endswith("Sync"):  # A run of Pydantic AI.
        return stream_method(source)
    # Both kinds of engine have the same class, and the stream of one of them.
    if hasattr(type(source), "response_gen") and getattr(source, "achat_stream", None) is None:
        return partial(getattr, source, "response_gen")
    return None


def make_sync_stream(source: object) -> Iterable[Any]:
    """Return the sync stream of an object that was entered, or of a sync run.

    Raises:
        TypeError: it has none.
    """
    check_source(source)
    make = None if isinstance(source, Iterable) else sync_stream_method(source)
    stream = source if make is None else make()
    if not isinstance(stream, Iterable):
        raise TypeError(cannot_be_read(source))
    return stream


def check_source(tokens: object) -> None:
    """Check that this is not one complete answer, and not the model itself.

    Raises:
        TypeError: it is, or it is the client.
    """
    if isinstance(tokens, str | bytes | bytearray):
        raise TypeError(
            f"tokens is one {type(tokens).__name__}, not an iterator of tokens; "
            "pass the model's stream, or [text] for a text that is already complete"
        )
    kind = type(tokens)
    # The models of Pydantic are iterable: they yield their fields.
    is_model = isinstance(tokens, Mapping) or (
        hasattr(kind, "model_fields") and not isinstance(tokens, AsyncIterable | Iterator)
    )
    streams = [name for name in _MODEL_METHODS if callable(getattr(kind, name, None))]
    if streams and (is_model or not isinstance(tokens, AsyncIterable | Iterable)):
        raise TypeError(
            f"tokens is {with_article(tokens)}, which is the model or the agent itself; pass what "
            f"its method that streams returns, such as {streams[0]}()"
        )
    is_iterable = isinstance(tokens, AsyncIterable | Iterable)
    is_manager = isinstance(tokens, AbstractAsyncContextManager | AbstractContextManager)
    if is_manager and not is_iterable and any(hasattr(kind, name) for name in _CLIENT_ATTRIBUTES):
        raise TypeError(
            f"tokens is {with_article(tokens)}, which is the client itself; pass what its method "
            "that streams returns"
        )
    # Only then are its attributes looked up, because some streams make them up.
    is_stream = is_iterable or hasattr(kind, "stream_events")
    if is_model or (not is_stream and is_whole_answer(tokens)):
        raise TypeError(whole_answer("tokens", tokens))


def cannot_be_read(source: object) -> str:
    """Return what is wrong with an object that is no source."""
    return (
        f"tokens is {with_article(source)}, which cannot be iterated; pass an async or sync "
        "iterable of str, or the object that your SDK returns when it is asked to stream"
    )
