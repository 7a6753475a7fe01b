"""The responses of Ollama's ``chat()`` and ``generate()``, recognised by their shape.

The format: https://github.com/ollama/ollama/blob/main/docs/api.md. A tool call comes in one piece.
"""

import json
from typing import Final

from streamhtml._delta import Delta, ToolDelta
from streamhtml.sources._report import Report, field, list_field, text_field
from streamhtml.sources._tool_calls import ToolCalls

_COUNTS: Final = ("prompt_eval_count", "eval_count")


class OllamaResponses:
    """Reads the responses of one answer."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._calls = ToolCalls()
        self._count = 0

    @staticmethod
    def recognises(token: object) -> bool:
        """Return whether the token says if the answer is done, and has a piece of it."""
        return isinstance(field(token, "done"), bool) and (
            field(token, "message") is not None or isinstance(field(token, "response"), str)
        )

    def read(self, token: object) -> list[Delta]:
        """Return the Deltas of one response."""
        self._report.identify(token)
        self._report.count({name: field(token, name) for name in _COUNTS})
        self._report.finish(field(token, "done_reason"))
        message = field(token, "message") or token
        found: list[Delta] = []
        if thinking := text_field(message, "thinking"):
            found.append(Delta(thinking, "reasoning"))
        if text := text_field(message, "content", "response"):
            found.append(Delta(text))
        found += (self._read_call(call) for call in list_field(message, "tool_calls"))
        return found

    def _read_call(self, call: object) -> ToolDelta:
        self._count += 1
        function = field(call, "function")
        arguments = json.dumps(field(function, "arguments"), ensure_ascii=False, default=str)
        call_id, name = text_field(call, "id"), text_field(function, "name")
        return self._calls.go_on(self._count, call_id, name, arguments)
