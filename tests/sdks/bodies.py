"""What Anthropic, Google and Ollama send, and what an agent that speaks AG-UI sends.

https://docs.anthropic.com/en/api/messages-streaming, https://ai.google.dev/api/generate-content,
https://github.com/ollama/ollama/blob/main/docs/api.md and https://docs.ag-ui.com/concepts/events.
"""

from collections.abc import Iterable
from typing import Any, Final

from tests.sdks.bodies_openai import Event
from tests.sdks.said import (
    CALLS,
    CUT_SHORT,
    ERROR,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    REASONING,
    REFUSAL,
    RESULTS,
    TEXT,
    arguments,
)

_MESSAGE: Final = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-test",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": INPUT_TOKENS, "output_tokens": 1},
}


def _blocks(*blocks: tuple[Event, list[Event]], end: bool = True) -> list[Event]:
    """Return a message with content blocks: each with how it begins, and its deltas."""
    events: list[Event] = [{"type": "message_start", "message": _MESSAGE}, {"type": "ping"}]
    for index, (block, deltas) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        block_delta = {"type": "content_block_delta", "index": index}
        events += ({**block_delta, "delta": delta} for delta in deltas)
        if end:
            events.append({"type": "content_block_stop", "index": index})
    return events


def _stop(reason: str) -> list[Event]:
    delta = {"stop_reason": reason, "stop_sequence": None}
    usage = {"output_tokens": OUTPUT_TOKENS}
    return [{"type": "message_delta", "delta": delta, "usage": usage}, {"type": "message_stop"}]


def _text(pieces: Iterable[str]) -> tuple[Event, list[Event]]:
    return {"type": "text", "text": ""}, [{"type": "text_delta", "text": each} for each in pieces]


def _tool_use(call_id: str, name: str, pieces: Iterable[str]) -> tuple[Event, list[Event]]:
    deltas = [{"type": "input_json_delta", "partial_json": each} for each in ("", *pieces)]
    return {"type": "tool_use", "id": call_id, "name": name, "input": {}}, deltas


_THINKING: Final = (
    {"type": "thinking", "thinking": "", "signature": ""},
    [
        *({"type": "thinking_delta", "thinking": piece} for piece in REASONING),
        {"type": "signature_delta", "signature": "c2ln"},
    ],
)
ANTHROPIC: Final = {
    "text": [*_blocks(_text(TEXT)), *_stop("end_turn")],
    "reasoning": [*_blocks(_THINKING, _text(TEXT)), *_stop("end_turn")],
    "tools": [*_blocks(*(_tool_use(*call) for call in CALLS)), *_stop("tool_use")],
    "refusal": [*_blocks(_text(REFUSAL)), *_stop("refusal")],
    "length": [*_blocks(_text(CUT_SHORT)), *_stop("max_tokens")],
    "error": [
        *_blocks(_text(CUT_SHORT), end=False),
        {"type": "error", "error": {"type": "overloaded_error", "message": ERROR}},
    ],
}
WHOLE_MESSAGE: Final = {
    **_MESSAGE,
    "content": [{"type": "text", "text": "".join(TEXT)}],
    "stop_reason": "end_turn",
}


def _gemini(*parts: Event, finish: str | None = None) -> Event:
    candidate: Event = {"index": 0}
    if parts:
        candidate["content"] = {"parts": list(parts), "role": "model"}
    if finish:
        candidate["finishReason"] = finish
    counts = {"promptTokenCount": INPUT_TOKENS, "candidatesTokenCount": OUTPUT_TOKENS}
    usage = {**counts, "totalTokenCount": INPUT_TOKENS + OUTPUT_TOKENS}
    return {
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": "gemini-test",
        "responseId": "g_1",
    }


def _function_call(_: str, name: str, pieces: tuple[str, ...]) -> Event:
    return {"functionCall": {"name": name, "args": arguments(pieces)}}  # Gemini gives no ids.


_GEMINI: Final = [_gemini({"text": piece}) for piece in TEXT]
GEMINI: Final = {
    "text": [*_GEMINI[:-1], _gemini({"text": TEXT[-1]}, finish="STOP")],
    "reasoning": [
        *(_gemini({"text": piece, "thought": True}) for piece in REASONING),
        *_GEMINI[:-1],
        _gemini({"text": TEXT[-1]}, finish="STOP"),
    ],
    "tools": [_gemini(*(_function_call(*call) for call in CALLS), finish="STOP")],
    "refusal": [*(_gemini({"text": piece}) for piece in REFUSAL), _gemini(finish="SAFETY")],
    "length": [*_GEMINI[:3], _gemini(finish="MAX_TOKENS")],
    "error": [
        *_GEMINI[:3],
        {"error": {"code": 503, "message": ERROR, "status": "UNAVAILABLE"}},
    ],
}
WHOLE_GEMINI: Final = _gemini({"text": "".join(TEXT)}, finish="STOP")


def _ollama(**fields: Any) -> Event:
    return {"model": "ollama-test", "created_at": "2026-11-30T00:00:00Z", "done": False, **fields}


def _message(content: str = "", **more: Any) -> Event:
    return _ollama(message={"role": "assistant", "content": content, **more})


def _done(reason: str, event: Event) -> Event:
    counts = {"prompt_eval_count": INPUT_TOKENS, "eval_count": OUTPUT_TOKENS}
    return {**event, "done": True, "done_reason": reason, "total_duration": 5, **counts}


_OLLAMA: Final = [_message(piece) for piece in TEXT]
OLLAMA_CHAT: Final = {
    "text": [*_OLLAMA, _done("stop", _message())],
    "reasoning": [
        *(_message(thinking=piece) for piece in REASONING),
        *_OLLAMA,
        _done("stop", _message()),
    ],
    "tools": [
        *(
            _message(
                tool_calls=[{"id": call_id, "function": {"name": name, "arguments": arguments(p)}}]
            )
            for call_id, name, p in CALLS
        ),
        _done("stop", _message()),
    ],
    "length": [*_OLLAMA[:3], _done("length", _message())],
    "error": [*_OLLAMA[:3], {"error": ERROR}],
}
OLLAMA_GENERATE: Final = {
    "text": [*(_ollama(response=piece) for piece in TEXT), _done("stop", _ollama(response=""))],
    "reasoning": [
        *(_ollama(response="", thinking=piece) for piece in REASONING),
        *(_ollama(response=piece) for piece in TEXT),
        _done("stop", _ollama(response="")),
    ],
    "length": [
        *(_ollama(response=piece) for piece in CUT_SHORT),
        _done("length", _ollama(response="")),
    ],
    "error": [*(_ollama(response=piece) for piece in CUT_SHORT), {"error": ERROR}],
}
WHOLE_OLLAMA: Final = _done("stop", _message("".join(TEXT)))

_RUN: Final = {"threadId": "t_1", "runId": "r_1"}


def _ag_ui(*events: Event) -> list[Event]:
    outcome = {"type": "success"}
    counts = {"inputTokens": INPUT_TOKENS, "outputTokens": OUTPUT_TOKENS}
    end = {"type": "RUN_FINISHED", **_RUN, "outcome": outcome, "usage": [counts]}
    return [{"type": "RUN_STARTED", **_RUN}, *events, end]


def _spoken(kind: str, message_id: str, role: str, pieces: Iterable[str]) -> list[Event]:
    return [
        {"type": f"{kind}_START", "messageId": message_id, "role": role},
        *({"type": f"{kind}_CONTENT", "messageId": message_id, "delta": each} for each in pieces),
        {"type": f"{kind}_END", "messageId": message_id},
    ]


_SPOKEN: Final = _spoken("TEXT_MESSAGE", "m_1", "assistant", TEXT)
AG_UI: Final = {
    "text": _ag_ui(*_SPOKEN),
    "reasoning": _ag_ui(
        {"type": "REASONING_START", "messageId": "m_0"},
        *_spoken("REASONING_MESSAGE", "m_0", "reasoning", REASONING),
        {"type": "REASONING_END", "messageId": "m_0"},
        *_SPOKEN,
    ),
    "tools": _ag_ui(
        *(
            {"type": "TOOL_CALL_START", "toolCallId": call_id, "toolCallName": name}
            for call_id, name, _ in CALLS
        ),
        *(
            {"type": "TOOL_CALL_ARGS", "toolCallId": call_id, "delta": pieces[step]}
            for step in range(3)
            for call_id, _, pieces in CALLS
            if step < len(pieces)
        ),
        *({"type": "TOOL_CALL_END", "toolCallId": call_id} for call_id, _, _ in CALLS),
        *(
            {
                "type": "TOOL_CALL_RESULT",
                "messageId": f"m_{call_id}",
                "role": "tool",
                "toolCallId": call_id,
                "content": RESULTS[name],
            }
            for call_id, name, _ in CALLS
        ),
    ),
    "error": [
        {"type": "RUN_STARTED", **_RUN},
        *_spoken("TEXT_MESSAGE", "m_1", "assistant", CUT_SHORT)[:-1],
        {"type": "RUN_ERROR", "message": ERROR, "code": "server_error"},
    ],
}
