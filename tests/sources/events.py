"""The events of providers, of AG-UI and of agents, in which they give the same small answer."""

import json
from typing import Any

REASONING = ("Hm, ", "so.")
TEXT = ("Hel", "lo **wör", "ld**")
CALLS = (("a", "weather", ('{"x"', ": 1}")), ("b", "time", ('{"y"', ": 2}")))
USAGE = {"input_tokens": 7, "output_tokens": 5}

Event = dict[str, Any]


def chunk(delta: Event | None = None, **others: Any) -> Event:
    choice = {"index": 0, "delta": delta, "finish_reason": None} if delta is not None else None
    return {"id": "c1", "model": "m", "choices": [choice] if choice else [], **others}


def call_chunk(index: int, arguments: str, **first: str) -> Event:
    function = {"arguments": arguments} | ({"name": first["name"]} if first else {})
    call = {"index": index, "function": function} | ({"id": first["id"]} if first else {})
    return chunk({"tool_calls": [call]})


CHAT = [
    *(chunk({"reasoning_content": piece, "content": None}) for piece in REASONING),
    *(chunk({"content": piece}) for piece in TEXT),
    *(call_chunk(i, "", id=call[0], name=call[1]) for i, call in enumerate(CALLS)),
    *(call_chunk(i, call[2][step]) for step in range(2) for i, call in enumerate(CALLS)),
    {"id": "c1", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    chunk(usage=USAGE),
]


def response(kind: str, index: int | None = None, **fields: Any) -> Event:
    where = {} if index is None else {"output_index": index, "item_id": f"i{index}"}
    return {"type": f"response.{kind}", **where, **fields}


def item(event: str, index: int, kind: str, **fields: Any) -> Event:
    return {
        "type": f"response.output_item.{event}",
        "output_index": index,
        "item": {"type": kind, "id": f"i{index}", **fields},
    }


WHOLE_TEXT = "".join(TEXT)
WHOLE_REASONING = "".join(REASONING)
RESPONSES = [
    response("created", response={"id": "r1", "model": "m"}),
    item("added", 0, "reasoning", summary=[]),
    *(
        response("reasoning_summary_text.delta", 0, summary_index=0, delta=piece)
        for piece in REASONING
    ),
    response("reasoning_summary_text.done", 0, summary_index=0, text=WHOLE_REASONING),
    item("done", 0, "reasoning", summary=[{"type": "summary_text", "text": WHOLE_REASONING}]),
    item("added", 1, "message", content=[]),
    *(response("output_text.delta", 1, content_index=0, delta=piece) for piece in TEXT),
    response("output_text.done", 1, content_index=0, text=WHOLE_TEXT),
    item("done", 1, "message", content=[{"type": "output_text", "text": WHOLE_TEXT}]),
    *(
        item("added", 2 + i, "function_call", call_id=call[0], name=call[1], arguments="")
        for i, call in enumerate(CALLS)
    ),
    *(
        response("function_call_arguments.delta", 2 + i, delta=call[2][step])
        for step in range(2)
        for i, call in enumerate(CALLS)
    ),
    *(
        response("function_call_arguments.done", 2 + i, arguments="".join(call[2]))
        for i, call in enumerate(CALLS)
    ),
    response("completed", response={"id": "r1", "model": "m", "usage": USAGE}),
]
AGENTS = [
    {"type": "agent_updated_stream_event", "new_agent": {"name": "a"}},
    *({"type": "raw_response_event", "data": event} for event in RESPONSES),
    *(
        {
            "type": "run_item_stream_event",
            "name": "tool_output",
            "item": {"raw_item": {"call_id": call[0]}, "output": f"{call[1]} is 1"},
        }
        for call in CALLS
    ),
]


def block_event(kind: str, index: int, **fields: Any) -> Event:
    return {"type": f"content_block_{kind}", "index": index, **fields}


ANTHROPIC = [
    {"type": "message_start", "message": {"id": "m1", "model": "m", "usage": USAGE}},
    block_event("start", 0, content_block={"type": "thinking", "thinking": ""}),
    *(
        block_event("delta", 0, delta={"type": "thinking_delta", "thinking": piece})
        for piece in REASONING
    ),
    block_event("stop", 0),
    block_event("start", 1, content_block={"type": "text", "text": ""}),
    *(block_event("delta", 1, delta={"type": "text_delta", "text": piece}) for piece in TEXT),
    {"type": "text", "text": TEXT[-1], "snapshot": WHOLE_TEXT},
    block_event("stop", 1),
    *(
        block_event(
            "start",
            2 + i,
            content_block={"type": "tool_use", "id": call[0], "name": call[1], "input": {}},
        )
        for i, call in enumerate(CALLS)
    ),
    *(
        block_event(
            "delta", 2 + i, delta={"type": "input_json_delta", "partial_json": call[2][step]}
        )
        for step in range(2)
        for i, call in enumerate(CALLS)
    ),
    *(block_event("stop", 2 + i) for i in range(2)),
    {"type": "message_delta", "delta": {"stop_reason": "stop"}, "usage": {"output_tokens": 5}},
    {"type": "message_stop"},
]
AG_UI = [
    {"type": "RUN_STARTED", "threadId": "t", "runId": "r1"},
    {"type": "REASONING_MESSAGE_START", "messageId": "m0", "role": "reasoning"},
    *(
        {"type": "REASONING_MESSAGE_CONTENT", "messageId": "m0", "delta": piece}
        for piece in REASONING
    ),
    {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"},
    *({"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": piece} for piece in TEXT),
    {"type": "TEXT_MESSAGE_END", "messageId": "m1"},
    *({"type": "TOOL_CALL_START", "toolCallId": c[0], "toolCallName": c[1]} for c in CALLS),
    *(
        {"type": "TOOL_CALL_ARGS", "toolCallId": call[0], "delta": call[2][step]}
        for step in range(2)
        for call in CALLS
    ),
    *({"type": "TOOL_CALL_END", "toolCallId": call[0]} for call in CALLS),
    *(
        {"type": "TOOL_CALL_RESULT", "toolCallId": call[0], "content": f"{call[1]} is 1"}
        for call in CALLS
    ),
    {"type": "RUN_FINISHED", "outcome": {"type": "success"}, "usage": [{**USAGE, "model": "m"}]},
]
PYDANTIC_AI = [
    {
        "event_kind": "part_start",
        "index": 0,
        "part": {"part_kind": "thinking", "content": REASONING[0]},
    },
    {
        "event_kind": "part_delta",
        "index": 0,
        "delta": {"part_delta_kind": "thinking", "content_delta": REASONING[1]},
    },
    {"event_kind": "part_start", "index": 1, "part": {"part_kind": "text", "content": TEXT[0]}},
    *(
        {
            "event_kind": "part_delta",
            "index": 1,
            "delta": {"part_delta_kind": "text", "content_delta": piece},
        }
        for piece in TEXT[1:]
    ),
    {"event_kind": "part_end", "index": 1, "part": {"part_kind": "text", "content": WHOLE_TEXT}},
    *(
        {
            "event_kind": "part_start",
            "index": 2 + i,
            "part": {
                "part_kind": "tool-call",
                "tool_call_id": call[0],
                "tool_name": call[1],
                "args": call[2][0],
            },
        }
        for i, call in enumerate(CALLS)
    ),
    *(
        {
            "event_kind": "part_delta",
            "index": 2 + i,
            "delta": {"part_delta_kind": "tool_call", "args_delta": call[2][1]},
        }
        for i, call in enumerate(CALLS)
    ),
    *(
        {
            "event_kind": "function_tool_result",
            "part": {
                "part_kind": "tool-return",
                "tool_call_id": call[0],
                "tool_name": call[1],
                "content": f"{call[1]} is 1",
            },
        }
        for call in CALLS
    ),
    {
        "event_kind": "agent_run_result",
        "result": {
            "usage": USAGE,
            "response": {
                "finish_reason": "stop",
                "model_name": "m",
                "provider_response_id": "p1",
            },
        },
    },
]


def gemini(*parts: Event, **fields: Any) -> Event:
    candidate = {"content": {"role": "model", "parts": list(parts)}, **fields}
    return {
        "candidates": [candidate],
        "usageMetadata": USAGE,
        "modelVersion": "m",
        "responseId": "g1",
    }


GEMINI = [
    *(gemini({"text": piece, "thought": True}) for piece in REASONING),
    *(gemini({"text": piece}) for piece in TEXT),
    gemini(
        *(
            {"functionCall": {"id": c[0], "name": c[1], "args": json.loads("".join(c[2]))}}
            for c in CALLS
        )
    ),
    gemini(finishReason="STOP"),
]
OLLAMA = [
    *({"model": "m", "done": False, "message": {"thinking": p}} for p in REASONING),
    *({"model": "m", "done": False, "message": {"content": p}} for p in TEXT),
    {
        "model": "m",
        "done": False,
        "message": {
            "content": "",
            "tool_calls": [
                {
                    "id": c[0],
                    "function": {"name": c[1], "arguments": json.loads("".join(c[2]))},
                }
                for c in CALLS
            ],
        },
    },
    {
        "model": "m",
        "done": True,
        "done_reason": "stop",
        "message": {"content": ""},
        "prompt_eval_count": 7,
        "eval_count": 5,
    },
]


def part_so_far(kind: str, *pieces: str) -> Event:
    return {"part_kind": kind, "content": "".join(pieces)}


PYDANTIC_AI_RESPONSES = [
    {
        "kind": "response",
        "model_name": "m",
        "provider_response_id": "p1",
        "finish_reason": "stop" if step > 4 else None,
        "usage": USAGE if step > 4 else {},
        "parts": [
            part_so_far("thinking", *REASONING[: step + 1]),
            part_so_far("text", *TEXT[: max(step - 1, 0)]),
            *(
                {
                    "part_kind": "tool-call",
                    "tool_call_id": call[0],
                    "tool_name": call[1],
                    "args": "".join(call[2][: step - 4]),
                }
                for call in CALLS
                if step > 4
            ),
        ],
    }
    for step in range(7)
]
