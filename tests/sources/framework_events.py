"""The events of LangChain, LangGraph and LlamaIndex, in which they give the same small answer."""

import json
from typing import Any

from tests.sources.events import (
    CALLS,
    CHAT,
    REASONING,
    TEXT,
    USAGE,
    WHOLE_REASONING,
    WHOLE_TEXT,
    Event,
)


def message(content: Any = "", **fields: Any) -> Event:
    return {
        "type": "AIMessageChunk",
        "id": "run-1",
        "content": content,
        "response_metadata": {},
        **fields,
    }


LANGCHAIN = [
    *(message([{"type": "reasoning", "reasoning": piece, "index": 0}]) for piece in REASONING),
    *(message(piece) for piece in TEXT),
    *(
        message(tool_call_chunks=[{"index": i, "id": c[0], "name": c[1], "args": ""}])
        for i, c in enumerate(CALLS)
    ),
    *(
        message(tool_call_chunks=[{"index": i, "args": call[2][step]}])
        for step in range(2)
        for i, call in enumerate(CALLS)
    ),
    message(response_metadata={"finish_reason": "stop", "model_name": "m"}),
    message(usage_metadata=USAGE),
]
TOOL_MESSAGES = [
    {
        "type": "tool",
        "tool_call_id": call[0],
        "name": call[1],
        "content": f"{call[1]} is 1",
        "status": "success",
        "response_metadata": {},
    }
    for call in CALLS
]
LANGGRAPH: list[Any] = [
    ("updates", {"agent": {}}),
    *(("messages", (event, {"langgraph_node": "agent"})) for event in LANGCHAIN),
    ("messages", ({**message(WHOLE_TEXT), "type": "ai"}, {"langgraph_node": "agent"})),
    *(("messages", (event, {"langgraph_node": "tools"})) for event in TOOL_MESSAGES),
    ("values", {"messages": []}),
]
LANGCHAIN_EVENTS = [
    {"event": "on_chain_start", "run_id": "0", "data": {"input": "hi"}},
    *(
        {"event": "on_chat_model_stream", "run_id": "1", "data": {"chunk": event}}
        for event in LANGCHAIN
    ),
    {"event": "on_chat_model_end", "run_id": "1", "data": {"output": message(WHOLE_TEXT)}},
    *({"event": "on_tool_end", "run_id": "2", "data": {"output": each}} for each in TOOL_MESSAGES),
    {"event": "on_chain_stream", "run_id": "0", "data": {"chunk": WHOLE_TEXT}},
]


def block(kind: str, index: int, **fields: Any) -> Event:
    return {"event": f"content-block-{kind}", "index": index, **fields}


BLOCKS = [
    {"event": "message-start", "id": "b1", "role": "ai", "metadata": {}},
    block("start", 0, content={"type": "reasoning", "reasoning": ""}),
    *(block("delta", 0, delta={"type": "reasoning-delta", "reasoning": p}) for p in REASONING),
    block("finish", 0, content={"type": "reasoning", "reasoning": WHOLE_REASONING}),
    block("start", 1, content={"type": "text", "text": ""}),
    *(block("delta", 1, delta={"type": "text-delta", "text": piece}) for piece in TEXT),
    block("finish", 1, content={"type": "text", "text": WHOLE_TEXT}),
    *(
        block("start", 2 + i, content={"type": "tool_call_chunk", "id": c[0], "name": c[1]})
        for i, c in enumerate(CALLS)
    ),
    *(
        block(
            "delta",
            2 + i,
            delta={
                "type": "block-delta",
                "fields": {"type": "tool_call_chunk", "args": "".join(call[2][: step + 1])},
            },
        )
        for step in range(2)
        for i, call in enumerate(CALLS)
    ),
    *(
        block(
            "finish",
            2 + i,
            content={
                "type": "tool_call",
                "id": call[0],
                "name": call[1],
                "args": json.loads("".join(call[2])),
            },
        )
        for i, call in enumerate(CALLS)
    ),
    {
        "event": "message-finish",
        "usage": USAGE,
        "metadata": {"finish_reason": "stop", "model_name": "m"},
    },
]


def graph_event(method: str, data: Any) -> Event:
    return {"type": "event", "method": method, "params": {"namespace": [], "data": data}}


LANGGRAPH_EVENTS = [
    graph_event("values", {"messages": []}),
    *(graph_event("messages", [each, {"langgraph_checkpoint_ns": "n"}]) for each in BLOCKS),
    *(
        graph_event(
            "tools",
            {"event": "tool-finished", "tool_call_id": call[0], "output": f"{call[1]} is 1"},
        )
        for call in CALLS
    ),
]


LLAMA_INDEX: list[Event] = [
    {"input": [], "current_agent_name": "A", "delta": "", "response": ""},
    *({"delta": "", "thinking_delta": piece, "response": "", "raw": None} for piece in REASONING),
    *({"delta": piece, "response": "", "raw": None} for piece in TEXT),
    *(
        {"tool_id": call[0], "tool_name": call[1], "tool_kwargs": json.loads("".join(call[2]))}
        for call in CALLS
    ),
    *(
        {
            "tool_id": call[0],
            "tool_name": call[1],
            "tool_kwargs": json.loads("".join(call[2])),
            "tool_output": {"blocks": [{"text": f"{call[1]} is 1"}], "is_error": False},
        }
        for call in CALLS
    ),
]
RAW = [{"delta": "", "message": {"blocks": []}, "raw": event} for event in CHAT]
