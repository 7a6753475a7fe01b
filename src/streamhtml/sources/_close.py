"""Closes a source or its iterator, whatever name its SDK gives to the closing method."""

import inspect
from collections.abc import Callable
from typing import Any, Final

_ASYNC_NAMES: Final = ("aclose", "close", "abort", "cancel_run", "cancel")
"""Names of closing methods. Where an object has several, the first is the async one. Some SDKs have
a coroutine function named close() or abort(). A run of an agent can only be cancelled, and
cancel() of LlamaIndex cancels only the wait for its result."""


async def close_async(source: object) -> None:
    """Close an async iterator or stream. Does nothing if it has no closing method."""
    for name in _ASYNC_NAMES:
        if (close := _method(source, name)) is not None:
            closed = close()
            if inspect.isawaitable(closed):
                await closed
            return


def close_sync(source: object) -> None:
    """Close a sync iterator or stream. Does nothing if it has no closing method."""
    if (close := _method(source, "close") or _method(source, "abort")) is not None:
        close()


def _method(source: object, name: str) -> Callable[[], Any] | None:
    # Looked up in the type, because an SDK's object may make up attributes.
    return getattr(source, name) if callable(getattr(type(source), name, None)) else None
