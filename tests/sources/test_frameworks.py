"""What is special to LangChain, LangGraph and LlamaIndex."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from tests.sources.events import chunk
from tests.sources.framework_events import block, graph_event, message
from tests.sources.said import Part, said, said_in_both_forms

from streamhtml import Delta, deltas
from streamhtml._answer import Answer
from streamhtml.sources import SourceError

WHOLE = {**message("a"), "type": "ai", "tool_calls": [{"id": "x", "name": "f", "args": {}}]}


def event(name: str, run_id: str = "1", **data: Any) -> Any:
    return {"event": name, "run_id": run_id, "data": data}


def tools(kind: str, **fields: Any) -> Any:
    return graph_event("tools", {"event": kind, "tool_call_id": "a", **fields})


LANGCHAIN: list[tuple[str, list[Any], list[Part], str]] = [
    (
        "reasoning of every integration",
        [
            message(additional_kwargs={"reasoning_content": "a"}),
            message([{"type": "thinking", "thinking": "b"}]),
            message([{"type": "reasoning", "summary": [{"text": "c"}]}]),
            message([{"type": "refusal", "refusal": "no"}, {"type": "function_call"}]),
        ],
        [("reasoning", "abc"), ("text", "no")],
        "finished",
    ),
    (
        "a whole message whose pieces did not come",
        [(WHOLE, {}), ({**WHOLE, "type": "human"}, {}), (WHOLE, {})],
        [("text", "a"), ("tool", "x", "f", "{}")],
        "finished",
    ),
    (
        "a tool that failed",
        [{**message("no"), "type": "tool", "tool_call_id": "x", "name": "f", "status": "error"}],
        [("tool", "x", "f", "", "no", "failed")],
        "finished",
    ),
    (
        "namespaces, lists from JSON, and version 2",
        [
            ((), "messages", (message("a"), {})),
            (("agent:1",), (message("b"), {})),
            ["messages", [message("c"), {}]],
            {"type": "messages", "ns": [], "data": [message("d"), {}]},
            {"type": "updates", "ns": [], "data": {}},
            ("custom", "e"),
            ("custom", {"x": 1}),
            ("messages", [7, {}]),
            ("messages", []),
        ],
        [("text", "abcde")],
        "finished",
    ),
    (
        "an end that is too early",
        [message("a", response_metadata={"incomplete_details": {"reason": "max_output_tokens"}})],
        [("text", "a")],
        "Truncated: finish_reason='max_output_tokens'",
    ),
    (
        "events of models that do not stream, and of tools",
        [
            event("on_llm_stream", chunk={"text": "a"}),
            event("on_llm_stream", chunk="b"),
            event("on_chat_model_end", "2", output=message("c")),
            event("on_chat_model_end", "1", output=message("no")),
            event("on_tool_end", output="no"),
            event("on_tool_error", error="no", tool_call_id="x"),
            event("on_custom_event"),
            event("on_parser_stream", chunk="no"),
        ],
        [("text", "abc"), ("tool", "x", "", "", "no", "failed")],
        "finished",
    ),
    (
        "the interrupt of a graph",
        [
            ("messages", (message("a"), {})),
            ("updates", {"__interrupt__": ({"id": "i", "value": "Send it?"},)}),
            event("on_chain_stream", chunk={"__interrupt__": [{"id": "j", "value": {"x": 1}}]}),
        ],
        [
            ("text", "a"),
            ("approval", "i", "interrupt", "Send it?"),
            ("approval", "j", "interrupt", '{"x": 1}'),
        ],
        "finished",
    ),
    (
        "blocks",
        [
            block("start", 0, content={"type": "text", "text": "a"}),
            block("finish", 0, content={"type": "text", "text": "ab"}),
            block("start", 1, content={"type": "tool_call", "id": "x", "name": "f", "args": "{"}),
            block("delta", 1, delta={"type": "tool-call-delta", "args": "}"}),
            block("start", 2, content={"type": "tool_call_chunk", "id": "y", "name": "g"}),
            block("delta", 2, delta={"type": "legacy-block-delta", "fields": {"args": "1"}}),
            block("delta", 2, delta={"type": "data-delta"}),
            block("start", 3, content={"type": "invalid_tool_call", "id": "z"}),
            block(
                "start",
                4,
                content={"type": "server_tool_result", "tool_call_id": "x", "output": "1"},
            ),
            block("finish", 4, content={"type": "server_tool_result"}),
        ],
        [("text", "ab"), ("tool", "x", "f", "{}", "1"), ("tool", "y", "g", "1")],
        "finished",
    ),
    (
        "an error among blocks",
        [{"event": "message-start"}, {"event": "error", "message": "no", "code": "c"}],
        [],
        "SourceError: the provider reported an error: c: no",
    ),
    (
        "the tools of a graph",
        [
            tools("tool-started", tool_name="f", input={}),
            tools("tool-output-delta", delta="1"),
            tools("tool-finished", output={"content": "12"}),
            {
                **tools("tool-error", message="no"),
                "params": {"data": {"event": "tool-error", "tool_call_id": "b", "message": "no"}},
            },
            graph_event("custom", {"payload": "a"}),
            graph_event("custom", {"x": 1}),
            graph_event("lifecycle", {}),
            graph_event("input.requested", {"interrupts": [{"id": "i", "value": "Go on?"}]}),
            graph_event("input.requested", {"id": "j", "value": {"x": 1}}),
            graph_event("messages", []),
        ],
        [
            ("tool", "a", "f", "{}", "12"),
            ("tool", "b", "", "", "no", "failed"),
            ("text", "a"),
            ("approval", "i", "interrupt", "Go on?"),
            ("approval", "j", "interrupt", '{"x": 1}'),
        ],
        "finished",
    ),
]
LLAMA_INDEX: list[tuple[str, list[Any], list[Part], str]] = [
    (
        "the text of a completion so far",
        [{"delta": "a", "text": "a", "raw": None}, {"delta": "b", "text": "ab", "raw": None}],
        [("text", "ab")],
        "finished",
    ),
    (
        "the chunk of the provider says more",
        [
            {"delta": "a", "message": {}, "raw": chunk({"content": "a", "reasoning": "Hm."})},
            {"delta": "b", "message": {}, "raw": chunk({})},
            {"delta": "c", "message": {}, "raw": {"unknown": 1}},
            {"delta": "d", "message": {}, "raw": {"choices": [{"message": {"content": "all"}}]}},
        ],
        [("reasoning", "Hm."), ("text", "abcd")],
        "finished",
    ),
    (
        "a tool without an id",
        [{"tool_id": "", "tool_name": "f", "tool_kwargs": {}}],
        [],
        "finished",
    ),
]


@pytest.mark.parametrize(
    ("events", "parts", "ended"),
    [case[1:] for case in LANGCHAIN + LLAMA_INDEX],
    ids=[case[0] for case in LANGCHAIN + LLAMA_INDEX],
)
def test_what_is_said(events: list[Any], parts: list[Part], ended: str) -> None:
    assert said_in_both_forms(events)[:2] == (parts, ended)


def test_a_delta_that_an_application_puts_into_its_graph() -> None:
    assert said([("custom", Delta("Searching", "status"))])[0] == [("status", "Searching")]


def test_messages_of_two_nodes_that_alternate() -> None:
    def of(node: str, each: Any) -> Any:
        return graph_event("messages", (each, {"langgraph_checkpoint_ns": node}))

    def begin(call_id: str) -> Any:
        return block("start", 0, content={"type": "tool_call_chunk", "id": call_id, "name": "f"})

    def go_on(text: str) -> Any:
        return block("delta", 0, delta={"type": "tool-call-delta", "args": text})

    events = [
        *(of(node, {"event": "message-start", "id": node}) for node in "ab"),
        *(of(node, begin(node)) for node in "ab"),
        *(of(node, go_on(text)) for text in "12" for node in "ab"),
    ]
    assert said(events)[0] == [("tool", "a", "f", "12"), ("tool", "b", "f", "12")]


@pytest.mark.parametrize(
    "events",
    [
        [("updates", {"agent": {}}), ("values", {})],
        [{"type": "values", "ns": [], "data": {}}],
        [{"agent": {"messages": []}}],
        [{"messages": []}],
    ],
)
def test_the_states_of_a_graph_are_refused(events: list[Any]) -> None:
    with pytest.raises(TypeError, match="ask for stream_mode='messages'"):
        list(deltas(events))


@pytest.mark.parametrize(
    "unknown", [graph_event("no.such", {}), tools("no-such"), {"event": "on_no_such"}, ["x", 1]]
)
def test_unknown_events_are_refused(unknown: Any) -> None:
    answer = Answer()
    source = deltas([graph_event("values", {}), message("a"), unknown])
    answer.add(next(source))
    with pytest.raises(TypeError, match="which is not known; pass deltas"):
        next(source)
    assert answer.text == "a"


@pytest.mark.parametrize(
    ("name", "fields", "says"),
    [
        ("WorkflowFailedEvent", {"exception": RuntimeError("no model")}, "no model"),
        ("WorkflowFailedEvent", {"exception": ValueError()}, "ValueError()"),
        ("WorkflowFailedEvent", {}, "it failed"),
        ("WorkflowTimedOutEvent", {"timeout": 10.0}, "it timed out"),
        ("WorkflowCancelledEvent", {}, "it was cancelled"),
    ],
)
def test_a_run_of_an_agent_that_fails(name: str, fields: dict[str, Any], says: str) -> None:
    event = type(name, (SimpleNamespace,), {})(**fields)
    with pytest.raises(SourceError, match=re.escape(f"the agent reported an error: {says}")) as it:
        list(deltas(["Hello", event]))
    assert it.value.__cause__ is fields.get("exception")


def test_events_of_agents_that_are_known_by_their_class() -> None:
    class AgentOutput(SimpleNamespace):
        pass

    assert list(deltas([AgentOutput(response="all")])) == []
