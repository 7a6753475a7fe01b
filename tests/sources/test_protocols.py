"""Every protocol says the same answer in its own events, and it is read the same way."""

import json
from typing import Any

import pytest
from tests.sources.events import CALLS, TEXT
from tests.sources.protocols import PROTOCOLS, Protocol, as_objects

from streamhtml import deltas
from streamhtml._answer import Answer


def read(events: Any, answer: Answer | None = None) -> tuple[Answer, Any]:
    """Return what was said, and the facts."""
    source = deltas(events)
    answer = answer or Answer()
    for delta in source:
        answer.add(delta)
    return answer, source.report.facts


@pytest.mark.parametrize("make", [list, as_objects], ids=["mappings", "objects"])
@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
def test_an_answer(protocol: Protocol, make: Any) -> None:
    answer, facts = read(make(protocol.events))
    assert answer.text_of("text").strip() == "".join(TEXT)
    assert answer.text_of("reasoning").strip() == "".join(protocol.reasoning)
    tools = [part for part in answer.parts if part.kind == "tool"]
    assert [(part.id, part.name) for part in tools] == [call[:2] for call in CALLS]
    assert [json.loads(part.text) for part in tools] == [{"x": 1}, {"y": 2}]
    results = {part.id: str(part.result) for part in tools if part.result is not None}
    assert results == protocol.results
    assert facts.finish_reason == protocol.finish
    assert (facts.usage or {}) == protocol.usage


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
def test_the_same_tools_twice_in_one_answer_are_told_apart(protocol: Protocol) -> None:
    """An agent asks its model again. Indexes and blocks are counted anew."""
    again = json.loads(json.dumps(protocol.events).replace('"a"', '"a2"').replace('"b"', '"b2"'))
    if protocol.name in ("langchain", "langgraph", "langchain events"):
        again = json.loads(json.dumps(again).replace('"run-1"', '"run-2"'))
    if protocol.name == "pydantic-ai responses":
        pytest.skip("they belong to the last answer of the model only")
    answer, _ = read([*protocol.events, *again])
    tools = [part for part in answer.parts if part.kind == "tool"]
    assert [part.id for part in tools] == ["a", "b", "a2", "b2"]
    assert [json.loads(part.text) for part in tools] == [{"x": 1}, {"y": 2}] * 2
    assert answer.text == "".join(TEXT) + "\n\n" + "".join(TEXT)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
def test_an_unknown_event_is_refused_with_its_type_and_its_fields(protocol: Protocol) -> None:
    unknown = {"type": "no.such", "event_kind": "no", "secret": "hidden"}
    answer = Answer()
    with pytest.raises(TypeError, match=r"type 'no.such' with the fields .*secret.*read=") as told:
        read([*protocol.events, unknown], answer)
    assert "hidden" not in str(told.value)
    assert answer.text == "".join(TEXT)
