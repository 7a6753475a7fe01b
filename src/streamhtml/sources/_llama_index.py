"""The responses and events of LlamaIndex, recognised by their shape.

The format: https://docs.llamaindex.ai/en/stable/module_guides/models/llms/. ``delta`` is the next
piece, and ``raw`` is the chunk of the provider, which says more. Beside them, a response has the
whole text so far, which is ignored. Events of agents do not say their type.
"""

from collections.abc import Callable
from typing import Final

from streamhtml._delta import Delta
from streamhtml.sources._fields import field, text_field, to_text
from streamhtml.sources._report import SourceError
from streamhtml.sources._tool_calls import ToolCalls
from streamhtml.sources._whole_answers import is_whole_answer

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

_FAILURES: Final = {
    "WorkflowFailedEvent": "failed",
    "WorkflowTimedOutEvent": "timed out",
    "WorkflowCancelledEvent": "was cancelled",
}
"""Names of the classes of events that end a run without an answer, and what they say."""


class LlamaIndexResponses:
    """Reads the responses of one answer, or the events of an agent.

    Args:
        calls: the tool calls of the answer.
    """

    def __init__(self, calls: ToolCalls) -> None:
        self._calls = calls

    def read(
        self, token: object, read_raw: Callable[[object], list[Delta] | None]
    ) -> list[Delta] | None:
        """Return the Deltas of one token; None if it is none of LlamaIndex.

        Args:
            token: the token.
            read_raw: reads the chunk of a provider, and returns None if it is not known.

        Raises:
            SourceError: the run of an agent has failed.
        """
        name = type(token).__name__
        if what := _FAILURES.get(name):
            error = field(token, "exception")
            cause = error if isinstance(error, BaseException) else None
            says = str(error) or repr(error) if error is not None else f"it {what}"
            raise SourceError(f"the agent reported an error: {says}") from cause
        if field(token, "tool_id") is not None and field(token, "tool_name") is not None:
            return self._read_call(token)
        is_response = field(token, "message", "text", "response") is not None
        if not is_response or not isinstance(field(token, "delta"), str):
            return [] if name in IGNORED else None
        text, raw = text_field(token, "delta"), field(token, "raw")
        found = None if raw is None or is_whole_answer(raw) else read_raw(raw)
        if found is None:
            thinking = text_field(token, "thinking_delta")
            found = [Delta(thinking, "reasoning")] if thinking else []
        if text and not any(delta.part == "text" for delta in found):
            found = [*found, Delta(text)]
        return found

    def _read_call(self, token: object) -> list[Delta]:
        call_id, name = text_field(token, "tool_id"), text_field(token, "tool_name")
        arguments = field(token, "tool_kwargs")
        found = self._calls.whole(call_id, name, arguments) if call_id else []
        if (output := field(token, "tool_output")) is not None:
            text = to_text(field(output, "content", "blocks"))
            failed = field(output, "is_error") is True
            found += self._calls.result(call_id, text, failed=failed, name=name)
        return found
