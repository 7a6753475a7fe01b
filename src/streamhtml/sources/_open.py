"""Finds the iterator in what an SDK returns.

That may be the stream itself; something to await; a context manager that has to be entered; or an
object with a method that makes the stream. They can be nested in any order. An object is recognised
by its type, because an SDK's object may make up attributes.
"""

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Final

from streamhtml._type_name import type_name, with_article

_ASYNC_METHODS: Final = ("stream_events", "async_response_gen", "stream_text")
"""Methods that make the stream: of the runs of OpenAI's Agents SDK and of LlamaIndex, of the chat
engines of LlamaIndex, and of the runs of Pydantic AI."""

_MODEL_METHODS: Final = ("astream", "ainvoke")
"""Methods of a model of LangChain, which is no stream, but has ``stream_events()`` too."""


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
    if isinstance(tokens, AsyncIterable) or stream_method(tokens):
        return True
    if isinstance(tokens, Iterable):
        return False
    if isinstance(tokens, Awaitable | AbstractAsyncContextManager):
        return True
    if isinstance(tokens, AbstractContextManager) or _response_gen(tokens) is not None:
        return False
    if callable(tokens):
        return True
    raise TypeError(cannot_be_read(tokens))


def stream_method(source: object) -> Callable[[], Any] | None:
    """Return the method that makes the async stream of a run; None if there is none."""
    kind = type(source)
    if any(hasattr(kind, name) for name in _MODEL_METHODS):
        return None
    for name in _ASYNC_METHODS:
        if hasattr(kind, name):
            method: Callable[..., Any] = getattr(source, name)
            # Otherwise Pydantic AI repeats the text so far, and waits for more.
            return lambda: (
                method(delta=True, debounce_by=None) if name == "stream_text" else method()
            )
    return None


def make_sync_stream(source: object) -> Iterable[Any]:
    """Return the stream of an object that was entered, or of a chat engine of LlamaIndex.

    Raises:
        TypeError: it has none.
    """
    check_source(source)
    if isinstance(source, Iterable):
        return source
    if (stream := _response_gen(source)) is not None:
        return stream
    raise TypeError(cannot_be_read(source))


def check_source(tokens: object) -> None:
    """Check that this is not one complete answer, and not the model itself.

    Raises:
        TypeError: it is.
    """
    if isinstance(tokens, str | bytes | bytearray):
        raise TypeError(
            f"tokens is one {type(tokens).__name__}, not an iterator of tokens; "
            "pass the model's stream, or [text] for a text that is already complete"
        )
    # The models of Pydantic are iterable: they yield their fields.
    if isinstance(tokens, Mapping) or (
        hasattr(type(tokens), "model_fields") and not isinstance(tokens, AsyncIterable)
    ):
        raise TypeError(
            f"tokens is {with_article(tokens)}, which is a whole answer, not a stream of one; ask "
            "for stream=True, or call the method of your SDK that streams"
        )
    if not isinstance(tokens, AsyncIterable | Iterable) and hasattr(type(tokens), "astream"):
        raise TypeError(
            f"tokens is the model {type_name(tokens)} itself; pass what its method astream() or "
            "stream() returns"
        )


def cannot_be_read(source: object) -> str:
    """Return what is wrong with an object that is no source."""
    return (
        f"tokens is {with_article(source)}, which cannot be iterated; pass an async or sync "
        "iterable of str, or the object that your SDK returns when it is asked to stream"
    )


def _response_gen(source: object) -> Iterable[Any] | None:
    stream = (
        getattr(source, "response_gen", None) if hasattr(type(source), "response_gen") else None
    )
    return stream if isinstance(stream, Iterable) else None
