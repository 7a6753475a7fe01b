"""What OpenAI sends for chat completions and for Responses; also Open Responses and Mistral.

https://platform.openai.com/docs/api-reference/chat-streaming,
https://platform.openai.com/docs/api-reference/responses-streaming,
https://www.openresponses.org/specification and https://docs.mistral.ai/api/#tag/chat.
"""

from typing import Any, Final

from tests.sdks.said import (
    CALLS,
    CUT_SHORT,
    ERROR,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    REASONING,
    REFUSAL,
    TEXT,
)

Event = dict[str, Any]

_COUNTS: Final = {
    "prompt_tokens": INPUT_TOKENS,
    "completion_tokens": OUTPUT_TOKENS,
    "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
}


def _chunk(delta: Event | None = None, finish: str | None = None, **more: Any) -> Event:
    choice = {"index": 0, "delta": delta or {}, "logprobs": None, "finish_reason": finish}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1796000000,
        "model": "gpt-test",
        "choices": [choice],
        "usage": None,
        **more,
    }


def _chat(*deltas: Event, finish: str | None = "stop") -> list[Event]:
    begin = _chunk({"role": "assistant", "content": "", "refusal": None})
    events = [begin, *map(_chunk, deltas)]
    if finish:
        events += [_chunk(finish=finish), _chunk(choices=[], usage=_COUNTS)]
    return events


def _call(index: int, arguments: str, **more: Any) -> Event:
    return {"tool_calls": [{"index": index, "function": {"arguments": arguments}, **more}]}


def _begun(index: int) -> Event:
    call_id, name, _ = CALLS[index]
    return _call(index, "", id=call_id, type="function", function={"name": name, "arguments": ""})


_A, _B = (pieces for _, _, pieces in CALLS)
_TEXT: Final = tuple({"content": piece} for piece in TEXT)
_CUT: Final = tuple({"content": piece} for piece in CUT_SHORT)
CHAT: Final = {
    "text": _chat(*_TEXT),
    "reasoning": _chat(*({"reasoning_content": piece} for piece in REASONING), *_TEXT),
    # OpenRouter, Groq and vLLM use the short name.
    "reasoning_short": _chat(*({"reasoning": piece} for piece in REASONING), *_TEXT),
    "tools": _chat(
        *(_begun(0), _begun(1), _call(0, _A[0]), _call(1, _B[0]), _call(0, _A[1])),
        *(_call(1, _B[1]), _call(0, _A[2])),
        finish="tool_calls",
    ),
    "tools_in_turn": _chat(
        *(_begun(0), *(_call(0, piece) for piece in _A)),
        *(_begun(1), *(_call(1, piece) for piece in _B)),
        finish="tool_calls",
    ),
    "refusal": _chat(*({"refusal": piece} for piece in REFUSAL)),
    "length": _chat(*_CUT, finish="length"),
    "error": [
        *_chat(*_CUT, finish=None),
        {"error": {"message": ERROR, "type": "server_error", "code": None, "param": None}},
    ],
}
WHOLE_CHAT: Final = {
    **_chunk(usage=_COUNTS),
    "object": "chat.completion",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "".join(TEXT), "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
}


def _mistral(*deltas: Event, finish: str | None = "stop") -> list[Event]:
    chunks = [_chunk({"role": "assistant", "content": ""}), *map(_chunk, deltas)]
    events = [{name: chunk[name] for name in chunk if name != "usage"} for chunk in chunks]
    return [*events, _chunk({"content": ""}, finish, usage=_COUNTS)] if finish else events


def _thinking(*pieces: str, **more: bool) -> Event:
    thought = [{"type": "text", "text": piece} for piece in pieces]
    return {"content": [{"type": "thinking", "thinking": thought, **more}]}


MISTRAL: Final = {
    "text": _mistral(*_TEXT),
    "reasoning": _mistral(
        *map(_thinking, REASONING),
        _thinking(closed=True),
        *_TEXT[:2],
        {"content": [{"type": "text", "text": TEXT[2]}]},
        *_TEXT[3:],
    ),
    "tools": _mistral(
        {
            "content": "",
            "tool_calls": [
                {"id": each, "function": {"name": name, "arguments": "".join(pieces)}, "index": i}
                for i, (each, name, pieces) in enumerate(CALLS)
            ],
        },
        finish="tool_calls",
    ),
    "length": _mistral(*_CUT, finish="length"),
    "error": [
        *_mistral(*_CUT, finish=None),
        {"object": "error", "message": ERROR, "type": "internal_server_error", "code": "3700"},
    ],
}


class _Response:
    """The events of one response, in their order."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.output: list[Event] = []
        self.add("response.created", response=_response("in_progress"))
        self.add("response.in_progress", response=_response("in_progress"))

    def add(self, kind: str, **fields: Any) -> None:
        self.events.append({"type": kind, "sequence_number": len(self.events), **fields})

    def reason(self, delta: str) -> "_Response":
        """Add reasoning: a summary of it, or the reasoning itself, by the name of the event."""
        kind, where = delta.removesuffix(".delta"), {"item_id": "rs", "output_index": 0}
        item: Event = {"id": "rs", "type": "reasoning", "summary": []}
        self.add("response.output_item.added", output_index=0, item=item)
        summed = "summary" in delta
        part = {"type": "summary_text", "text": ""}
        index = {"summary_index": 0} if summed else {"content_index": 0}
        if summed:
            self.add("response.reasoning_summary_part.added", **where, summary_index=0, part=part)
        for piece in REASONING:
            self.add(delta, **where, **index, delta=piece)
        self.add(f"{kind}.done", **where, **index, text="".join(REASONING))
        part = {**part, "text": "".join(REASONING)}
        if summed:
            self.add("response.reasoning_summary_part.done", **where, summary_index=0, part=part)
            item = {**item, "summary": [part]}
        return self._end_item(item)

    def say(self, *pieces: str, kind: str = "output_text", end: bool = True) -> "_Response":
        """Add a message with text, or with a refusal."""
        field = "text" if kind == "output_text" else kind
        where = {"item_id": "msg", "output_index": len(self.output), "content_index": 0}
        item: Event = {"id": "msg", "type": "message", "status": "in_progress"}
        item |= {"role": "assistant", "content": []}
        more: Event = {"logprobs": []} if kind == "output_text" else {}
        noted: Event = {**more, "annotations": []} if more else {}
        self.add("response.output_item.added", output_index=len(self.output), item=item)
        part = {"type": kind, field: "", **noted}
        self.add("response.content_part.added", **where, part=part)
        for piece in pieces:
            self.add(f"response.{kind}.delta", **where, delta=piece, **more)
        if not end:
            return self
        said = {field: "".join(pieces)}
        self.add(f"response.{kind}.done", **where, **said, **more)
        self.add("response.content_part.done", **where, part=part | said)
        return self._end_item({**item, "status": "completed", "content": [part | said]})

    def call(self) -> "_Response":
        """Add two calls of functions, one after the other, as the API does."""
        for index, (call_id, name, pieces) in enumerate(CALLS):
            item: Event = {"id": f"fc_{index}", "type": "function_call", "status": "in_progress"}
            item |= {"call_id": call_id, "name": name, "arguments": ""}
            self.add("response.output_item.added", output_index=index, item=item)
            where: Event = {"item_id": item["id"], "output_index": index}
            kind = "response.function_call_arguments"
            for piece in pieces:
                self.add(f"{kind}.delta", **where, delta=piece)
            self.add(f"{kind}.done", **where, name=name, arguments="".join(pieces))
            self._end_item({**item, "status": "completed", "arguments": "".join(pieces)})
        return self

    def end(self, status: str = "completed", **more: Any) -> list[Event]:
        response = _response(status, output=self.output, usage=_USAGE, **more)
        self.add(f"response.{status}", response=response)
        return self.events

    def fail(self, **error: Any) -> list[Event]:
        self.add("error", **error)
        return self.events

    def _end_item(self, item: Event) -> "_Response":
        self.add("response.output_item.done", output_index=len(self.output), item=item)
        self.output.append(item)
        return self


_USAGE: Final = {
    "input_tokens": INPUT_TOKENS,
    "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
    "output_tokens": OUTPUT_TOKENS,
    "output_tokens_details": {"reasoning_tokens": 5},
    "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
}


def _response(status: str, **more: Any) -> Event:
    empty = dict.fromkeys(
        (
            *("completed_at", "error", "incomplete_details", "instructions", "max_output_tokens"),
            *("max_tool_calls", "previous_response_id", "usage", "user", "safety_identifier"),
            "prompt_cache_key",
        )
    )
    return {
        **empty,
        "id": "resp_1",
        "object": "response",
        "created_at": 1796000000,
        "status": status,
        "metadata": {},
        "model": "gpt-test",
        "output": [],
        "parallel_tool_calls": True,
        "reasoning": {"effort": "low", "summary": "auto"},
        "service_tier": "default",
        "store": True,
        "background": False,
        "temperature": 1.0,
        "top_p": 1.0,
        "tools": [],
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "top_logprobs": 0,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "truncation": "disabled",
        **more,
    }


_SHORT: Final = {"reason": "max_output_tokens"}
RESPONSES: Final = {
    "text": _Response().say(*TEXT).end(),
    "reasoning": _Response().reason("response.reasoning_summary_text.delta").say(*TEXT).end(),
    # Servers of open models send the reasoning itself.
    "reasoning_short": _Response().reason("response.reasoning_text.delta").say(*TEXT).end(),
    "tools": _Response().call().end(),
    "refusal": _Response().say(*REFUSAL, kind="refusal").end(),
    "length": _Response().say(*CUT_SHORT, end=False).end("incomplete", incomplete_details=_SHORT),
    "failed": _Response()
    .say(*CUT_SHORT, end=False)
    .end("failed", error={"code": "server_error", "message": ERROR}),
    "error": _Response()
    .say(*CUT_SHORT, end=False)
    .fail(code="server_error", message=ERROR, param=None),
}
WHOLE_RESPONSE: Final = _response("completed", output=_Response().say(*TEXT).output, usage=_USAGE)

# The events of Open Responses are those of OpenAI's, but reasoning and errors differ.
OPEN_RESPONSES: Final = {
    **RESPONSES,
    "reasoning_short": _Response().reason("response.reasoning.delta").say(*TEXT).end(),
    "error": _Response()
    .say(*CUT_SHORT, end=False)
    .fail(error={"type": "server_error", "code": "server_error", "message": ERROR, "param": None}),
}
