"""Sources that wait, fail or run in every way that a reader may meet, each with its record."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
from anyio.lowlevel import checkpoint
from tests.disturbed_run import SourceCase, SourceRecord

from streamhtml._batch import MAX_BUFFERED_DELTAS


async def waiting(record: SourceRecord) -> AsyncIterator[str]:
    record.opened += 1
    try:
        yield record.token("a")
        await anyio.sleep(60)
    finally:
        await record.close()


async def fast(record: SourceRecord) -> AsyncIterator[str]:
    record.opened += 1
    try:
        for text in "abc":
            yield record.token(text)
            await checkpoint()
        record.ended_by_itself = True
    finally:
        await record.close()


async def never_suspending(record: SourceRecord) -> AsyncIterator[str]:
    record.opened += 1
    try:
        while True:
            yield record.token("x")
    finally:
        await record.close()


async def running_ahead(record: SourceRecord) -> AsyncIterator[str]:
    record.opened += 1
    try:
        for _ in range(MAX_BUFFERED_DELTAS + 50):
            yield record.token("x")
        record.ended_by_itself = True
    finally:
        await record.close()


async def cleaning_up_slowly(record: SourceRecord) -> AsyncIterator[str]:
    record.opened += 1
    try:
        yield record.token("a")
        await anyio.sleep(60)
    finally:
        await record.close(waits=8)


async def nested(record: SourceRecord) -> AsyncIterator[str]:
    async def inner() -> AsyncIterator[str]:
        record.opened += 1
        try:
            while True:
                yield record.token("x")
                await checkpoint()
        finally:
            await record.close()

    async for text in inner():  # Without aclosing(), as many people write it.
        yield text


async def failing(record: SourceRecord) -> AsyncIterator[str]:
    record.opened += 1
    try:
        yield record.token("a")
        await checkpoint()
        record.ended_by_itself = True
        raise OSError("the source failed")
    finally:
        await record.close()


async def failing_in_finally(record: SourceRecord) -> AsyncIterator[str]:
    record.opened += 1
    try:
        yield record.token("a")
        await anyio.sleep(60)
    finally:
        await record.close()
        raise OSError("the source failed")


async def swallowing(record: SourceRecord) -> AsyncIterator[str]:
    record.opened += 1
    try:
        yield record.token("a")
        try:
            await anyio.sleep(60)
        except anyio.get_cancelled_exc_class():
            yield record.token("b")
        await anyio.sleep(60)
    finally:
        await record.close()


def synchronous(record: SourceRecord, texts: str = "abcd", seconds: float = 0.001) -> Iterator[str]:
    record.opened += 1
    try:
        for text in texts:
            yield record.token(text)
            if seconds:
                time.sleep(seconds)
    finally:
        record.closing += 1
        record.closed += 1


def synchronous_ahead(record: SourceRecord) -> Iterator[str]:
    return synchronous(record, texts="x" * (MAX_BUFFERED_DELTAS + 50), seconds=0)


class SDK:
    """The stream of an SDK: not its own iterator, and it holds a connection from the start."""

    def __init__(self, record: SourceRecord, *, finite: bool = False) -> None:
        self._record = record
        self._finite = finite
        record.opened += 1

    async def __aiter__(self) -> AsyncIterator[str]:
        for text in "ab":
            yield self._record.token(text)
            await checkpoint()
        if not self._finite:
            await anyio.sleep(60)

    async def close(self) -> None:
        await self._record.close(in_generator=False)


def opening(record: SourceRecord) -> Callable[[], Any]:
    async def create() -> SDK:
        await checkpoint()
        return SDK(record)

    return create


SOURCES = {
    "waiting": SourceCase(waiting, steps=3),
    "fast": SourceCase(fast, steps=9),
    "never-suspending": SourceCase(never_suspending, steps=2, pause=0.003),
    "running-ahead": SourceCase(running_ahead, pause=0.003),
    "cleaning-up-slowly": SourceCase(cleaning_up_slowly, steps=3),
    "nested": SourceCase(nested),
    "failing": SourceCase(
        failing,
        steps=9,
        logs="the stream of .* failed|the source failed while it was cancelled",
    ),
    "failing-in-finally": SourceCase(
        failing_in_finally,
        steps=3,
        logs="closing the source failed|the source failed while it was cancelled",
    ),
    "swallowing": SourceCase(swallowing, steps=3),
    "synchronous": SourceCase(synchronous, steps=9),
    "synchronous-ahead": SourceCase(synchronous_ahead, pause=0.003),
    "sdk": SourceCase(SDK, steps=3),
    "sdk-that-ends": SourceCase(lambda record: SDK(record, finite=True), steps=9),
    "opening": SourceCase(opening, steps=3),
    "never-started": SourceCase(SDK, steps=0),
    "generator-never-started": SourceCase(waiting, steps=0),
}
