"""The blocks of version 3 of LangChain's ``stream_events()``, and LangGraph's events around them.

The format: https://docs.langchain.com/oss/python/langchain/streaming. A mapping with ``event`` is
about a block of a message. In LangGraph it is in one with ``method``, beside its metadata.
"""

from typing import Final

from streamhtml._delta import Delta
from streamhtml.sources._fields import (
    error_text,
    field,
    index_field,
    kind_of,
    list_field,
    text_field,
    to_text,
)
from streamhtml.sources._report import Report, SourceError
from streamhtml.sources._text_pieces import TextPieces
from streamhtml.sources._tool_calls import ToolCalls

_BLOCKS: Final = frozenset(
    {
        *("message-start", "message-finish", "error"),
        *("content-block-start", "content-block-delta", "content-block-finish"),
    }
)
_TOOLS: Final = frozenset({"tool-started", "tool-output-delta", "tool-finished", "tool-error"})
_IGNORED_METHODS: Final = frozenset(
    {"values", "updates", "lifecycle", "checkpoints", "tasks", "debug"}
)
_TEXTS: Final = {"text": "text", "reasoning": "reasoning"}

_WITHOUT_GRAPH: Final = "(no graph)"
"""The name of the node where there is no graph, and so only one message at a time."""


class BlockEvents:
    """Reads the events of one answer. Messages of several nodes can alternate."""

    def __init__(self, report: Report, calls: ToolCalls) -> None:
        self._report = report
        self._calls = calls
        self._pieces = TextPieces()
        self._messages: dict[str, int] = {}  # How many messages each node has begun.

    @staticmethod
    def begins(token: object) -> bool:
        """Return whether the token is such an event."""
        if kind_of(token) == "event":
            return text_field(token, "method") != ""
        return text_field(token, "event") in _BLOCKS

    def read(self, token: object) -> list[Delta] | None:
        """Return the Deltas of one event; None if its type is unknown.

        Raises:
            SourceError: the event says that the run has failed.
        """
        method = text_field(token, "method")
        data = field(field(token, "params"), "data")
        if not method:
            return self._read_block(token, _WITHOUT_GRAPH)
        if method == "messages":
            pair = data if isinstance(data, list | tuple) else [data]
            event, metadata = pair[0] if pair else None, pair[-1] if pair else None
            node = text_field(metadata, "langgraph_checkpoint_ns", "run_id")
            return self._read_block(event, node)
        if method == "tools":
            return self._read_tool(data)
        if method == "custom":
            given = field(data, "payload") or data
            return [Delta(given)] if isinstance(given, str) and given else []
        if method == "input.requested":
            return self._read_request(data)
        return [] if method in _IGNORED_METHODS else None

    def _read_block(self, event: object, node: str) -> list[Delta]:
        kind = text_field(event, "event")
        index = index_field(event, "index")
        is_sure = index is not None and node != ""
        key = (node, self._messages.get(node, 0), index) if is_sure else None
        if kind == "message-start":
            self._messages[node] = self._messages.get(node, 0) + 1
            self._report.begin_response()
            self._report.identify(event)
        elif kind == "message-finish":
            metadata = field(event, "metadata")
            self._report.count(field(event, "usage"))
            self._report.identify(metadata, id="", model="model_name")
            self._report.finish(field(metadata, "finish_reason"))
        elif kind == "content-block-start":
            return self._begin(key, field(event, "content"))
        elif kind == "content-block-delta":
            return self._go_on(key, field(event, "delta"))
        elif kind == "content-block-finish":
            return self._finish(key, field(event, "content"))
        elif kind == "error":
            raise SourceError(f"the provider reported an error: {error_text(event) or kind}")
        return []

    def _begin(self, key: object, content: object) -> list[Delta]:
        kind = kind_of(content)
        if kind in _TEXTS:
            return self._say(key, kind, text_field(content, kind))
        if kind == "server_tool_result":
            failed = text_field(content, "status") == "error"
            text = to_text(field(content, "output"))
            return self._calls.result(text_field(content, "tool_call_id"), text, failed=failed)
        if "tool_call" in kind and kind != "invalid_tool_call":
            name, arguments = text_field(content, "name"), field(content, "args")
            return self._calls.go_on(key, text_field(content, "id"), name, arguments)
        return []

    def _go_on(self, key: object, delta: object) -> list[Delta]:
        kind, fields = kind_of(delta), field(delta, "fields")
        if kind in ("text-delta", "reasoning-delta"):
            name = kind.removesuffix("-delta")
            return self._say(key, name, text_field(delta, name))
        if kind == "tool-call-delta":
            return self._calls.go_on(key, "", "", text_field(delta, "args"))
        if kind == "legacy-block-delta":
            return self._calls.go_on(key, "", "", text_field(fields, "args"))
        if kind == "block-delta":  # It has all arguments so far.
            return self._calls.fill(key, text_field(fields, "args"))
        return []

    def _finish(self, key: object, content: object) -> list[Delta]:
        kind = kind_of(content)
        if kind in _TEXTS:
            rest = self._pieces.rest(key, text_field(content, kind))
            return [Delta(rest, _TEXTS[kind])] if rest else []
        if "tool_call" in kind:
            call_id, name = text_field(content, "id"), text_field(content, "name")
            return self._calls.whole(call_id, name, field(content, "args"))
        return []

    def _say(self, key: object, kind: str, text: str) -> list[Delta]:
        self._pieces.add(key, text)
        return [Delta(text, _TEXTS[kind])] if text else []

    def _read_tool(self, data: object) -> list[Delta] | None:
        kind, call_id = text_field(data, "event", "type"), text_field(data, "tool_call_id")
        if kind not in _TOOLS:
            return None
        name = text_field(data, "tool_name")
        if kind == "tool-started":
            return self._calls.whole(call_id, name, field(data, "input"))
        if kind == "tool-output-delta":
            return self._calls.result_piece(call_id, to_text(field(data, "delta")))
        if kind == "tool-error":
            return self._calls.result(call_id, error_text(data), failed=True, name=name)
        output = field(data, "output")
        content = field(output, "content")
        text = to_text(output if content is None else content)
        return self._calls.result(call_id, text, name=name)

    def _read_request(self, data: object) -> list[Delta]:
        found: list[Delta] = []
        for request in list_field(data, "interrupts") or [data]:
            text = to_text(field(request, "value", "payload"))
            request_id = text_field(request, "id", "interrupt_id")
            found += self._calls.approval(request_id, "interrupt", text)
        return found
