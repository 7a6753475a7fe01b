"""The events of AG-UI, the protocol between agents and user interfaces.

The format: https://docs.ag-ui.com/concepts/events. Fields are read by their names in Python and in
JSON.
"""

from typing import Final

from streamhtml._delta import Delta
from streamhtml.sources._fields import (
    error_text,
    field,
    kind_of,
    list_field,
    text_field,
    to_text,
)
from streamhtml.sources._report import Report, SourceError
from streamhtml.sources._tool_calls import ToolCalls

_TEXTS: Final = {
    "TEXT_MESSAGE_CONTENT": "text",
    "TEXT_MESSAGE_CHUNK": "text",
    "REASONING_MESSAGE_CONTENT": "reasoning",
    "REASONING_MESSAGE_CHUNK": "reasoning",
    "THINKING_TEXT_MESSAGE_CONTENT": "reasoning",  # Before version 1.0.
}
READ: Final = frozenset(
    {
        *_TEXTS,
        *("TEXT_MESSAGE_START", "TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_CHUNK"),
        *("TOOL_CALL_RESULT", "RUN_STARTED", "RUN_FINISHED", "RUN_ERROR", "SUBAGENT_ERROR"),
    }
)
"""Events that are read."""

IGNORED: Final = frozenset(
    {
        *("TEXT_MESSAGE_END", "TOOL_CALL_END", "REASONING_START", "REASONING_MESSAGE_START"),
        *("REASONING_MESSAGE_END", "REASONING_END", "REASONING_ENCRYPTED_VALUE"),
        *("THINKING_START", "THINKING_END"),
        *("THINKING_TEXT_MESSAGE_START", "THINKING_TEXT_MESSAGE_END"),
        *("STATE_SNAPSHOT", "STATE_DELTA", "MESSAGES_SNAPSHOT"),
        *("ACTIVITY_SNAPSHOT", "ACTIVITY_DELTA", "RAW", "CUSTOM", "STEP_STARTED", "STEP_FINISHED"),
        *("SUBAGENT_STARTED", "SUBAGENT_FINISHED"),
    }
)
"""Events that change nothing that is shown."""

_CALL_ID: Final = ("tool_call_id", "toolCallId")
_MESSAGE_ID: Final = ("message_id", "messageId")
_SUBAGENT: Final = ("subagent_run_id", "subagentRunId")


class AGUIEvents:
    """Reads the events of one run.

    What a sub-agent says belongs to a part of its own: "subagent", "subagent-2" and so on.
    """

    def __init__(self, report: Report, calls: ToolCalls) -> None:
        self._report = report
        self._calls = calls
        self._last_call = self._last_message = ""
        self._hidden: set[str] = set()  # The ids of messages that are not the agent's.
        self._subagents: dict[str, str] = {}

    @staticmethod
    def begins(token: object) -> bool:
        """Return whether the token is such an event."""
        kind = kind_of(token)
        return kind in READ or kind in IGNORED

    def read(self, token: object) -> list[Delta] | None:
        """Return the Deltas of one event; None if its type is unknown.

        Raises:
            SourceError: the event says that the run has failed.
        """
        kind = kind_of(token)
        if kind in _TEXTS or kind == "TEXT_MESSAGE_START":
            return self._read_text(kind, token)
        if kind in ("TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_CHUNK"):
            return self._read_call(kind, token)
        if kind == "TOOL_CALL_RESULT":
            text = to_text(field(token, "content"))
            return self._calls.result(text_field(token, *_CALL_ID), text)
        if kind == "RUN_FINISHED":
            return self._finish(token)
        if kind == "RUN_STARTED":
            self._report.identify({"id": text_field(token, "run_id", "runId")})
        elif kind == "SUBAGENT_ERROR":
            error = error_text(token)
            return [Delta(error, self._part("text", token))] if error else []
        elif kind == "RUN_ERROR":
            self._report.count(field(token, "usage"))
            raise SourceError(f"the agent reported an error: {error_text(token) or kind}")
        return [] if kind in READ or kind in IGNORED else None

    def _read_text(self, kind: str, event: object) -> list[Delta]:
        # Without an id, it goes on with the message before it.
        message_id = text_field(event, *_MESSAGE_ID) or self._last_message
        self._last_message = message_id
        if text_field(event, "role") not in ("", "assistant", "reasoning"):
            self._hidden.add(message_id)
        if message_id in self._hidden or kind not in _TEXTS:
            return []
        text = text_field(event, "delta")
        return [Delta(text, self._part(_TEXTS[kind], event))] if text else []

    def _part(self, kind: str, event: object) -> str:
        if not (run_id := text_field(event, *_SUBAGENT)):
            return kind
        number = len(self._subagents) + 1
        name = self._subagents.setdefault(
            run_id, "subagent" if number == 1 else f"subagent-{number}"
        )
        return name if kind == "text" else f"{name}-{kind}"

    def _read_call(self, kind: str, event: object) -> list[Delta]:
        call_id = text_field(event, *_CALL_ID)
        if not call_id and kind == "TOOL_CALL_CHUNK":
            call_id = self._last_call
        if not call_id:
            return []
        self._last_call = call_id
        name = text_field(event, "tool_call_name", "toolCallName")
        return self._calls.go_on(call_id, call_id, name, text_field(event, "delta"))

    def _finish(self, event: object) -> list[Delta]:
        self._report.count(field(event, "usage"))
        for usage in list_field(event, "usage"):
            self._report.identify(usage, id="")
        outcome = field(event, "outcome")
        self._report.finish(kind_of(outcome) or "success")
        found: list[Delta] = []
        for interrupt in list_field(outcome, "interrupts"):
            text = text_field(interrupt, "message", "reason")
            request_id = text_field(interrupt, "id")
            found += self._calls.approval(request_id, text_field(interrupt, "reason"), text)
        return found
