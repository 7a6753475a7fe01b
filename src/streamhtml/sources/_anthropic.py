"""The events of Anthropic's messages: the raw ones, and those of the helper ``messages.stream()``.

The format: https://docs.anthropic.com/en/api/messages-streaming. The helper repeats each raw event
in another form, which is ignored.
"""

from typing import Any, Final

from streamhtml._delta import Delta, ToolDelta
from streamhtml.sources._openai_chat import read_content
from streamhtml.sources._report import Report, field, text_field

_READ: Final = frozenset(
    {"message_start", "content_block_start", "content_block_delta", "message_delta"}
)
IGNORED: Final = frozenset(
    {
        *("content_block_stop", "message_stop", "ping"),
        *("text", "thinking", "signature", "input_json", "citation", "compaction"),
    }
)
"""Events that change nothing, because others say the same."""


class AnthropicEvents:
    """Reads the events of one message."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._calls: dict[object, str] = {}  # The id of the tool call in each block.

    @staticmethod
    def recognises(kind: str) -> bool:
        """Return whether events of this type are read."""
        return kind in _READ or kind in IGNORED

    def read(self, kind: str, event: Any) -> list[Delta]:
        """Return the Deltas of one event."""
        if kind == "content_block_delta":
            return self._read_delta(event)
        if kind == "content_block_start":
            return self._begin_block(event)
        if kind == "message_start":
            message = field(event, "message")
            self._report.identify(message)
            self._report.count(field(message, "usage"))
        elif kind == "message_delta":
            self._report.finish(field(field(event, "delta"), "stop_reason"))
            self._report.count(field(event, "usage"))
        return []

    def _read_delta(self, event: object) -> list[Delta]:
        delta = field(event, "delta")
        kind = text_field(delta, "type")
        if kind == "input_json_delta":
            call_id = self._calls.get(field(event, "index"), "")
            arguments = text_field(delta, "partial_json")
            return [ToolDelta(arguments, id=call_id)] if arguments else []
        part = "reasoning" if kind == "thinking_delta" else "text"
        text = text_field(delta, "thinking" if part == "reasoning" else "text")
        return [Delta(text, part)] if text else []

    def _begin_block(self, event: object) -> list[Delta]:
        block = field(event, "content_block")
        kind = text_field(block, "type")
        if kind.endswith("tool_use"):
            call_id = self._calls[field(event, "index")] = text_field(block, "id")
            return [ToolDelta(id=call_id, name=text_field(block, "name"))]
        if kind.endswith("tool_result"):
            return []
        return read_content([block])
