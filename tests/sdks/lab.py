"""Asks a provider in one way of an SDK, through the pump, and measures what arrives."""

import gc
import json
import queue
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final, Self

from anyio.from_thread import BlockingPortal, start_blocking_portal
from tests.sdks import provider_server, said
from tests.sdks.provider_server import ProviderServer
from tests.sdks.way import Way

from streamhtml import Reply, stream

CUT: Final = 5
"""Bytes that the provider writes at once: fewer than two Korean letters, and no whole event."""

MAX_DELAY: Final = 1.0
"""Seconds after which the provider has to see that the reader has left."""

ATTEMPTS: Final = 3
"""How often a reader leaves at most: a busy machine may be late once, but not each time."""


class Lab:
    """A provider, and an event loop in which all async sources are read.

    There is one loop, because some SDKs keep their connections from one answer to the next.
    """

    def __init__(self) -> None:
        self._answers: dict[tuple[Way, str], Reply] = {}
        self._measured: dict[tuple[Way, str], bool] = {}
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        self._server = self._opened.enter_context(ProviderServer(CUT))
        self._portal: BlockingPortal = self._opened.enter_context(start_blocking_portal())
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()
        self._answers.clear()
        gc.collect()  # While the filters of warnings are those of the tests.

    def ask(self, way: Way, model: str) -> Reply:
        """Return the reply to a model. It is asked once."""
        if (way, model) not in self._answers:
            self._answers[way, model] = self._portal.call(_read, way, self._server.url, model)
        return self._answers[way, model]

    def has(self, way: Way, aspect: str) -> bool:
        """Measure an aspect of a way: does it arrive, and exactly?"""
        if (way, aspect) not in self._measured:
            self._measured[way, aspect] = _MEASURES[aspect](self, way)
        return self._measured[way, aspect]

    def answers_of(self, way: Way) -> dict[str, Any]:
        """Return what a way was asked so far, and its answers; for the message of a failure."""
        return {
            model: (reply.state, reply.answer.parts, reply.answer.facts)
            for (asked, model), reply in self._answers.items()
            if asked is way
        }

    def call(self, function: Callable[..., Any], *arguments: object) -> Any:
        """Call an async function in the event loop."""
        return self._portal.call(function, *arguments)

    def stops(self, way: Way) -> bool:
        """Measure whether the provider sees in time that the reader has left."""
        return is_seen(lambda url: self._portal.call(_leave, way, url), way)


async def _read(way: Way, url: str, model: str) -> Reply:
    reply = Reply()
    async for _ in stream(reply, way.open(url, model), interval=0):
        pass
    return reply


async def _leave(way: Way, url: str) -> float:
    """Leave when some text is there, and return when that was."""
    reply = Reply()
    fragments = stream(reply, way.open(url, "slow"), interval=0)
    async for _ in fragments:
        if len(reply.answer.text) > len("".join(said.TEXT[:2])):
            break
    left_at = time.monotonic()
    await fragments.aclose()
    return left_at


def is_seen(leave: Callable[[str], float], way: Way) -> bool:
    """Return whether the provider sees in time that a reader has left.

    Args:
        leave: reads from a provider with this URL, leaves, and returns when.
        way: if it is known not to stop, the reader leaves only once.
    """
    for _ in range(1 if "stop" in way.lost else ATTEMPTS):
        with without_garbage_collection(), ProviderServer() as server:
            left_at = leave(server.url)
            try:
                seen_at = server.left.get(timeout=2 * MAX_DELAY)
            except queue.Empty:
                continue
        if seen_at - left_at <= MAX_DELAY:
            return True
    return False


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """The garbage collector must not be what closes a source."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _has_text(lab: Lab, way: Way) -> bool:
    reply = lab.ask(way, "text")
    said_so = [(part.kind, part.text) for part in reply.answer.parts]
    return reply.state == "finished" and said_so == [("text", "".join(said.TEXT))]


def _has_reasoning(lab: Lab, way: Way) -> bool:
    reply = lab.ask(way, "reasoning")
    assert reply.answer.text == "".join(said.TEXT)
    return reply.answer.text_of("reasoning") == "".join(said.REASONING)


def _tools(way: Way) -> str:
    return way.tools.replace("tools", "agent") if way.runs_tools else way.tools


def _has_tools(lab: Lab, way: Way) -> bool:
    """Two calls, told apart: by their ids, with their names, each with its own arguments."""
    calls = [part for part in lab.ask(way, _tools(way)).answer.parts if part.kind == "tool"]
    assert len({call.id for call in calls}) == len(calls)
    found = [(call.name, json.loads(call.text)) for call in calls]
    return found == [(name, said.arguments(pieces)) for _, name, pieces in said.CALLS]


def _has_results(lab: Lab, way: Way) -> bool:
    """What the tools returned, and the text that came after it."""
    reply = lab.ask(way, _tools(way))
    calls = [part for part in reply.answer.parts if part.kind == "tool"]
    if way.runs_tools:
        assert reply.answer.parts[-1].text == "".join(said.TEXT)
    return {call.name: str(call.result) for call in calls} == said.RESULTS


def _has_usage(lab: Lab, way: Way) -> bool:
    usage = lab.ask(way, "text").answer.facts.usage or {}
    return {said.INPUT_TOKENS, said.OUTPUT_TOKENS} <= set(usage.values())


def _has_finish(lab: Lab, way: Way) -> bool:
    """The finish reason; and the outcome, if the model had to stop early."""
    if not lab.ask(way, "text").answer.facts.finish_reason:
        return False
    if "length" not in provider_server.scenarios(way.protocol):
        return True
    short = lab.ask(way, "length")
    assert short.answer.text == "".join(said.CUT_SHORT)
    return short.state == "truncated" and bool(short.answer.facts.finish_reason)


def _has_refusal(lab: Lab, way: Way) -> bool:
    return lab.ask(way, "refusal").answer.text == "".join(said.REFUSAL)


def _has_error(lab: Lab, way: Way) -> bool:
    """An error in the middle: what came before it stays, and the answer has failed."""
    reply = lab.ask(way, "error")
    return reply.state == "failed" and reply.answer.text == "".join(said.CUT_SHORT)


_MEASURES: Final[dict[str, Callable[[Lab, Way], bool]]] = {
    "text": _has_text,
    "reasoning": _has_reasoning,
    "tools": _has_tools,
    "results": _has_results,
    "usage": _has_usage,
    "finish": _has_finish,
    "refusal": _has_refusal,
    "error": _has_error,
    "stop": Lab.stops,
}


def aspects(way: Way) -> list[str]:
    """Return the aspects that a way can have: those that its protocol can say."""
    sent = provider_server.scenarios(way.protocol)
    left_out = {aspect for aspect in ("reasoning", "tools", "refusal") if aspect not in sent}
    if not way.runs_tools and way.protocol != "ag-ui":
        left_out.add("results")
    return [aspect for aspect in _MEASURES if aspect not in left_out]
