"""Text that was received is not lost: ``on_end`` gets all of it, even what was not shown yet."""

import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import product
from typing import Any, Final

import anyio
import anyio.abc
import anyio.to_thread
import pytest
from markupsafe import Markup
from tests.recorded_source import TIMEOUT

from streamhtml import Delta, Limits, Patch, Reply, TextRenderer, stream
from streamhtml._batch import MAX_BATCH_CHARS, MAX_BUFFERED_CHARS, MAX_BUFFERED_DELTAS
from streamhtml._eventloop import current_event_loop

LONG: Final = "x" * (2 * MAX_BATCH_CHARS)

TOKENS: Final[dict[str, list[Any]]] = {
    "until the interval is over": ["a", "b", Delta("c"), Markup("<b>d</b>")],
    "as the rest of a long token": [LONG, "b"],
    "in a full buffer": ["a"] * (MAX_BUFFERED_DELTAS + 100),
    "until it is their turn": ["a", LONG],
    "while a template is rendered": ["a", "b", "c"],
}
"""The tokens of a source, for each place where some of them wait when the stream ends."""

READER_WAITS: Final = ("until it is their turn", "while a template is rendered")
"""The places in which the reader waits for a fragment."""

ENDINGS: Final = (
    "aclose",
    "close",
    "close in a thread",
    "collect",
    "cancel, aclose",
    "stop, close",
    "unread",
    "duration",
    "a rendering raises",
)

CASES: Final = [
    (ending, place, sync)
    for ending, place, sync in product(ENDINGS, TOKENS, (False, True))
    if ending != "unread" or place not in READER_WAITS
]


class Scene:
    """A stream that has received more than it has shown, and what ``on_end`` was told."""

    def __init__(self, ending: str, place: str, *, sync: bool) -> None:
        self.given: list[str] = []
        self.saved: list[str] = []
        self.release = threading.Event()
        self._go_on = threading.Event()
        self._reader_waits = threading.Event()
        self._place = place
        self._tokens = TOKENS[place]
        self._raises = ending == "a rendering raises"
        uses_template = place == "while a template is rendered"
        self.fragments = stream(
            Reply(
                self._template if uses_template else None,
                renderer="template" if uses_template else self._renderer,
            ),
            self._sync_source() if sync else self._source(),
            interval=60 if place in ("until the interval is over", "in a full buffer") else 0,
            limits=Limits(unread=None if ending == "duration" else 60),
            on_end=lambda reply: self.saved.append(reply.text),
        )

    def _renderer(self, root: str) -> TextRenderer:
        scene = self

        class Renderer(TextRenderer):
            def feed(self, text: str) -> list[Patch]:
                if scene._raises and scene.release.is_set():
                    raise ZeroDivisionError
                return super().feed(text)

        return Renderer(root)

    def _template(self, context: Mapping[str, Any]) -> str:
        if context["chunk_index"]:
            self._reader_waits.set()
            self.release.wait(TIMEOUT)
            if self._raises:
                raise ZeroDivisionError
        return "<p>"

    def _give(self, token: Any) -> Any:
        self.given.append(token.text if isinstance(token, Delta) else token)
        return token

    def _sync_source(self) -> Iterator[Any]:
        for token in self._tokens:
            yield self._give(token)
            self._go_on.wait(TIMEOUT)
        self.release.wait(TIMEOUT)

    async def _source(self) -> AsyncIterator[Any]:
        for number, token in enumerate(self._tokens):
            yield self._give(token)
            if number == 0:
                await anyio.to_thread.run_sync(self._go_on.wait, TIMEOUT)
        await anyio.sleep_forever()

    async def take_turn(self) -> None:
        self._reader_waits.set()
        while not self.release.is_set():  # noqa: ASYNC110  (a thread may wait for it)
            await anyio.sleep(0.001)

    async def begin(self, tasks: anyio.abc.TaskGroup) -> None:
        """Read a little, and let the source give the rest."""
        await anext(self.fragments)
        if self._place != "while a template is rendered":
            await anext(self.fragments)
        if self._place in READER_WAITS:
            tasks.start_soon(self.read)
            if self._place == "while a template is rendered":
                await anyio.to_thread.run_sync(self._reader_waits.wait, TIMEOUT)
        self._go_on.set()
        expected = min(len(self._tokens), MAX_BUFFERED_DELTAS + 1)
        while len(self.given) < expected:  # noqa: ASYNC110  (no event)
            await anyio.sleep(0.001)
        if self._place in READER_WAITS:
            await anyio.to_thread.run_sync(self._reader_waits.wait, TIMEOUT)

    async def read(self) -> None:
        with anyio.CancelScope() as self.reading:
            async for _ in self.fragments:
                pass

    async def end(self, ending: str) -> None:
        fragments = self.fragments
        for way in ending.split(", "):
            if way == "aclose":
                self.release.set()
                await fragments.aclose()
            elif way == "close":
                fragments.close()
            elif way == "close in a thread":
                await anyio.to_thread.run_sync(fragments.close)
            elif way == "collect":
                fragments.__del__()
            elif way == "cancel" and self._place in READER_WAITS:
                self.reading.cancel()
            elif way == "stop" or self._raises:
                fragments.stop()
            elif way == "unread":
                fragments._timer.handed_out -= 100
                fragments._timer.check(current_event_loop())
            elif way == "duration":
                fragments._timer.end = 0
                fragments._timer.check(current_event_loop())
        self.release.set()
        if self._raises and self._place not in READER_WAITS:
            await self.read()


@pytest.mark.anyio
@pytest.mark.parametrize(("ending", "place", "sync"), CASES)
async def test_on_end_gets_all_that_was_received(
    ending: str, place: str, sync: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamhtml._stream_timer.LAST_READ_GRACE", 0)
    scene = Scene(ending, place, sync=sync)
    if place == "until it is their turn":
        monkeypatch.setattr("streamhtml._pump.take_turn", scene.take_turn)
    with anyio.fail_after(TIMEOUT):
        async with anyio.create_task_group() as tasks:
            await scene.begin(tasks)
            await scene.end(ending)
            while not scene.saved:  # noqa: ASYNC110  (no event)
                await anyio.sleep(0.001)
            tasks.cancel_scope.cancel()
        await scene.fragments.aclose()
    assert scene.saved == ["".join(scene.given)]


@pytest.mark.anyio
async def test_a_long_token_is_kept_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[bool] = []

    async def take_turn() -> None:
        turns.append(True)

    monkeypatch.setattr("streamhtml._ending.take_turn", take_turn)
    token = 1_000_000 * "x"
    saved: list[str] = []
    fragments = stream(Reply(), [token], on_end=lambda reply: saved.append(reply.text))
    await anext(fragments)
    await anext(fragments)
    await fragments.aclose()
    assert saved == [token]
    assert len(turns) >= len(token) / MAX_BUFFERED_CHARS - 1


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("collected", [False, True])
def test_on_end_gets_all_after_the_loop_has_ended(backend: str, collected: bool) -> None:
    scene: list[Scene] = []

    async def main() -> None:
        scene.append(Scene("close", "as the rest of a long token", sync=False))
        async with anyio.create_task_group() as tasks:
            await scene[0].begin(tasks)

    anyio.run(main, backend=backend)
    fragments = scene[0].fragments
    (fragments.__del__ if collected else fragments.close)()
    assert scene[0].saved == ["".join(scene[0].given)]


@pytest.mark.anyio
async def test_the_text_does_not_exceed_its_limit() -> None:
    saved: list[str] = []
    fragments = stream(
        Reply(),
        [LONG, LONG],
        limits=Limits(characters=len(LONG) - 1),
        on_end=lambda reply: saved.append(reply.text),
    )
    await anext(fragments)
    await anext(fragments)
    await fragments.aclose()
    assert saved == [LONG[1:]]


@pytest.mark.anyio
async def test_without_on_end_the_reply_has_all_the_text_after_aclose() -> None:
    reply = Reply()
    fragments = stream(reply, [LONG, "b"])
    await anext(fragments)
    await anext(fragments)
    await fragments.aclose()
    assert reply.text.startswith(LONG)
    assert reply.state == "interrupted"
