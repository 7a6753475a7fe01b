"""The contract of a storage: what each of its methods does, and what it refuses."""

from contextlib import AsyncExitStack, suppress
from typing import Final

import anyio

from streamhtml import pair_id
from streamhtml.log import AnswerGone, Entries, Log, WriterFenced
from streamhtml.testing._case import SHORT_LEASE, LogKit, case, check, check_equal, check_raises

_LONG: Final = 100_000

TEXTS: Final = (
    '{"text":"a"}',
    '{"text":"\\" \\\\ \\n \\u0000 \\ud800"}',
    '{"text":"한국어 👩\u200d👩\u200d👧 \u2028 \x7f é́"}',
    "{}",
    f'{{"text":"{"x" * _LONG}"}}',
)
"""Entries that a storage has to return as they are."""


async def read(log: Log, id: str, after: int = -1) -> Entries:
    """Return what is stored. It must be there."""
    found = await log.read(id, after)
    assert found is not None, f"read({id!r}, {after}) returned None, but the answer was stored"
    return found


async def begin(log: Log, id: str, *texts: str) -> int:
    """Store an answer with these entries after entry 0. Return its epoch."""
    epoch = await log.create(id, f'{{"id":"{id}"}}')
    assert epoch is not None, f"create({id!r}) returned None, but the id was never used"
    for number, text in enumerate(texts, 1):
        await log.append(id, epoch, number, text)
    return epoch


async def until_lease_is_over(log: Log, id: str) -> None:
    """Wait until nobody holds the lease of an answer."""
    while (await read(log, id)).lease_left > 0:  # noqa: ASYNC110  (nothing tells it)
        await anyio.sleep(SHORT_LEASE / 10)


class StorageCases(LogKit):
    """The cases of ``create()``, ``append()``, ``renew()``, ``read()`` and the others."""

    @case()
    async def test_entries_are_returned_as_they_were_stored(self, log: Log) -> None:
        pair = pair_id()
        epoch = await begin(log, pair, *TEXTS)
        check(epoch > 0, "create() must return a number above 0", epoch)
        expected = list(enumerate((f'{{"id":"{pair}"}}', *TEXTS)))
        for after in range(-1, len(expected)):
            found = await read(log, pair, after)
            check_equal(found.epoch, epoch, "the epoch")
            check_equal(list(found.entries), expected[after + 1 :], f"the entries after {after}")
            check(0 < found.lease_left <= log.lease, "lease_left must be a lease", found.lease_left)

    @case()
    async def test_an_id_that_was_never_used(self, log: Log) -> None:
        pair = pair_id()
        check_equal(await log.read(pair, -1), None, "read() of an unknown id")
        await check_raises(AnswerGone, log.append(pair, 1, 1, "{}"), "append() to an unknown id")
        await check_raises(AnswerGone, log.renew(pair, 1), "renew() of an unknown id")
        await log.end_lost(pair, 1, 1, "{}")
        await log.request_stop(pair)
        check_equal(await log.read(pair, -1), None, "read() of an unknown id")

    @case()
    async def test_ids_that_look_alike_are_different(self, log: Log) -> None:
        pair = pair_id()
        ids = [pair, f"{pair}:", f"{pair}:1", f"{pair}.1", f"{pair}_", f"{pair}-1", pair.upper()]
        for each in ids:
            await begin(log, each, f'{{"text":"{each}"}}')
        for each in ids:
            check_equal((await read(log, each, 0)).entries[0][1], f'{{"text":"{each}"}}', each)

    @case()
    async def test_a_taken_id(self, log: Log) -> None:
        pair = pair_id()
        epoch = await begin(log, pair, "{}")
        check_equal(await log.create(pair, '{"other":1}'), None, "create() while it is written")
        check_equal(
            await log.create(pair, f'{{"id":"{pair}"}}'), epoch, "create() with the same entry"
        )
        check_equal(len((await read(log, pair)).entries), 2, "the number of entries afterwards")

    @case()
    async def test_a_repeated_append_changes_nothing(self, log: Log) -> None:
        pair = pair_id()
        epoch = await begin(log, pair, "[1]", "[2]")
        for number in 2, 1, 2:
            await log.append(pair, epoch, number, f"[{number}]")
        check_equal(
            list((await read(log, pair, 0)).entries), [(1, "[1]"), (2, "[2]")], "the entries"
        )

    @case()
    async def test_a_writer_that_is_not_the_last_one_is_fenced(self, log: Log) -> None:
        pair = pair_id()
        epoch = await begin(log, pair, "[1]")
        for wrong in epoch + 1, epoch - 1:
            await check_raises(
                WriterFenced, log.append(pair, wrong, 2, "[2]"), "append() with another epoch"
            )
            await check_raises(WriterFenced, log.renew(pair, wrong), "renew() with another epoch")
        await check_raises(
            WriterFenced, log.append(pair, epoch, 1, "[0]"), "append() of another text"
        )
        await check_raises(AnswerGone, log.append(pair, epoch, 3, "[3]"), "append() after a gap")
        check_equal(list((await read(log, pair, 0)).entries), [(1, "[1]")], "the entries")

    @case()
    async def test_a_final_end(self, log: Log) -> None:
        pair = pair_id()
        epoch = await begin(log, pair, "[1]")
        for _ in range(2):  # The reply to the first call may be lost.
            await log.append(pair, epoch, 2, "[2]", "final")
            check_equal((await read(log, pair)).lease_left, 0, "lease_left after the end")
        check_equal(await log.create(pair, '{"other":1}'), None, "create() after a final end")
        check_equal(len((await read(log, pair)).entries), 3, "the number of entries")
        await log.end_lost(pair, epoch, 2, "[3]")
        check_equal((await read(log, pair)).entries[-1], (2, "[2]"), "the end")

    @case()
    async def test_a_repeatable_end(self, log: Log) -> None:
        pair = pair_id()
        epoch = await begin(log, pair, "[1]")
        await log.append(pair, epoch, 2, "[2]", "repeatable")
        check_equal((await read(log, pair)).lease_left, 0, "lease_left after the end")
        again = await log.create(pair, '{"other":1}')
        check(again is not None and again > epoch, f"the next epoch must be above {epoch}", again)
        check_equal(list((await read(log, pair)).entries), [(0, '{"other":1}')], "the entries")
        await check_raises(
            WriterFenced, log.append(pair, epoch, 1, "[1]"), "append() of the writer before"
        )

    @case(lease=SHORT_LEASE)
    async def test_a_writer_takes_over_when_the_lease_is_over(self, log: Log) -> None:
        pair = pair_id()
        epoch = await begin(log, pair, "[1]")
        await until_lease_is_over(log, pair)
        again = await log.create(pair, '{"other":1}')
        check(again is not None and again > epoch, f"the next epoch must be above {epoch}", again)
        await check_raises(WriterFenced, log.renew(pair, epoch), "renew() of the writer before")
        await check_raises(
            WriterFenced, log.append(pair, epoch, 2, "[2]"), "append() of the writer before"
        )

    @case(lease=SHORT_LEASE)
    async def test_a_lease_is_taken_again(self, log: Log) -> None:
        pair = pair_id()
        epoch = await begin(log, pair)
        await until_lease_is_over(log, pair)
        await log.renew(pair, epoch)
        check((await read(log, pair)).lease_left > 0, "renew() must take the lease again")
        await until_lease_is_over(log, pair)
        await log.append(pair, epoch, 1, "[1]")
        check((await read(log, pair)).lease_left > 0, "append() must take the lease again")

    @case()
    async def test_a_lost_answer_is_not_ended_while_somebody_holds_the_lease(
        self, log: Log
    ) -> None:
        pair = pair_id()
        epoch = await begin(log, pair, "[1]")
        await log.end_lost(pair, epoch, 2, "[2]")
        check_equal(len((await read(log, pair)).entries), 2, "the number of entries")

    @case(lease=SHORT_LEASE)
    async def test_a_lost_answer_is_ended_once(self, log: Log) -> None:
        pair = pair_id()
        epoch = await begin(log, pair, "[1]")
        await until_lease_is_over(log, pair)
        await log.end_lost(pair, epoch + 1, 2, "[0]")
        await log.end_lost(pair, epoch, 1, "[0]")
        await log.end_lost(pair, epoch, 3, "[0]")
        async with anyio.create_task_group() as tasks:
            for reader in range(10):
                tasks.start_soon(log.end_lost, pair, epoch, 2, f"[{reader}]")
        found = await read(log, pair, 1)
        check_equal(len(found.entries), 1, "the number of ends")
        check_equal(found.lease_left, 0, "lease_left after the end")
        await check_raises(
            WriterFenced, log.append(pair, epoch, 2, "[other]"), "append() of a writer that wakes"
        )
        await check_raises(WriterFenced, log.renew(pair, epoch), "renew() of a writer that wakes")
        again = await log.create(pair, '{"other":1}')
        check(again is not None and again > epoch, "create() after it must return an epoch", again)

    @case()
    async def test_a_stop_is_remembered_until_the_next_writer(self, log: Log) -> None:
        pair = pair_id()
        epoch = await begin(log, pair)
        check_equal(await log.append(pair, epoch, 1, "[1]"), False, "append() before a stop")
        check_equal(await log.renew(pair, epoch), False, "renew() before a stop")
        for number in 2, 3:
            await log.request_stop(pair)
            check_equal(await log.append(pair, epoch, number, "[]"), True, "append() after a stop")
            check_equal(await log.renew(pair, epoch), True, "renew() after a stop")
        await log.append(pair, epoch, 4, "[4]", "repeatable")
        again = await log.create(pair, '{"other":1}')
        assert again is not None
        check_equal(await log.renew(pair, again), False, "renew() of the next writer")

    @case()
    async def test_a_watch_tells_what_happens_after_it_was_entered(self, log: Log) -> None:
        pair = pair_id()
        async with log.watch(pair, "entries") as entries, log.watch(pair, "stop") as stops:
            epoch = await begin(log, pair)
            await entries.wait(float("inf"))
            for number in range(1, 20):
                await log.append(pair, epoch, number, "[]")
                await entries.wait(float("inf"))
            await log.request_stop(pair)
            await stops.wait(float("inf"))
            await entries.wait(0.001)
            await stops.wait(0.001)

    @case(lease=SHORT_LEASE)
    async def test_a_watch_tells_the_end_of_a_lost_answer(self, log: Log) -> None:
        pair = pair_id()
        epoch = await begin(log, pair)
        await until_lease_is_over(log, pair)
        async with log.watch(pair, "entries") as changes:
            await log.end_lost(pair, epoch, 1, "[]")
            await changes.wait(float("inf"))

    @case()
    async def test_many_watches_at_the_same_time(self, log: Log) -> None:
        pairs = [pair_id() for _ in range(20)]
        epochs = [await begin(log, pair) for pair in pairs]
        async with AsyncExitStack() as stack:
            watches = [
                await stack.enter_async_context(log.watch(pair, "entries"))
                for pair in pairs
                for _ in range(5)
            ]
            for pair, epoch in zip(pairs, epochs, strict=True):
                await log.append(pair, epoch, 1, "[]")
            for watch in watches:
                await watch.wait(float("inf"))

    @case(ttl=0.3)
    async def test_an_answer_is_forgotten_after_its_time(self, log: Log) -> None:
        pair = pair_id()
        epoch = await begin(log, pair)
        with suppress(AnswerGone):  # On a slow machine it may be forgotten already.
            await log.append(pair, epoch, 1, "[]", "final")
        while await log.read(pair, -1) is not None:  # noqa: ASYNC110  (nothing tells it)
            await anyio.sleep(0.05)

    @case()
    async def test_calls_that_are_cancelled_do_no_harm(self, log: Log) -> None:
        pair = pair_id()
        epoch = await begin(log, pair)
        for attempt in range(100):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(log.read, pair, -1)
                tasks.start_soon(log.renew, pair, epoch)
                tasks.start_soon(log.append, pair, epoch, 1, "[1]")
                await anyio.sleep(attempt % 5 / 1000)
                tasks.cancel_scope.cancel()
        await log.append(pair, epoch, 1, "[1]")
        check_equal(list((await read(log, pair, 0)).entries), [(1, "[1]")], "the entries")
