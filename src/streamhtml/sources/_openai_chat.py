"""The chunks of OpenAI's chat completions, recognised by their shape.

The format: https://platform.openai.com/docs/api-reference/chat-streaming. Many other servers and
SDKs send the same shape, among them LiteLLM and, inside of an event, Mistral.
"""

from typing import Any

from streamhtml._delta import Delta, ToolDelta
from streamhtml._type_name import with_article
from streamhtml.sources._report import Report, field, list_field, text_field
from streamhtml.sources._tool_calls import ToolCalls

# DeepSeek and LiteLLM say reasoning_content; OpenRouter and vLLM say reasoning.
_REASONING = ("reasoning_content", "reasoning")


class ChatChunks:
    """Reads the chunks of one answer. If several were requested (``n`` > 1), it reads the first."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._calls = ToolCalls()

    @staticmethod
    def recognises(token: object) -> bool:
        """Return whether the token is a chunk, or has one: a list named ``choices``."""
        return isinstance(field(_unwrapped(token), "choices"), list)

    def read(self, token: object) -> list[Delta]:
        """Return the Deltas of one chunk.

        Raises:
            TypeError: this is a complete answer, not a chunk of one.
        """
        chunk = _unwrapped(token)
        self._report.identify(chunk)
        self._report.count(field(chunk, "usage"))  # Its chunk has no choices.
        found: list[Delta] = []
        for choice in list_field(chunk, "choices"):
            if field(choice, "index"):
                continue
            if (delta := field(choice, "delta")) is None:
                raise TypeError(
                    f"a token is {with_article(chunk)}, which is a whole answer, not a chunk of "
                    "one; ask for stream=True and pass what that returns"
                )
            self._report.finish(field(choice, "finish_reason"))
            found += self._read_delta(delta)
        return found

    def _read_delta(self, delta: object) -> list[Delta]:
        found: list[Delta] = []
        if reasoning := text_field(delta, *_REASONING):
            found.append(Delta(reasoning, "reasoning"))
        found += read_content(field(delta, "content"))
        if refusal := text_field(delta, "refusal"):
            found.append(Delta(refusal))
        found += (self._read_call(call) for call in list_field(delta, "tool_calls"))
        return found

    def _read_call(self, call: object) -> ToolDelta:
        function = field(call, "function")
        return self._calls.go_on(
            field(call, "index"),
            text_field(call, "id"),
            text_field(function, "name"),
            text_field(function, "arguments"),
        )


def read_content(content: Any) -> list[Delta]:
    """Return the Deltas of what a message contains: a text, or a list of blocks."""
    if isinstance(content, str):
        return [Delta(content)] if content else []
    found: list[Delta] = []
    for block in content if isinstance(content, list | tuple) else ():
        if isinstance(block, str):
            found += read_content(block)
        elif field(block, "type") in ("text", "output_text"):
            found += read_content(field(block, "text"))
        elif field(block, "type") in ("thinking", "reasoning"):
            found += _read_reasoning(block)
    return [delta for delta in found if delta.text]


def _read_reasoning(block: object) -> list[Delta]:
    if text := text_field(block, "thinking", "reasoning", "text"):
        return [Delta(text, "reasoning")]
    pieces = [*list_field(block, "thinking"), *list_field(block, "summary")]
    return [Delta(text_field(piece, "text"), "reasoning") for piece in pieces]


def _unwrapped(token: object) -> object:
    """Return the chunk of an event of Mistral, or of OpenAI's ``chat.completions.stream()``."""
    for name in ("chunk", "data"):
        if isinstance(field(inner := field(token, name), "choices"), list):
            return inner
    return token
