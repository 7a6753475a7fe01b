"""The responses and events of LlamaIndex, recognised by their shape.

The format: https://docs.llamaindex.ai/en/stable/module_guides/models/llms/. ``delta`` is the next
piece. Beside it, a response has the whole text so far, which is ignored.
"""

from typing import Any

from streamhtml._delta import Delta, ToolDelta
from streamhtml.sources._report import Report, field, text_field


class LlamaIndexResponses:
    """Reads the responses of one answer, or the events of an agent."""

    def __init__(self, report: Report) -> None:
        self._report = report

    @staticmethod
    def recognises(token: object) -> bool:
        """Return whether the token has a ``delta`` beside the whole, or is a call of a tool."""
        if isinstance(field(token, "delta"), str):
            names = ("message", "text", "response")
            return any(field(token, name) is not None for name in names)
        return field(token, "tool_name") is not None and field(token, "tool_id") is not None

    def read(self, token: Any) -> list[Delta]:
        """Return the Deltas of one token."""
        if text := text_field(token, "delta"):
            return [Delta(text)]
        if (call_id := text_field(token, "tool_id")) and (name := text_field(token, "tool_name")):
            output = field(token, "tool_output")
            if output is None:
                return [ToolDelta(str(field(token, "tool_kwargs")), id=call_id, name=name)]
            failed = bool(field(output, "is_error"))
            text = text_field(output, "content")
            return [ToolDelta(text, id=call_id, name=name, field="error" if failed else "result")]
        return []
