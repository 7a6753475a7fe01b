"""Other tasks of the event loop run while a stream has much to render.

Nothing here measures time. A task counts the passes of the event loop, and renderers and formats
record what they are given, and in which pass and thread.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from markupsafe import Markup
from tests.recorded_source import TIMEOUT

from streamhtml import Delta, Format, Fragment, MarkdownRenderer, Patch, Reply, stream
from streamhtml._batch import MAX_BATCH_CHARS, MAX_BUFFERED_CHARS
from streamhtml._body import MAX_ENCODED_ON_LOOP, Body
from streamhtml._pump import Pump
from streamhtml._stream import Stream
from streamhtml.formats.html import HTMLFormat
from streamhtml.markdown import Options

pytestmark = pytest.mark.anyio

HERE = threading.current_thread()
BURST = 60_000


@dataclass
class Feeds:
    """What renderers were given: the number of characters, the pass and the thread of each call.

    ``renderer`` makes a renderer that says it may read ``held`` characters again.
    """

    held: int = 0
    passes: int = 0
    calls: list[tuple[int, int]] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    def renderer(self, root: str) -> "RecordingRenderer":
        return RecordingRenderer(self, root)

    @asynccontextmanager
    async def counting(self) -> AsyncIterator[None]:
        """Count the passes of the event loop meanwhile."""

        async def count() -> None:
            while True:
                self.passes += 1
                await checkpoint()

        with anyio.fail_after(6 * TIMEOUT):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(count)
                yield
                tasks.cancel_scope.cancel()


class RecordingRenderer:
    element = "div"
    css_class = ""

    def __init__(self, feeds: Feeds, root: str) -> None:
        self._feeds = feeds
        self._root = root
        self.held = feeds.held

    def feed(self, text: str) -> list[Patch]:
        self._feeds.calls.append((len(text), self._feeds.passes))
        self._feeds.threads.append(threading.current_thread())
        return [Patch("append", Markup("x"), self._root)]

    def close(self) -> list[Patch]:
        self._feeds.threads.append(threading.current_thread())
        return []

    def render(self, *texts: str) -> Markup:
        self._feeds.threads.append(threading.current_thread())
        return Markup("x" * sum(map(len, texts)))


async def tokens() -> AsyncIterator[str]:
    for _ in range(BURST // 6):
        yield "token "


async def one_token() -> AsyncIterator[str]:
    yield "x" * BURST


async def deltas() -> AsyncIterator[Delta]:
    for number in range(BURST // 100):
        yield Delta("x" * 100, ("text", "reasoning")[number % 2])


async def one_delta() -> AsyncIterator[Delta]:
    yield Delta("x" * BURST)


def sync_tokens() -> Iterator[str]:
    yield from ["token "] * (BURST // 6)


BURSTS = (tokens, one_token, deltas, one_delta, sync_tokens)


async def read(fragments: Any) -> None:
    async for _ in fragments:
        pass


@pytest.mark.parametrize("interval", [0, 0.01])
@pytest.mark.parametrize("source", BURSTS)
async def test_a_burst_is_rendered_in_slices(source: Callable[[], Any], interval: float) -> None:
    feeds = Feeds()
    async with feeds.counting():
        await read(stream(Reply(renderer=feeds.renderer), source(), interval=interval))
    sizes = [size for size, _ in feeds.calls]
    assert sum(sizes) == BURST
    assert max(sizes) <= MAX_BATCH_CHARS
    in_one_pass: dict[int, int] = {}
    for size, at in feeds.calls:
        in_one_pass[at] = in_one_pass.get(at, 0) + size
    assert max(in_one_pass.values()) <= MAX_BATCH_CHARS


@pytest.mark.parametrize("source", [one_token, one_delta])
async def test_streams_take_turns(source: Callable[[], Any]) -> None:
    feeds = Feeds()
    async with feeds.counting(), anyio.create_task_group() as tasks:
        for _ in range(20):
            reply = Reply(renderer=feeds.renderer)
            tasks.start_soon(read, stream(reply, source(), interval=0))
    passes = [at for size, at in feeds.calls if size == MAX_BATCH_CHARS]
    assert len(passes) == 20 * (BURST // MAX_BATCH_CHARS)
    # Two passes at least, whatever the order of the tasks within a pass.
    assert min(after - before for before, after in pairwise(passes)) >= 2


async def test_a_reader_that_is_cancelled_while_it_waits_for_its_turn_loses_nothing() -> None:
    async def cancel_after(passes: int, scope: anyio.CancelScope) -> None:
        for _ in range(passes):
            await checkpoint()
        scope.cancel()

    pump = Pump(one_token(), interval=0, ping=None)
    text = ""
    cancelled = 0
    while (missing := BURST - len(text)) > 0:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(cancel_after, missing % 11 + cancelled % 11, tasks.cancel_scope)
            while batch := await anext(pump, None):
                text += "".join(delta.text for delta in batch)
        cancelled += 1
    assert text == "x" * BURST
    assert cancelled > 3


async def test_no_more_than_a_buffer_is_taken_for_a_reader_who_does_not_read() -> None:
    taken = 0

    async def endless() -> AsyncIterator[str]:
        nonlocal taken
        while True:
            taken += 1000
            yield "x" * 1000
            await checkpoint()

    fragments = stream(Reply(), endless(), interval=0)
    await anext(fragments)
    for _ in range(10 * MAX_BUFFERED_CHARS // 1000):
        await checkpoint()
    assert taken <= MAX_BUFFERED_CHARS + 2000
    await fragments.aclose()


async def test_what_may_read_much_again_runs_on_a_worker_thread() -> None:
    for held, on_loop in (0, True), (MAX_BATCH_CHARS, True), (MAX_BATCH_CHARS + 1, False):
        feeds = Feeds(held)
        await read(stream(Reply(renderer=feeds.renderer), one_token(), interval=0))
        assert feeds.threads[0] is HERE
        assert {thread is HERE for thread in feeds.threads[1:-1]} == {on_loop}


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("size", [100, MAX_BATCH_CHARS + 1])
async def test_the_end_of_a_long_answer_runs_on_a_worker_thread(size: int, at_once: bool) -> None:
    feeds = Feeds()
    reply = Reply(renderer=feeds.renderer, at_once=at_once)
    await read(stream(reply, ["x" * size], interval=0))
    assert (feeds.threads[-1] is HERE) == (size == 100)


@pytest.mark.parametrize(
    "text",
    [
        "*a **b " * 2000,
        "[a " * 4000,
        "| " + "*a " * 3000,
        "# " + "*a " * 4000,
        "|a|b|\n|-|-|\n|" + "*a " * 4000,
        "[a]: b 'c" + "d\n" * 4000,
        "- " * 5000,
        "`" * 9000,
    ],
)
def test_markdown_says_how_much_it_may_read_again(text: str) -> None:
    renderer = MarkdownRenderer("r")
    renderer.feed(text)
    assert renderer.held > len(text) / 2
    renderer.feed("\n\n# end\n\n")
    assert renderer.held <= 1


def test_code_is_held_for_the_function_that_gets_all_of_it() -> None:
    for on_fence, held in (None, 0), (lambda language, code, info: None, 5000):
        renderer = MarkdownRenderer("r", Options(on_fence=on_fence))
        renderer.feed("```\n" + "x" * 5000)
        assert renderer.held == held


def test_ordinary_text_is_not_held() -> None:
    renderer = MarkdownRenderer("r")
    for _ in range(3000):
        renderer.feed("word and *more*, ")
        assert renderer.held < 100


class RecordingFormat(Format):
    """Records in which thread each fragment is encoded, and waits there for ``may_go_on``."""

    media_type = "text/html"

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self.begun = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def encode(self, fragment: Fragment) -> str:
        self.threads.append(threading.current_thread())
        self.begun.set()
        assert self.may_go_on.wait(TIMEOUT)
        return f"{fragment.index}:{sum(len(patch.html) for patch in fragment.patches)};"


def large_fragments() -> Stream:
    tokens = [Delta(Markup("x" * (MAX_ENCODED_ON_LOOP + 1))), Delta("y")]
    return stream(Reply(renderer="text", context={"message_pair_id": "ai_1"}), tokens, interval=0)


async def test_a_large_fragment_is_encoded_on_a_worker_thread() -> None:
    chosen = RecordingFormat()
    await read(Body(large_fragments(), chosen))
    # The shell, the large one with or without the small one, and the end, when much was written.
    assert chosen.threads[0] is HERE
    assert HERE not in (chosen.threads[1], chosen.threads[-1])


async def test_a_fragment_is_not_lost_if_its_reader_is_cancelled_while_it_is_encoded() -> None:
    chosen = RecordingFormat()
    body = Body(large_fragments(), chosen)
    chunks = [await anext(body)]
    chosen.begun.clear()
    chosen.may_go_on.clear()

    async def cancel_when_begun(cancel: Callable[[], object]) -> None:
        await anyio.to_thread.run_sync(chosen.begun.wait, TIMEOUT)
        cancel()
        chosen.may_go_on.set()

    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(cancel_when_begun, scope.cancel)
            chunks.append(await anext(body))
    chunks += [chunk async for chunk in body]
    numbers = [chunk.split(b":")[0] for chunk in chunks]
    assert numbers == [b"%d" % number for number in range(len(chunks))]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_fragment_is_not_lost_if_asyncio_cancels_while_it_is_encoded() -> None:
    chosen = RecordingFormat()
    body = Body(large_fragments(), chosen)
    chunks = [await anext(body)]
    chosen.begun.clear()
    chosen.may_go_on.clear()
    task = asyncio.ensure_future(anext(body))
    await anyio.to_thread.run_sync(chosen.begun.wait, TIMEOUT)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    chosen.may_go_on.set()
    chunks += [chunk async for chunk in body]
    assert [chunk.split(b":")[0] for chunk in chunks][:2] == [b"0", b"1"]


def test_slices_do_not_change_what_the_reader_sees() -> None:
    text = "*a* [b](c) **d\n\n- e\n- f\n\n| a | b |\n|---|---|\n| `c` | d |\n\n" * 400

    async def body(source: Any) -> str:
        pieces = [chunk async for chunk in Body(whole(source), HTMLFormat())]
        return b"".join(pieces).decode()

    def whole(source: Any) -> Stream:
        return stream(Reply(at_once=True, context={"message_pair_id": "ai_1"}), source, interval=0)

    one = anyio.run(partial(body, [text]))
    many = anyio.run(partial(body, list(text)))
    strip = lambda html: html[: html.rindex("<!")]  # noqa: E731 - the mark has a random token
    assert strip(one).partition("<!")[0] == strip(many).partition("<!")[0]
