"""The responses of Google's Gen AI SDK, recognised by their shape.

The format: https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent.
"""

import json

from streamhtml._delta import Delta, ToolDelta
from streamhtml.sources._report import Report, field, list_field, text_field
from streamhtml.sources._tool_calls import ToolCalls


class GeminiResponses:
    """Reads the responses of one answer. A function call comes in one piece."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._calls = ToolCalls()
        self._count = 0

    @staticmethod
    def recognises(token: object) -> bool:
        """Return whether the token has candidates, or says why there are none."""
        return isinstance(field(token, "candidates"), list) or bool(
            field(field(token, "prompt_feedback"), "block_reason")
        )

    def read(self, token: object) -> list[Delta]:
        """Return the Deltas of one response. Of several candidates, it reads the first."""
        self._report.identify(token, id="response_id", model="model_version")
        usage = field(token, "usage_metadata")
        if usage is not None:
            self._report.count(usage)
        self._report.finish(field(field(token, "prompt_feedback"), "block_reason"))
        found: list[Delta] = []
        for candidate in list_field(token, "candidates")[:1]:
            self._report.finish(field(candidate, "finish_reason"))
            for part in list_field(field(candidate, "content"), "parts"):
                found += self._read_part(part)
        return found

    def _read_part(self, part: object) -> list[Delta]:
        if (call := field(part, "function_call")) is not None:
            self._count += 1
            arguments = json.dumps(field(call, "args") or {}, ensure_ascii=False, default=str)
            name = text_field(call, "name")
            return [self._calls.go_on(self._count, text_field(call, "id"), name, arguments)]
        if (code := field(part, "executable_code")) is not None:
            self._count += 1
            return [self._calls.go_on("code", "", "code_execution", text_field(code, "code"))]
        if (result := field(part, "code_execution_result")) is not None:
            call_id = self._calls.go_on("code", "", "", "").id
            return [ToolDelta(text_field(result, "output"), id=call_id, field="result")]
        text = text_field(part, "text")
        return [Delta(text, "reasoning" if field(part, "thought") else "text")] if text else []
