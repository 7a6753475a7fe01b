"""What is special to the protocols of agents: Responses, the Agents SDK, AG-UI, Pydantic AI."""

from types import SimpleNamespace
from typing import Any

import pytest
from tests.sources.events import item, response
from tests.sources.said import Part, said, said_in_both_forms

from streamhtml import deltas


def run_item(name: str, **item: Any) -> Any:
    return {"type": "run_item_stream_event", "name": name, "item": item}


def ag_ui(kind: str, **fields: Any) -> Any:
    return {"type": kind, **fields}


def text(kind: str, index: int, **fields: Any) -> Any:
    return response(kind, index, content_index=0, **fields)


CREATED = response("created", response={"id": "r1"})
MCP = {"name": "f", "arguments": '{"x": 1}'}
RESPONSES: list[tuple[str, list[Any], list[Part], str]] = [
    (
        "a refusal",
        [text("refusal.delta", 0, delta="No"), text("refusal.done", 0, refusal="No.")],
        [("text", "No.")],
        "finished",
    ),
    (
        "what no piece has brought",
        [
            text("output_text.done", 0, text="a"),
            item("done", 0, "message", content=[{"text": "a"}, {"text": "b"}]),
            item("done", 1, "reasoning", summary=[{"text": "c"}, {"text": "d"}]),
            item("done", 2, "function_call", call_id="x", name="f", arguments="{}"),
        ],
        [("text", "ab"), ("reasoning", "c\n\nd"), ("tool", "x", "f", "{}")],
        "finished",
    ),
    (
        "a whole that is another text",
        [text("output_text.delta", 0, delta="a"), text("output_text.done", 0, text="other")],
        [("text", "a")],
        "finished",
    ),
    (
        "a piece that does not say to which text it belongs",
        [response("output_text.delta", delta="ab"), text("output_text.done", 0, text="ab")],
        [("text", "ab")],
        "finished",
    ),
    (
        "several summaries, and the reasoning itself",
        [
            response("reasoning_summary_part.added", 0, summary_index=0),
            response("reasoning_summary_text.delta", 0, summary_index=0, delta="a"),
            response("reasoning_summary_part.added", 0, summary_index=1),
            response("reasoning_summary_text.delta", 0, summary_index=1, delta="b"),
            item("done", 0, "reasoning", content=[{"text": "all"}]),
        ],
        [("reasoning", "a\n\nb")],
        "finished",
    ),
    (
        "tools that the provider runs",
        [
            item("added", 0, "web_search_call"),
            item("done", 0, "web_search_call", status="completed", action={"query": "q"}),
            item("added", 1, "mcp_call", name="f", arguments=""),
            response("mcp_call_arguments.done", 1, arguments='{"x": 1}'),
            item("done", 1, "mcp_call", **MCP, error={"message": "no"}),
            item("added", 2, "code_interpreter_call"),
            response("code_interpreter_call_code.delta", 2, delta="1"),
            item(
                "done",
                2,
                "code_interpreter_call",
                code="1",
                outputs=[{"type": "logs", "logs": "1"}],
            ),
            item("done", 3, "image_generation_call", status="failed"),
            item("done", 4, "mcp_call", **MCP, error="no", output=None),
        ],
        [
            ("tool", "i0", "web_search", '{"query": "q"}', ""),
            ("tool", "i1", "f", '{"x": 1}', "no", "failed"),
            ("tool", "i2", "code_interpreter", "1", "1"),
            ("tool", "i3", "image_generation", "", "", "failed"),
            ("tool", "i4", "f", '{"x": 1}', "no", "failed"),
        ],
        "finished",
    ),
    (
        "a shell",
        [
            item("added", 0, "shell_call", call_id="s"),
            response("shell_call_command.added", 0, command_index=0, command=""),
            response("shell_call_command.delta", 0, command_index=0, delta="ls"),
            response("shell_call_command.added", 0, command_index=1, command=""),
            response("shell_call_command.delta", 0, command_index=1, delta="pwd"),
            response("shell_call_command.done", 0, command_index=1, command="pwd"),
            response("shell_call_output_content.delta", 0, delta={"stdout": "a"}),
            response("shell_call_output_content.delta", 0, delta={"stderr": "b"}),
            response("shell_call_output_content.done", 0, output=[]),
            item("done", 1, "shell_call_output", call_id="s", output="ab"),
            item("done", 2, "function_call_output", call_id="t", output=[{"text": "c"}]),
        ],
        [("tool", "s", "shell", "ls\npwd", "ab"), ("tool", "t", "", "", "c")],
        "finished",
    ),
    (
        "an approval",
        [item(event, 0, "mcp_approval_request", **MCP) for event in ("added", "done")],
        [("approval", "i0", "f", '{"x": 1}')],
        "finished",
    ),
    (
        "an end that is too early",
        [CREATED, response("incomplete", response={"incomplete_details": {"reason": "max"}})],
        [],
        "Truncated: finish_reason='max'",
    ),
    (
        "an end that is too early, for no reason",
        [CREATED, response("incomplete", response={})],
        [],
        "Truncated: finish_reason='incomplete'",
    ),
    (
        "a failure",
        [CREATED, response("failed", response={"error": {"code": "c", "message": "no"}})],
        [],
        "SourceError: the provider reported an error: c: no",
    ),
    (
        "an error",
        [CREATED, {"type": "error", "code": "c", "message": "no"}],
        [],
        "SourceError: the provider reported an error: c: no",
    ),
    (
        "an error without words",
        [{"type": "error"}],
        [],
        "SourceError: the provider reported an error: error",
    ),
    (
        "an item without an index",
        [
            {
                "type": "response.output_item.done",
                "item": {"type": "message", "content": [{"text": "a"}]},
            }
        ],
        [],
        "finished",
    ),
]
AGENTS: list[tuple[str, list[Any], list[Part], str]] = [
    (
        "the Agents SDK: a model that does not stream",
        [
            run_item("tool_called", raw_item={"call_id": "a", "name": "f", "arguments": "{}"}),
            run_item("tool_called", raw_item={}),
            run_item("message_output_created"),
            run_item("mcp_approval_requested", raw_item={"id": "m", "name": "g", "arguments": "1"}),
            run_item("tool_output", raw_item={"call_id": "a"}, output={"x": 1}),
        ],
        [("tool", "a", "f", "{}", '{"x": 1}'), ("approval", "m", "g", "1")],
        "finished",
    ),
    (
        "AG-UI: chunks",
        [
            ag_ui("REASONING_MESSAGE_CHUNK", messageId="m0", delta="Hm."),
            ag_ui("TEXT_MESSAGE_CHUNK", messageId="m1", role="assistant", delta="a"),
            ag_ui("TEXT_MESSAGE_CHUNK", delta="b"),
            ag_ui("TOOL_CALL_CHUNK", toolCallId="a", toolCallName="f", delta="{"),
            ag_ui("TOOL_CALL_CHUNK", delta="}"),
            ag_ui("TOOL_CALL_ARGS", delta="?"),
        ],
        [("reasoning", "Hm."), ("text", "ab"), ("tool", "a", "f", "{}")],
        "finished",
    ),
    (
        "AG-UI: messages of others",
        [
            ag_ui("TEXT_MESSAGE_START", messageId="u", role="user"),
            ag_ui("TEXT_MESSAGE_CONTENT", messageId="u", delta="Hi"),
            ag_ui("TEXT_MESSAGE_CONTENT", delta="Hi"),
            ag_ui("TEXT_MESSAGE_CONTENT", messageId="m", delta="a"),
        ],
        [("text", "a")],
        "finished",
    ),
    (
        "AG-UI: sub-agents",
        [
            ag_ui("TEXT_MESSAGE_CONTENT", messageId="1", subagentRunId="x", delta="a"),
            ag_ui("REASONING_MESSAGE_CONTENT", messageId="2", subagentRunId="y", delta="b"),
            ag_ui("TEXT_MESSAGE_CONTENT", messageId="1", subagentRunId="x", delta="c"),
            ag_ui("SUBAGENT_ERROR", subagentRunId="y", message="no"),
        ],
        [("subagent", "ac"), ("subagent-2-reasoning", "b"), ("subagent-2", "no")],
        "finished",
    ),
    (
        "AG-UI: an interrupt",
        [
            ag_ui(
                "RUN_FINISHED",
                outcome={
                    "type": "interrupt",
                    "interrupts": [{"id": "i", "reason": "ask", "message": "Send it?"}, {}],
                },
            )
        ],
        [("approval", "i", "ask", "Send it?")],
        "finished",
    ),
    (
        "AG-UI: a run that was cancelled",
        [ag_ui("RUN_FINISHED", outcome={"type": "cancelled"})],
        [],
        "Truncated: finish_reason='cancelled'",
    ),
    (
        "AG-UI: an error",
        [ag_ui("RUN_ERROR", message="no", code="c", usage=[{"x": 1}])],
        [],
        "SourceError: the agent reported an error: c: no",
    ),
    (
        "Pydantic AI: other parts",
        [
            {"event_kind": "part_start", "index": 0, "part": {"part_kind": "file", "content": "x"}},
            {
                "event_kind": "part_start",
                "index": 1,
                "part": {"part_kind": "builtin-tool-return", "tool_call_id": "a", "content": "1"},
            },
            {"event_kind": "function_tool_call", "part": {"tool_call_id": "b", "tool_name": "f"}},
            {"event_kind": "function_tool_call", "part": {}},
            {
                "event_kind": "function_tool_result",
                "part": {"part_kind": "retry-prompt", "tool_call_id": "b", "content": "again"},
            },
            {
                "event_kind": "deferred_tool_requests",
                "requests": {
                    "approvals": [{"tool_call_id": "c", "tool_name": "g", "args": {"x": 1}}]
                },
            },
            {"event_kind": "realtime_turn_complete"},
        ],
        [
            ("tool", "a", "", "", "1"),
            ("tool", "b", "f", "", "again", "failed"),
            ("approval", "c", "g", '{"x": 1}'),
        ],
        "finished",
    ),
]


@pytest.mark.parametrize(
    ("events", "parts", "ended"),
    [case[1:] for case in RESPONSES + AGENTS],
    ids=[case[0] for case in RESPONSES + AGENTS],
)
def test_what_is_said(events: list[Any], parts: list[Part], ended: str) -> None:
    assert said_in_both_forms(events)[:2] == (parts, ended)


def test_items_whose_ids_are_all_the_same() -> None:
    """The Agents SDK has no ids for the items of a chat model."""
    events = [
        item("added", i, "function_call", call_id=call_id, name="f", id="__fake_id__")
        for i, call_id in enumerate("ab")
    ]
    events += [
        {**response("function_call_arguments.delta", i), "item_id": "__fake_id__", "delta": str(i)}
        for i in range(2)
    ]
    assert said(events)[0] == [("tool", "a", "f", "0"), ("tool", "b", "f", "1")]


@pytest.mark.parametrize("indexes", [(0, 7, 0), (7, 0, 0), (0, 0, 7), (7, 7, 0), (None, None, 0)])
def test_an_item_whose_index_changes(indexes: tuple[int | None, ...]) -> None:
    """Some servers do not give all events of an item the same index."""
    *pieces, done = indexes
    events = [
        {**response("output_text.delta", index, content_index=0, delta=piece), "item_id": "m"}
        for index, piece in zip(pieces, ("Hel", "lo"), strict=True)
    ]
    events.append(
        {**response("output_text.done", done, content_index=0, text="Hello"), "item_id": "m"}
    )
    assert said(events)[0] == [("text", "Hello")]


def test_the_usage_of_a_run_is_a_method_in_older_versions() -> None:
    class Result:
        def usage(self) -> Any:
            return SimpleNamespace(input_tokens=3)

    source = deltas([SimpleNamespace(event_kind="agent_run_result", result=Result())])
    assert list(source) == []
    assert source.report.facts.usage == {"input_tokens": 3}


@pytest.mark.parametrize(
    ("last", "ended"),
    [
        (text("refusal.delta", 0, delta="No."), "Truncated: refusal"),
        (response("incomplete", response={}), "Truncated: finish_reason='incomplete'"),
        (text("output_text.delta", 0, delta="a"), "OSError: no"),
    ],
)
def test_an_end_that_the_events_have_told_is_no_failure(last: Any, ended: str) -> None:
    """The Agents SDK raises after it."""

    def events() -> Any:
        yield from [CREATED, last]
        raise OSError("no")

    source = deltas(events())
    with pytest.raises(Exception, match=r"no|refusal|incomplete") as told:
        list(source)
    assert f"{type(told.value).__name__}: {told.value}" == ended


def test_an_unknown_item_of_a_run_is_refused() -> None:
    with pytest.raises(TypeError, match="run_item_stream_event"):
        list(deltas([run_item("no_such")]))
