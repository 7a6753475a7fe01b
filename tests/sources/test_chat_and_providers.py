"""What is special to chat chunks, and to the protocols of Anthropic, Google and Ollama."""

from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel
from tests.sources.events import chunk, gemini
from tests.sources.said import Part, said_in_both_forms

from streamhtml.sources._fields import field, to_json


def call(index: Any, **fields: Any) -> Any:
    function = {name: fields.pop(name) for name in ("name", "arguments") if name in fields}
    return chunk({"tool_calls": [{"index": index, "function": function, **fields}]})


def block(index: int, **content: Any) -> Any:
    return {"type": "content_block_start", "index": index, "content_block": content}


def blocks(*events: Any) -> list[Any]:
    return [
        {"type": "message_start", "message": {"id": "m1", "usage": {"input_tokens": 3}}},
        *events,
    ]


CHAT: list[tuple[str, list[Any], list[Part], str]] = [
    (
        "a refusal",
        [chunk({"refusal": "I can"}), chunk({"refusal": "not."})],
        [("text", "I cannot.")],
        "finished",
    ),
    (
        "reasoning in both fields is read once",
        [chunk({"reasoning": "Hm.", "reasoning_content": "Hm."})],
        [("reasoning", "Hm.")],
        "finished",
    ),
    (
        "an error in a chunk",
        [
            chunk({"content": "a"}),
            chunk({"content": ""}, error={"message": "full", "code": "busy"}),
        ],
        [("text", "a")],
        "SourceError: the provider reported an error: busy: full",
    ),
    (
        "an error that only the finish reason reports",
        [chunk({"content": "a"}), {"choices": [{"delta": {}, "finish_reason": "error"}]}],
        [("text", "a")],
        "SourceError: the provider reported an error: finish_reason='error'",
    ),
    (
        "an error as an event of its own",
        [chunk({"content": "a"}), {"error": "full"}],
        [("text", "a")],
        "SourceError: the provider reported an error: full",
    ),
    (
        "Mistral's error",
        [chunk({"content": "a"}), {"object": "error", "message": "full", "code": "9"}],
        [("text", "a")],
        "SourceError: the provider reported an error: 9: full",
    ),
    (
        "Mistral's blocks",
        [
            chunk(
                {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]}
            ),
            chunk(
                {
                    "content": [
                        "a",
                        {"type": "text", "text": "b"},
                        {"type": "image"},
                        {"type": "text"},
                    ]
                }
            ),
        ],
        [("reasoning", "Hm."), ("text", "ab")],
        "finished",
    ),
    (
        "the events beside the chunks",
        [
            {"type": "chunk", "chunk": chunk({"content": "a"})},
            {"type": "content.delta", "delta": "a", "snapshot": "a"},
            {"type": "tool_calls.function.arguments.done", "arguments": ""},
        ],
        [("text", "a")],
        "finished",
    ),
    (
        "whole arguments in one chunk",
        [call(0, id="a", name="f", arguments={"x": 1}), call(0, arguments="more")],
        [("tool", "a", "f", '{"x": 1}')],
        "finished",
    ),
    (
        "no index",
        [
            call(None, id="a", name="f", arguments="{"),
            call(None, arguments="}"),
            call(None, id="b", name="g", arguments="[]"),
        ],
        [("tool", "a", "f", "{}"), ("tool", "b", "g", "[]")],
        "finished",
    ),
    (
        "the same index for each",
        [call(0, id="a", name="f", arguments="1"), call(0, id="b", name="g", arguments="2")],
        [("tool", "a", "f", "1"), ("tool", "b", "g", "2")],
        "finished",
    ),
    (
        "no id",
        [
            call(0, name="f", arguments="1"),
            call(1, name="g", arguments="2"),
            call(0, arguments="3"),
        ],
        [("tool", "call_1", "f", "13"), ("tool", "call_2", "g", "2")],
        "finished",
    ),
    (
        "a number that a call has already",
        [call(0, id="call_1", name="f", arguments="1"), call(1, name="g", arguments="2")],
        [("tool", "call_1", "f", "1"), ("tool", "call_2", "g", "2")],
        "finished",
    ),
    (
        "a piece of no known call",
        [
            call(0, id="a", name="f", arguments="1"),
            call(5, arguments="?"),
            call(None, arguments="?"),
        ],
        [("tool", "a", "f", "1")],
        "finished",
    ),
]
PROVIDERS: list[tuple[str, list[Any], list[Part], str]] = [
    (
        "Anthropic: what a tool of the provider gives",
        blocks(
            block(0, type="server_tool_use", id="a", name="web_search", input={}),
            block(1, type="web_search_tool_result", tool_use_id="a", content=[{"url": "u"}]),
            block(2, type="mcp_tool_use", id="b", name="f", input={"x": 1}),
            {"type": "content_block_stop", "index": 2},
            block(
                3, type="mcp_tool_result", tool_use_id="b", is_error=True, content=[{"text": "no"}]
            ),
            block(4, type="code_execution_tool_use", id="c", name="run", input={}),
            block(5, type="x_tool_result", tool_use_id="c", content={"error_code": "busy"}),
        ),
        [
            ("tool", "a", "web_search", "", '[{"url": "u"}]'),
            ("tool", "b", "f", '{"x": 1}', "no", "failed"),
            ("tool", "c", "run", "", "busy", "failed"),
        ],
        "finished",
    ),
    (
        "Anthropic: a block that begins with its first piece",
        blocks(
            block(0, type="thinking", thinking="Hm."),
            {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta"}},
            block(1, type="redacted_thinking", data="x"),
            block(2, type="text", text="a"),
            {"type": "content_block_delta", "index": 2, "delta": {"type": "citations_delta"}},
            {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta"}},
        ),
        [("reasoning", "Hm."), ("text", "a")],
        "finished",
    ),
    (
        "Anthropic: an error",
        blocks({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
        [],
        "SourceError: the provider reported an error: overloaded_error: Overloaded",
    ),
    (
        "Anthropic: a refusal",
        blocks({"type": "message_delta", "delta": {"stop_reason": "refusal"}}),
        [],
        "Truncated: finish_reason='refusal'",
    ),
    (
        "Google: code that was run, and a function that was called",
        [
            gemini({"executableCode": {"id": "c1", "code": "1"}}),
            gemini({"codeExecutionResult": {"outcome": "OUTCOME_FAILED", "output": "no"}}),
            gemini({"functionCall": {"name": "f"}}, {"functionCall": {"id": "b", "name": "f"}}),
            gemini({"functionResponse": {"id": "b", "response": {"x": 1}}}),
            gemini({"inlineData": {"data": "x"}}),
        ],
        [
            ("tool", "c1", "code_execution", "1", "no", "failed"),
            ("tool", "call_1", "f", "{}"),
            ("tool", "b", "f", "{}", '{"x": 1}'),
        ],
        "finished",
    ),
    (
        "Google: a prompt that is blocked",
        [{"promptFeedback": {"blockReason": "SAFETY"}}],
        [],
        "Truncated: finish_reason='SAFETY'",
    ),
    (
        "Google: another end than STOP",
        [
            gemini(
                {"text": "a"},
            ),
            gemini(finishReason="MALFORMED_FUNCTION_CALL"),
        ],
        [("text", "a")],
        "Truncated: finish_reason='MALFORMED_FUNCTION_CALL'",
    ),
    (
        "Google: an error, after a count",
        [
            gemini({"text": "a"}),
            {"usageMetadata": {"x": 1}},
            {**gemini(), "error": {"message": "no"}},
        ],
        [("text", "a")],
        "SourceError: the provider reported an error: no",
    ),
    (
        "Ollama: generate",
        [
            {"model": "m", "done": False, "response": "", "thinking": "Hm."},
            {"model": "m", "done": False, "response": "a"},
            {"model": "m", "done": True, "done_reason": "length", "response": ""},
        ],
        [("reasoning", "Hm."), ("text", "a")],
        "Truncated: finish_reason='length'",
    ),
    (
        "Ollama: an error",
        [{"model": "m", "done": False, "response": "a"}, {"error": "no memory"}],
        [("text", "a")],
        "SourceError: the provider reported an error: no memory",
    ),
]


@pytest.mark.parametrize(
    ("events", "parts", "ended"),
    [case[1:] for case in CHAT + PROVIDERS],
    ids=[case[0] for case in CHAT + PROVIDERS],
)
def test_what_is_said(events: list[Any], parts: list[Part], ended: str) -> None:
    assert said_in_both_forms(events)[:2] == (parts, ended)


def test_an_empty_id_or_model_does_not_replace_what_was_said() -> None:
    _, _, facts = said_in_both_forms([chunk({}), {"id": "", "model": "", "choices": []}])
    assert (facts.response_id, facts.model) == ("c1", "m")


def test_the_usage_of_several_messages_is_added_up() -> None:
    count = {"type": "message_delta", "usage": {"output_tokens": 2, "input_tokens": None}}
    _, _, facts = said_in_both_forms([*blocks(count, count), *blocks(count)])
    assert facts.usage == {"input_tokens": 6, "output_tokens": 4}


def test_arguments_that_are_no_json_are_not_shown() -> None:
    loop: dict[str, Any] = {}
    loop["x"] = loop
    assert to_json(loop) == to_json({(1, 2): "x"}) == to_json(None) == ""
    assert to_json([1, SimpleNamespace(x=SimpleNamespace(y=1))]) == '[1, {"x": {"y": 1}}]'
    assert to_json({"x": 1 + 2j}) == '{"x": "(1+2j)"}'
    assert to_json({"x": MappingProxyType({"y": 1})}) == '{"x": {"y": 1}}'


def test_the_fields_of_a_model_of_pydantic() -> None:
    class Model(BaseModel, extra="allow"):
        known: int = 1
        absent: int | None = None

        @property
        def made(self) -> int:
            return 3

    model = Model.model_validate({"unknown": 2})
    assert [field(model, name) for name in ("known", "unknown", "made")] == [1, 2, 3]
    assert field(model, "absent", "missing", "made") == 3
    assert field(model, "absent", "missing") is None
