"""A stream turns deltas into Fragments. ``test_stream_endings.py`` tests how it ends."""

import threading
from collections.abc import AsyncIterator, Mapping
from contextvars import ContextVar, copy_context
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from tests.recorded_source import TIMEOUT, RecordedSource
from tests.sent_text import text_of

from streamhtml import Delta, Patch, Reply, TextRenderer, stream
from streamhtml._stream import Stream

pytestmark = pytest.mark.anyio


async def test_the_first_fragment_comes_before_any_token() -> None:
    async def source() -> AsyncIterator[str]:
        await anyio.sleep(60)
        yield "a"

    fragments = stream(Reply(), source())
    with anyio.fail_after(TIMEOUT):
        assert (await anext(fragments)).index == 0
    await fragments.aclose()


async def test_a_finished_answer() -> None:
    tokens = ["Hel", None, "", "lo", Delta("!")]
    reply = Reply(renderer="text")
    fragments = [fragment async for fragment in stream(reply, tokens, interval=0)]
    assert text_of(fragments) == "Hello!"
    assert [fragment.index for fragment in fragments] == list(range(len(fragments)))
    assert [fragment.outcome for fragment in fragments][:-1] == [None] * (len(fragments) - 1)
    assert fragments[-1].outcome == "finished"


async def test_none_and_empty_tokens_make_no_fragments() -> None:
    async def source() -> AsyncIterator[str | None]:
        for token in (None, "", "a", None, ""):
            yield token
            await anyio.sleep(0.001)

    fragments = [fragment async for fragment in stream(Reply(), source(), interval=0)]
    assert [(f.index, f.outcome) for f in fragments] == [(0, None), (1, None), (2, "finished")]


async def test_tokens_are_collected_within_the_interval() -> None:
    async def source() -> AsyncIterator[str]:
        for _ in range(100):
            yield "x"
            await checkpoint()

    reply = Reply(renderer="text")
    fragments = [fragment async for fragment in stream(reply, source(), interval=60)]
    assert text_of(fragments) == "x" * 100
    assert len(fragments) == 4  # The shell, the first token, the others, the end.


async def test_a_template_that_is_rendered_each_time_runs_on_a_worker_thread() -> None:
    threads = set()

    def template(context: Mapping[str, Any]) -> str:
        threads.add(threading.current_thread())
        return "<p>"

    reply = Reply(template, renderer="template")
    threads.clear()
    fragments = stream(reply, ["a"], interval=0)
    threads.clear()
    assert [fragment.index async for fragment in fragments] == [0, 1, 2]
    assert threading.current_thread() not in threads


async def test_pings_are_not_counted() -> None:
    two_pings = anyio.Event()

    async def source() -> AsyncIterator[str]:
        yield "a"
        await two_pings.wait()
        yield "b"

    counted: list[int] = []
    pings = 0
    with anyio.fail_after(TIMEOUT):
        async for fragment in stream(Reply(), source(), ping=0.01):
            if fragment.patches or fragment.outcome:
                counted.append(fragment.index)
                continue
            assert fragment.index == counted[-1]
            pings += counted[-1] == 1
            if pings == 2:
                two_pings.set()
    assert counted == [0, 1, 2, 3]


async def test_an_answer_that_is_held_back_until_its_end_sends_pings() -> None:
    three_pings = anyio.Event()

    async def source() -> AsyncIterator[str]:
        while not three_pings.is_set():
            yield "a"
            await anyio.sleep(0.001)

    fragments = []
    with anyio.fail_after(TIMEOUT):
        async for fragment in stream(Reply(at_once=True), source(), interval=0, ping=0.02):
            fragments.append(fragment)
            if len(fragments) == 3:
                three_pings.set()
    assert [len(f.patches) for f in fragments] == [0] * (len(fragments) - 1) + [1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"interval": -1}, "interval=-1 must be 0 or more seconds"),
        ({"interval": float("nan")}, "interval=nan"),
        ({"interval": "x"}, "interval='x'"),
        ({"ping": "x"}, "ping='x'"),
        ({"ping": 0}, "ping=0 must be more than 0 seconds; None"),
    ],
)
def test_impossible_times_are_refused(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        stream(Reply(), [], **arguments)


def test_a_source_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="tokens is None"):
        stream(Reply(), None)  # type: ignore[arg-type]


async def test_a_template_that_cannot_be_rendered_is_refused_and_the_source_closed() -> None:
    source = RecordedSource()
    with pytest.raises(ValueError, match="the template shows neither"):
        stream(Reply(lambda context: "<p>"), source)
    await source.until_closed()
    assert not source.started


async def test_a_token_of_an_unknown_type_fails_the_stream_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fragments = [fragment async for fragment in stream(Reply(), ["a", 7], interval=0)]
    assert fragments[-1].outcome == "failed"
    assert "a token is an int" in caplog.text


async def test_a_renderer_of_the_site_sees_the_context_variables_of_the_view() -> None:
    user: ContextVar[str] = ContextVar("user", default="nobody")

    class Signed(TextRenderer):
        def feed(self, text: str) -> list[Patch]:
            return super().feed(f"{user.get()}: {text}")

    def view() -> Stream:
        user.set("Ada")
        return stream(Reply(renderer=Signed), ["Hello"])

    fragments = [fragment async for fragment in copy_context().run(view)]
    assert text_of(fragments) == "Ada: Hello"
