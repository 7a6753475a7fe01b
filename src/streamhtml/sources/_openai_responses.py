"""The events of OpenAI's Responses, which are those of Open Responses too.

The formats: https://platform.openai.com/docs/api-reference/responses-streaming and
https://www.openresponses.org/specification. OpenAI's Agents SDK wraps the same events.

Each text comes in pieces, and then again as a whole, up to three times. The whole adds what no
piece has brought.
"""

from collections.abc import Callable
from typing import Any, Final

from streamhtml._delta import Delta
from streamhtml.sources._fields import (
    error_text,
    field,
    index_field,
    kind_of,
    list_field,
    text_field,
)
from streamhtml.sources._openai_items import (
    approval_of,
    arguments_of,
    call_id_of,
    failure_of,
    is_call,
    name_of,
    result_of,
)
from streamhtml.sources._report import Report, SourceError
from streamhtml.sources._text_pieces import TextPieces
from streamhtml.sources._tool_calls import ToolCalls

_TEXTS: Final = {
    "response.output_text": "text",
    "response.refusal": "text",
    "response.audio.transcript": "text",
    "response.reasoning": "reasoning",
    "response.reasoning_text": "reasoning",
    "response.reasoning_summary_text": "reasoning",
}
"""What begins the types of the events with text, and the part that it belongs to."""

_ARGUMENTS: Final = (
    "response.function_call_arguments",
    "response.custom_tool_call_input",
    "response.mcp_call_arguments",
    "response.code_interpreter_call_code",
    "response.shell_call_command",
)
IGNORED: Final = frozenset(
    {
        *("response.queued", "response.in_progress", "response.compaction.compacting"),
        *("response.content_part.added", "response.content_part.done"),
        *("response.reasoning_summary_part.done", "response.output_text.annotation.added"),
        *("response.audio.delta", "response.audio.done", "response.audio.transcript.done"),
        *("response.mcp_list_tools.in_progress", "response.mcp_list_tools.completed"),
        "response.mcp_list_tools.failed",
        *("response.mcp_call.in_progress", "response.mcp_call.completed"),
        "response.mcp_call.failed",
        *("response.web_search_call.in_progress", "response.web_search_call.searching"),
        "response.web_search_call.completed",
        *("response.file_search_call.in_progress", "response.file_search_call.searching"),
        "response.file_search_call.completed",
        "response.code_interpreter_call.in_progress",
        "response.code_interpreter_call.interpreting",
        "response.code_interpreter_call.completed",
        "response.image_generation_call.in_progress",
        "response.image_generation_call.generating",
        "response.image_generation_call.partial_image",
        "response.image_generation_call.completed",
        *("response.steer.accepted", "response.steer.pending", "response.steer.failed"),
    }
)
"""Events that change nothing that is shown, or that others repeat."""


class ResponseEvents:
    """Reads the events of the responses of one answer. A run of an agent has several."""

    def __init__(self, report: Report, calls: ToolCalls) -> None:
        self._report = report
        self._calls = calls
        self._pieces = TextPieces()
        self._keys: dict[str, int | str] = {}  # What _item_key() has returned, by the item's id.
        self._has_unique_ids = True

    @staticmethod
    def begins(token: object) -> bool:
        """Return whether the token is such an event. Types with a colon are a vendor's own."""
        kind = kind_of(token)
        return kind in READ or kind in IGNORED

    def read(self, token: object) -> list[Delta] | None:
        """Return the Deltas of one event; None if its type is unknown.

        Raises:
            SourceError: the event says that the response has failed.
        """
        kind = kind_of(token)
        if read := READ.get(kind):
            return read(self, kind, token)
        return [] if kind in IGNORED or ":" in kind else None

    def _read_text(self, kind: str, event: object) -> list[Delta]:
        text, part = text_field(event, "delta"), _TEXTS[kind.removesuffix(".delta")]
        self._report.refused |= "refusal" in kind and bool(text)
        self._pieces.add(self._text_key(part, event), text)
        return [Delta(text, part)] if text else []

    def _fill_text(self, kind: str, event: object) -> list[Delta]:
        part = _TEXTS[kind.removesuffix(".done")]
        return self._fill(self._text_key(part, event), part, text_field(event, "text", "refusal"))

    def _fill(self, key: object, part: str, whole: str) -> list[Delta]:
        rest = self._pieces.rest(key, whole)
        return [Delta(rest, part)] if rest else []

    def _text_key(self, part: str, event: object) -> object:
        item, index = self._item_key(event), index_field(event, "content_index", "summary_index")
        return None if item is None or index is None else (item, part, index)

    def _item_key(self, event: object, *, begins: bool = False) -> int | str | None:
        """Return what tells the items of a response apart: an item's first index, or else its id.

        Args:
            begins: whether the event begins an item. If another one has the same id, the ids say
                nothing, as those of some servers.
        """
        index = index_field(event, "output_index")
        item_id = text_field(event, "item_id") or text_field(field(event, "item"), "id")
        if not item_id:
            return index
        if index is None:
            return self._keys.setdefault(item_id, item_id)
        if begins and self._keys.get(item_id, index) != index:
            self._has_unique_ids = False
        if self._has_unique_ids:
            return self._keys.setdefault(item_id, index)
        self._keys[item_id] = index
        return index

    def _read_arguments(self, kind: str, event: object) -> list[Delta]:
        return self._calls.go_on(self._item_key(event), "", "", text_field(event, "delta"))

    def _fill_arguments(self, kind: str, event: object) -> list[Delta]:
        whole = text_field(event, "arguments", "input", "code")
        return self._calls.fill(self._item_key(event), whole)

    def _begin_command(self, kind: str, event: object) -> list[Delta]:
        """Begin a line, for the next of several commands of a shell."""
        if not index_field(event, "command_index"):
            return []
        return self._calls.go_on(self._item_key(event), "", "", "\n")

    def _read_shell_output(self, kind: str, event: object) -> list[Delta]:
        key, delta = self._item_key(event), field(event, "delta")
        call_id = self._calls.id_of(key)
        found = self._calls.result_piece(call_id, text_field(delta, "stdout"))
        return found + self._calls.result_piece(call_id, text_field(delta, "stderr"))

    def _begin_paragraph(self, kind: str, event: object) -> list[Delta]:
        return [Delta("\n\n", "reasoning")] if index_field(event, "summary_index") else []

    def _begin_item(self, kind: str, event: object) -> list[Delta]:
        key, item = self._item_key(event, begins=True), field(event, "item")
        return self._begin_call(key, item) if is_call(item) else approval_of(item, self._calls)

    def _begin_call(self, key: object, item: object) -> list[Delta]:
        return self._calls.go_on(key, call_id_of(item), name_of(item), "")

    def _end_item(self, kind: str, event: object) -> list[Delta]:
        return self._read_item(self._item_key(event), field(event, "item"))

    def _read_item(self, key: object, item: object) -> list[Delta]:
        """Read an item that is complete, and add what no piece has brought."""
        kind = kind_of(item)
        if key is None:
            return []
        if kind == "message":
            found: list[Delta] = []
            for index, content in enumerate(list_field(item, "content")):
                whole = text_field(content, "text", "refusal")
                found += self._fill((key, "text", index), "text", whole)
            return found
        if kind == "reasoning":
            return self._fill_reasoning(key, item)
        if not is_call(item):
            found = approval_of(item, self._calls)
            return found + self._calls.result(text_field(item, "call_id"), result_of(item) or "")
        call_id, name = call_id_of(item), name_of(item)
        found = [] if self._calls.is_known(call_id) else self._begin_call(key, item)
        found += self._calls.fill(key, arguments_of(item))
        if (error := failure_of(item)) is not None:
            return found + self._calls.result(call_id, error, failed=True, name=name)
        if (result := result_of(item)) is not None:
            found += self._calls.result(call_id, result, name=name)
        return found

    def _fill_reasoning(self, key: object, item: object) -> list[Delta]:
        if any((key, "reasoning", index) in self._pieces for index in range(8)):
            return []  # The summary and the content are two versions of it.
        texts = [*list_field(item, "summary"), *list_field(item, "content")]
        whole = "\n\n".join(filter(None, (text_field(each, "text") for each in texts)))
        return self._fill((key, "reasoning", 0), "reasoning", whole)

    def _begin_response(self, kind: str, event: object) -> list[Delta]:
        self._calls.begin_response()
        self._report.begin_response()
        self._pieces.clear()
        self._keys.clear()
        return self._read_response(kind, event)

    def _read_response(self, kind: str, event: object) -> list[Delta]:
        response = field(event, "response")
        self._report.identify(response)
        self._report.count(field(response, "usage"))
        if kind == "response.failed":
            return self._fail(kind, response)
        if kind == "response.incomplete":
            reason = text_field(field(response, "incomplete_details"), "reason") or "incomplete"
            self._report.finish(reason, cut_short=True)
        elif kind == "response.completed":
            self._report.finish("completed")
        return []

    def _fail(self, kind: str, event: object) -> list[Delta]:
        raise SourceError(f"the provider reported an error: {error_text(event) or kind}")


_Read = Callable[[ResponseEvents, str, Any], list[Delta]]
READ: Final[dict[str, _Read]] = {
    **{f"{name}.delta": ResponseEvents._read_text for name in _TEXTS},
    **{f"{name}.done": ResponseEvents._fill_text for name in _TEXTS if "audio" not in name},
    **{f"{name}.delta": ResponseEvents._read_arguments for name in _ARGUMENTS},
    **{f"{name}.done": ResponseEvents._fill_arguments for name in _ARGUMENTS},
    "response.shell_call_command.added": ResponseEvents._begin_command,
    "response.shell_call_output_content.delta": ResponseEvents._read_shell_output,
    "response.shell_call_output_content.done": lambda self, kind, event: [],
    "response.reasoning_summary_part.added": ResponseEvents._begin_paragraph,
    "response.output_item.added": ResponseEvents._begin_item,
    "response.output_item.done": ResponseEvents._end_item,
    "response.created": ResponseEvents._begin_response,
    "response.completed": ResponseEvents._read_response,
    "response.incomplete": ResponseEvents._read_response,
    "response.failed": ResponseEvents._read_response,
    "error": ResponseEvents._fail,
}
"""Events that are read."""
