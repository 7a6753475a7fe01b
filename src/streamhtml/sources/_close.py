"""Close a source or its iterator, whatever its SDK calls that."""

import inspect


async def close_async(source: object) -> None:
    """Close an async iterator or stream; one that has no closing method is left alone."""
    # Where an object has both methods, aclose() is the async one. Some SDKs (anthropic) have a
    # coroutine function named close().
    close = getattr(source, "aclose", None) or getattr(source, "close", None)
    if callable(close):
        closed = close()
        if inspect.isawaitable(closed):
            await closed


def close_sync(source: object) -> None:
    """Close a sync iterator or stream; one that has no ``close()`` is left alone."""
    close = getattr(source, "close", None)
    if callable(close):
        close()
