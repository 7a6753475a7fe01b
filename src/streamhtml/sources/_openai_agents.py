"""The events of OpenAI's Agents SDK: wrapped events of Responses, and what tools returned.

The format: https://openai.github.io/openai-agents-python/streaming/.
"""

from typing import Any, Final

from streamhtml._delta import Delta, ToolDelta
from streamhtml.sources._openai_responses import ResponseEvents
from streamhtml.sources._report import Report, field, text_field

_READ: Final = frozenset({"raw_response_event", "run_item_stream_event"})
IGNORED: Final = frozenset({"agent_updated_stream_event"})
"""Events that change nothing that is shown."""


class AgentsEvents:
    """Reads the events of one run."""

    def __init__(self, report: Report) -> None:
        self._responses = ResponseEvents(report)

    @staticmethod
    def recognises(kind: str) -> bool:
        """Return whether events of this type are read."""
        return kind in _READ or kind in IGNORED

    def read(self, kind: str, event: Any) -> list[Delta]:
        """Return the Deltas of one event."""
        if kind == "raw_response_event":
            data = field(event, "data")
            return self._responses.read(text_field(data, "type"), data)
        item = field(event, "item")
        if text_field(item, "type") != "tool_call_output_item":
            return []  # The raw events say the same.
        call_id = text_field(field(item, "raw_item"), "call_id")
        return [ToolDelta(str(field(item, "output")), id=call_id, field="result")]
