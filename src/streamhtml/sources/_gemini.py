"""The responses of Google's Gen AI SDK, recognised by their shape.

The format: https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent. Fields
are read by their names in Python and in JSON.
"""

from typing import Final

from streamhtml._delta import Delta
from streamhtml.sources._fields import error_text, field, list_field, text_field, to_text
from streamhtml.sources._report import Report, SourceError
from streamhtml.sources._tool_calls import ToolCalls

_FEEDBACK: Final = ("prompt_feedback", "promptFeedback")
_USAGE: Final = ("usage_metadata", "usageMetadata")
_MODEL: Final = ("model_version", "modelVersion")
_COMPLETE: Final = ("STOP", "FINISH_REASON_UNSPECIFIED")
"""The reasons for the end of an answer that is complete. Any other cuts it short."""


class GeminiResponses:
    """Reads the responses of one answer. A function call comes in one piece."""

    def __init__(self, report: Report, calls: ToolCalls) -> None:
        self._report = report
        self._calls = calls
        self._code_id = ""  # Of the code that ran last.

    @staticmethod
    def begins(token: object) -> bool:
        """Return whether the token has candidates, or says why there are none."""
        return isinstance(field(token, "candidates"), list) or (
            field(token, "content", "choices") is None
            and (field(token, *_FEEDBACK) is not None or field(token, *_MODEL) is not None)
        )

    def read(self, token: object) -> list[Delta] | None:
        """Return the Deltas of one response; None if it is none. It reads the first candidate.

        Raises:
            SourceError: the provider reported an error.
        """
        if not self.begins(token) and field(token, *_USAGE) is None:
            return None
        if field(token, "error"):
            raise SourceError(f"the provider reported an error: {error_text(token)}")
        for names in ("response_id", "model_version"), ("responseId", "modelVersion"):
            self._report.identify(token, id=names[0], model=names[1])
        self._report.count(field(token, *_USAGE))  # It is the total so far.
        blocked = field(field(token, *_FEEDBACK), "block_reason", "blockReason")
        self._report.finish(blocked, cut_short=True)
        found: list[Delta] = []
        for candidate in list_field(token, "candidates")[:1]:
            reason = field(candidate, "finish_reason", "finishReason")
            reason = getattr(reason, "value", reason)
            self._report.finish(reason, cut_short=reason not in _COMPLETE)
            for part in list_field(field(candidate, "content"), "parts"):
                found += self._read_part(part)
        return found

    def _read_part(self, part: object) -> list[Delta]:
        if (call := field(part, "function_call", "functionCall")) is not None:
            name, arguments = text_field(call, "name"), field(call, "args") or {}
            return self._calls.whole(text_field(call, "id"), name, arguments)
        if (result := field(part, "function_response", "functionResponse")) is not None:
            text = to_text(field(result, "response"))
            return self._calls.result(text_field(result, "id"), text)
        if (code := field(part, "executable_code", "executableCode")) is not None:
            found = self._calls.whole(
                text_field(code, "id"), "code_execution", text_field(code, "code")
            )
            self._code_id = getattr(found[0], "id", "") if found else ""
            return found
        if (ran := field(part, "code_execution_result", "codeExecutionResult")) is not None:
            outcome = text_field(ran, "outcome")
            failed = bool(outcome) and outcome not in ("OUTCOME_OK", "OUTCOME_UNSPECIFIED")
            return self._calls.result(self._code_id, text_field(ran, "output"), failed=failed)
        text = text_field(part, "text")
        return [Delta(text, "reasoning" if field(part, "thought") else "text")] if text else []
