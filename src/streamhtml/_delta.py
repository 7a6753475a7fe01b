"""What comes out of a source: pieces of parts, and facts about the answer.

Nothing here opens or reads a source.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias, get_args

from markupsafe import Markup

from streamhtml._patch import Outcome


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

    @staticmethod
    def replace(text: str, part: str = "text") -> "Replacement":
        """Return a Delta that replaces all that was said in a part, for a part that shows a state.

        Args:
            text: the whole new content of the part, which may be empty. As in ``Delta``.
            part: the kind of the part.

        Raises:
            ValueError: the part is "tool", whose calls cannot be replaced.
        """
        if part == "tool":
            raise ValueError(
                "part='tool' holds tool calls, which cannot be replaced; choose another name, such "
                "as 'status'"
            )
        return Replacement(text, part)


@dataclass(frozen=True, slots=True)
class Replacement(Delta):
    """The whole new content of a part. ``Delta.replace()`` makes it."""


@dataclass(frozen=True, slots=True)
class PartEnd(Delta):
    """One of the sources of ``merge()`` has ended, and its part gets no more text.

    Args:
        text: always ``""``.
        part: the kind of the part, which is the name of the source.
        outcome: how the source ended.
    """

    text: str = ""
    part: str = "text"
    outcome: Outcome = "finished"


ToolField: TypeAlias = Literal["arguments", "result", "error"]
"""What a piece of a tool call belongs to. The arguments are JSON, as the model wrote it."""

TOOL_FIELDS: Final[tuple[ToolField, ...]] = get_args(ToolField)


@dataclass(frozen=True, slots=True)
class ToolDelta(Delta):
    """A piece of one tool call. Its text may be empty, because a page can show that a call begins.

    Args:
        text: a piece of the arguments, or the result, or the error.
        part: "tool". For a source of ``merge()``, its name comes first, as in "left_tool".
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
        sources: the facts of each source of ``merge()``, by its name. The other fields are then
            None.
    """

    model: str | None = None
    response_id: str | None = None
    finish_reason: str | None = None
    usage: "dict[str, int] | None" = None
    sources: "dict[str, Facts] | None" = None


NO_FACTS: Final = Facts()
"""What is known of a source that reports nothing."""

IN_TURN: Final = ("text", "reasoning", "tool")
"""Kinds that can begin again after another of them. There is one part of any other kind."""


class Truncated(Exception):  # noqa: N818 - the name of an outcome
    """Raised by a source to say that the answer was cut short, for example by the model's limit.

    This is not a failure: the reader keeps the text that has arrived, and sees a notice after it.
    ``deltas()`` raises it at the end of a source whose tokens have reported it.

    Args:
        reason: for code that catches the exception; it is not shown to the reader.
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)


def merge_deltas(deltas: Iterable[Delta]) -> Sequence[Delta]:
    """Join the text of neighbouring Deltas of the same part, and drop the empty ones.

    A Delta with ``Markup`` stays separate, because a renderer may give each an element of its
    own. If they were joined, the result would depend on how many happen to arrive at once.

    What a later Delta replaces is dropped too, and the new content takes its place. But text and
    reasoning are kept, because what comes between them decides which parts there are.
    """
    deltas = [each for each in deltas if each.text or type(each) is not Delta]
    if last := {each.part: each for each in deltas if type(each) is Replacement}:
        deltas = list(_without_replaced(deltas, last))
    merged: list[Delta] = []
    texts: list[str] = []  # The texts of the last Delta in `merged`, while it can still grow.
    for delta in deltas:
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


def _without_replaced(deltas: list[Delta], last: dict[str, Replacement]) -> Iterator[Delta]:
    """Yield the last Replacement of each part in the place of what it replaces, and the rest."""
    for part in IN_TURN:
        last.pop(part, None)
    waiting = dict(last)
    for delta in deltas:
        if delta is last.get(delta.part):
            del last[delta.part]
            # It was yielded before, if it has replaced something.
            if waiting.pop(delta.part, None) is not None:
                yield delta
        elif delta.part not in last:
            yield delta
        elif delta.part in waiting:
            yield waiting.pop(delta.part)


def _goes_on(last: Delta, delta: Delta) -> bool:
    """Return whether a Delta is the next piece of the same text."""
    if isinstance(delta.text, Markup) or delta.part != last.part:
        return False
    if isinstance(last, ToolDelta) and isinstance(delta, ToolDelta):
        return (delta.id, delta.field) == (last.id, last.field) and delta.name in ("", last.name)
    return type(delta) is type(last) is Delta
