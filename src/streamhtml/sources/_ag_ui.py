"""The events of AG-UI, the protocol between agents and user interfaces.

The format: https://docs.ag-ui.com/concepts/events. Fields are read by their names in Python and in
JSON.
"""

from typing import Any, Final

from streamhtml._delta import Delta, ToolDelta
from streamhtml.sources._report import Report, SourceError, field, text_field

_TEXT: Final = {
    "TEXT_MESSAGE_CONTENT": "text",
    "TEXT_MESSAGE_CHUNK": "text",
    "REASONING_MESSAGE_CONTENT": "reasoning",
    "REASONING_MESSAGE_CHUNK": "reasoning",
}
_TOOL: Final = frozenset({"TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_CHUNK"})
_OTHERS: Final = frozenset({"TOOL_CALL_RESULT", "RUN_STARTED", "RUN_FINISHED", "RUN_ERROR"})
IGNORED: Final = frozenset(
    {
        *("TEXT_MESSAGE_START", "TEXT_MESSAGE_END", "TOOL_CALL_END"),
        *("REASONING_START", "REASONING_MESSAGE_START", "REASONING_MESSAGE_END", "REASONING_END"),
        *("REASONING_ENCRYPTED_VALUE", "STATE_SNAPSHOT", "STATE_DELTA", "MESSAGES_SNAPSHOT"),
        *("ACTIVITY_SNAPSHOT", "ACTIVITY_DELTA", "RAW", "CUSTOM", "STEP_STARTED", "STEP_FINISHED"),
        *("SUBAGENT_STARTED", "SUBAGENT_FINISHED", "SUBAGENT_ERROR"),
    }
)
"""Events that change nothing that is shown."""


class AGUIEvents:
    """Reads the events of one run."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._last_call = ""

    @staticmethod
    def recognises(kind: str) -> bool:
        """Return whether events of this type are read."""
        return kind in _TEXT or kind in _TOOL or kind in _OTHERS or kind in IGNORED

    def read(self, kind: str, event: Any) -> list[Delta]:
        """Return the Deltas of one event.

        Raises:
            SourceError: the event says that the run has failed.
        """
        if kind in _TEXT:
            text = text_field(event, "delta")
            return [Delta(text, _TEXT[kind])] if text else []
        if kind in _TOOL:
            # A chunk without an id goes on with the call before it.
            call_id = self._last_call = (
                text_field(event, "tool_call_id", "toolCallId") or self._last_call
            )
            name = text_field(event, "tool_call_name", "toolCallName")
            return [ToolDelta(text_field(event, "delta"), id=call_id, name=name)]
        if kind == "TOOL_CALL_RESULT":
            call_id = text_field(event, "tool_call_id", "toolCallId")
            return [ToolDelta(text_field(event, "content"), id=call_id, field="result")]
        if kind == "RUN_STARTED":
            self._report.identify({"id": text_field(event, "run_id", "runId")})
        elif kind == "RUN_FINISHED":
            self._report.count(field(event, "usage"))
            self._report.finish(text_field(field(event, "outcome"), "type"))
        elif kind == "RUN_ERROR":
            what = text_field(event, "message", "code")
            raise SourceError(f"the agent reported an error: {what or kind}")
        return []
