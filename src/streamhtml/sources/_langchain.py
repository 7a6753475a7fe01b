"""The messages and events of LangChain and LangGraph, recognised by their shape.

The formats: https://docs.langchain.com/oss/python/langchain/streaming for messages and for
``stream_mode="messages"``, which yields pairs of a message and its metadata. ``astream_events()``
yields mappings: in version 2, ``event`` says which; in version 3, ``method`` does.
"""

import json
from typing import Any, Final

from streamhtml._delta import Delta, ToolDelta
from streamhtml.sources._openai_chat import read_content
from streamhtml.sources._report import Report, SourceError, field, list_field, text_field
from streamhtml.sources._tool_calls import ToolCalls

_CHUNK: Final = "AIMessageChunk"
_WHOLE: Final = ("ai", "human", "system")
_BLOCK_EVENTS: Final = (
    *("message-start", "message-finish", "error"),
    *("content-block-start", "content-block-delta", "content-block-finish"),
)
_MODES: Final = ("messages", "updates", "values", "custom", "debug", "checkpoints", "tasks")


class LangChainMessages:
    """Reads the messages or events of one answer."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._calls = ToolCalls()
        self._seen: set[str] = set()  # The ids of messages that came in pieces.

    @staticmethod
    def recognises(token: object) -> bool:
        """Return whether the token is a message, a pair with one, or an event with one."""
        if isinstance(token, tuple):
            return any(map(LangChainMessages.recognises, token)) or (
                any(part in _MODES for part in token if isinstance(part, str))
            )
        if _is_message(token):
            return True
        event = text_field(token, "event")
        return (
            event.startswith("on_")
            or event in _BLOCK_EVENTS
            or (field(token, "type") == "event" and text_field(token, "method") != "")
            or (field(token, "type") in _MODES and field(token, "ns") is not None)
        )

    def read(self, token: Any) -> list[Delta]:
        """Return the Deltas of one token.

        Raises:
            SourceError: an event says that the run has failed.
        """
        if isinstance(token, tuple):
            return self._read_tuple(token)
        if _is_message(token):
            return self._read_message(token)
        if field(token, "type") == "event":
            return self._read_version_3(token)
        if field(token, "type") in _MODES:
            return self._read_tuple((field(token, "type"), field(token, "data")))
        if text_field(token, "event") in _BLOCK_EVENTS:
            return self._read_block(token)
        return self._read_version_2(token)

    def _read_tuple(self, token: tuple[Any, ...]) -> list[Delta]:
        """Read a message with its metadata; or a mode, with or without a namespace, and a token."""
        if any(isinstance(part, str) and part in _MODES for part in token):
            return self._read_tuple(token[-1]) if "messages" in token[:-1] else []
        message = next((part for part in token if _is_message(part)), None)
        return [] if message is None else self._read_message(message)

    def _read_version_2(self, event: object) -> list[Delta]:
        kind, data = text_field(event, "event"), field(event, "data")
        if kind == "on_chat_model_stream":
            return self._read_message(field(data, "chunk"))
        if kind == "on_llm_stream":
            chunk = field(data, "chunk")
            return read_content(chunk if isinstance(chunk, str) else field(chunk, "text"))
        if kind == "on_tool_end":
            output = field(data, "output")
            return self._read_tool(output) if _is_message(output) else []
        return []

    def _read_version_3(self, event: object) -> list[Delta]:
        data = field(field(event, "params"), "data")
        if text_field(event, "method") != "messages" or not isinstance(data, tuple | list):
            return []
        return self._read_block(data[0])

    def _read_block(self, event: object) -> list[Delta]:
        kind, key = text_field(event, "event"), field(event, "index")
        if kind == "message-start":
            self._calls = ToolCalls()
            self._report.identify(event)
        elif kind == "message-finish":
            self._report.count(field(event, "usage"))
            self._report.finish(field(field(event, "metadata"), "finish_reason"))
        elif kind == "content-block-start":
            content = field(event, "content")
            if text_field(content, "type") != "tool_call_chunk":
                return read_content([content])
            call_id, name = text_field(content, "id"), text_field(content, "name")
            return [self._calls.go_on(key, call_id, name, text_field(content, "args"))]
        elif kind == "content-block-delta":
            delta = field(event, "delta")
            if text_field(delta, "type") == "tool-call-delta":
                return [self._calls.go_on(key, "", "", text_field(delta, "args"))]
            part = "reasoning" if "reasoning" in text_field(delta, "type") else "text"
            text = text_field(delta, "text", "reasoning")
            return [Delta(text, part)] if text else []
        elif kind == "error":
            raise SourceError(f"the provider reported an error: {text_field(event, 'message')}")
        return []

    def _read_message(self, message: object) -> list[Delta]:
        kind, message_id = text_field(message, "type"), text_field(message, "id")
        if kind == "tool":
            return self._read_tool(message)
        if kind != _CHUNK:
            # A graph also yields the whole message, after its pieces.
            return [] if message_id in self._seen or kind != "ai" else self._read_chunk(message)
        self._seen.add(message_id)
        return self._read_chunk(message)

    def _read_chunk(self, message: object) -> list[Delta]:
        facts = field(message, "response_metadata")
        self._report.identify({"id": text_field(message, "id")})
        self._report.identify(facts, id="", model="model_name")
        self._report.finish(field(facts, "finish_reason") or field(facts, "stop_reason"))
        self._report.finish(field(facts, "done_reason"))
        self._report.count(field(message, "usage_metadata"))
        reasoning = text_field(field(message, "additional_kwargs"), "reasoning_content")
        found = [Delta(reasoning, "reasoning")] if reasoning else []
        found += read_content(field(message, "content"))
        found += (self._read_call(call) for call in list_field(message, "tool_call_chunks"))
        return found

    def _read_call(self, call: object) -> ToolDelta:
        call_id, name = text_field(call, "id"), text_field(call, "name")
        return self._calls.go_on(field(call, "index"), call_id, name, text_field(call, "args"))

    def _read_tool(self, message: object) -> list[Delta]:
        content = field(message, "content")
        text = content if isinstance(content, str) else json.dumps(content, default=str)
        failed = text_field(message, "status") == "error"
        call_id, name = text_field(message, "tool_call_id"), text_field(message, "name")
        return [ToolDelta(text, id=call_id, name=name, field="error" if failed else "result")]


def _is_message(token: object) -> bool:
    kind = field(token, "type")
    return isinstance(kind, str) and (
        kind == _CHUNK
        or (kind in (*_WHOLE, "tool") and field(token, "response_metadata") is not None)
    )
