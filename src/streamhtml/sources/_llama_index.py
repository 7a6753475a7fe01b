"""The responses and events of LlamaIndex, recognised by their shape.

The format: https://docs.llamaindex.ai/en/stable/module_guides/models/llms/. ``delta`` is the next
piece, and ``raw`` is the chunk of the provider, which says more. Beside them, a response has the
whole text so far, which is ignored. Events of agents do not say their type.
"""

from collections.abc import Callable
from typing import Final

from streamhtml._delta import Delta
from streamhtml.sources._fields import field, text_field, to_json, to_text
from streamhtml.sources._report import Report
from streamhtml.sources._tool_calls import ToolCalls

IGNORED: Final = frozenset(
    {
        "AgentInput",
        "AgentOutput",
        "AgentSetup",
        "StartEvent",
        "AgentWorkflowStartEvent",
        "StopEvent",
    }
)
"""Names of the classes of events that change nothing that is shown."""


class LlamaIndexResponses:
    """Reads the responses of one answer, or the events of an agent."""

    def __init__(self, report: Report, calls: ToolCalls) -> None:
        self._calls = calls

    @staticmethod
    def begins(token: object) -> bool:
        """Return whether the token has a ``delta`` beside the whole, or is an event of an agent."""
        return _is_response(token) or _is_call(token) or type(token).__name__ in IGNORED

    def read(self, token: object) -> list[Delta] | None:
        """Return the Deltas of one token; None if it is none of LlamaIndex."""
        if _is_call(token):
            return self._read_call(token)
        if not _is_response(token):
            return [] if type(token).__name__ in IGNORED else None
        found = [Delta(text_field(token, "thinking_delta"), "reasoning")]
        found.append(Delta(text_field(token, "delta")))
        return [delta for delta in found if delta.text]

    def _read_call(self, token: object) -> list[Delta]:
        call_id, name = text_field(token, "tool_id"), text_field(token, "tool_name")
        arguments = to_json(field(token, "tool_kwargs"))
        found = self._calls.whole(call_id, name, arguments) if call_id else []
        if (output := field(token, "tool_output")) is not None:
            text = to_text(field(output, "content", "blocks"))
            failed = field(output, "is_error") is True
            found += self._calls.result(call_id, text, failed=failed, name=name)
        return found


def read_raw(token: object, read: Callable[[object], list[Delta] | None]) -> list[Delta] | None:
    """Return the Deltas of the provider's chunk in a response; None if it has none that is known.

    Args:
        token: the response.
        read: reads a token of a provider.
    """
    raw = field(token, "raw") if _is_response(token) else None
    is_chunk = raw is not None and field(_first_choice(raw), "message") is None
    if not is_chunk or (found := read(raw)) is None:
        return None
    text = text_field(token, "delta")
    if text and not any(delta.part == "text" for delta in found):
        found = [*found, Delta(text)]
    return found


def _first_choice(raw: object) -> object:
    choices = field(raw, "choices")
    return choices[0] if isinstance(choices, list) and choices else None


def _is_response(token: object) -> bool:
    has_delta = isinstance(field(token, "delta"), str)
    return has_delta and field(token, "message", "text", "response") is not None


def _is_call(token: object) -> bool:
    return field(token, "tool_id") is not None and field(token, "tool_name") is not None
