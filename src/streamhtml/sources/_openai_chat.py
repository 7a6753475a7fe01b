"""The chunks of OpenAI's chat completions, recognised by their shape.

The format: https://platform.openai.com/docs/api-reference/chat-streaming. Many other servers and
SDKs send the same shape, among them LiteLLM and, inside of an event, Mistral.
"""

from typing import Any, Final

from streamhtml._delta import Delta
from streamhtml.sources._fields import (
    error_text,
    field,
    fields,
    index_field,
    kind_of,
    list_field,
    text_field,
)
from streamhtml.sources._report import Report, SourceError
from streamhtml.sources._tool_calls import ToolCalls
from streamhtml.sources._whole_answers import whole_answer

# DeepSeek and LiteLLM say reasoning_content; OpenRouter and vLLM say reasoning.
_REASONING: Final = ("reasoning_content", "reasoning")
_OF_CHUNK: Final = ("choices", "usage")
_OF_CHOICE: Final = ("index", "delta", "finish_reason")
_OF_DELTA: Final = ("content", "refusal", "tool_calls", *_REASONING)
IGNORED: Final = frozenset(
    {
        *("content.delta", "content.done", "refusal.delta", "refusal.done"),
        "tool_calls.function.arguments.delta",
        "tool_calls.function.arguments.done",
        *("logprobs.content.delta", "logprobs.content.done"),
        *("logprobs.refusal.delta", "logprobs.refusal.done"),
    }
)
"""Events of ``chat.completions.stream()`` that repeat what the chunks say."""


class ChatChunks:
    """Reads the chunks of one answer. If several were requested (``n`` > 1), it reads the first."""

    def __init__(self, report: Report, calls: ToolCalls) -> None:
        self._report = report
        self._calls = calls

    @staticmethod
    def begins(token: object) -> bool:
        """Return whether the token is a chunk, has one, or is an event beside one."""
        return _chunk(token) is not None or kind_of(token) in IGNORED

    def read(self, token: object) -> list[Delta] | None:
        """Return the Deltas of one chunk; None if it is none.

        Raises:
            TypeError: this is a whole answer, not a chunk of one.
            SourceError: the server reported an error.
        """
        chunk, (choices, usage) = token, fields(token, _OF_CHUNK)
        if not isinstance(choices, list):
            if (chunk := _chunk(token)) is None:
                return [] if kind_of(token) in IGNORED else None
            choices, usage = fields(chunk, _OF_CHUNK)
        found: list[Delta] = []
        reason = None
        for choice in choices:
            index, delta, finish_reason = fields(choice, _OF_CHOICE)
            if index:
                continue
            if delta is None and field(choice, "message"):
                raise TypeError(whole_answer("a token", chunk))
            reason = finish_reason
            # The older completions have the text itself, and no delta.
            if delta is None:
                found += read_content(field(choice, "text"))
            found += self._read_delta(delta)
        self._report.count(usage)
        # Most chunks have text, and say nothing new beside it.
        if reason or not found or self._report.facts.model is None:
            self._report.identify(chunk)
            self._report.finish(reason)
            if field(chunk, "error") or reason == "error":
                text = error_text(chunk) or "finish_reason='error'"
                raise SourceError(f"the provider reported an error: {text}")
        return found

    def _read_delta(self, delta: object) -> list[Delta]:
        found: list[Delta] = []
        content, refusal, calls, thought, reasoning = fields(delta, _OF_DELTA)
        has_reasoning = thought is not None or reasoning is not None
        if has_reasoning and (text := text_field(delta, *_REASONING)):
            found.append(Delta(text, "reasoning"))
        if type(content) is str:  # Fast path: nearly every chunk.
            if content:
                found.append(Delta(content))
        else:
            found += read_content(content)
        if refusal is not None and (text := text_field(delta, "refusal")):
            self._report.refused = True
            found.append(Delta(text))
        if calls is not None:
            for call in list_field(delta, "tool_calls"):
                found += self._read_call(call)
        return found

    def _read_call(self, call: object) -> list[Delta]:
        function = field(call, "function")
        return self._calls.go_on(
            index_field(call, "index"),
            text_field(call, "id"),
            text_field(function, "name"),
            field(function, "arguments"),
        )


def read_content(content: Any) -> list[Delta]:
    """Return the Deltas of what a message contains: a text, or a list of blocks."""
    if isinstance(content, str):
        return [Delta(content)] if content else []
    found: list[Delta] = []
    for block in content if isinstance(content, list | tuple) else ():
        kind = kind_of(block)
        if isinstance(block, str):
            found += read_content(block)
        elif kind in ("text", "output_text", "refusal"):
            found.append(Delta(text_field(block, "text", "refusal")))
        elif kind in ("thinking", "reasoning"):
            found += _read_reasoning(block)
    return [delta for delta in found if delta.text]


def _read_reasoning(block: object) -> list[Delta]:
    if text := text_field(block, "thinking", "reasoning", "text"):
        return [Delta(text, "reasoning")]
    pieces = [*list_field(block, "thinking"), *list_field(block, "summary")]
    return [Delta(text_field(piece, "text"), "reasoning") for piece in pieces]


def _chunk(token: object) -> object:
    """Return the chunk that a token is or has: in Mistral's events, or in OpenAI's ``stream()``."""
    if isinstance(field(token, "choices"), list):
        return token
    for name in ("chunk", "data"):
        if isinstance(field(inner := field(token, name), "choices"), list):
            return inner
    return None
