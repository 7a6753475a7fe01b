"""What comes out of a source: pieces of parts, and facts about the answer.

Nothing here opens or reads a source.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of one part of the message.

    Args:
        text: the piece. A plain ``str`` is untrusted text and is escaped when it is shown. A
            ``markupsafe.Markup`` is trusted HTML, well-formed by itself, and is shown as it is.
        part: the kind of the part: "text", "reasoning", "tool" or any other.
    """

    text: str
    part: str = "text"


ToolField: TypeAlias = Literal["arguments", "result", "error"]
"""What a piece of a tool call belongs to. The arguments are JSON, as the model wrote it."""


@dataclass(frozen=True, slots=True)
class ToolDelta(Delta):
    """A piece of one tool call. Its text may be empty: that a call begins is worth showing.

    Args:
        text: a piece of the arguments, or the result, or the error.
        part: always "tool".
        id: tells the calls of one answer apart.
        name: the name of the tool; ``""`` if an earlier piece of the call had it.
        field: what the text belongs to.
    """

    text: str = ""
    part: str = "tool"
    id: str = ""
    name: str = ""
    field: ToolField = "arguments"


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts about the answer that a source reported. A field is None if it said nothing of it.

    Args:
        model: the name of the model.
        response_id: the provider's id of the response.
        finish_reason: why the model stopped, in the provider's words.
        usage: numbers of tokens, by the provider's names: ``{"input_tokens": 7, …}``.
    """

    model: str | None = None
    response_id: str | None = None
    finish_reason: str | None = None
    usage: "dict[str, int] | None" = None


class Truncated(Exception):  # noqa: N818 - the name of an outcome
    """Raised by a source to say that the answer was cut short, for example by the model's limit.

    This is not a failure: the reader keeps the text that has arrived, and sees a notice after it.
    ``deltas()`` raises it at the end of a source whose OpenAI chat chunks reported it.

    Args:
        reason: for code that catches the exception; it is not shown to the reader.
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)


def merge_deltas(deltas: Iterable[Delta]) -> Sequence[Delta]:
    """Join the text of neighbouring Deltas of the same part, and drop the empty ones.

    A Delta with ``Markup`` stays separate, because a renderer may give each an element of its
    own. If they were joined, the result would depend on how many happen to arrive at once.
    """
    if isinstance(deltas, list) and len(deltas) == 1 and deltas[0].text:
        return deltas  # Fast path: the usual batch.
    merged: list[Delta] = []
    texts: list[str] = []  # The texts of the last Delta in `merged`, while it can still grow.
    for delta in deltas:
        if not delta.text and type(delta) is Delta:
            continue
        if texts and _goes_on(merged[-1], delta):
            texts.append(delta.text)
            continue
        if len(texts) > 1:
            merged[-1] = replace(merged[-1], text="".join(texts))
        merged.append(delta)
        texts = [] if isinstance(delta.text, Markup) else [delta.text]
    if len(texts) > 1:
        merged[-1] = replace(merged[-1], text="".join(texts))
    return merged


def _goes_on(last: Delta, delta: Delta) -> bool:
    """Return whether a Delta is the next piece of the same text."""
    if isinstance(delta.text, Markup) or delta.part != last.part:
        return False
    if isinstance(last, ToolDelta) and isinstance(delta, ToolDelta):
        return (delta.id, delta.field) == (last.id, last.field) and delta.name in ("", last.name)
    return type(delta) is type(last)
