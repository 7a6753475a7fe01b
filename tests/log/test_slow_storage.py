"""A storage that is slower than the model gets fewer and larger batches, and no backlog."""

from collections.abc import AsyncIterator

import anyio
from anyio.lowlevel import checkpoint

from streamhtml import pair_id
from streamhtml.log import End, MemoryLog

COUNT = 200


def test_collects_while_the_storage_is_busy() -> None:
    everything_was_said = anyio.Event()

    class BusyLog(MemoryLog):
        async def append(
            self, id: str, epoch: int, number: int, entry: str, end: End | None = None
        ) -> bool:
            await everything_was_said.wait()
            return await super().append(id, epoch, number, entry, end)

    async def tokens() -> AsyncIterator[str]:
        for number in range(COUNT):
            yield f"{number} "
            await checkpoint()
        everything_was_said.set()

    async def main() -> None:
        log, pair = BusyLog(), pair_id()
        answer = await log.record(pair, tokens(), interval=0).run()
        assert answer.text == "".join(f"{number} " for number in range(COUNT))
        status = await log.status(pair)
        assert status is not None
        assert status.fragments <= 4

    anyio.run(main)
