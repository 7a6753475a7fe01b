"""Close a source or its iterator, whatever name its SDK gives to the closing method."""

import inspect


async def close_async(source: object) -> None:
    """Close an async iterator or stream. Does nothing if it has no closing method."""
    # Where an object has both methods, aclose() is the async one. Some SDKs (anthropic) have a
    # coroutine function named close().
    close = getattr(source, "aclose", None) or getattr(source, "close", None)
    if callable(close):
        closed = close()
        if inspect.isawaitable(closed):
            await closed


def close_sync(source: object) -> None:
    """Close a sync iterator or stream. Does nothing if it has no ``close()``."""
    close = getattr(source, "close", None)
    if callable(close):
        close()
