"""Sources: each token becomes Deltas, and the source is closed, whatever its SDK calls that."""

from collections.abc import AsyncIterator, Iterator
from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest
from markupsafe import Markup
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from streamhtml import Delta, Truncated, deltas
from streamhtml._delta import ToolDelta

pytestmark = pytest.mark.anyio


def chunk(*choices: dict[str, Any]) -> ChatCompletionChunk:
    return ChatCompletionChunk.model_validate(
        {
            "id": "1",
            "created": 0,
            "model": "m",
            "object": "chat.completion.chunk",
            "choices": [{"index": 0, "finish_reason": None, **choice} for choice in choices],
        }
    )


def calls(*arguments: str | None) -> list[dict[str, Any]]:
    return [
        {"index": i, "function": {"name": "f", "arguments": text}}
        for i, text in enumerate(arguments)
    ]


CASES: list[tuple[str, Any, list[Delta]]] = [
    ("text", "hi", [Delta("hi")]),
    ("an empty token", "", []),
    ("none", None, []),
    ("markup", Markup("<b>"), [Delta(Markup("<b>"))]),
    ("a delta", Delta("x", "reasoning"), [Delta("x", "reasoning")]),
    ("an empty delta", Delta("", "reasoning"), []),
    ("a chunk", chunk({"delta": {"content": "hi"}}), [Delta("hi")]),
    ("a chunk without content", chunk({"delta": {"role": "assistant"}}), []),
    ("an empty chunk", chunk({"delta": {"content": ""}}), []),
    ("the usage chunk", chunk(), []),
    ("a refusal", chunk({"delta": {"refusal": "no"}}), [Delta("no")]),
    (
        "reasoning and text",
        chunk({"delta": {"reasoning_content": "hm", "content": "so"}}),
        [Delta("hm", "reasoning"), Delta("so")],
    ),
    (
        "tool calls",
        chunk({"delta": {"tool_calls": calls("{", None, "}")}}),
        [
            ToolDelta("{", id="call_1", name="f"),
            ToolDelta("", id="call_2", name="f"),
            ToolDelta("}", id="call_3", name="f"),
        ],
    ),
    (
        "the first of several answers",
        chunk({"delta": {"content": "a"}}, {"index": 1, "delta": {"content": "b"}}),
        [Delta("a")],
    ),
    (
        "a chunk known by its shape alone",
        SimpleNamespace(choices=[SimpleNamespace(delta=SimpleNamespace(content="x"))]),
        [Delta("x")],
    ),
    ("an Enum of texts", Enum("Word", {"HI": "hi"}, type=str)("hi"), [Delta("hi")]),
    ("a chunk of the older completions", {"choices": [{"index": 0, "text": "x"}]}, [Delta("x")]),
]
NAMES = [case[0] for case in CASES]


@pytest.mark.parametrize(("name", "token", "expected"), CASES, ids=NAMES)
async def test_a_token_is_read_the_same_way_from_a_sync_and_an_async_source(
    name: str, token: Any, expected: list[Delta]
) -> None:
    async def source() -> AsyncIterator[Any]:
        yield token

    assert list(deltas([token])) == expected
    assert [delta async for delta in deltas(source())] == expected
    assert [delta async for delta in deltas(source)] == expected
    assert [type(d.text) for d in deltas([token])] == [type(d.text) for d in expected]


async def test_the_order_of_tokens_is_kept() -> None:
    tokens = [case[1] for case in CASES if case[0] != "tool calls"] * 3
    found = [d for case in CASES if case[0] != "tool calls" for d in case[2]] * 3
    assert list(deltas(tokens)) == found


TEXT = chunk({"delta": {"content": "so"}})
USAGE = chunk()
LENGTH = chunk({"delta": {}, "finish_reason": "length"})
FILTER = chunk({"delta": {"content": "!"}, "finish_reason": "content_filter"})
STOP = chunk({"delta": {}, "finish_reason": "stop"})
ANOTHER = chunk({"delta": {}, "index": 1, "finish_reason": "length"})


@pytest.mark.parametrize(
    ("tokens", "text", "reason"),
    [
        ([TEXT, LENGTH], "so", "finish_reason='length'"),
        ([TEXT, LENGTH, USAGE], "so", "finish_reason='length'"),
        ([TEXT, FILTER, USAGE], "so!", "finish_reason='content_filter'"),
        ([LENGTH], "", "finish_reason='length'"),
        ([ANOTHER, TEXT, LENGTH, ANOTHER, STOP], "so", "finish_reason='length'"),
        ([TEXT, STOP, USAGE], "so", None),
        ([TEXT, ANOTHER], "so", None),
        (["length", Delta("content_filter")], "lengthcontent_filter", None),
    ],
)
async def test_truncated_is_raised_at_the_end_of_an_answer_that_was_cut_short(
    tokens: list[Any], text: str, reason: str | None
) -> None:
    ended = []

    async def source() -> AsyncIterator[Any]:
        for token in tokens:
            yield token
        ended.append(True)

    def sync_source() -> Iterator[Any]:
        yield from tokens
        ended.append(True)

    for chunks in source(), sync_source():
        read = deltas(chunks)
        seen: list[str] = []
        reason_given = None
        try:
            if isinstance(read, AsyncIterator):
                async for delta in read:
                    seen.append(delta.text)  # noqa: PERF401 - it may raise
            else:
                for delta in read:
                    seen.append(delta.text)  # noqa: PERF401
        except Truncated as truncated:
            reason_given = str(truncated)
        assert ("".join(seen), reason_given, ended) == (text, reason, [True])
        ended.clear()


WHOLE = {"role": "assistant", "content": "x"}


@pytest.mark.parametrize(
    ("token", "message"),
    [
        (7, "a token is an int, which is not known; pass deltas.source, read="),
        (b"x", "a token is a bytes, which is not known; pass str: .* instead of aiter_bytes"),
        (dict.fromkeys(range(100)), "a token is a dict with the fields 0, .* 18, 19, which is not"),
        (Delta(7), "the text of a Delta is an int, not a str; pass str.value., or json.dumps"),  # type: ignore[arg-type]
        (Delta("x", 5), "the part of a Delta is an int, not a str; pass its kind"),  # type: ignore[arg-type]
        (ToolDelta({}, id="1"), "the text of a ToolDelta is a dict, not a str; .*json.dumps"),  # type: ignore[arg-type]
        (SimpleNamespace(text="x"), "a token is a types.SimpleNamespace"),
        (
            ChatCompletion.model_validate(
                {
                    "id": "1",
                    "created": 0,
                    "model": "m",
                    "object": "chat.completion",
                    "choices": [{"index": 0, "finish_reason": "stop", "message": WHOLE}],
                }
            ),
            "ChatCompletion, which is a whole answer, .* stream=True",
        ),
    ],
)
def test_a_token_of_another_type_is_refused_with_its_name_and_a_remedy(
    token: Any, message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        list(deltas([token]))


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ("a whole answer", "tokens is one str, .* pass the model's stream, or .text."),
        (b"bytes", "tokens is one bytes"),
        (None, "tokens is None, which cannot be iterated"),
        (7, "tokens is an int"),
    ],
)
def test_a_source_that_cannot_be_iterated_is_refused_at_once(tokens: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        deltas(tokens)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("whole", "tokens is one str, not an iterator"),
        (["a"], "returned a list, not an async iterable; pass a sync source directly"),
        (None, "returned None, not an async iterable; let it return what your SDK"),
        (7, "returned an int, not an async"),
        ({"object": "response"}, "tokens is a dict, which is a whole answer, .* stream=True"),
    ],
)
async def test_the_result_of_a_function_is_checked_when_it_is_called(
    given: Any, message: str
) -> None:
    async def create() -> Any:
        return given

    coroutine = create()
    for tokens in (lambda: given), create, coroutine:
        with pytest.raises(TypeError, match=message):
            await anext(deltas(tokens))


@pytest.mark.parametrize("ends_with", ["an error", "a wrong token", "the end"])
@pytest.mark.parametrize("held", ["<thi", "<think>Hm.</th"])
async def test_text_that_is_held_back_comes_before_an_error(ends_with: str, held: str) -> None:
    def source() -> Iterator[Any]:
        yield held
        if ends_with == "an error":
            raise OSError("the connection broke")
        if ends_with == "a wrong token":
            yield 7

    async def async_source() -> AsyncIterator[Any]:
        for token in source():
            yield token

    said, ended = "", []
    read, read_async = deltas(source()), deltas(async_source())
    for _ in range(4):
        try:
            said += next(read).text
            assert (await anext(read_async)).text in said
        except (OSError, TypeError, StopIteration) as error:
            ended.append(type(error))
            with pytest.raises((OSError, TypeError, StopAsyncIteration)):
                await anext(read_async)
    assert said == held.removeprefix("<think>")
    error = {"an error": OSError, "a wrong token": TypeError, "the end": StopIteration}[ends_with]
    assert ended[0] is error


def test_what_was_read_but_not_returned_is_not_lost() -> None:
    """A source can be cancelled between two Deltas of one token."""
    source = deltas([CASES[11][1], "<thi"], read=lambda token: token)
    assert next(source) == Delta("hm", "reasoning")
    assert source.end() == [Delta("so")]
    repeated = deltas(iter(["ha", "ha", "ha", "so", "<"]))
    assert next(repeated) == Delta("ha")
    assert next(repeated) == Delta("ha")
    assert repeated.end() == [Delta("ha"), Delta("so")]


class Stream:
    """A stream as SDKs have it: it is not its own iterator, and it holds a connection."""

    def __init__(self) -> None:
        self.log: list[str] = []

    async def __aiter__(self) -> AsyncIterator[str]:
        try:
            yield "a"
            yield "b"
        finally:
            self.log.append("iterator")

    async def close(self) -> None:
        self.log.append("stream")


async def test_the_iterator_is_closed_and_then_the_stream_it_came_from() -> None:
    stream = Stream()
    source = deltas(stream)
    assert await anext(source) == Delta("a")
    await source.aclose()
    await source.aclose()
    assert stream.log == ["iterator", "stream"]
    with pytest.raises(StopAsyncIteration):
        await anext(source)


async def test_a_generator_is_its_own_iterator_and_is_closed() -> None:
    log: list[str] = []

    async def generator() -> AsyncIterator[str]:
        try:
            yield "a"
        finally:
            log.append("async")

    def sync_generator() -> Iterator[str]:
        try:
            yield "a"
        finally:
            log.append("sync")

    source, sync_source = deltas(generator()), deltas(sync_generator())
    assert await anext(source) == next(sync_source) == Delta("a")
    await source.aclose()
    sync_source.close()
    assert log == ["async", "sync"]


async def test_a_stream_that_was_never_started_is_closed() -> None:
    stream = Stream()
    await deltas(stream).aclose()
    assert stream.log == ["stream"]


async def test_an_awaitable_and_a_function_are_opened_at_the_first_step() -> None:
    opened = []

    async def create() -> Stream:
        opened.append(stream := Stream())
        return stream

    for source in deltas(create()), deltas(create):
        assert not opened
        assert [d async for d in source] == [Delta("a"), Delta("b")]
        await source.aclose()
        assert opened.pop().log == ["iterator", "stream"]


async def test_a_sync_source_that_a_function_gave_is_refused_and_closed() -> None:
    class SyncStream:
        closed = 0

        def __iter__(self) -> Iterator[str]:
            raise AssertionError("it would block the event loop")

        def close(self) -> None:
            self.closed += 1

    stream = SyncStream()

    async def create() -> SyncStream:
        return stream

    for number, tokens in enumerate([lambda: stream, create, create()], 1):
        source = deltas(tokens)
        with pytest.raises(
            TypeError, match=r"returned a .*SyncStream, not an async iterable; pass a"
        ):
            await anext(source)
        await source.aclose()
        assert stream.closed == number


async def test_only_the_stream_of_an_sdk_needs_an_await_to_be_closed_unopened() -> None:
    async def generator() -> AsyncIterator[str]:
        yield "a"

    async def create() -> Stream:
        return Stream()

    for tokens in generator(), create, create():
        source = deltas(tokens)
        assert source.close_unopened()
        assert [delta async for delta in source] == []
    assert not deltas(Stream()).close_unopened()
    closed = deltas(iter(["a"]))
    assert closed.close_unopened()
    assert list(closed) == []


async def test_a_coroutine_that_was_never_awaited_is_closed_without_a_warning() -> None:
    async def create() -> Stream:
        return Stream()

    await deltas(create()).aclose()
    await deltas(create).aclose()


def test_a_sync_source_is_closed_whether_it_was_started_or_not() -> None:
    class Closable:
        closed = 0

        def __iter__(self) -> Iterator[str]:
            yield "a"
            yield "b"

        def close(self) -> None:
            self.closed += 1

    for steps in range(3):
        origin = Closable()
        source = deltas(origin)
        assert len([next(source) for _ in range(steps)]) == steps
        source.close()
        source.close()
        assert origin.closed == 1
        assert list(source) == []
