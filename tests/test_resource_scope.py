"""What surrounds the source, the templates and ``on_end``: where, and until when."""

import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from typing import Any

import anyio
import pytest
from tests.recorded_source import TIMEOUT

from streamhtml import Reply, stream
from streamhtml._resource_scope import use_resource_scope

pytestmark = pytest.mark.anyio


class Recorded:
    """Records what happens in one thread or task, and where it began and ended."""

    def __init__(self, seen: list["Recorded"]) -> None:
        self.events: list[str] = []
        self._seen = seen

    def _begin(self, kind: str) -> None:
        self.events.append(f"begin {kind}")
        self._where = _where()
        self._seen.append(self)

    def _end(self) -> None:
        assert _where() == self._where
        self.events.append("end")

    def __enter__(self) -> None:
        self._begin("thread")

    def __exit__(self, *exc: object) -> None:
        self._end()

    async def __aenter__(self) -> None:
        self._begin("task")

    async def __aexit__(self, *exc: object) -> None:
        self._end()


def _where() -> object:
    try:
        return anyio.get_current_task().id
    except RuntimeError:
        return threading.get_ident()


def record(seen: list[Recorded], event: str) -> None:
    """Record an event in what surrounds this thread or task, or fail if nothing does."""
    around = next(each for each in reversed(seen) if each._where == _where())
    assert "end" not in around.events
    around.events.append(event)


def sources(seen: list[Recorded]) -> dict[str, Callable[[], Any]]:
    async def asynchronous() -> AsyncIterator[str]:
        try:
            record(seen, "open")
            yield "a"
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.lowlevel.checkpoint()
            record(seen, "close")

    def synchronous() -> Iterator[str]:
        try:
            record(seen, "open")
            yield "a"
        finally:
            record(seen, "close")

    return {"task": asynchronous, "thread": synchronous}


@pytest.mark.parametrize("kind", ["task", "thread"])
@pytest.mark.parametrize("leaves", [False, True])
async def test_a_source_is_surrounded_until_it_is_closed(kind: str, leaves: bool) -> None:
    seen: list[Recorded] = []
    with use_resource_scope(lambda: Recorded(seen)):
        fragments = stream(Reply(), sources(seen)[kind](), interval=0)
    with anyio.fail_after(TIMEOUT):
        await anext(fragments)
        await anext(fragments)
        if not leaves:
            assert [fragment.outcome async for fragment in fragments] == ["finished"]
        await fragments.aclose()
    assert [each.events for each in seen] == [[f"begin {kind}", "open", "close", "end"]]


async def test_a_template_is_surrounded_at_each_rendering_outside_the_view() -> None:
    seen: list[Recorded] = []

    def template(context: Mapping[str, Any]) -> str:
        if context["chunk_index"]:
            record(seen, f"render {context['chunk_index']}")
        return f"<p>{context['ai_message']}</p>"

    with use_resource_scope(lambda: Recorded(seen)):
        fragments = stream(Reply(template, renderer="template"), ["a"], interval=0)
    with anyio.fail_after(TIMEOUT):
        assert [fragment.outcome async for fragment in fragments][-1] == "finished"
    rendered = [each.events for each in seen if each.events[1:2] != ["end"]]
    assert rendered == [["begin thread", f"render {index}", "end"] for index in (1, 2)]


@pytest.mark.parametrize("kind", ["function", "coroutine function", "function of an awaitable"])
async def test_on_end_is_surrounded(kind: str) -> None:
    seen: list[Recorded] = []
    ended: list[str] = []

    def on_end(reply: Reply) -> None:
        record(seen, "on_end")
        ended.append(reply.state)

    async def async_on_end(reply: Reply) -> None:
        await anyio.lowlevel.checkpoint()
        on_end(reply)

    class Awaited:
        def __init__(self, reply: Reply) -> None:
            self._reply = reply

        def __await__(self) -> Generator[Any, Any, None]:
            return async_on_end(self._reply).__await__()

    given: Any = {
        "function": on_end,
        "coroutine function": async_on_end,
        "function of an awaitable": Awaited,
    }[kind]
    with use_resource_scope(lambda: Recorded(seen)):
        fragments = stream(Reply(), ["a"], on_end=given)
    with anyio.fail_after(TIMEOUT):
        assert [fragment.outcome async for fragment in fragments][-1] == "finished"
        await fragments.aclose()
    assert ended == ["finished"]
    where = "begin thread" if kind == "function" else "begin task"
    assert [where, "on_end", "end"] in [each.events for each in seen]
