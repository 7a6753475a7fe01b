"""Several sources in one: each part is exact, whatever the others do."""

import gc
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, Literal

import anyio
import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from tests.recorded_source import TIMEOUT, RecordedSource

from streamhtml import Delta, Reply, Truncated, deltas, merge, primed, stream
from streamhtml._answer import PARAGRAPH, Answer
from streamhtml._delta import Facts, PartEnd, ToolDelta

End = Literal["finished", "truncated", "failed"]

TOKENS: list[Any] = [
    None,
    Markup("<i>c</i>"),
    Delta("thought", "reasoning"),
    Delta("busy", "status"),
    Delta.replace("done", "status"),
    ToolDelta('{"q":', id="1", name="search"),
    ToolDelta("1}", id="1"),
    ToolDelta("found", id="1", field="result"),
]


@dataclass
class Made:
    """A source made by a test: its tokens, None to wait, and how it ends."""

    tokens: list[Any]
    end: End
    is_async: bool
    waits: bool
    closed: list[str] = field(default_factory=list)

    def source(self) -> Any:
        return self._read_async() if self.is_async else self._read()

    async def _read_async(self) -> AsyncIterator[Any]:
        task = anyio.get_current_task().id
        try:
            for token in self.tokens:
                if self.waits:
                    await checkpoint()
                yield token
            self._raise()
        finally:
            self.closed.append("same" if anyio.get_current_task().id == task else "other")

    def _read(self) -> Iterator[Any]:
        thread = threading.get_ident()
        try:
            yield from self.tokens
            self._raise()
        finally:
            self.closed.append("same" if threading.get_ident() == thread else "other")

    def _raise(self) -> None:
        if self.end == "truncated":
            raise Truncated
        if self.end == "failed":
            raise ConnectionError("no route")


# No text begins like the one before it, so that none is taken for repeated text.
TEXTS = st.text("ab ", max_size=3)
MADE = st.builds(
    Made,
    st.lists(st.sampled_from(TOKENS) | TEXTS, max_size=12).map(
        lambda tokens: [
            f"{number}{token}" if type(token) is str else token
            for number, token in enumerate(tokens, 10)
        ]
    ),
    st.sampled_from(["finished", "truncated", "failed"]),
    st.booleans(),
    st.booleans(),
)


async def read(tokens: Any) -> tuple[list[Delta], BaseException | None]:
    """Return the Deltas of a source, and what its iteration has raised."""
    source = deltas(tokens)
    found: list[Delta] = []
    error: BaseException | None = None
    with anyio.fail_after(TIMEOUT):
        try:
            async for delta in source:
                found += [delta]
        except Exception as raised:
            error = raised
        await source.aclose()
        await source.aclose()
    return found, error


def text_of(found: list[Delta]) -> list[Any]:
    """Return what the Deltas say, no matter where their text is cut."""
    said: list[Any] = []
    for delta in found:
        kind = (type(delta), delta.part, getattr(delta, "id", ""), getattr(delta, "field", ""))
        if said and said[-1][0] == kind and type(delta) in (Delta, ToolDelta):
            said[-1][1] += delta.text
        elif delta.text or type(delta) is not Delta:
            said.append([kind, str(delta.text)])
    return said


def expected(name: str, made: Made) -> list[Any]:
    given = [Delta(token) if isinstance(token, str) else token for token in made.tokens if token]
    answer = Answer()
    said = []
    for delta in given:
        part = name if delta.part == "text" else f"{name}_{delta.part}"
        added = answer.add(delta)
        if added.begins_paragraph and added.text == delta.text:
            said.append(Delta(PARAGRAPH, part))
        said.append(replace(delta, part=part))
    return text_of(said)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_law_each_part_is_exact_and_ends_in_its_own_way(backend: str) -> None:
    @settings(max_examples=40)
    @given(st.dictionaries(st.sampled_from(["left", "right", "text"]), MADE, min_size=1))
    def check(made: dict[str, Made]) -> None:
        sources = {name: each.source() for name, each in made.items()}
        found, error = anyio.run(read, merge(sources), backend=backend)
        for name, each in made.items():
            own = [d for d in found if d.part == name or d.part.startswith(f"{name}_")]
            assert own.pop() == PartEnd(part=name, outcome=each.end)
            assert text_of(own) == expected(name, each)
            assert each.closed == ["same"]
        ends = [each.end for each in made.values()]
        if "finished" in ends:
            assert error is None
        else:
            assert isinstance(error, Truncated if "truncated" in ends else ConnectionError)

    check()


@pytest.mark.anyio
async def test_text_after_a_tool_call_begins_a_paragraph_as_in_a_single_answer() -> None:
    tokens = [
        ToolDelta("{}", id="0"),
        "a",
        "b",
        ToolDelta("{}", id="1"),
        Delta("hm", "reasoning"),
        "c",
        ToolDelta("found", id="1", field="result"),
        "d",
        ToolDelta("{}", id="2"),
        Delta.replace("e"),
        ToolDelta("{}", id="3"),
        "f",
    ]
    alone = Answer()
    for delta in deltas(tokens):
        alone.add(delta)
    merged = Answer()
    for delta in (await read(merge({"left": tokens, "right": ["x"]})))[0]:
        merged.add(delta)
    assert alone.text == "e\n\nf"
    assert merged.text_of("left") == alone.text
    before = Answer()
    for delta in (await read(merge({"left": tokens[:8]})))[0]:
        before.add(delta)
    assert before.text_of("left") == "ab\n\ncd"


@pytest.mark.anyio
async def test_the_answer_knows_how_each_source_has_ended(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def cut() -> AsyncIterator[str]:
        yield "cu"
        raise Truncated

    async def fails() -> AsyncIterator[str]:
        raise ConnectionError("no route")
        yield

    reply = Reply(lambda context: f"<p>{context['parts']['a']}</p>", renderer="text")
    sources = {"a": ["one"], "b": cut(), "c": fails()}
    fragments = [each async for each in stream(reply, merge(sources), interval=0)]
    assert fragments[-1].outcome == "finished"
    parts = {part.kind: (part.text, part.outcome, part.state) for part in reply.answer.parts}
    assert parts == {
        "a": ("one", "finished", "done"),
        "b": ("cu", "truncated", "done"),
        "c": ("", "failed", "failed"),
    }
    [record] = caplog.records
    assert record.getMessage() == "the source 'c' of merge() failed"
    assert "no route" in caplog.text


@pytest.mark.anyio
async def test_an_answer_without_a_finished_source_fails() -> None:
    reply = Reply(lambda context: f"<p>{context['parts']['a']}</p>", renderer="text")
    source = RecordedSource("a", then="fail")
    merged = merge({"a": source(), "b": source.sync()})
    fragments = [each async for each in stream(reply, merged, interval=0)]
    assert fragments[-1].outcome == "failed"


@pytest.mark.anyio
async def test_one_that_never_waits_does_not_hold_up_the_others() -> None:
    last = anyio.Event()

    async def endless() -> AsyncIterator[str]:
        while not last.is_set():
            yield "x"

    def endless_thread() -> Iterator[str]:
        while not last.is_set():
            yield "y"

    async def slow() -> AsyncIterator[str]:
        for _ in range(20):
            await checkpoint()
            yield "z"
        last.set()

    source = deltas(merge({"a": endless(), "b": endless_thread(), "c": slow()}))
    said = {"a": 0, "b": 0, "c": 0}
    with anyio.fail_after(TIMEOUT):
        async for delta in source:
            said[delta.part] += len(delta.text)
    assert said["c"] == 20
    assert said["a"]
    assert said["b"]


@pytest.mark.anyio
async def test_a_reader_who_takes_nothing_stops_all_sources() -> None:
    async_source = RecordedSource(*["x" * 100] * 5000)
    sync_source = RecordedSource(*["x" * 100] * 5000)
    source = deltas(merge({"a": async_source(), "b": sync_source.sync()}))
    await anext(source)
    for _ in range(500):
        await checkpoint()
    assert async_source.yielded < 2000
    assert sync_source.yielded < 2000
    await source.aclose()
    assert async_source.closed.is_set()
    assert sync_source.closed.is_set()


@pytest.mark.anyio
@pytest.mark.parametrize("how", ["stop", "close", "aclose", "cancel"])
async def test_closing_closes_all(how: str) -> None:
    sources = [RecordedSource("a", then="wait") for _ in range(2)]
    ended = anyio.Event()

    async def on_end(reply: Reply) -> None:
        assert reply.part("left") == reply.part("right") == "a"
        ended.set()

    reply = Reply(lambda context: f"<p>{context['parts']['left']}</p>", renderer="text")
    merged = merge({"left": sources[0](), "right": sources[1]})
    fragments = stream(reply, merged, interval=0, on_end=on_end)
    with anyio.fail_after(TIMEOUT):
        while not reply.part("left") or not reply.part("right"):
            with anyio.move_on_after(0.05):
                await anext(fragments)
        if how == "cancel":
            with anyio.move_on_after(0.01):
                await anext(fragments)
            fragments.close()
        elif how == "aclose":
            await fragments.aclose()
        elif how == "close":
            fragments.close()
        else:
            fragments.stop()
            assert [each.outcome async for each in fragments][-1] == "stopped"
        await ended.wait()
    assert all(source.closed.is_set() for source in sources)


@pytest.mark.anyio
async def test_what_has_arrived_is_kept_at_a_stop() -> None:
    async def both() -> AsyncIterator[str]:
        yield "a"
        await anyio.sleep(60)

    source = merge({"left": both(), "right": both()})
    taken = [await anext(source)]
    for _ in range(10):  # Now the other one has arrived too.
        await checkpoint()
    rest = source.end()
    assert sorted((delta.part, delta.text) for delta in [*taken, *rest]) == [
        ("left", "a"),
        ("right", "a"),
    ]
    await source.aclose()


@pytest.mark.anyio
async def test_sources_that_were_never_read_are_closed() -> None:
    sources = [RecordedSource("a", then="wait") for _ in range(3)]
    source = merge({"a": sources[0], "b": sources[1].sync(), "c": await primed(sources[2]())})
    assert not source.close_unopened()
    await source.aclose()
    assert sources[0].closed.is_set()
    await sources[2].until_closed()
    assert merge({"a": sources[1].sync()}).close_unopened()
    waiting = RecordedSource("a", then="wait")
    forgotten = merge({"a": waiting()})
    await anext(forgotten)
    del forgotten
    gc.collect()
    await waiting.until_closed()


@pytest.mark.anyio
async def test_the_facts_of_each_source_are_kept() -> None:
    def chunk(text: str, **fields: Any) -> Any:
        choice = SimpleNamespace(delta=SimpleNamespace(content=text), finish_reason=None)
        return SimpleNamespace(choices=[choice], **fields)

    source = merge(
        {
            "a": [chunk("x", model="small", usage={"input_tokens": 3})],
            "b": [chunk("y", model="large", usage={"input_tokens": 4})],
        }
    )
    await read(source)
    assert source.report.facts == Facts(
        sources={
            "a": Facts(model="small", usage={"input_tokens": 3}),
            "b": Facts(model="large", usage={"input_tokens": 4}),
        }
    )


@pytest.mark.anyio
async def test_a_token_without_text_counts_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamhtml._merge.CHECK_EVERY", 0.001)
    heard = anyio.Event()

    async def thinks() -> AsyncIterator[str | None]:
        yield None
        await heard.wait()
        yield "a"

    source = merge({"a": thinks()})
    tokens = await source.open()
    with anyio.fail_after(TIMEOUT):
        assert await anext(tokens) is None
        heard.set()
        assert [token async for token in tokens if token] == [
            Delta("a", "a"),
            PartEnd(part="a", outcome="finished"),
        ]
    assert source.read(None) == []
    assert source.reads == 1
    await source.aclose()


@pytest.mark.anyio
async def test_two_sources_cannot_write_into_one_part(caplog: pytest.LogCaptureFixture) -> None:
    found, error = await read(merge({"a": [Delta("x", "b"), "y"], "a_b": ["z"]}))
    assert error is None
    assert PartEnd(part="a", outcome="failed") in found
    assert Delta("z", "a_b") in found
    assert "the part 'b' of the source 'a' has the name 'a_b'" in caplog.text
    assert "belongs to the source 'a_b'; give one of the sources another name" in caplog.text


@pytest.mark.anyio
async def test_merged_sources_can_be_merged() -> None:
    found, error = await read(merge({"a": merge({"x": ["1"], "y": ["2"]}), "b": ["3"]}))
    assert error is None
    assert {d.part: d.text for d in found if type(d) is Delta} == {"a_x": "1", "a_y": "2", "b": "3"}
