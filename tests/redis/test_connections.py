"""The two connections of an event loop: whoever is cancelled, and whatever happens to Redis."""

import asyncio
import random
import threading
import time
from contextlib import AsyncExitStack
from typing import Any

import pytest
import redis
import trio
from redis.exceptions import RedisError, ResponseError
from tests.docs.pages import DOCS, titled
from tests.servers.redis_server import RedisServer, redis_server
from tests.servers.server_commands import free_port
from tests.servers.waiting import TIMEOUT, wait_until

from streamhtml.redis import RedisLog, _notifications


def connections(client: redis.Redis) -> list[str]:
    """Return the ids of all connections but that of this client."""
    mine = str(client.client_id())
    return [each["id"] for each in client.client_list() if each["id"] != mine]


def kill_all(client: redis.Redis) -> None:
    """Kill all connections but that of this client."""
    client.execute_command("CLIENT", "KILL", "TYPE", "normal")  # type: ignore[no-untyped-call]
    client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")  # type: ignore[no-untyped-call]


def test_two_connections_for_a_thousand_followers(server: RedisServer) -> None:
    async def main() -> None:
        log = RedisLog(server.url)
        ids = [f"many{number}" for number in range(1000)]
        async with AsyncExitStack() as stack:
            watches = [await stack.enter_async_context(log.watch(name, "entries")) for name in ids]
            await asyncio.gather(*(watch.wait(TIMEOUT) for watch in watches))
            epochs = await asyncio.gather(*(log.create(name, "header") for name in ids))
            await asyncio.gather(*(watch.wait(TIMEOUT) for watch in watches))
            found = await asyncio.gather(*(log.read(name, -1) for name in ids))
            assert [each.epoch for each in found if each] == epochs
            assert len(connections(client)) == 2
        # Nobody listens any more.
        await asyncio.to_thread(wait_until, lambda: len(connections(client)) == 1)
        await log.aclose()
        assert await log.read("many1", 0) is not None  # It is opened again.

    with server.client() as client:
        assert connections(client) == []
        asyncio.run(main())
        # They are closed with the loop.
        assert wait_until(lambda: connections(client) == [])


def test_notifies_after_its_connection_was_killed(server: RedisServer) -> None:
    async def main() -> None:
        log = RedisLog(server.url)
        async with log.watch("killed", "entries") as watch:
            await watch.wait(TIMEOUT)
            for number in range(3):
                kill_all(client)
                assert await log.read("killed", -1) is None
                await watch.wait(TIMEOUT)  # It has subscribed again.
                await log.create("killed", f"header{number}")
                await watch.wait(TIMEOUT)
                client.delete("streamhtml:{killed}:entries")
                async with log.watch("other", "stop") as other:
                    await other.wait(TIMEOUT)

    with server.client() as client:
        asyncio.run(main())


def test_waits_while_redis_cannot_be_reached() -> None:
    async def main(server: RedisServer) -> None:
        log = RedisLog(server.url, lease=0.2)
        async with log.watch("a", "entries") as watch:
            await watch.wait(TIMEOUT)
            server.kill()
            with pytest.raises(RedisError):
                await log.read("a", -1)
            await watch.wait(0.01)
            server.start()
            await watch.wait(TIMEOUT)
            epoch = await log.create("a", "header")
            assert epoch is not None
            # Redis hangs. It may append the entry later, and so the writer repeats it.
            server.pause()
            with pytest.raises(RedisError):
                await log.append("a", epoch, 1, "one")
            server.resume()
            await log.append("a", epoch, 1, "one")
            found = await log.read("a", 0)
            assert found is not None
            assert found.entries == [(1, "one")]

    with redis_server() as server:
        asyncio.run(main(server))


def test_tests_a_silent_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that still works is kept, and one that is dead is replaced."""
    monkeypatch.setattr(_notifications, "SILENCE", 0.05)

    async def main(server: RedisServer) -> None:
        log = RedisLog(server.url, lease=0.2)
        async with log.watch("silent", "entries") as watch:
            await watch.wait(TIMEOUT)
            with server.client() as client:
                before = connections(client)
                started = commands(client, "ping")
                assert await asyncio.to_thread(
                    wait_until, lambda: commands(client, "ping") > started + 1
                )
                assert connections(client) == before
            notifications = log._connections.get().notifications
            dead = notifications._connection
            server.pause()
            assert await asyncio.to_thread(
                wait_until, lambda: notifications._connection is not dead
            )
            server.resume()
            await watch.wait(TIMEOUT)
            with server.client() as client:
                assert connections(client) != before

    with redis_server() as server:
        asyncio.run(main(server))


def commands(client: redis.Redis, name: str) -> int:
    """Return how often a command was called."""
    return int(client.info("commandstats").get(f"cmdstat_{name}", {"calls": 0})["calls"])


def test_readers_can_be_cancelled_at_any_time(server: RedisServer) -> None:
    async def main() -> None:
        log = RedisLog(server.url)
        epoch = await log.create("cancelled", "header")
        assert epoch is not None

        async def leave_early(after: float) -> None:
            async with log.watch("cancelled", "entries") as watch:
                await log.read("cancelled", -1)
                await watch.wait(TIMEOUT)

        async def reader(after: float) -> None:
            task = asyncio.create_task(leave_early(after))
            await asyncio.sleep(after)
            task.cancel()
            await asyncio.wait([task])

        seed = random.Random(4)
        await asyncio.gather(*(reader(seed.random() * 0.005) for _ in range(1000)))
        for number in range(1, 10):
            await log.append("cancelled", epoch, number, str(number))
        found = await log.read("cancelled", -1)
        assert found is not None
        assert [number for number, _ in found.entries] == list(range(10))
        async with log.watch("cancelled", "entries") as watch:
            await watch.wait(TIMEOUT)
        assert len(connections(client)) <= 2

    with server.client() as client:
        asyncio.run(main())


def test_an_error_is_only_for_the_one_who_caused_it(server: RedisServer) -> None:
    async def main() -> None:
        log = RedisLog(server.url)
        client.set("streamhtml:{wrong}:entries", "no stream")
        results = await asyncio.gather(
            log.create("right", "header"),
            log.read("wrong", -1),
            log.create("surrogate", "\ud800"),
            log.read("right", -1),
            return_exceptions=True,
        )
        assert isinstance(results[0], int)
        assert isinstance(results[1], ResponseError)
        assert isinstance(results[2], UnicodeEncodeError)
        assert results[3] is not None
        assert not isinstance(results[3], BaseException)

    with server.client() as client:
        asyncio.run(main())


def test_one_log_in_several_event_loops(server: RedisServer) -> None:
    log = RedisLog(server.url)
    ready, found = threading.Event(), []

    async def follow() -> None:
        async with log.watch("loops", "entries") as watch:
            await watch.wait(TIMEOUT)
            ready.set()
            while (entries := await log.read("loops", -1)) is None:
                await watch.wait(TIMEOUT)
            found.append(entries.entries)

    thread = threading.Thread(target=asyncio.run, args=(follow(),))
    thread.start()
    assert ready.wait(TIMEOUT)
    asyncio.run(log.create("loops", "header"))  # type: ignore[arg-type]
    thread.join(TIMEOUT)
    assert found == [[(0, "header")]]
    assert asyncio.run(log.read("loops", 0)) is not None  # type: ignore[arg-type]
    asyncio.run(log.aclose())  # It is not open in this loop.
    with server.client() as client:
        assert wait_until(lambda: connections(client) == [])


def test_ends_with_its_event_loop() -> None:
    """Also if Redis hangs, and somebody still waits."""

    async def main(server: RedisServer) -> None:
        log = RedisLog(server.url, lease=0.2)
        async with log.watch("a", "entries") as watch:
            await watch.wait(TIMEOUT)
            server.pause()
            waiting = [asyncio.create_task(log.read("a", -1)) for _ in range(600)]
            await asyncio.sleep(0)
        await log.aclose()
        for each in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(each, RedisError)

    with redis_server() as server:
        started = time.monotonic()
        asyncio.run(main(server))
        assert time.monotonic() - started < TIMEOUT
        server.resume()


def test_over_tcp() -> None:
    """With options in the URL that would change what redis-py returns."""

    async def main(url: str) -> None:
        log = RedisLog(url + "?protocol=3&decode_responses=true&max_connections=1")
        async with log.watch("tcp", "entries") as watch:
            await watch.wait(TIMEOUT)
            epoch = await log.create("tcp", "header")
            await watch.wait(TIMEOUT)
            found = await log.read("tcp", -1)
        assert found is not None
        assert (found.epoch, found.entries) == (epoch, [(0, "header")])

    with redis_server(port=free_port()) as server:
        asyncio.run(main(server.url))


def test_the_documented_rights_are_enough(server: RedisServer) -> None:
    page = DOCS / "how-to" / "choose-a-log.md"
    rights = titled(page, "Redis: ACL SETUSER").split()

    async def main(url: str) -> None:
        log = RedisLog(url)
        async with log.watch("rights", "entries") as watch:
            await watch.wait(TIMEOUT)
            epoch = await log.create("rights", "header")
            assert epoch is not None
            await log.append("rights", epoch, 1, "one")
            await log.request_stop("rights")
            assert await log.renew("rights", epoch)
            client.delete("streamhtml:{rights}:lease")
            assert await log.renew("rights", epoch)
            client.delete("streamhtml:{rights}:lease")
            await log.end_lost("rights", epoch, 2, "lost")
            assert await log.create("rights", "other") is not None

    with server.client() as client:
        client.execute_command("ACL", "SETUSER", "app", "on", ">secret", *rights)  # type: ignore[no-untyped-call]
        client.acl_log_reset()
        asyncio.run(main(server.url.replace("unix://", "unix://app:secret@")))
        assert client.acl_log() == []


def test_says_that_trio_is_not_supported() -> None:
    """At once, and not only when Redis is needed."""
    log = RedisLog("redis://localhost")

    async def main() -> None:
        with pytest.raises(RuntimeError, match=r"an event loop of asyncio.*MemoryLog"):
            log.record("a", ["a"])
        with pytest.raises(RuntimeError, match="asyncio"):
            log.follow("a")
        with pytest.raises(RuntimeError, match="asyncio"):
            await log.status("a")

    trio.run(main)
    log.record("a", ["a"])  # A sync view calls it without an event loop.


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("http://localhost",), "'http:…' is no URL of Redis.*pass one as in .*redis://localhost"),
        (("redis://:secret@localhost:port",), "'redis:…' is no URL of Redis.*port"),
        (("redis://localhost?colour=red",), "no URL of Redis.*colour"),
        ((None,), "url is None; pass a str, as in RedisLog"),
        (("redis://localhost", b"chat:"), "prefix is a bytes; pass a str"),
        (("redis://localhost", "{chat}:"), "prefix='{chat}:' must have no braces"),
    ],
)
def test_wrong_arguments(arguments: tuple[Any, ...], error: str) -> None:
    url, *prefix = arguments
    with pytest.raises((TypeError, ValueError), match=error) as raised:
        RedisLog(url, **dict(zip(["prefix"], prefix, strict=False)))
    assert "secret" not in str(raised.value)
