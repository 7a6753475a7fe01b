"""The process of a writer is killed, or sleeps: each reader sees exactly one end."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.servers.process import Server
from tests.servers.redis_server import RedisServer
from tests.servers.waiting import TIMEOUT

from streamhtml.redis import RedisLog

ROOT = Path(__file__).parents[2]


@contextmanager
def process(role: str, server: RedisServer, lease: float, *arguments: str) -> Iterator[Server]:
    """Run tests/redis/process.py, and wait until it has begun."""
    command = [sys.executable, "-m", "tests.redis.process", role, server.url, str(lease)]
    running = Server([*command, *arguments], {}, ROOT)
    try:
        running.wait_for("begun", TIMEOUT)
        yield running
    finally:
        running.kill()
        running.wait(TIMEOUT)


def received(follower: Server) -> list[tuple[list[str], str]]:
    """Return the ends and the text of each reader of a process, when it has ended."""
    _, line = follower.wait_for("ended", TIMEOUT)
    return [(ends, text) for ends, text in json.loads(line.partition(" ")[2])]


@pytest.mark.parametrize(
    ("readers", "lease"), [(5, 0.5), pytest.param(50, 5, marks=pytest.mark.slow)]
)
def test_a_killed_writer(server: RedisServer, readers: int, lease: float) -> None:
    answer_id = f"killed{readers}"
    with ExitStack() as stack:
        writer = stack.enter_context(process("write", server, lease, answer_id))
        followers = [
            stack.enter_context(process("follow", server, lease, answer_id, str(readers)))
            for _ in range(2)
        ]
        writer.kill()
        all_received = [each for follower in followers for each in received(follower)]
    assert len(all_received) == 2 * readers
    assert [ends for ends, _ in all_received] == [["interrupted"]] * 2 * readers
    (text,) = {text for _, text in all_received}
    answer = asyncio.run(RedisLog(server.url).answer(answer_id))
    assert answer is not None
    assert (answer.text, answer.outcome) == (text, "interrupted")
    assert text.startswith("w0 w1 w2 ")


def test_a_writer_that_wakes_up_after_its_lease(server: RedisServer) -> None:
    with (
        process("write", server, 0.5, "sleeping") as writer,
        process("follow", server, 0.5, "sleeping", "5") as follower,
    ):
        os.kill(writer.pid, signal.SIGSTOP)
        (each,) = {(*ends, text) for ends, text in received(follower)}
        os.kill(writer.pid, signal.SIGCONT)
        _, line = writer.wait_for("ended", TIMEOUT)
    assert line == "ended interrupted\n"
    answer = asyncio.run(RedisLog(server.url).answer("sleeping"))
    assert answer is not None
    assert (answer.outcome, answer.text) == each
