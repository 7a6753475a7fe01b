"""What a storage promises, in Redis: each step is done in one, and can be repeated."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
from redis.exceptions import OutOfMemoryError
from tests.servers.redis_server import RedisServer
from tests.servers.waiting import TIMEOUT

from streamhtml.log import AnswerGone, Entries, WriterFenced
from streamhtml.redis import RedisLog

Test: TypeAlias = Callable[[RedisLog], Awaitable[None]]

ENTRIES, LEASE, STOP = (f"streamhtml:{{a}}:{name}" for name in ("entries", "lease", "stop"))


def run(server: RedisServer, test: Test, lease: float = 5.0) -> None:
    """Run a test with a log in an empty Redis."""
    with server.client() as client:
        client.flushall()
    asyncio.run(test(RedisLog(server.url, lease=lease)))  # type: ignore[arg-type]


async def created(log: RedisLog, header: str = "header") -> int:
    """Begin the answer "a", and return its epoch."""
    epoch = await log.create("a", header)
    assert epoch is not None
    return epoch


async def texts(log: RedisLog) -> list[str]:
    """Return all entries, whose numbers must be dense."""
    found = await log.read("a", -1)
    assert found is not None
    assert [number for number, _ in found.entries] == list(range(len(found.entries)))
    return [text for _, text in found.entries]


def test_reads_what_was_written(server: RedisServer) -> None:
    async def test(log: RedisLog) -> None:
        assert await log.read("a", -1) is None
        epoch = await created(log)
        for number in range(1, 12):
            assert await log.append("a", epoch, number, f"é한{number}") is False
        found = await log.read("a", 9)
        assert found is not None
        assert found == Entries(epoch, [(10, "é한10"), (11, "é한11")], found.lease_left)
        assert 0 < found.lease_left <= 5
        await log.append("a", epoch, 12, "end", "final")
        assert await texts(log) == ["header", *(f"é한{n}" for n in range(1, 12)), "end"]
        assert await log.read("a", 11) == Entries(epoch, [(12, "end")], 0)
        assert await log.read("a", 10**15) == Entries(epoch, [], 0)

    run(server, test)


def test_creates_only_what_is_free(server: RedisServer) -> None:
    async def test(log: RedisLog) -> None:
        epoch = await created(log)
        assert abs(epoch / 1000 - time.time()) < 600
        assert await log.create("a", "other") is None
        await log.append("a", epoch, 1, "end", "repeatable")
        second = await created(log, "other")
        assert second > epoch
        assert await texts(log) == ["other"]
        with pytest.raises(WriterFenced, match="'a'"):
            await log.append("a", epoch, 2, "of a writer that wakes up late")
        with pytest.raises(WriterFenced):
            await log.renew("a", epoch)
        await log.append("a", second, 1, "end", "final")
        assert await log.create("a", "third") is None
        assert await texts(log) == ["other", "end"]

    run(server, test)


def test_the_same_writer_creates_it_again(server: RedisServer) -> None:
    """Its reply was lost, or its last entries were."""

    async def test(log: RedisLog) -> None:
        epoch = await created(log)
        await log.append("a", epoch, 1, "one")
        with server.client() as client:
            client.delete(LEASE)
        assert await created(log) == epoch
        assert await texts(log) == ["header", "one"]
        assert await log.create("a", "other") is None

    run(server, test)


def test_the_clock_of_redis_went_back(server: RedisServer) -> None:
    async def test(log: RedisLog) -> None:
        future = await created(log) + 10**9
        with server.client() as client:
            client.flushall()
            client.xadd(ENTRIES, {"entry": "other"}, id=f"{future}-0")  # type: ignore[arg-type]
        assert await created(log) == future + 1

    run(server, test)


def test_an_append_can_be_repeated(server: RedisServer) -> None:
    async def test(log: RedisLog) -> None:
        epoch = await created(log)
        await log.append("a", epoch, 1, "one")
        assert await log.append("a", epoch, 1, "one") is False
        with pytest.raises(WriterFenced):
            await log.append("a", epoch, 1, "another one")
        await log.append("a", epoch, 2, "end", "final")
        assert await log.append("a", epoch, 2, "end", "final") is False
        assert await log.append("a", epoch, 1, "one") is False
        with pytest.raises(WriterFenced):
            await log.append("a", epoch, 3, "after the end")
        assert await texts(log) == ["header", "one", "end"]

    run(server, test)


@pytest.mark.parametrize("lost", [["FLUSHALL"], ["DEL", ENTRIES]])
def test_notices_that_the_answer_is_gone(server: RedisServer, lost: list[str]) -> None:
    async def test(log: RedisLog) -> None:
        epoch = await created(log)
        with server.client() as client:
            client.execute_command(*lost)  # type: ignore[no-untyped-call]
        with pytest.raises(AnswerGone, match="'a'"):
            await log.append("a", epoch, 1, "one")
        with pytest.raises(AnswerGone):
            await log.renew("a", epoch)
        assert await log.read("a", -1) is None
        assert await created(log) >= epoch

    run(server, test)


def test_notices_that_the_last_entries_are_lost(server: RedisServer) -> None:
    """As after a failover: what Redis had confirmed is gone, and what is older is there."""

    async def test(log: RedisLog) -> None:
        epoch = await created(log)
        await log.append("a", epoch, 1, "one")
        with server.client() as client:
            before = client.dump(ENTRIES)
            await log.append("a", epoch, 2, "two")
            client.restore(ENTRIES, 0, before, replace=True)  # type: ignore[arg-type]
        with pytest.raises(AnswerGone):
            await log.append("a", epoch, 3, "three")
        assert await texts(log) == ["header", "one"]

    run(server, test)


def test_ends_what_has_lost_its_writer(server: RedisServer) -> None:
    async def test(log: RedisLog) -> None:
        epoch = await created(log)
        await log.append("a", epoch, 1, "one")
        await log.end_lost("a", epoch, 2, "lost")  # The lease is held.
        assert await texts(log) == ["header", "one"]
        with server.client() as client:
            client.delete(LEASE)
        found = await log.read("a", 1)
        assert found == Entries(epoch, [], 0)
        await log.end_lost("a", epoch, 1, "lost")
        await log.end_lost("a", epoch, 3, "lost")
        await log.end_lost("a", epoch + 1, 2, "lost")
        await log.end_lost("b", epoch, 2, "lost")
        assert await texts(log) == ["header", "one"]
        for _ in range(2):
            await log.end_lost("a", epoch, 2, "lost")
            await log.end_lost("a", epoch, 3, "lost")
        assert await texts(log) == ["header", "one", "lost"]
        with pytest.raises(WriterFenced):
            await log.append("a", epoch, 2, "two")
        with pytest.raises(WriterFenced):
            await log.renew("a", epoch)
        assert await created(log, "other") > epoch

    run(server, test)


def test_takes_the_lease_again(server: RedisServer) -> None:
    async def test(log: RedisLog) -> None:
        epoch = await created(log)
        with server.client() as client:
            for step in (log.renew("a", epoch), log.append("a", epoch, 1, "one")):
                client.delete(LEASE)
                await step
                assert 0 < client.pttl(LEASE) <= 5000
            client.pexpire(LEASE, 10)
            await log.renew("a", epoch)
            assert client.pttl(LEASE) > 1000

    run(server, test)


def test_everything_expires(server: RedisServer) -> None:
    async def test(log: RedisLog) -> None:
        epoch = await created(log)
        await log.request_stop("a")
        with server.client() as client:
            assert {*client.scan_iter()} == {ENTRIES, LEASE, STOP}

            async def is_refreshed_by(step: Awaitable[object]) -> bool:
                client.pexpire(ENTRIES, 1000)
                await step
                return 3_590_000 < client.pttl(ENTRIES) <= 3_600_000

            assert 0 < client.pttl(STOP) <= 3_600_000
            assert await is_refreshed_by(log.renew("a", epoch))
            assert await is_refreshed_by(log.append("a", epoch, 1, "one"))
            client.delete(LEASE)
            assert await is_refreshed_by(log.end_lost("a", epoch, 2, "lost"))

    run(server, test)


def test_stops(server: RedisServer) -> None:
    async def test(log: RedisLog) -> None:
        await log.request_stop("a")
        epoch = await created(log)
        assert await log.append("a", epoch, 1, "one") is False
        for number in (2, 3):
            await log.request_stop("a")
            assert await log.renew("a", epoch) is True
            assert await log.append("a", epoch, number, "more") is True
        await log.append("a", epoch, 4, "end", "repeatable")
        epoch = await created(log, "other")
        assert await log.renew("a", epoch) is False

    run(server, test)


def test_notifies_a_watch(server: RedisServer) -> None:
    async def test(log: RedisLog) -> None:
        async with log.watch("a", "entries") as entries, log.watch("a", "stop") as stop:
            for watch in (entries, stop):
                await watch.wait(TIMEOUT)  # The subscription has begun.
            epoch = await created(log)
            await entries.wait(TIMEOUT)
            await log.append("a", epoch, 1, "one")
            await entries.wait(TIMEOUT)
            await log.request_stop("a")
            await stop.wait(TIMEOUT)
            with server.client() as client:
                client.delete(LEASE)
            await log.end_lost("a", epoch, 2, "lost")
            await entries.wait(TIMEOUT)
            started = time.monotonic()
            await stop.wait(0.01)
            assert time.monotonic() - started >= 0.01

    run(server, test)


def test_a_full_redis_keeps_the_lease(server: RedisServer) -> None:
    async def test(log: RedisLog) -> None:
        epoch = await created(log)
        with server.client() as client:
            client.config_set("maxmemory", 1)
            try:
                client.pexpire(LEASE, 1000)
                with pytest.raises(OutOfMemoryError):
                    await log.append("a", epoch, 1, "one")
                assert client.pttl(LEASE) > 1000
                await log.renew("a", epoch)
            finally:
                client.config_set("maxmemory", 0)
        assert await log.append("a", epoch, 1, "one") is False
        assert await texts(log) == ["header", "one"]

    run(server, test)
