"""What an SDK returns is opened: managers, runs, engines and tasks. Whole answers are refused."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import SimpleNamespace
from typing import Any, ClassVar, Self

import pytest

from streamhtml import Delta, ToolDelta, deltas

pytestmark = pytest.mark.anyio
AB = [Delta("a"), Delta("b")]


async def tokens() -> AsyncIterator[str]:
    yield "a"
    yield "b"


class Run:
    """The run of an agent: it is no stream, but makes one."""

    def __init__(self) -> None:
        self.is_cancelled = False

    def stream_events(self) -> AsyncIterator[str]:
        return tokens()

    def cancel(self) -> None:
        self.is_cancelled = True


class AwaitableRun(Run):
    """LlamaIndex's run can be awaited too, for the whole."""

    def __await__(self) -> Iterator[Any]:
        raise AssertionError("it is not awaited")


class TextRun:
    """Pydantic AI's run, before it had ``stream_response()``."""

    async def stream_text(self, *, delta: bool, debounce_by: float | None) -> AsyncIterator[str]:
        assert delta
        assert debounce_by is None
        yield "a"
        yield "b"


class ResponseRun(TextRun):
    """Pydantic AI's run. Its responses say more than its text."""

    async def stream_response(self, *, debounce_by: float | None) -> AsyncIterator[Any]:
        assert debounce_by is None
        for text in "a", "ab":
            part = SimpleNamespace(part_kind="text", content=text)
            yield SimpleNamespace(kind="response", parts=[part], finish_reason="stop")


class StreamedRunResultSync:
    """Pydantic AI's sync run."""

    def stream_text(self, *, delta: bool, debounce_by: float | None) -> Iterator[str]:
        return iter("ab")


class Engine:
    """A chat engine of LlamaIndex, which has one class for both kinds of stream."""

    def __init__(self, achat_stream: object) -> None:
        self.achat_stream = achat_stream

    @property
    def response_gen(self) -> Iterator[str]:
        return iter("ab")

    def async_response_gen(self) -> AsyncIterator[str]:
        return tokens()


class Both:
    """LiteLLM's stream can be iterated in both ways, but only one of them works."""

    def __init__(self, completion_stream: object) -> None:
        self.completion_stream = completion_stream

    def __iter__(self) -> Iterator[str]:
        return iter("ab")

    def __aiter__(self) -> AsyncIterator[str]:
        return tokens()


class ModelOfStream:
    """A model of Pydantic that is a stream of its own."""

    model_fields: ClassVar[dict[str, Any]] = {}

    def __aiter__(self) -> AsyncIterator[str]:
        return tokens()


def nested() -> Any:
    """A coroutine that returns a manager, which gives a run."""

    @asynccontextmanager
    async def manager() -> AsyncIterator[Run]:
        yield Run()

    async def create() -> Any:
        return manager()

    return create()


@pytest.mark.parametrize(
    "make",
    [
        Run,
        AwaitableRun,
        TextRun,
        ResponseRun,
        lambda: Engine(tokens()),
        lambda: Both(tokens()),
        ModelOfStream,
        nested,
        lambda: nested,
        lambda: asynccontextmanager(tokens_of_a_manager)(),
    ],
)
async def test_what_is_read_in_the_event_loop(make: Any) -> None:
    source = deltas(make())
    assert [delta async for delta in source] == AB
    await source.aclose()


async def tokens_of_a_manager() -> AsyncIterator[Any]:
    yield tokens()


@contextmanager
def sync_manager() -> Iterator[Any]:
    yield iter("ab")


@pytest.mark.parametrize(
    "make",
    [StreamedRunResultSync, lambda: Engine(None), lambda: Both(iter("ab")), sync_manager],
)
def test_what_is_read_in_a_thread(make: Any) -> None:
    source = deltas(make())
    assert list(source) == AB
    source.close()


def test_a_task_is_awaited_although_it_can_be_iterated() -> None:
    async def create() -> AsyncIterator[str]:
        return tokens()

    async def main() -> None:
        source = deltas(asyncio.ensure_future(create()))
        assert [delta async for delta in source] == AB
        await source.aclose()

    asyncio.run(main())


async def test_a_run_is_cancelled_when_it_is_closed() -> None:
    run = Run()
    source = deltas(run)
    assert not source.close_unopened()
    assert await anext(source) == Delta("a")
    await source.aclose()
    assert run.is_cancelled


class Model:
    """A model of Pydantic yields its fields if it is iterated."""

    model_fields: ClassVar[dict[str, Any]] = {}

    def __iter__(self) -> Iterator[Any]:
        yield "content", "x"


class RunResult:
    """What an agent returns that was not asked to stream."""

    final_output = "x"
    new_items = ()


class Agent:
    def run_stream(self) -> None: ...


class ChatModel(Model):
    def astream(self) -> None: ...

    def stream_events(self) -> None: ...


WHOLE = "tokens is an? .*, which is a whole answer, .*stream=True"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"object": "response", "output": []}, WHOLE),
        (Model(), WHOLE),
        (RunResult(), WHOLE),
        (SimpleNamespace(output="x", all_messages=list), WHOLE),
        (Agent(), r"tokens is .*Agent, which is the model or the agent .*such as run_stream\(\)"),
        (ChatModel(), r"tokens is .*ChatModel, which is the model .*such as astream\(\)"),
    ],
)
async def test_what_is_no_stream_is_named(given: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        deltas(given)
    with pytest.raises(TypeError, match=message):
        await anext(deltas(lambda: given))

    @contextmanager
    def manager() -> Iterator[Any]:
        yield given

    with pytest.raises(TypeError, match=message):
        next(deltas(manager()))


def test_a_manager_of_something_that_cannot_be_read() -> None:
    @contextmanager
    def manager() -> Iterator[Any]:
        yield 7

    source = deltas(manager())
    with pytest.raises(TypeError, match="tokens is an int, which cannot be iterated"):
        next(source)
    source.close()


class Client:
    """As of the providers: a context manager that returns itself, to be closed."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        pass


class ChatClient(Client):
    def chat(self) -> AsyncIterator[str]:
        return tokens()


class SyncChatClient:
    messages: ClassVar = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass


@pytest.mark.parametrize("client", [ChatClient(), SyncChatClient()])
def test_a_client_is_refused_at_once(client: Any) -> None:
    with pytest.raises(TypeError, match="Client, which is the client itself; pass what its method"):
        deltas(client)


async def test_what_always_gives_itself_does_not_block_the_event_loop() -> None:
    def again() -> Any:
        return again

    for given, name in ((Client(), "Client"), (again, "function")):
        source = deltas(given)
        with pytest.raises(TypeError, match=f"tokens is a .*{name}, which cannot be iterated"):
            await anext(source)
        await source.aclose()


def test_a_function_that_needs_arguments_is_refused_at_once() -> None:
    async def answer(message: str) -> AsyncIterator[str]:
        yield message

    message = r"needs arguments: answer\(\): .*'message'; .* or pass lambda: answer\(…\) with"
    with pytest.raises(TypeError, match=message):
        deltas(answer)


async def test_a_function_without_a_signature_is_called() -> None:
    source = deltas(type("Unknown", (), {"__call__": tokens, "__signature__": None})())
    await source.aclose()
    assert [delta async for delta in deltas(lambda message="x": tokens())] == AB


async def test_no_attribute_of_a_stream_is_looked_up() -> None:
    """LangGraph's stream makes a channel of every attribute."""

    class Graph:
        def __init__(self) -> None:
            self.__dict__["asked"] = []

        def __getattr__(self, name: str) -> Any:
            self.asked.append(name)
            return SimpleNamespace()

        def __aiter__(self) -> AsyncIterator[str]:
            return tokens()

        async def abort(self) -> None:
            self.__dict__["is_aborted"] = True

    graph = Graph()
    source = deltas(graph)
    assert [delta async for delta in source] == AB
    await source.aclose()
    assert (graph.asked, graph.is_aborted) == ([], True)


@pytest.mark.parametrize(
    "token",
    [
        {"object": "response", "output": []},
        {"type": "message", "role": "assistant", "content": []},
        {"choices": [{"index": 0, "message": {"content": "x"}}]},
        RunResult(),
    ],
)
def test_a_whole_answer_as_a_token_is_named(token: Any) -> None:
    message = "a token is an? .*, which is a whole answer, .*stream=True"
    with pytest.raises(TypeError, match=message):
        list(deltas([token]))


def test_a_tool_delta_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValueError, match="field='results' of a ToolDelta is not known; use one of"):
        list(deltas([ToolDelta("sunny", field="results")]))  # type: ignore[arg-type]
