"""The duration ends a stream even while nobody reads it, and lets a reader see the end."""

from typing import Any

import anyio
import pytest
from tests.recorded_source import TIMEOUT, RecordedSource

from streamhtml import Limits, Reply, stream
from streamhtml._eventloop import current_event_loop

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
