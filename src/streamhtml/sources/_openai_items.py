"""The items of OpenAI's Responses that are tool calls, their results, or requests for approval.

The items: https://platform.openai.com/docs/api-reference/responses/object. Tools that the provider
runs itself have a type of item each.
"""

from typing import Final

from streamhtml._delta import Delta
from streamhtml.sources._fields import field, kind_of, text_field, to_json, to_text
from streamhtml.sources._tool_calls import ToolCalls

_CALL: Final = "_call"
_NAMED: Final = frozenset({"function_call", "mcp_call", "custom_tool_call"})
_RUN_BY_PROVIDER: Final = frozenset(
    {"web_search_call", "file_search_call", "image_generation_call", "code_interpreter_call"}
)


def is_call(item: object) -> bool:
    """Return whether the item is a call of a tool."""
    return kind_of(item).endswith(_CALL)


def call_id_of(item: object) -> str:
    """Return the id of a call. If the item has an id too, that is a different one."""
    return text_field(item, "call_id", "id")


def name_of(item: object) -> str:
    """Return the name of the tool. A tool of the provider is named after the type of the item."""
    kind = kind_of(item)
    return text_field(item, "name") or ("" if kind in _NAMED else kind.removesuffix(_CALL))


def arguments_of(item: object) -> str:
    """Return the arguments of a complete call: JSON, code, or what was searched."""
    return text_field(item, "arguments", "input", "code") or to_json(
        field(item, "action", "operation", "queries")
    )


def result_of(item: object) -> str | None:
    """Return what the tool gave; None if that is not known yet."""
    output = field(item, "output", "outputs", "results")
    if output is not None:
        return to_text(output) or ""
    is_done = text_field(item, "status") == "completed"
    return "" if is_done and kind_of(item) in _RUN_BY_PROVIDER else None


def failure_of(item: object) -> str | None:
    """Return why the tool failed; None if it did not."""
    error = field(item, "error")
    if error:
        return text_field(error, "message") or to_text(error)
    return "" if text_field(item, "status") == "failed" else None


def approval_of(item: object, calls: ToolCalls) -> list[Delta]:
    """Return the part of an item that asks for approval; nothing for others."""
    if kind_of(item) != "mcp_approval_request":
        return []
    return calls.approval(text_field(item, "id"), text_field(item, "name"), arguments_of(item))
