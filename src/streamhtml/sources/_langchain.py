"""The messages of LangChain and the modes of LangGraph, recognised by their shape.

The formats: https://docs.langchain.com/oss/python/langchain/streaming for messages and for
``stream_mode="messages"``, which yields pairs of a message and its metadata. ``astream_events()``
yields mappings, in which ``event`` says what they are.
"""

import re
from typing import Any, Final

from streamhtml._delta import Delta
from streamhtml.sources._fields import (
    field,
    index_field,
    kind_of,
    list_field,
    text_field,
    to_text,
)
from streamhtml.sources._langchain_blocks import BlockEvents
from streamhtml.sources._openai_chat import read_content
from streamhtml.sources._report import Report
from streamhtml.sources._tool_calls import ToolCalls

_CHUNK: Final = "AIMessageChunk"
_KINDS: Final = frozenset(
    {
        *(_CHUNK, "ai", "tool", "ToolMessageChunk", "human", "HumanMessageChunk"),
        *("system", "SystemMessageChunk", "function", "FunctionMessageChunk", "remove", "chat"),
        "ChatMessageChunk",
    }
)
"""The types of messages. Only those of the model and of tools are shown."""

_MODES: Final = ("messages", "custom", "updates", "values", "tasks", "checkpoints", "debug")
ASK_FOR_MESSAGES: Final = (
    "the states of a graph have no pieces of text; ask for stream_mode='messages', or for "
    "stream_mode=['messages', 'updates']"
)
_EVENT: Final = re.compile(
    "on_(chat_model|llm|chain|tool|retriever|prompt|parser|custom)_(start|stream|end|error|event)"
)
"""All events of ``astream_events()``. Most repeat what others say."""


class LangChainMessages:
    """Reads the messages or events of one answer."""

    def __init__(self, report: Report, calls: ToolCalls) -> None:
        self._report = report
        self._calls = calls
        self._blocks = BlockEvents(report, calls)
        # The ids of messages and runs that came in pieces; "" if one had none.
        self._seen: set[str] = set()
        self._message_id = ""

    @staticmethod
    def begins(token: object) -> bool:
        """Return whether the token is a message, a pair with one, or an event with one."""
        if isinstance(token, tuple | list):
            return 2 <= len(token) <= 3 and (
                is_message(token[0]) or _is_pair(token[1]) or any(map(_is_mode, token[:-1]))
            )
        return (
            is_message(token)
            or _EVENT.fullmatch(text_field(token, "event")) is not None
            or BlockEvents.begins(token)
            or (kind_of(token) in _MODES and field(token, "ns", "data") is not None)
        )

    def read(self, token: Any) -> list[Delta] | None:
        """Return the Deltas of one token; None if it is none of LangChain.

        Raises:
            SourceError: an event says that the run has failed.
        """
        if not self.begins(token):
            return None
        if isinstance(token, tuple | list):
            if is_message(token[0]):
                return self._read_message(token[0])
            return self._read_mode(next(filter(_is_mode, token[:-1]), "messages"), token[-1])
        if is_message(token):
            return self._read_message(token)
        if kind_of(token) in _MODES:
            return self._read_mode(kind_of(token), field(token, "data"))
        if BlockEvents.begins(token):
            return self._blocks.read(token)
        return self._read_event(text_field(token, "event"), token)

    def _read_mode(self, mode: str, payload: Any) -> list[Delta]:
        if mode == "custom" and isinstance(payload, str | Delta):
            return [payload if isinstance(payload, Delta) else Delta(payload)]
        if mode != "messages":
            # No message may follow. This is told at the end, because one may.
            has_messages = self._seen or mode in ("custom", "messages")
            self._report.complaint = "" if has_messages else ASK_FOR_MESSAGES
            return self._read_interrupts(payload)
        is_pair = isinstance(payload, tuple | list) and payload
        return self._read_message(payload[0] if is_pair else payload)

    def _read_event(self, name: str, event: object) -> list[Delta]:
        data, run_id = field(event, "data"), text_field(event, "run_id")
        if name in ("on_chat_model_stream", "on_llm_stream"):
            self._seen.add(run_id)
            chunk = field(data, "chunk")
            if name == "on_llm_stream":
                return read_content(chunk if isinstance(chunk, str) else field(chunk, "text"))
            return self._read_message(chunk)
        output = field(data, "output")
        if name == "on_chat_model_end" and self._is_new(run_id):
            return self._read_message(output)  # The model did not stream.
        if name == "on_tool_end" and is_message(output):
            return self._read_tool(output)
        if name == "on_chain_stream":
            return self._read_interrupts(field(data, "chunk"))
        if name == "on_tool_error":
            call_id = text_field(data, "tool_call_id")
            return self._calls.result(call_id, str(field(data, "error") or ""), failed=True)
        return []

    def _read_interrupts(self, state: object) -> list[Delta]:
        """Return the questions to the user, for which a graph waits."""
        found: list[Delta] = []
        for interrupt in list_field(state, "__interrupt__"):
            text = to_text(field(interrupt, "value"))
            found += self._calls.approval(text_field(interrupt, "id"), "interrupt", text)
        return found

    def _read_message(self, message: object) -> list[Delta]:
        kind, message_id = kind_of(message), text_field(message, "id")
        if not is_message(message):
            return []
        if kind.lower().startswith("tool"):
            return self._read_tool(message)
        if kind not in (_CHUNK, "ai"):
            return []
        self._report.complaint = ""
        if kind == "ai" and not self._is_new(message_id):
            return []  # A graph also yields the whole message, after its pieces.
        if message_id and message_id != self._message_id:
            self._message_id = message_id
            self._report.begin_response()
        self._seen.add(message_id)
        return self._read_chunk(message)

    def _is_new(self, its_id: str) -> bool:
        """Return whether no piece of a message, or of a run, was read before."""
        return (
            its_id not in self._seen and "" not in self._seen and (its_id != "" or not self._seen)
        )

    def _read_chunk(self, message: object) -> list[Delta]:
        facts = field(message, "response_metadata")
        self._report.identify(message, model="")
        self._report.identify(facts, id="", model="model_name")
        self._report.identify(facts, id="", model="model")
        for name in ("finish_reason", "stop_reason", "done_reason", "status"):
            self._report.finish(field(facts, name))
        details = field(facts, "incomplete_details")
        self._report.finish(field(details, "reason"), cut_short=True)
        self._report.count(field(message, "usage_metadata"))
        reasoning = text_field(field(message, "additional_kwargs"), "reasoning_content")
        found = [Delta(reasoning, "reasoning")] if reasoning else []
        found += read_content(field(message, "content"))
        for call in list_field(message, "tool_call_chunks"):
            index = index_field(call, "index")
            key = None if index is None else (self._message_id, index)
            name, arguments = text_field(call, "name"), field(call, "args")
            found += self._calls.go_on(key, text_field(call, "id"), name, arguments)
        if kind_of(message) == "ai":
            for call in list_field(message, "tool_calls"):
                name, arguments = text_field(call, "name"), field(call, "args")
                found += self._calls.whole(text_field(call, "id"), name, arguments)
        return found

    def _read_tool(self, message: object) -> list[Delta]:
        text, failed = to_text(field(message, "content")), field(message, "status") == "error"
        call_id, name = text_field(message, "tool_call_id"), text_field(message, "name")
        return self._calls.result(call_id, text, failed=failed, name=name)


def is_message(token: object) -> bool:
    """Return whether this is a message of LangChain."""
    kind = kind_of(token)
    return kind == _CHUNK or (
        kind in _KINDS and field(token, "response_metadata", "additional_kwargs") is not None
    )


def is_state(token: object) -> bool:
    """Return whether this is the state of a graph, or what its nodes changed in it."""
    values = [token, *token.values()] if isinstance(token, dict) else []
    return any(isinstance(field(value, "messages"), list) for value in values)


def _is_pair(part: object) -> bool:
    return isinstance(part, tuple | list) and len(part) == 2 and is_message(part[0])


def _is_mode(part: object) -> bool:
    return isinstance(part, str) and part in _MODES
