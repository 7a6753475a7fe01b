"""The duration ends a stream even while nobody reads it, and lets a reader see the end."""

import gc
from math import inf
from time import monotonic
from typing import Any

import anyio
import pytest
from tests.recorded_source import TIMEOUT, RecordedSource

from streamhtml import Limits, Reply, stream
from streamhtml._eventloop import current_event_loop
from streamhtml._stream_timer import LAST_READ_GRACE, StreamTimer

pytestmark = pytest.mark.anyio

SOON = 0.05
"""A limit in seconds that is reached soon."""


@pytest.mark.parametrize("unread", [None, 1000])
@pytest.mark.parametrize("tokens", ["a", "ab", 2000 * "a"])
@pytest.mark.parametrize("then", ["wait", "end"])
@pytest.mark.parametrize("sync", [False, True])
async def test_the_duration_ends_a_stream_that_nobody_reads(
    unread: float | None,
    tokens: str,
    then: Any,
    sync: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streamhtml._stream_timer.LAST_READ_GRACE", SOON)
    ended: list[tuple[str, str | None, str]] = []
    on_end_done = anyio.Event()

    async def on_end(reply: Reply) -> None:
        ended.append((reply.state, reply.limit, reply.text))
        on_end_done.set()

    source = RecordedSource(*tokens, then=then)
    fragments = stream(
        Reply(renderer="text"),
        source.sync() if sync else source(),
        interval=60,
        limits=Limits(duration=SOON, unread=unread),
        on_end=on_end,
    )
    with anyio.fail_after(TIMEOUT):
        await anext(fragments)
        await anext(fragments)
        await on_end_done.wait()
        if source.started:  # On a busy machine, the duration may be over before.
            await source.until_closed()
        assert [fragment async for fragment in fragments] == []
    assert [each[:2] for each in ended] == [("truncated", "duration")]
    assert ended[0][2] == tokens[: source.yielded]


async def test_a_reader_who_comes_back_soon_after_the_duration_sees_the_end() -> None:
    source = RecordedSource("a", "b", then="wait")
    ended: list[tuple[str, str | None, str]] = []
    fragments = stream(
        Reply(renderer="text"),
        source(),
        interval=60,
        limits=Limits(duration=SOON, unread=None),
        on_end=lambda reply: ended.append((reply.state, reply.limit, reply.text)),
    )
    with anyio.fail_after(TIMEOUT):
        await anext(fragments)
        await source.until_closed()
        seen = [fragment async for fragment in fragments]
        await fragments.aclose()
    assert seen[-1].outcome == "truncated"
    assert ended == [("truncated", "duration", "ab")]


async def test_the_duration_does_not_matter_any_more_after_the_end() -> None:
    """A reader who takes long for the last Fragment still has the time that ``unread`` allows."""
    stalled: list[bool] = []
    fragments = stream(Reply(), ["a"], limits=Limits(duration=SOON))
    fragments.on_stalled = lambda: stalled.append(True)
    assert [fragment.outcome async for fragment in fragments][-1] == "finished"
    fragments._timer.check(current_event_loop())
    await anyio.sleep(2 * SOON)
    fragments._timer.handed_out -= 2
    fragments._timer.check(current_event_loop())
    await fragments.aclose()
    assert not stalled


@pytest.mark.parametrize(
    ("limits", "stops", "expected"),
    [
        (Limits(silence=SOON), False, ("interrupted", "silence")),
        (Limits(duration=SOON), False, ("truncated", "duration")),
        (Limits(unread=SOON), True, ("stopped", None)),
        (Limits(silence=1000), False, ("interrupted", None)),
    ],
)
async def test_what_comes_first_decides_if_the_reader_leaves_then(
    limits: Limits, stops: bool, expected: tuple[str, str | None]
) -> None:
    ended: list[tuple[str, str | None]] = []
    source = RecordedSource("a", "b", then="wait")
    fragments = stream(
        Reply(),
        source(),
        interval=1000,
        limits=limits,
        on_end=lambda reply: ended.append((reply.state, reply.limit)),
    )
    with anyio.fail_after(TIMEOUT):
        await anext(fragments)
        await anext(fragments)
        if limits.silence == SOON:
            fragments._pump.end_at_limit("silence")
        if limits.duration == SOON:
            await source.until_closed()
        if stops:
            fragments.stop()
            await anyio.sleep(2 * SOON)
        await fragments.aclose()
    assert ended == [expected]


class Owner:
    """What a timer tells: it may be collected before the timer fires."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def on_duration(self) -> None:
        self.told.append("over")

    def on_stalled(self, limit: str) -> None:
        self.told.append(limit)


class Loop:
    """An event loop that only remembers its timers."""

    def __init__(self) -> None:
        self.timers: list[tuple[float, Any]] = []

    def call_later(self, seconds: float, function: Any) -> Any:
        self.timers.append((seconds, function))
        return lambda: self.timers.pop()


def timer_of(owner: Owner, limits: Limits) -> tuple[StreamTimer, Any]:
    timer, loop = StreamTimer(limits, owner.on_duration, owner.on_stalled), Loop()
    timer.start(loop)  # type: ignore[arg-type]
    return timer, loop


def test_a_timer_does_not_keep_its_owner() -> None:
    owner = Owner()
    timer, loop = timer_of(owner, Limits(duration=1000))
    del owner
    gc.collect()
    timer.end, timer.handed_out = 0, -1000
    timer.check(loop)
    assert len(loop.timers) == 1
    del timer
    gc.collect()
    loop.timers.pop()[1]()
    assert not loop.timers


def test_a_timer_is_set_for_what_is_left_and_can_be_stopped() -> None:
    owner = Owner()
    timer, loop = timer_of(owner, Limits(duration=1000, unread=60))
    assert loop.timers[0][0] == pytest.approx(60)
    timer.handed_out = monotonic() - 20
    timer.check(loop)
    assert loop.timers[1][0] == pytest.approx(40, abs=1)
    timer.end = 0
    timer.handed_out = inf  # The reader waits for the next Fragment.
    timer.check(loop)
    assert owner.told == ["over"]
    assert loop.timers[2][0] == pytest.approx(LAST_READ_GRACE)
    timer.handed_out = monotonic() - 2 * LAST_READ_GRACE
    timer.check(loop)
    assert owner.told == ["over", "duration"]
    timer.stop()
    timer.stop()
    assert len(loop.timers) == 2


def test_without_limits_there_is_no_timer() -> None:
    timer, loop = timer_of(Owner(), Limits(duration=None, unread=None))
    assert not loop.timers
    timer.stop()
