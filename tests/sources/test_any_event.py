"""Law: whatever is wrong with the events of a source, what is shown is not wrong.

Fields are missing, null, or of another type, unknown ones are added, and events are dropped or
unknown. The outcome is a clear error, or nothing. What arrived before is shown.
"""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sources.events import CALLS, REASONING, TEXT
from tests.sources.protocols import PROTOCOLS, Protocol, as_objects

from streamhtml import Delta, Truncated, deltas
from streamhtml._answer import Answer
from streamhtml.sources import SourceError

WRONG = (None, 7, True, 1.5, [], {}, [7], {"a": None}, [[]], [{}], {"x": [None]})
CLEAR: dict[type[Exception], str] = {
    TypeError: "a token is an? .*(not known|whole answer)|the states of a graph",
    SourceError: "the (provider|agent) reported an error: .",
    Truncated: "finish_reason=",
}
UNKNOWN = (7, {"type": "no.such"}, {"event": "no"}, {"event_kind": "no"}, {"data": 7}, [], (1, 2))


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where all values are that this one contains."""
    names = value if isinstance(value, dict) else range(len(value))
    for name in names:
        yield (*path, name)
        if isinstance(value[name], dict | list | tuple):
            yield from paths(value[name], (*path, name))


def changed(value: Any, path: tuple[Any, ...], change: str, new: Any) -> Any:
    """Return a copy in which the value at the path is missing, another or beside an unknown one."""
    if not path:
        if change == "extra" and isinstance(value, dict):
            return {**value, "unknown": new}
        return [new] if type(value) is int else new  # Another type, not another value.
    name, rest = path[0], path[1:]
    others = dict(value) if isinstance(value, dict) else list(value)
    if change == "missing" and not rest:
        others.pop(name)
    else:
        others[name] = changed(value[name], rest, change, new)
    return tuple(others) if isinstance(value, tuple) else others


@st.composite
def disturbed(draw: st.DrawFn, protocol: Protocol) -> tuple[list[Any], int]:
    """Return the events, some of which are wrong, and how many are right before them."""
    events = copy.copy(protocol.events)
    first = len(events)
    # With three, all that tells two calls apart can be gone.
    for _ in range(draw(st.integers(1, 2))):
        index = draw(st.integers(0, len(events) - 1))
        change = draw(st.sampled_from(["missing", "wrong", "extra", "drop", "unknown"]))
        first = min(first, index)
        if change == "unknown":
            events.insert(index, draw(st.sampled_from(UNKNOWN)))
        elif change == "drop":
            del events[index]
        elif isinstance(events[index], dict | tuple):
            path = draw(st.sampled_from(list(paths(events[index])) or [()]))
            events[index] = changed(events[index], path, change, draw(st.sampled_from(WRONG)))
    return events, first


def read(events: list[Any]) -> tuple[str, Answer]:
    """Return all reasoning and text in the order in which they came, and the answer."""
    answer = Answer()
    said = []
    source = deltas(events)
    told: Exception | None = None
    try:
        for delta in source:
            answer.add(delta)
            if type(delta) is Delta:
                said.append(delta.text)
    except (TypeError, SourceError, Truncated) as error:
        told = error
    assert told is None or re.match(CLEAR[type(told)], str(told))
    return "".join(said), answer


def some_of(*pieces: str) -> str:
    """Return a pattern of the text that any of these pieces make, in their order."""
    return "".join(f"(?:{re.escape(piece)})?" for piece in pieces)


def check(protocol: Protocol, events: list[Any], right: int) -> None:
    said, answer = read(events)
    before, _ = read(protocol.events[:right])
    apart = f"{answer.text_of('reasoning')}\n{answer.text}"
    in_order, each = some_of(*REASONING, *TEXT), f"{some_of(*REASONING)}\n{some_of(*TEXT)}"
    assert re.fullmatch(in_order, said) or re.fullmatch(each, apart), said
    assert said.startswith(before), before
    for (call_id, name, pieces), other in zip(CALLS, reversed(CALLS), strict=True):
        for part in answer.parts:
            if part.kind == "tool" and part.id == call_id:
                assert re.fullmatch(some_of(*pieces), part.text) or is_whole(part.text), part.text
                assert name == part.name or not part.name
                assert other[1] not in str(part.result)


def is_whole(arguments: str) -> bool:
    """Return whether these are other arguments, but not a mixture of two calls."""
    try:
        return json.dumps(json.loads(arguments)) not in ('{"x": 2}', '{"y": 1}')
    except ValueError:
        return False


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
@settings(max_examples=40)
@given(data=st.data())
def test_law_nothing_wrong_is_shown(protocol: Protocol, data: st.DataObject) -> None:
    events, right = data.draw(disturbed(protocol))
    check(protocol, events, right)
    check(protocol, [as_objects(event) for event in events], right)


@pytest.mark.slow
@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
@settings(max_examples=3_000)
@given(data=st.data())
def test_law_nothing_wrong_is_shown_in_many_examples(
    protocol: Protocol, data: st.DataObject
) -> None:
    events, right = data.draw(disturbed(protocol))
    check(protocol, events, right)
