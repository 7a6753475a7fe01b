"""A process that writes an answer, or follows one: ``python -m tests.redis.process ROLE URL …``.

It prints a line when it has begun, and one when it has ended.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator

from tests.redis.reader import Reader

from streamhtml.redis import RedisLog


async def words(count: int, pause: float = 0.01) -> AsyncIterator[str]:
    """Yield numbered words."""
    for number in range(count):
        yield f"w{number} "
        await asyncio.sleep(pause)


async def write(log: RedisLog, answer_id: str) -> None:
    """Write an answer that does not end by itself."""

    async def tokens() -> AsyncIterator[str]:
        print("begun", flush=True)
        async for word in words(1_000_000):
            yield word

    answer = await log.record(answer_id, tokens()).run()
    print("ended", answer.outcome, flush=True)


async def follow(log: RedisLog, answer_id: str, readers: str) -> None:
    """Follow an answer with so many readers."""
    following = [Reader() for _ in range(int(readers))]
    # Each leaves once, so all of them have begun.
    await asyncio.gather(*(each.follow(log, answer_id, chunks=3) for each in following))
    print("begun", flush=True)
    await asyncio.gather(*(each.follow(log, answer_id) for each in following))
    print("ended", json.dumps([[each.ends, each.text] for each in following]), flush=True)


async def main() -> None:
    role, url, lease, *arguments = sys.argv[1:]
    log = RedisLog(url, lease=float(lease))
    await {"write": write, "follow": follow}[role](log, *arguments)


if __name__ == "__main__":
    asyncio.run(main())
