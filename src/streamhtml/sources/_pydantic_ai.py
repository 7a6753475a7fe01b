"""The events of Pydantic AI, recognised by their ``event_kind``, and its responses.

The format: https://ai.pydantic.dev/api/messages/. A part of a message begins with its first piece.
A response of ``stream_response()`` has the whole answer so far.
"""

from inspect import ismethod
from typing import Final

from streamhtml._delta import Delta
from streamhtml.sources._fields import (
    field,
    index_field,
    list_field,
    text_field,
    to_json,
    to_text,
)
from streamhtml.sources._report import Report
from streamhtml.sources._text_pieces import TextPieces
from streamhtml.sources._tool_calls import ToolCalls

READ: Final = frozenset(
    {
        *("part_start", "part_delta", "function_tool_call", "builtin_tool_call"),
        *("function_tool_result", "builtin_tool_result"),
        *("deferred_tool_requests", "agent_run_result"),
    }
)
"""Kinds of events that are read."""

IGNORED: Final = frozenset(
    {
        *("part_end", "final_result", "output_tool_call", "output_tool_result"),
        *("enqueued_messages", "tool_availability_delta", "capability_load_delta"),
        *("model_settings_delta", "deferred_tool_results", "custom", "capability"),
    }
)
"""Kinds of events that change nothing that is shown, or that others repeat."""

_REALTIME: Final = "realtime_"
_PARTS: Final = {"text": "text", "thinking": "reasoning"}


class PydanticAIEvents:
    """Reads the events or the responses of one run of an agent."""

    def __init__(self, report: Report, calls: ToolCalls) -> None:
        self._report = report
        self._calls = calls
        self._pieces = TextPieces()

    @staticmethod
    def begins(token: object) -> bool:
        """Return whether the token is such an event, or a response with its parts."""
        kind = text_field(token, "event_kind")
        return kind in READ or kind in IGNORED or kind.startswith(_REALTIME) or _is_response(token)

    def read(self, token: object) -> list[Delta] | None:
        """Return the Deltas of one event; None if its kind is unknown."""
        kind = text_field(token, "event_kind")
        if not self.begins(token):
            return None
        if kind == "part_start":
            return self._begin_part(index_field(token, "index"), field(token, "part"))
        if kind == "part_delta":
            return self._read_delta(index_field(token, "index"), field(token, "delta"))
        if kind in ("function_tool_call", "builtin_tool_call"):
            return self._read_call(field(token, "part"))
        if kind in ("function_tool_result", "builtin_tool_result"):
            return self._read_result(field(token, "part", "result"))
        if kind == "deferred_tool_requests":
            return self._read_requests(field(token, "requests"))
        if kind == "agent_run_result":
            self._finish(field(token, "result"))
        return self._read_response(token) if not kind else []

    def _begin_part(self, index: int | None, part: object) -> list[Delta]:
        kind = text_field(part, "part_kind")
        if kind.endswith("tool-call"):
            call_id, name = text_field(part, "tool_call_id"), text_field(part, "tool_name")
            return self._calls.go_on(index, call_id, name, field(part, "args"))
        if kind.endswith("tool-return"):
            return self._read_result(part)
        return _piece(kind, text_field(part, "content"))

    def _read_delta(self, index: int | None, delta: object) -> list[Delta]:
        kind = text_field(delta, "part_delta_kind")
        if kind != "tool_call":
            return _piece(kind, text_field(delta, "content_delta"))
        call_id, name = text_field(delta, "tool_call_id"), text_field(delta, "tool_name_delta")
        return self._calls.go_on(index, call_id, name, field(delta, "args_delta"))

    def _read_call(self, part: object) -> list[Delta]:
        """Read a call that is complete. Its pieces have mostly come before it."""
        call_id, name = text_field(part, "tool_call_id"), text_field(part, "tool_name")
        return self._calls.whole(call_id, name, field(part, "args")) if call_id else []

    def _read_result(self, part: object) -> list[Delta]:
        failed = text_field(part, "part_kind") == "retry-prompt" or (
            text_field(part, "outcome") not in ("", "success")
        )
        call_id, name = text_field(part, "tool_call_id"), text_field(part, "tool_name")
        text = to_text(field(part, "content"))
        return self._calls.result(call_id, text, failed=failed, name=name)

    def _read_requests(self, requests: object) -> list[Delta]:
        found: list[Delta] = []
        for part in list_field(requests, "approvals"):
            call_id, name = text_field(part, "tool_call_id"), text_field(part, "tool_name")
            found += self._calls.approval(call_id, name, to_json(field(part, "args")))
        return found

    def _read_response(self, response: object) -> list[Delta]:
        """Read a response that has the whole answer so far, and take what is new."""
        self._report_response(response)
        found: list[Delta] = []
        counts: dict[str, int] = {}
        for part in list_field(response, "parts"):
            kind = text_field(part, "part_kind")
            if kind.endswith("tool-call"):
                found += self._read_call(part)
                continue
            counts[kind] = counts.get(kind, 0) + 1
            text = self._pieces.rest((kind, counts[kind]), text_field(part, "content"))
            found += _piece(kind, text)
        return found

    def _report_response(self, response: object) -> None:
        self._report.count(field(response, "usage"))
        self._report.identify(response, id="provider_response_id", model="model_name")
        self._report.finish(field(response, "finish_reason"))

    def _finish(self, result: object) -> None:
        self._report_response(field(result, "response"))
        usage = field(result, "usage")
        self._report.count(usage() if ismethod(usage) else usage)  # It was a method once.


def _is_response(token: object) -> bool:
    return field(token, "kind") == "response" and isinstance(field(token, "parts"), list)


def _piece(kind: str, text: str) -> list[Delta]:
    return [Delta(text, _PARTS[kind])] if text and kind in _PARTS else []
