"""However a stream ends, its answer has the outcome, the times, and what the source reported."""

import threading
from collections.abc import AsyncIterator, Iterator
from time import monotonic
from typing import Any, Final

import anyio
import pytest
from anyio.lowlevel import checkpoint
from tests.recorded_source import TIMEOUT

from streamhtml import Answer, Delta, Facts, Limits, Reply, ToolDelta, Truncated, stream
from streamhtml._body import Body
from streamhtml._stream import Stream
from streamhtml._wsgi_iterator import SyncIterator
from streamhtml.formats.html import HTMLFormat

CHUNK: Final = {
    "object": "chat.completion.chunk",
    "id": "resp_1",
    "model": "m-1",
    "choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": None}],
    "usage": {"total_tokens": 7},
}
FACTS: Final = Facts(model="m-1", response_id="resp_1", usage={"total_tokens": 7})
TOKENS: Final = [Delta("Hm", "reasoning"), ToolDelta("{}", id="1", name="look"), CHUNK]

ENDINGS: Final = {
    "finished": "finished",
    "fails": "failed",
    "is cut short": "truncated",
    "stop": "stopped",
    "aclose": "interrupted",
    "close": "interrupted",
    "cancel": "interrupted",
    "characters": "truncated",
    "a rendering raises": "failed",
}


class Scene:
    """A source that ends, or waits after its tokens, and the answer that ``on_end`` gets."""

    def __init__(self, ending: str, *, sync: bool) -> None:
        self._ending = ending
        self._tokens = [*TOKENS, "!"] if ending == "characters" else TOKENS
        self._wait = threading.Event()
        self._all_given = threading.Event()
        self.answers: list[Answer] = []
        self.stream = stream(
            Reply(self._template, renderer="template") if "rendering" in ending else Reply(),
            self._sync_source() if sync else self._source(),
            interval=0,
            on_end=lambda reply: self.answers.append(reply.answer),
            limits=Limits(characters=9 if ending == "characters" else None),
        )

    def _template(self, context: Any) -> str:
        if context["chunk_index"]:
            self._wait.set()  # A thread cannot be cancelled.
            raise ZeroDivisionError
        return '<p id="{}">'.format(context["message_pair_id"])

    def _end(self) -> bool:
        self._all_given.set()
        if self._ending == "fails":
            raise OSError("the source failed")
        if self._ending == "is cut short":
            raise Truncated
        return self._ending == "finished"

    async def _source(self) -> AsyncIterator[Any]:
        for token in self._tokens:
            yield token
            await checkpoint()
        if not self._end():
            await anyio.sleep(60)

    def _sync_source(self) -> Iterator[Any]:
        yield from self._tokens
        if not self._end():
            self._wait.wait(TIMEOUT)

    async def run(self) -> Answer:
        fragments = self.stream
        with anyio.CancelScope() as scope:
            async for _ in fragments:
                while not self._all_given.is_set():  # noqa: ASYNC110  (also set in a thread)
                    await anyio.sleep(0.001)
                if self._ending == "stop":
                    fragments.stop()
                elif self._ending == "cancel":
                    scope.cancel()
                elif "close" in self._ending:
                    break
        if self._ending == "close":
            fragments.close()
        self._wait.set()
        await fragments.aclose()
        (answer,) = self.answers
        return answer


def check(answer: Answer, outcome: str) -> None:
    assert answer.outcome == outcome
    assert answer.facts == FACTS
    assert [(part.kind, part.text) for part in answer.parts] == [
        ("reasoning", "Hm"),
        ("tool", "{}"),
        ("text", "Hello"),
    ]
    assert [part.state for part in answer.parts] == ["done", "called", "done"]
    times = [answer.first_delta_after, *(part.began_after for part in answer.parts)]
    times += [answer.parts[-1].ended_after, answer.duration]
    assert None not in times
    assert times == sorted(times)  # type: ignore[type-var]
    assert answer.parts[0].ended_after == answer.parts[1].began_after
    assert Answer.from_dict(answer.to_dict()) == answer


@pytest.mark.parametrize("sync", [False, True])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_the_answer_is_complete_however_the_stream_ends(
    ending: str, backend: str, sync: bool, caplog: pytest.LogCaptureFixture
) -> None:
    check(anyio.run(Scene(ending, sync=sync).run, backend=backend), ENDINGS[ending])


@pytest.mark.parametrize("sync", [False, True])
def test_the_answer_is_complete_under_wsgi(sync: bool) -> None:
    scene = Scene("finished", sync=sync)
    chunks = SyncIterator(Body(scene.stream, HTMLFormat()), {})
    assert b"Hello" in b"".join(chunks)
    chunks.close()
    check(scene.answers[0], "finished")


def test_without_on_end_the_answer_is_complete_too() -> None:
    reply = Reply()

    async def main() -> None:
        async for _ in stream(reply, [CHUNK]):
            pass

    anyio.run(main)
    assert (reply.answer.facts, reply.answer.outcome) == (FACTS, "finished")
    assert reply.answer.duration is not None
    assert reply.answer.message_pair_id == reply.message_pair_id


def test_an_answer_without_a_delta() -> None:
    async def read(fragments: Stream) -> None:
        async for _ in fragments:
            pass

    reply = Reply()
    anyio.run(read, stream(reply, []))
    assert reply.answer.first_delta_after is None
    assert reply.answer.duration is not None
    # What began like a tag comes out at the end of the source, when the reader has left.
    reply = Reply()

    async def leave() -> None:
        given = anyio.Event()

        async def source() -> AsyncIterator[str]:
            yield "<thi"
            given.set()
            await anyio.sleep(60)

        fragments = stream(reply, source(), interval=60, on_end=lambda reply: None)
        await anext(fragments)
        await given.wait()
        await fragments.aclose()

    anyio.run(leave)
    assert reply.text == "<thi"
    assert reply.answer.first_delta_after is not None


@pytest.mark.parametrize("sync", [False, True])
def test_the_first_delta_counts_when_it_arrives_and_not_when_it_is_read(sync: bool) -> None:
    given = threading.Event()
    after: list[float] = []

    def give() -> None:
        after.append(monotonic())
        given.set()

    async def source() -> AsyncIterator[str]:
        yield "a"
        give()

    def sync_source() -> Iterator[str]:
        yield "a"
        give()

    async def main() -> tuple[float, Answer]:
        reply = Reply()
        fragments = stream(reply, sync_source() if sync else source(), interval=0)
        before = monotonic()
        await anext(fragments)
        while not given.is_set():  # noqa: ASYNC110  (set in a thread)
            await anyio.sleep(0.001)
        await anyio.sleep(0.02)
        async for _ in fragments:
            pass
        return before, reply.answer

    before, answer = anyio.run(main)
    assert answer.first_delta_after is not None
    assert answer.first_delta_after <= after[0] - before + 0.001
    (part,) = answer.parts
    assert part.began_after is not None
    assert part.began_after >= answer.first_delta_after + 0.015
