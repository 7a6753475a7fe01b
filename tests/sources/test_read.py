"""``deltas(source, read=…)``: a function of the application reads the tokens first."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from streamhtml import Delta, Reply, deltas, stream

pytestmark = pytest.mark.anyio


@dataclass
class Event:
    """An event of an SDK that is not known."""

    said: str


CHUNK = {"choices": [{"index": 0, "delta": {"content": "a chunk"}}]}
CASES: list[tuple[str, Callable[[Any], Any], list[Delta]]] = [
    ("a str", lambda event: event.said, [Delta("hi")]),
    ("a Delta", lambda event: Delta(event.said, "reasoning"), [Delta("hi", "reasoning")]),
    ("nothing", lambda event: None, []),
    ("a list", lambda event: [event.said, Delta("!"), None], [Delta("hi"), Delta("!")]),
    ("an empty list", lambda event: [], []),
    ("a tuple", lambda event: (event.said, Delta("!")), [Delta("hi"), Delta("!")]),
    ("an iterator", lambda event: iter(event.said), [Delta("h"), Delta("i")]),
    ("another token", lambda event: CHUNK, [Delta("a chunk")]),
    ("other tokens", lambda event: [CHUNK, CHUNK], [Delta("a chunk"), Delta("a chunk")]),
    ("its message", lambda event: ("messages", ({"type": "x"}, {})), []),
]


@pytest.mark.parametrize(
    ("read", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
async def test_what_the_function_may_return(
    read: Callable[[Any], Any], expected: list[Delta]
) -> None:
    async def source() -> AsyncIterator[Event]:
        yield Event("hi")

    assert list(deltas([Event("hi")], read=read)) == expected
    assert [delta async for delta in deltas(source(), read=read)] == expected


def test_a_token_that_is_returned_is_read_as_usual() -> None:
    asked: list[Any] = []

    def read(token: Any) -> Any:
        asked.append(token)
        return token.said if isinstance(token, Event) else token

    tokens = ["a", Event("b"), CHUNK, None, Delta("c"), ["messages", [{"type": "x"}, {}]]]
    said = [delta.text for delta in deltas(tokens, read=read)]
    assert said == ["a", "b", "a chunk", "c"]
    assert asked == tokens


def test_each_text_is_asked_about_also_when_many_have_come() -> None:
    tokens = ["one ", "two ", "three ", "four"]
    assert "".join(d.text for d in deltas(tokens, read=str.upper)) == "ONE TWO THREE FOUR"


def test_what_the_function_returns_is_checked() -> None:
    with pytest.raises(TypeError, match="a token is an int, which is not known"):
        list(deltas([Event("hi")], read=lambda event: 7))
    with pytest.raises(TypeError, match="read is a str, not a function"):
        deltas([], read="text")  # type: ignore[arg-type]


def test_what_the_function_raises_ends_the_source() -> None:
    def read(token: str) -> str:
        return token if token != "b" else str(1 / 0)

    source = deltas(["a", "b"], read=read)
    assert next(source) == Delta("a")
    with pytest.raises(ZeroDivisionError):
        next(source)


@pytest.mark.parametrize("error", [StopIteration, StopAsyncIteration])
def test_what_ends_an_iteration_is_an_error_in_the_function(error: type[Exception]) -> None:
    def read(token: object) -> object:
        raise error

    with pytest.raises(RuntimeError, match=f"the read function raised {error.__name__}"):
        list(deltas(["a", "b"], read=read))


def test_an_error_shows_little_of_a_long_token() -> None:
    with pytest.raises(TypeError) as raised:
        list(deltas([{"type": "x" * 10_000, "y" * 10_000: 1}]))
    assert len(str(raised.value)) < 500


async def test_it_is_passed_to_a_response_as_it_is() -> None:
    closed = []

    async def source() -> AsyncIterator[Event]:
        try:
            yield Event("hi ")
            yield Event("there")
        finally:
            closed.append(True)

    read = deltas(source(), read=lambda event: event.said)
    assert deltas(read) is read
    reply = Reply(renderer="text")
    async for _ in stream(reply, read):
        pass
    assert (reply.text, reply.state, closed, read.reads) == ("hi there", "finished", [True], 2)


def test_a_function_can_be_added_until_the_source_is_iterated() -> None:
    source = deltas(["a", "b"])
    assert deltas(source, read=str.upper) is source
    assert next(source) == Delta("A")
    other = deltas(source, read=lambda delta: delta.text.lower())
    assert other is not source
    assert list(other) == [Delta("b")]


def test_a_source_that_has_its_function_is_read_again_by_another() -> None:
    first = deltas([Event("hi")], read=lambda event: event.said)
    second = deltas(first, read=lambda delta: [delta, Delta("!")])
    assert list(second) == [Delta("hi"), Delta("!")]
    assert second.report is first.report
    second.close()
    assert list(first) == []


@pytest.mark.parametrize("make_async", [False, True])
async def test_what_was_read_before_a_response_takes_over_is_not_lost(make_async: bool) -> None:
    def tokens() -> Iterator[Any]:
        yield [Delta("a"), Delta("b")]
        yield "c"

    async def async_tokens() -> AsyncIterator[Any]:
        for token in tokens():
            yield token

    source: Any = deltas(
        async_tokens() if make_async else tokens(),
        read=lambda token: iter(token) if isinstance(token, list) else token,
    )
    first = await anext(source) if make_async else next(source)
    assert first == Delta("a")
    reply = Reply(renderer="text")
    async for _ in stream(reply, source):
        pass
    assert reply.text == "bc"
