"""The events of Anthropic's messages: the raw ones, and those of the helper ``messages.stream()``.

The format: https://docs.anthropic.com/en/api/messages-streaming. The helper repeats each raw event
in another form, which is ignored.
"""

from typing import Final

from streamhtml._delta import Delta
from streamhtml.sources._fields import (
    error_text,
    field,
    index_field,
    kind_of,
    text_field,
    to_arguments,
    to_text,
)
from streamhtml.sources._report import Report, SourceError
from streamhtml.sources._tool_calls import ToolCalls

READ: Final = frozenset(
    {
        *("message_start", "message_delta", "content_block_start", "content_block_delta"),
        *("content_block_stop", "error"),
    }
)
"""Events that are read."""

IGNORED: Final = frozenset(
    {
        *("message_stop", "ping"),
        *("text", "thinking", "signature", "input_json", "citation", "compaction"),
    }
)
"""Events that change nothing, or that repeat another."""

_BEGINS: Final = READ - {"error"} | {"message_stop"}
_TEXTS: Final = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "reasoning"),
}
"""For each type of delta, the field with the text, and the part that it belongs to."""


class AnthropicEvents:
    """Reads the events of the messages of one answer."""

    def __init__(self, report: Report, calls: ToolCalls) -> None:
        self._report = report
        self._calls = calls
        self._inputs: dict[object, str] = {}  # Of the tool calls whose input may come at once.

    @staticmethod
    def begins(token: object) -> bool:
        """Return whether the token is such an event. Other protocols have a "text" too."""
        return kind_of(token) in _BEGINS

    def read(self, token: object) -> list[Delta] | None:
        """Return the Deltas of one event; None if its type is unknown.

        Raises:
            SourceError: the event says that the message has failed.
        """
        kind = kind_of(token)
        if kind == "content_block_delta":
            return self._read_delta(token)
        if kind == "content_block_start":
            return self._begin_block(token)
        if kind == "content_block_stop":
            index = index_field(token, "index")
            return self._calls.fill(index, self._inputs.pop(index, ""))
        if kind == "message_start":
            self._begin_message(field(token, "message"))
        elif kind == "message_delta":
            self._report.finish(field(field(token, "delta"), "stop_reason"))
            self._report.count(field(token, "usage"))
        elif kind == "error":
            raise SourceError(f"the provider reported an error: {error_text(token) or kind}")
        return [] if kind in READ or kind in IGNORED else None

    def _begin_message(self, message: object) -> None:
        self._calls.begin_response()
        self._inputs.clear()
        self._report.begin_response()
        self._report.identify(message)
        self._report.count(field(message, "usage"))

    def _read_delta(self, event: object) -> list[Delta]:
        delta = field(event, "delta")
        kind = kind_of(delta)
        if kind == "input_json_delta":
            arguments = text_field(delta, "partial_json")
            if not arguments:
                return []
            return self._calls.go_on(index_field(event, "index"), "", "", arguments)
        name, part = _TEXTS.get(kind, ("", ""))
        text = text_field(delta, name)
        return [Delta(text, part)] if text else []

    def _begin_block(self, event: object) -> list[Delta]:
        block, index = field(event, "content_block"), index_field(event, "index")
        kind = kind_of(block)
        if kind.endswith("tool_use"):
            # The input is empty, and comes in pieces. Other servers send it at once.
            self._inputs[index] = to_arguments(field(block, "input") or "")
            return self._calls.go_on(index, text_field(block, "id"), text_field(block, "name"), "")
        if kind.endswith("tool_result"):
            content = field(block, "content")
            code = text_field(content, "error_code")
            failed = bool(code) or field(block, "is_error") is True
            return self._calls.result(
                text_field(block, "tool_use_id"), code or to_text(content), failed=failed
            )
        name, part = _TEXTS.get(f"{kind}_delta", ("", ""))
        text = text_field(block, name)
        return [Delta(text, part)] if text else []
