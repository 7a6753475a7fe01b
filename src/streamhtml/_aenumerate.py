"""``aenumerate()``: ``enumerate()`` for async iterables."""

from collections.abc import AsyncIterable, AsyncIterator
from typing import TypeVar

T = TypeVar("T")


async def aenumerate(aiterable: AsyncIterable[T], start: int = 0) -> AsyncIterator[tuple[int, T]]:
    """Enumerate an async iterable, as ``enumerate`` does with a sync one.

    Args:
        aiterable: the async iterable. If it is an async generator, it is closed together with
            this one.
        start: the first number.
    """
    iterator = aiter(aiterable)
    number = start
    try:
        async for item in iterator:
            yield number, item
            number += 1
    finally:
        aclose = getattr(iterator, "aclose", None)
        if aclose is not None:
            await aclose()
