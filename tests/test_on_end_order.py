"""``on_end`` is called when everything else is over: rendering, and the source's cleanup."""

import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Literal

import anyio
import anyio.to_thread
import pytest
from anyio.lowlevel import checkpoint
from tests.recorded_source import TIMEOUT

from streamhtml import Reply, stream

BACKENDS = ["asyncio", "trio"]


class Cleanup:
    """Sources whose ``finally`` takes a while, or waits for ``go_on``, and an ``on_end``."""

    def __init__(self, *, waits: bool = False) -> None:
        self.happened: list[str] = []
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.on_end_called = anyio.Event()
        if not waits:
            self.go_on.set()

    async def source(self) -> AsyncIterator[str]:
        try:
            yield "a"
            await anyio.sleep(60)
        finally:
            with anyio.CancelScope(shield=True):  # trio would cancel each await.
                self.begun.set()
                await checkpoint()
                while not self.go_on.is_set():  # noqa: ASYNC110  (another thread may set it)
                    await anyio.sleep(0.001)
                self.happened.append("cleaned up")

    def sync_source(self) -> Iterator[str]:
        try:
            while True:
                yield "a"
        finally:
            self.begun.set()
            self.go_on.wait(TIMEOUT)
            self.happened.append("cleaned up")

    async def __aiter__(self) -> AsyncIterator[str]:
        yield "a"

    async def aclose(self) -> None:
        await checkpoint()
        self.happened.append("cleaned up")

    def on_end(self, reply: Reply) -> None:
        self.happened.append(f"on_end {reply.state}")

    async def on_end_later(self, reply: Reply) -> None:
        self.on_end(reply)
        self.on_end_called.set()


@pytest.mark.anyio
@pytest.mark.parametrize("asynchronous", [True, False])
@pytest.mark.parametrize("kind", ["async", "sync"])
@pytest.mark.parametrize("way", ["stop", "close", "aclose", "end"])
async def test_on_end_is_called_after_the_cleanup(way: str, kind: str, asynchronous: bool) -> None:
    cleanup = Cleanup()
    source: Any = cleanup.source() if kind == "async" else cleanup.sync_source()
    if way == "end":
        source = cleanup
    fragments = stream(
        Reply(), source, on_end=cleanup.on_end_later if asynchronous else cleanup.on_end
    )
    with anyio.fail_after(TIMEOUT):
        await anext(fragments)
        await anext(fragments)
        if way in ("stop", "close"):
            await anyio.to_thread.run_sync(getattr(fragments, way))
        if way in ("stop", "end"):
            async for _ in fragments:
                pass
        await fragments.aclose()
    outcome = {"stop": "stopped", "end": "finished"}.get(way, "interrupted")
    assert cleanup.happened == ["cleaned up", f"on_end {outcome}"]


@pytest.mark.anyio
async def test_after_stop_the_last_fragment_does_not_wait_for_a_slow_cleanup() -> None:
    cleanup = Cleanup(waits=True)
    fragments = stream(Reply(), cleanup.source(), on_end=cleanup.on_end_later)
    with anyio.fail_after(TIMEOUT):
        await anext(fragments)
        await anext(fragments)
        fragments.stop()
        assert [fragment.outcome async for fragment in fragments] == ["stopped"]
        assert cleanup.happened == []
        cleanup.go_on.set()
        await cleanup.on_end_called.wait()
        await fragments.aclose()
    assert cleanup.happened == ["cleaned up", "on_end stopped"]


@pytest.mark.anyio
async def test_when_the_process_ends_on_end_does_not_wait_for_a_slow_cleanup() -> None:
    cleanup = Cleanup(waits=True)
    fragments = stream(Reply(), cleanup.source(), on_end=cleanup.on_end_later)
    with anyio.fail_after(TIMEOUT):
        await anext(fragments)
        await anext(fragments)
        fragments.stop("interrupted")
        assert [fragment.outcome async for fragment in fragments] == ["interrupted"]
        assert cleanup.happened == ["on_end interrupted"]
        cleanup.go_on.set()
        await fragments.aclose()
    assert cleanup.happened == ["on_end interrupted", "cleaned up"]


@pytest.mark.anyio
@pytest.mark.parametrize("way", ["stop", "close"])
async def test_on_end_does_not_wait_for_ever(
    way: Literal["stop", "close"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamhtml._ending.CLOSE_TIMEOUT", 0.2)
    cleanup = Cleanup(waits=True)
    fragments = stream(Reply(), cleanup.sync_source(), on_end=cleanup.on_end_later)
    with anyio.fail_after(TIMEOUT):
        await anext(fragments)
        await anext(fragments)
        getattr(fragments, way)()
        if way == "stop":
            assert [f.outcome async for f in fragments][-1] == "stopped"
        await cleanup.on_end_called.wait()
        assert len(cleanup.happened) == 1
        cleanup.go_on.set()
        await fragments.aclose()


@pytest.mark.anyio
async def test_on_end_sees_what_was_being_rendered_when_the_reader_left() -> None:
    rendering, go_on = threading.Event(), threading.Event()
    seen: list[tuple[str, str]] = []

    def template(context: Mapping[str, Any]) -> str:
        if context["chunk_index"] == 1:
            rendering.set()
            go_on.wait(TIMEOUT)
            seen.append(("rendered", context["ai_message"]))
        return "<p>"

    fragments = stream(
        Reply(template, renderer="template"),
        ["a"],
        on_end=lambda reply: seen.append((reply.state, reply.text)),
    )
    await anext(fragments)
    with anyio.fail_after(TIMEOUT):
        async with anyio.create_task_group() as tasks:

            async def read() -> None:
                await anext(fragments)

            tasks.start_soon(read)
            assert await anyio.to_thread.run_sync(rendering.wait, TIMEOUT)
            tasks.cancel_scope.cancel()
            fragments.close()
            go_on.set()
        await fragments.aclose()
    assert seen == [("rendered", "a"), ("interrupted", "a")]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("asynchronous", [True, False])
def test_on_end_is_called_after_the_cleanup_when_the_loop_ends(
    backend: str, asynchronous: bool
) -> None:
    cleanup = Cleanup()

    async def main() -> Any:
        on_end: Any = cleanup.on_end_later if asynchronous else cleanup.on_end
        fragments = stream(Reply(), cleanup.source(), interval=0, on_end=on_end)
        await anext(fragments)
        await anext(fragments)
        fragments.close()
        await checkpoint()
        await checkpoint()

    anyio.run(main, backend=backend)
    assert cleanup.happened == ["cleaned up", "on_end interrupted"]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("collected", [True, False])
def test_on_end_is_called_when_the_loop_has_ended(backend: str, collected: bool) -> None:
    cleanup = Cleanup()
    streams: list[Any] = []

    async def main() -> None:
        streams.append(stream(Reply(), cleanup.source(), interval=0, on_end=cleanup.on_end))
        for _ in range(2):
            await anext(streams[0])

    anyio.run(main, backend=backend)
    if not collected:
        streams[0].close()
    streams.clear()
    assert cleanup.happened == ["cleaned up", "on_end interrupted"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_async_on_end_that_cannot_be_called_is_logged(
    backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    cleanup = Cleanup()

    async def main() -> Any:
        fragments = stream(Reply(), cleanup.source(), interval=0, on_end=cleanup.on_end_later)
        await anext(fragments)
        await anext(fragments)
        return fragments

    anyio.run(main, backend=backend).close()
    assert cleanup.happened == ["cleaned up"]
    assert "the event loop ended before on_end could be awaited" in caplog.text
