"""Whatever happens to Redis, each reader gets the exact answer, or an end that says otherwise.

The readers follow with a log of their own, so that what they get comes from Redis.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest
import redis
from tests.redis.process import words
from tests.redis.reader import Reader
from tests.servers.redis_server import RedisServer, redis_server

from streamhtml import Answer
from streamhtml.redis import RedisLog

COUNT = 60
WORDS = "".join(f"w{number} " for number in range(COUNT))


async def disturbed_words(disturb: Callable[[], object]) -> AsyncIterator[str]:
    """Yield words, and disturb Redis after a third of them, on a worker thread."""
    async for word in words(COUNT):
        if word == "w20 ":
            await asyncio.to_thread(disturb)
        yield word


async def follow_disturbed(
    server: RedisServer, disturb: Callable[[], object], lease: float = 2.0
) -> tuple[Answer, Reader, list[Reader]]:
    """Return the answer, the reader for whom it was generated, and others who followed it."""
    log, other = RedisLog(server.url, lease=lease), RedisLog(server.url, lease=lease)
    answers: list[Answer] = []
    present, followers = Reader(), [Reader() for _ in range(5)]
    recording = log.record("a", disturbed_words(disturb), on_end=answers.append, interval=0)
    await asyncio.gather(
        present.read(recording), *(reader.follow(other, "a") for reader in followers)
    )
    (answer,) = answers
    return answer, present, followers


def assert_exact(answer: Answer, *readers: Reader) -> None:
    """Check that all have the whole answer, and one end."""
    assert (answer.text, answer.outcome) == (WORDS, "finished")
    assert [(each.text, each.ends) for each in readers] == [(WORDS, ["finished"])] * len(readers)


@pytest.mark.parametrize("append_only", [True, False], ids=["AOF", "nothing stored"])
def test_restarted(append_only: bool) -> None:
    def restart() -> None:
        server.kill()
        server.start()

    with redis_server(append_only=append_only) as server:
        answer, present, followers = asyncio.run(follow_disturbed(server, restart))
    assert_exact(answer, present, *followers)


def command(server: RedisServer, *words: str) -> None:
    """Send one command."""
    with server.client() as client:
        client.execute_command(*words)  # type: ignore[no-untyped-call]


def test_flushed(server: RedisServer) -> None:
    answer, present, followers = asyncio.run(
        follow_disturbed(server, lambda: command(server, "FLUSHALL"))
    )
    assert_exact(answer, present, *followers)


def test_full_for_a_while(server: RedisServer) -> None:
    async def main() -> tuple[Answer, Reader, list[Reader]]:
        def fill() -> None:
            command(server, "CONFIG", "SET", "maxmemory", "1")
            loop.call_later(0.3, command, server, "CONFIG", "SET", "maxmemory", "0")

        loop = asyncio.get_running_loop()
        return await follow_disturbed(server, fill)

    command(server, "FLUSHALL")
    answer, present, followers = asyncio.run(main())
    assert_exact(answer, present, *followers)


def test_full_for_good() -> None:
    with redis_server() as server:
        answer, present, followers = asyncio.run(
            follow_disturbed(
                server, lambda: command(server, "CONFIG", "SET", "maxmemory", "1"), lease=0.3
            )
        )
    assert_exact(answer, present)
    for each in followers:
        assert each.ends == ["interrupted"]
        assert WORDS.startswith(each.text)


@pytest.mark.parametrize(
    "leave",
    [
        pytest.param(RedisServer.kill, id="killed", marks=pytest.mark.slow),
        pytest.param(RedisServer.pause, id="hangs"),
    ],
)
def test_gone_for_good(leave: Callable[[RedisServer], None]) -> None:
    with redis_server() as server:
        answer, present, followers = asyncio.run(
            follow_disturbed(server, lambda: leave(server), lease=0.3)
        )
    assert_exact(answer, present)
    for each in followers:
        assert each.ends == ["interrupted"]
        assert WORDS.startswith(each.text)


@pytest.mark.slow
def test_a_key_that_holds_something_else() -> None:
    """It counts as a Redis that is away. The log removes nothing that is not its own."""
    key = "streamhtml:{a}:entries"

    def replace() -> None:
        with server.client() as client:
            client.set(key, "something else")

    with redis_server() as server:
        answer, present, followers = asyncio.run(follow_disturbed(server, replace, lease=0.3))
        with server.client() as client:
            assert client.get(key) == "something else"
    assert_exact(answer, present)
    for each in followers:
        assert each.ends == ["interrupted"]
        assert WORDS.startswith(each.text)


@pytest.mark.parametrize(
    ("count", "readers"), [(60, 5), pytest.param(600, 50, marks=pytest.mark.slow)]
)
def test_all_connections_are_killed(server: RedisServer, count: int, readers: int) -> None:
    async def kill_connections() -> None:
        while True:
            await asyncio.sleep(0.02)
            with server.client() as client:
                kill_all(client)

    async def main() -> list[Reader]:
        log, other = RedisLog(server.url), RedisLog(server.url)
        followers = [Reader() for _ in range(readers)]
        killer = asyncio.create_task(kill_connections())
        recording = log.record("a", words(count), interval=0).run()
        await asyncio.gather(recording, *(each.follow(other, "a") for each in followers))
        killer.cancel()
        return followers

    command(server, "FLUSHALL")
    followers = asyncio.run(main())
    expected = "".join(f"w{number} " for number in range(count))
    assert [(each.text, each.ends) for each in followers] == [(expected, ["finished"])] * readers


def kill_all(client: redis.Redis) -> None:
    """Kill all connections but that of this client."""
    for kind in "normal", "pubsub":
        client.execute_command("CLIENT", "KILL", "TYPE", kind)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("visits", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_readers_leave_and_come_back(server: RedisServer, visits: int) -> None:
    """Each visit ends after a few fragments, or in the middle of one."""
    readers = [Reader() for _ in range(20)]
    seed = random.Random(visits)

    async def come_and_go(log: RedisLog, reader: Reader) -> None:
        for _ in range(visits // len(readers)):
            visit = reader.follow(log, "a", chunks=seed.randint(1, 3))
            with suppress(TimeoutError):
                await asyncio.wait_for(visit, seed.random() * 0.2)

    async def main() -> Answer:
        log, other = RedisLog(server.url), RedisLog(server.url)
        all_have_come = asyncio.Event()

        async def tokens() -> AsyncIterator[str]:
            async for word in words(1_000_000):
                yield word
                if all_have_come.is_set():
                    return

        recording = asyncio.create_task(log.record("a", tokens(), interval=0).run())
        await asyncio.gather(*(come_and_go(other, each) for each in readers))
        all_have_come.set()
        await asyncio.gather(*(each.follow(other, "a") for each in readers))
        return await recording

    command(server, "FLUSHALL")
    answer = asyncio.run(main())
    assert answer.outcome == "finished"
    assert [(each.text, each.ends) for each in readers] == [(answer.text, ["finished"])] * 20
