"""The chunks of OpenAI's chat completions, recognised by their shape.

The format: https://platform.openai.com/docs/api-reference/chat-streaming. Many other servers and
SDKs send the same shape.
"""

from typing import Any

from streamhtml._delta import Delta
from streamhtml._type_name import with_article


def is_chat_chunk(token: object) -> bool:
    """Return whether the token has the shape of a chunk: a list named ``choices``."""
    return isinstance(getattr(token, "choices", None), list)


def read_chat_chunk(chunk: Any) -> list[Delta]:
    """Return the Deltas of one chunk.

    The chunk that carries the usage has no choices. If several answers were requested (``n`` > 1),
    only the first is read. ``reasoning_content`` is sent by DeepSeek and compatible servers.

    Raises:
        TypeError: this is a complete answer, not a chunk of one.
    """
    found: list[Delta] = []
    for choice in chunk.choices:
        if getattr(choice, "index", 0):
            continue
        if not hasattr(choice, "delta"):
            raise TypeError(
                f"a token is {with_article(chunk)}, which is a whole answer, not a chunk of one; "
                "ask for stream=True and pass what that returns"
            )
        delta = choice.delta
        calls = getattr(delta, "tool_calls", None) or ()
        pieces = [
            ("reasoning", getattr(delta, "reasoning_content", None)),
            ("text", getattr(delta, "content", None)),
            ("text", getattr(delta, "refusal", None)),
            *(
                ("tool", getattr(getattr(call, "function", None), "arguments", None))
                for call in calls
            ),
        ]
        found += [Delta(text, part) for part, text in pieces if text]
    return found


def why_cut_short(chunk: Any) -> str:
    """Return why the answer ended too early, if the chunk says so; else ``""``."""
    for choice in chunk.choices:
        reason = getattr(choice, "finish_reason", None)
        if reason in ("length", "content_filter") and not getattr(choice, "index", 0):
            return f"finish_reason={reason!r}"
    return ""
