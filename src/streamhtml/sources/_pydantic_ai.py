"""The events of Pydantic AI, recognised by their ``event_kind``.

The format: https://ai.pydantic.dev/api/messages/. A part of a message begins with its first piece.
"""

import json
from typing import Any, Final

from streamhtml._delta import Delta, ToolDelta
from streamhtml.sources._report import Report, field, text_field

_READ: Final = frozenset(
    {"part_start", "part_delta", "function_tool_result", "builtin_tool_result", "agent_run_result"}
)
IGNORED: Final = frozenset(
    {
        *("part_end", "final_result", "function_tool_call", "builtin_tool_call"),
        *("output_tool_call", "output_tool_result"),
    }
)
"""Events that change nothing, because others say the same."""


class PydanticAIEvents:
    """Reads the events of one run of an agent."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._calls: dict[object, str] = {}  # The id of the tool call in each part.

    @staticmethod
    def recognises(kind: str) -> bool:
        """Return whether events of this kind are read."""
        return kind in _READ or kind in IGNORED

    def read(self, kind: str, event: Any) -> list[Delta]:
        """Return the Deltas of one event."""
        if kind == "part_start":
            return self._begin_part(event)
        if kind == "part_delta":
            return self._read_delta(event)
        if kind.endswith("tool_result"):
            return self._read_result(field(event, "part") or field(event, "result"))
        if kind == "agent_run_result":
            self._finish(field(event, "result"))
        return []

    def _begin_part(self, event: object) -> list[Delta]:
        part = field(event, "part")
        kind = text_field(part, "part_kind")
        if kind.endswith("tool-call"):
            call_id = self._calls[field(event, "index")] = text_field(part, "tool_call_id")
            arguments = _arguments(field(part, "args"))
            return [ToolDelta(arguments, id=call_id, name=text_field(part, "tool_name"))]
        return _piece(text_field(part, "content"), kind)

    def _read_delta(self, event: object) -> list[Delta]:
        delta = field(event, "delta")
        kind = text_field(delta, "part_delta_kind")
        if kind != "tool_call":
            return _piece(text_field(delta, "content_delta"), kind)
        call_id = text_field(delta, "tool_call_id") or self._calls.get(field(event, "index"), "")
        name = text_field(delta, "tool_name_delta")
        return [ToolDelta(_arguments(field(delta, "args_delta")), id=call_id, name=name)]

    def _read_result(self, part: object) -> list[Delta]:
        content = field(part, "content")
        text = content if isinstance(content, str) else _arguments(content)
        failed = text_field(part, "part_kind") == "retry-prompt"
        call_id = text_field(part, "tool_call_id")
        return [ToolDelta(text, id=call_id, field="error" if failed else "result")]

    def _finish(self, result: object) -> None:
        usage = field(result, "usage")
        self._report.count(usage() if callable(usage) else usage)


def _piece(text: str, kind: str) -> list[Delta]:
    if not text or kind not in ("text", "thinking"):
        return []
    return [Delta(text, "reasoning" if kind == "thinking" else "text")]


def _arguments(arguments: object) -> str:
    """Return arguments as JSON: they are text already, or a mapping, or None."""
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else json.dumps(arguments, ensure_ascii=False, default=str)
