"""Each limit ends a stream as documented: what has arrived is shown, and ``on_end`` learns why."""

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from math import inf, nan
from time import monotonic
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from markupsafe import Markup
from tests.recorded_source import TIMEOUT, RecordedSource
from tests.sent_text import text_of

from streamhtml import Delta, Fragment, Limits, Reply, Truncated, stream
from streamhtml.asgi import StreamingHTMLResponse as ASGIResponse
from streamhtml.wsgi import StreamingHTMLResponse as WSGIResponse

pytestmark = pytest.mark.anyio

SOON = 0.05
"""A limit in seconds that is reached soon."""

Ended = list[tuple[str, str | None, str]]


def recorder(ended: Ended) -> Callable[[Reply], None]:
    return lambda reply: ended.append((reply.state, reply.limit, reply.text))


async def read(
    tokens: Any, limits: Limits, *, interval: float = 0
) -> tuple[list[Fragment], tuple[str, str | None, str]]:
    """Return the fragments, and what ``on_end`` was told."""
    ended: Ended = []
    with anyio.fail_after(TIMEOUT):
        fragments = stream(
            Reply(renderer="text"),
            tokens,
            interval=interval,
            limits=limits,
            on_end=recorder(ended),
        )
        found = [fragment async for fragment in fragments]
        await fragments.aclose()
    return found, *ended


# Characters ------------------------------------------------------------------------------------


@pytest.mark.parametrize("characters", [1, 9, 10, 4096, 5000])
@pytest.mark.parametrize(
    "tokens",
    [
        ["x"] * 9000,
        ["x" * 9000],
        [Delta("x" * 9000)],
        ["x" * 5, Delta("x" * 8995)],
    ],
)
async def test_the_answer_up_to_the_limit_is_shown(tokens: list[Any], characters: int) -> None:
    fragments, ended = await read(tokens, Limits(characters=characters))
    assert ended == ("truncated", "characters", "x" * characters)
    assert text_of(fragments).startswith("x" * characters + "<span")
    assert "The answer is cut short here." in text_of(fragments)
    assert fragments[-1].outcome == "truncated"


async def test_an_answer_of_exactly_the_limit_is_finished() -> None:
    _, ended = await read(["12345", "67890"], Limits(characters=10))
    assert ended == ("finished", None, "1234567890")


async def test_all_parts_count_and_markup_is_not_cut() -> None:
    tokens = [Delta("12345", "reasoning"), Delta(Markup("<b>67</b>")), "8"]
    _, ended = await read(tokens, Limits(characters=6))
    assert ended == ("truncated", "characters", "<b>67</b>")


async def test_the_source_is_closed_at_the_limit() -> None:
    async def endless() -> Any:
        while True:
            yield "x"
            await checkpoint()

    source = RecordedSource(body=endless)
    await read(source(), Limits(characters=100))
    await source.until_closed()


async def test_a_cut_that_the_source_reports_and_one_by_the_user_are_no_limit() -> None:
    async def cut_short() -> AsyncIterator[str]:
        yield "x"
        raise Truncated

    _, ended = await read(cut_short(), Limits(characters=1))
    assert ended == ("truncated", None, "x")

    ended_by_user: Ended = []
    source = RecordedSource("x" * 20, then="wait")
    fragments = stream(
        Reply(renderer="text"),
        source(),
        limits=Limits(characters=10),
        on_end=recorder(ended_by_user),
        interval=60,
    )
    await anext(fragments)
    fragments.stop()
    with anyio.fail_after(TIMEOUT):
        found = [fragment async for fragment in fragments]
    assert found[-1].outcome == "stopped"
    assert ended_by_user[0][:2] == ("stopped", None)


# Silence ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("ping", [None, SOON / 5])
async def test_a_silent_source_is_closed_although_there_are_pings(ping: float | None) -> None:
    for source in RecordedSource("a", then="wait"), RecordedSource(then="wait"):
        ended: Ended = []
        limits = Limits(silence=SOON)
        with anyio.fail_after(TIMEOUT):
            fragments = stream(
                Reply(renderer="text"),
                source(),
                interval=0,
                ping=ping,
                limits=limits,
                on_end=recorder(ended),
            )
            found = [fragment async for fragment in fragments]
            await source.until_closed()
        assert [each[:2] for each in ended] == [("interrupted", "silence")]
        assert found[-1].outcome == "interrupted"
        assert "The answer was interrupted" in text_of(found)


async def test_a_silent_source_in_a_thread_ends_the_answer() -> None:
    release = threading.Event()

    def source() -> Iterator[str]:
        yield "a"
        release.wait(TIMEOUT)

    reading = read(source(), Limits(silence=SOON))
    async with anyio.create_task_group() as tasks:

        async def release_later() -> None:
            await anyio.sleep(4 * SOON)
            release.set()

        tasks.start_soon(release_later)
        _, ended = await reading
    assert ended == ("interrupted", "silence", "a")


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a list of seconds that are added to the pump's clock."""
    seconds: list[float] = []
    monkeypatch.setattr("streamhtml._pump.monotonic", lambda: monotonic() + sum(seconds))
    return seconds


@pytest.mark.parametrize("token", ["b", None, ""])
async def test_each_token_ends_the_silence(token: str | None, passed: list[float]) -> None:
    async def source() -> AsyncIterator[str | None]:
        yield "a"
        for _ in range(4):
            passed.append(60)
            yield token
            await anyio.sleep(0.001)

    _, ended = await read(source(), Limits(silence=100))
    assert ended == ("finished", None, "a" + 4 * (token or ""))


async def test_a_reader_who_is_slow_is_no_silence(passed: list[float]) -> None:
    is_there, go_on = anyio.Event(), anyio.Event()

    async def source() -> AsyncIterator[str]:
        yield "a"
        is_there.set()
        await go_on.wait()

    fragments = stream(Reply(), source(), interval=0, limits=Limits(silence=100, unread=None))
    with anyio.fail_after(TIMEOUT):
        await anext(fragments)
        await is_there.wait()
        passed.append(1000)
        assert (await anext(fragments)).outcome is None
        go_on.set()
        assert [fragment.outcome async for fragment in fragments] == ["finished"]


# Duration --------------------------------------------------------------------------------------


@pytest.mark.parametrize("suspends", [True, False])
async def test_a_source_without_an_end_is_closed_after_the_duration(suspends: bool) -> None:
    async def endless() -> Any:
        while True:
            yield "x"
            if suspends:
                await checkpoint()

    source = RecordedSource(body=endless)
    limits = Limits(duration=SOON, characters=None)
    fragments, (state, limit, text) = await read(source(), limits)
    assert (state, limit) == ("truncated", "duration")
    assert text
    assert text in text_of(fragments)
    assert "The answer is cut short here." in text_of(fragments)
    await source.until_closed()


async def test_the_duration_ends_a_silent_source_too() -> None:
    _, ended = await read(RecordedSource("a", then="wait")(), Limits(duration=SOON))
    assert ended == ("truncated", "duration", "a")


# A reader who takes nothing --------------------------------------------------------------------


async def test_a_reader_who_takes_nothing_costs_the_source_no_more() -> None:
    source = RecordedSource("a", "b", then="wait")
    ended = anyio.Event()
    found: Ended = []

    async def on_end(reply: Reply) -> None:
        found.append((reply.state, reply.limit, reply.text))
        ended.set()

    fragments = stream(
        Reply(renderer="text"), source(), interval=60, limits=Limits(unread=SOON), on_end=on_end
    )
    with anyio.fail_after(TIMEOUT):
        await anext(fragments)
        await anext(fragments)
        await ended.wait()
        await source.until_closed()
    assert [each[:2] for each in found] == [("interrupted", "unread")]
    assert found[0][2].startswith("a")
    with pytest.raises(StopAsyncIteration):
        await anext(fragments)


async def test_a_reader_who_waits_for_the_source_is_not_stalled() -> None:
    async def source() -> AsyncIterator[str]:
        yield "a"
        await anyio.sleep(4 * SOON)
        yield "b"

    _, ended = await read(source(), Limits(unread=SOON), interval=0)
    assert ended == ("finished", None, "ab")


async def test_a_stream_that_nobody_holds_is_not_kept_by_its_timer() -> None:
    source = RecordedSource("a", then="wait")
    fragments = stream(Reply(), source, limits=Limits(unread=1000))
    await anext(fragments)
    del fragments
    gc.collect()
    with anyio.fail_after(TIMEOUT):
        await source.until_closed()


async def blocked_send(blocked_at: int, sent: list[Any], message: Any) -> None:
    sent.append(message)
    if len(sent) >= blocked_at:
        await anyio.sleep(60)


@pytest.mark.parametrize("blocked_at", [2, 3])
async def test_an_asgi_response_gives_up_a_send_that_never_ends(blocked_at: int) -> None:
    ended: Ended = []
    source = RecordedSource("a", then="wait")
    scope = {"method": "GET", "headers": []}
    response = ASGIResponse(
        scope,
        source(),
        format="html",
        interval=0,
        limits=Limits(unread=SOON),
        on_end=recorder(ended),
    )

    async def receive() -> Any:
        await anyio.sleep(60)

    sent: list[Any] = []
    with anyio.fail_after(TIMEOUT):
        await response(scope, receive, lambda message: blocked_send(blocked_at, sent, message))
    await source.until_closed()
    assert [each[:2] for each in ended] == [("interrupted", "unread")]
    assert len(sent) == blocked_at


async def test_an_asgi_response_gives_up_a_last_send_that_never_ends() -> None:
    ended: Ended = []
    scope = {"method": "GET", "headers": []}
    response = ASGIResponse(
        scope, ["a"], format="whole", limits=Limits(unread=SOON), on_end=recorder(ended)
    )

    async def receive() -> Any:
        await anyio.sleep(60)

    sent: list[Any] = []
    with anyio.fail_after(TIMEOUT):
        await response(scope, receive, lambda message: blocked_send(2, sent, message))
    assert ended == [("finished", None, "a")]


def test_a_wsgi_server_that_takes_nothing_costs_the_source_no_more() -> None:
    ended = threading.Event()
    found: Ended = []

    def on_end(reply: Reply) -> None:
        found.append((reply.state, reply.limit, reply.text))
        ended.set()

    source = RecordedSource("a" * 5000, then="wait")
    response = WSGIResponse(
        {"REQUEST_METHOD": "GET"},
        source,
        format="html",
        interval=0,
        limits=Limits(unread=SOON),
        on_end=on_end,
    )
    chunks = iter(response)
    next(chunks)
    assert ended.wait(TIMEOUT)
    assert found[0][:2] == ("interrupted", "unread")
    assert source.closed.wait(TIMEOUT)
    response.close()


# The arguments ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"characters": 0}, "characters=0 must be a whole number of 1 or more; None"),
        ({"characters": 1.5}, r"characters=1\.5"),
        ({"characters": True}, "characters=True"),
        ({"characters": "9"}, "characters='9'"),
        ({"silence": 0}, "silence=0 must be a number of seconds above 0; None"),
        ({"silence": nan}, "silence=nan"),
        ({"silence": True}, "silence=True"),
        ({"duration": -1}, "duration=-1"),
        ({"duration": inf}, "duration=inf"),
        ({"unread": "60"}, "unread='60'"),
    ],
)
def test_impossible_limits_are_refused(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Limits(**arguments)


@pytest.mark.parametrize("limits", [None, 60, {"silence": 60}])
async def test_what_is_no_limits_is_refused_and_the_source_closed(limits: Any) -> None:
    source = RecordedSource()
    with pytest.raises(TypeError, match="must be a Limits, such as"):
        stream(Reply(), source, limits=limits)
    await source.until_closed()


async def test_without_limits_nothing_ends() -> None:
    no_limits = Limits(characters=None, silence=None, duration=None, unread=None)
    _, ended = await read(["x" * 2_000_000], no_limits)
    assert ended[:2] == ("finished", None)
    assert len(ended[2]) == 2_000_000


def test_the_default_is_not_the_same_as_no_limits() -> None:
    async def text() -> int:
        _, ended = await read(["x" * 1_200_000], Limits())
        return len(ended[2])

    assert asyncio.run(text()) == 1_000_000
