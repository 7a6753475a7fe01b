"""The events of OpenAI's Agents SDK: wrapped events of Responses, and what tools returned.

The format: https://openai.github.io/openai-agents-python/streaming/.
"""

from typing import Final

from streamhtml._delta import Delta
from streamhtml.sources._fields import field, kind_of, text_field, to_json, to_text
from streamhtml.sources._openai_items import arguments_of
from streamhtml.sources._openai_responses import ResponseEvents
from streamhtml.sources._report import Report
from streamhtml.sources._tool_calls import ToolCalls

_TYPES: Final = frozenset(
    {"raw_response_event", "run_item_stream_event", "agent_updated_stream_event"}
)
IGNORED: Final = frozenset(
    {
        *("message_output_created", "reasoning_item_created"),
        *("handoff_requested", "handoff_occured", "handoff_occurred"),
        *("tool_search_called", "tool_search_output_created"),
        *("mcp_approval_response", "mcp_list_tools"),
    }
)
"""Names of items that the wrapped events say, or that change nothing that is shown."""


class AgentsEvents:
    """Reads the events of one run."""

    def __init__(self, report: Report, calls: ToolCalls) -> None:
        self._responses = ResponseEvents(report, calls)
        self._calls = calls

    @staticmethod
    def begins(token: object) -> bool:
        """Return whether the token is such an event."""
        return kind_of(token) in _TYPES

    def read(self, token: object) -> list[Delta] | None:
        """Return the Deltas of one event; None if its type is unknown."""
        kind = kind_of(token)
        if kind == "raw_response_event":
            return self._responses.read(field(token, "data"))
        if kind == "run_item_stream_event":
            return self._read_item(text_field(token, "name"), field(token, "item"))
        return [] if kind in _TYPES else None

    def _read_item(self, name: str, item: object) -> list[Delta] | None:
        raw = field(item, "raw_item")
        call_id = text_field(raw, "call_id", "id")
        if name == "tool_output":
            return self._calls.result(call_id, to_text(field(item, "output")))
        if name == "tool_called":  # The wrapped events of most models have said so.
            arguments = arguments_of(raw)
            return self._calls.whole(call_id, text_field(raw, "name"), arguments) if call_id else []
        if name == "mcp_approval_requested":
            arguments = to_json(field(raw, "arguments"))
            return self._calls.approval(text_field(raw, "id"), text_field(raw, "name"), arguments)
        return [] if name in IGNORED else None
