"""The events of OpenAI's Responses, which are those of Open Responses too.

The formats: https://platform.openai.com/docs/api-reference/responses-streaming and
https://www.openresponses.org/specification. OpenAI's Agents SDK wraps the same events.
"""

from collections.abc import Callable
from typing import Any, Final

from streamhtml._delta import Delta, ToolDelta
from streamhtml.sources._report import Report, SourceError, field, text_field

_TEXT: Final = {
    "response.output_text.delta": "text",
    "response.refusal.delta": "text",
    "response.reasoning_text.delta": "reasoning",
    "response.reasoning_summary_text.delta": "reasoning",
}
_ARGUMENTS: Final = frozenset(
    {
        "response.function_call_arguments.delta",
        "response.custom_tool_call_input.delta",
        "response.mcp_call_arguments.delta",
        "response.code_interpreter_call_code.delta",
    }
)
_RESPONSE: Final = frozenset(
    {"response.created", "response.completed", "response.incomplete", "response.failed"}
)
IGNORED: Final = frozenset(
    {
        *("response.queued", "response.in_progress"),
        *("response.content_part.added", "response.content_part.done"),
        *("response.output_text.done", "response.output_text.annotation.added"),
        *("response.refusal.done", "response.reasoning_text.done"),
        *("response.reasoning_summary_text.done", "response.reasoning_summary_part.done"),
        *("response.function_call_arguments.done", "response.custom_tool_call_input.done"),
        *("response.mcp_call_arguments.done", "response.code_interpreter_call_code.done"),
    }
)
"""Events that change nothing, because others say the same."""

_IGNORED_FAMILIES: Final = (
    *("response.audio.", "response.file_search_call.", "response.web_search_call."),
    *("response.image_generation_call.", "response.code_interpreter_call."),
    *("response.mcp_call.", "response.mcp_list_tools.", "response.compaction."),
    *("response.shell_call_command.", "response.shell_call_output_content."),
)
_CALL: Final = "_call"


class ResponseEvents:
    """Reads the events of one response."""

    def __init__(self, report: Report) -> None:
        self._report = report
        # The id and the name of each call. The ids of items may be the same in all of them.
        self._calls: dict[object, tuple[str, str]] = {}

    @staticmethod
    def recognises(kind: str) -> bool:
        """Return whether events of this type are read."""
        return kind in _READ or kind in IGNORED or kind.startswith(_IGNORED_FAMILIES)

    def read(self, kind: str, event: Any) -> list[Delta]:
        """Return the Deltas of one event.

        Raises:
            SourceError: the event says that the response has failed.
        """
        return _READ[kind](self, kind, event) if kind in _READ else []

    def _read_text(self, kind: str, event: object) -> list[Delta]:
        text = text_field(event, "delta")
        return [Delta(text, _TEXT[kind])] if text else []

    def _read_arguments(self, kind: str, event: object) -> list[Delta]:
        call_id, name = self._calls.get(_item(event), (text_field(event, "item_id"), ""))
        return [ToolDelta(text_field(event, "delta"), id=call_id, name=name)]

    def _begin_paragraph(self, kind: str, event: object) -> list[Delta]:
        return [Delta("\n\n", "reasoning")] if field(event, "summary_index") else []

    def _begin_item(self, kind: str, event: object) -> list[Delta]:
        item = field(event, "item")
        kind = text_field(item, "type")
        if not kind.endswith(_CALL):
            return []
        call_id = text_field(item, "call_id", "id")
        name = text_field(item, "name") or kind.removesuffix(_CALL)
        self._calls[_item(event)] = call_id, name
        return [ToolDelta(text_field(item, "arguments", "input", "code"), id=call_id, name=name)]

    def _end_item(self, kind: str, event: object) -> list[Delta]:
        item = field(event, "item")
        call_id = text_field(item, "call_id", "id")
        found: list[Delta] = []
        if output := text_field(item, "output"):
            found.append(ToolDelta(output, id=call_id, field="result"))
        if error := text_field(item, "error"):
            found.append(ToolDelta(error, id=call_id, field="error"))
        return found

    def _read_response(self, kind: str, event: object) -> list[Delta]:
        response = field(event, "response")
        self._report.identify(response)
        self._report.count(field(response, "usage"))
        self._report.finish(field(field(response, "incomplete_details"), "reason"))
        if kind == "response.failed":
            return self._fail(kind, field(response, "error"))
        return []

    def _fail(self, kind: str, event: object) -> list[Delta]:
        error = field(event, "error") or event
        what = ": ".join(filter(None, (text_field(error, "code"), text_field(error, "message"))))
        raise SourceError(f"the provider reported an error: {what or kind}")


def _item(event: object) -> object:
    """Return what tells the items of a response apart."""
    index = field(event, "output_index")
    return text_field(event, "item_id") if index is None else index


_Read = Callable[[ResponseEvents, str, object], list[Delta]]
_READ: Final[dict[str, _Read]] = {
    **dict.fromkeys(_TEXT, ResponseEvents._read_text),
    **dict.fromkeys(_ARGUMENTS, ResponseEvents._read_arguments),
    **dict.fromkeys(_RESPONSE, ResponseEvents._read_response),
    "response.reasoning_summary_part.added": ResponseEvents._begin_paragraph,
    "response.output_item.added": ResponseEvents._begin_item,
    "response.output_item.done": ResponseEvents._end_item,
    "error": ResponseEvents._fail,
}
