"""The responses of Ollama's ``chat()`` and ``generate()``, recognised by their shape.

The format: https://github.com/ollama/ollama/blob/main/docs/api.md. A tool call comes in one piece.
"""

from typing import Final

from streamhtml._delta import Delta
from streamhtml.sources._fields import field, list_field, text_field
from streamhtml.sources._report import Report, SourceError
from streamhtml.sources._tool_calls import ToolCalls

_COUNTS: Final = ("prompt_eval_count", "eval_count")


class OllamaResponses:
    """Reads the responses of one answer."""

    def __init__(self, report: Report, calls: ToolCalls) -> None:
        self._report = report
        self._calls = calls

    @staticmethod
    def begins(token: object) -> bool:
        """Return whether the token says if the answer is done, and has a piece of it."""
        return isinstance(field(token, "done"), bool) and (
            field(token, "message") is not None or isinstance(field(token, "response"), str)
        )

    def read(self, token: object) -> list[Delta] | None:
        """Return the Deltas of one response; None if it is none.

        Raises:
            SourceError: the server reported an error.
        """
        if error := text_field(token, "error"):
            raise SourceError(f"the provider reported an error: {error}")
        if not isinstance(field(token, "done"), bool):
            return None
        self._report.identify(token)
        self._report.count({name: field(token, name) for name in _COUNTS})
        self._report.finish(field(token, "done_reason"))
        message = field(token, "message") or token
        found: list[Delta] = []
        if thinking := text_field(message, "thinking"):
            found.append(Delta(thinking, "reasoning"))
        if text := text_field(message, "content", "response"):
            found.append(Delta(text))
        for call in list_field(message, "tool_calls"):
            function = field(call, "function")
            name, arguments = text_field(function, "name"), field(function, "arguments")
            found += self._calls.whole(text_field(call, "id"), name, arguments)
        return found
