"""``aenumerate()`` counts, and closes what it enumerates."""

from collections.abc import AsyncIterator

import pytest

from streamhtml import aenumerate

pytestmark = pytest.mark.anyio


async def test_aenumerate_counts() -> None:
    async def source() -> AsyncIterator[str]:
        yield "a"
        yield "b"

    assert [pair async for pair in aenumerate(source())] == [(0, "a"), (1, "b")]
    assert [number async for number, _ in aenumerate(source(), start=5)] == [5, 6]


async def test_aenumerate_closes_what_it_enumerates() -> None:
    closed = []

    async def source() -> AsyncIterator[str]:
        try:
            yield "a"
            yield "b"
        finally:
            closed.append(True)

    pairs = aenumerate(source())
    await anext(pairs)
    await pairs.aclose()  # type: ignore[attr-defined]
    assert closed == [True]
