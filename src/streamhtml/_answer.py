"""``Answer``: what was said, in order, and how it ended. It can be stored as JSON.

It knows nothing of HTML, of a clock or of a source. ``Reply`` shows what it holds.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, get_args

from streamhtml._delta import IN_TURN, NO_FACTS, Delta, Facts, PartEnd, Replacement, ToolDelta
from streamhtml._json_scan import JSONScan
from streamhtml._patch import OUTCOMES, Outcome, is_id
from streamhtml._said import Said, text_to_json
from streamhtml._stored import StoredObject, facts_from_stored, facts_to_dict
from streamhtml._type_name import with_article

VERSION: Final = 1
"""The version of what ``Answer.to_dict()`` returns."""

PARAGRAPH: Final = "\n\n"
"""What separates text before a tool call from text after it, where both are shown as one."""

PartState: TypeAlias = Literal["streaming", "called", "done", "failed"]

_STATES: Final[tuple[PartState, ...]] = get_args(PartState)


def rounded(seconds: float | None) -> float | None:
    """Return a number of seconds, rounded to milliseconds; None for None."""
    return None if seconds is None else round(seconds, 3)


@dataclass(slots=True)
class AnswerPart:
    """One part of an answer.

    Attributes:
        kind: "text", "reasoning", "tool" or any other.
        id: tells the tool calls of one answer apart; ``""`` for other parts.
        name: the name of the tool; ``""`` for other parts.
        said: ``text`` in pieces, of which some can be ``Markup``.
        said_result: ``result`` in pieces.
        said_error: ``error`` in pieces.
        state: "streaming"; "called" for a tool call whose arguments are complete, but which has no
            result; "done"; or "failed": a tool call with an error or with cut arguments, or a part
            whose own source has failed.
        outcome: how the source of this part ended, if the answer is merged from several; else None.
        began_after: seconds from the start of the stream until the part began; None if unknown.
        ended_after: seconds from the start of the stream until the part ended, for a tool call
            with its result; None if unknown.
        is_tool: whether this is a tool call, of the kind "tool" or another.
        index: the number of this part in its answer, from 0.
        begins_paragraph: whether the text goes on after a tool call. Where it is shown together
            with the text before, a new paragraph begins here.
    """

    kind: str
    id: str = ""
    name: str = ""
    said: Said = field(default_factory=Said)
    said_result: Said | None = None
    said_error: Said | None = None
    state: PartState = "streaming"
    outcome: Outcome | None = None
    began_after: float | None = None
    ended_after: float | None = None
    is_tool: bool = False
    index: int = 0
    begins_paragraph: bool = False
    _scan: JSONScan | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The text, unescaped and unchanged. That of a tool call is its arguments."""
        return str(self.said)

    @property
    def result(self) -> str | None:
        """What the tool returned; None if there is no result."""
        return None if self.said_result is None else str(self.said_result)

    @property
    def error(self) -> str | None:
        """Why the tool failed; None if it has not."""
        return None if self.said_error is None else str(self.said_error)

    @property
    def arguments(self) -> str:
        """The arguments of a tool call, as the model wrote them: JSON, if nothing went wrong."""
        return self.text

    @property
    def values(self) -> Any:
        """The arguments of a tool call as Python values; None if they are no valid JSON."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return None

    @property
    def seconds(self) -> float | None:
        """How long the part took, in seconds; None if it has not ended, or if it is unknown."""
        if self.began_after is None or self.ended_after is None:
            return None
        return rounded(self.ended_after - self.began_after)

    def _add_to_call(self, delta: ToolDelta, at: float | None) -> None:
        """Add a piece of this tool call."""
        self.is_tool = True
        self.name = self.name or delta.name
        if delta.field == "arguments":
            self.said.add(delta.text)
            self._scan = scan = self._scan or JSONScan()
            scan.feed(delta.text)
            if self.state == "streaming" and scan.is_complete:
                self.state = "called"
        elif delta.field == "result":
            self.said_result = Said() if self.said_result is None else self.said_result
            self.said_result.add(delta.text)
            self._settle("done" if self.said_error is None else "failed", at)
        else:
            self.said_error = Said() if self.said_error is None else self.said_error
            self.said_error.add(delta.text)
            self._settle("failed", at)

    def _settle(self, state: PartState, at: float | None) -> None:
        self.state = state
        self.ended_after = at

    def _to_dict(self) -> dict[str, Any]:
        stored: dict[str, Any] = {"kind": text_to_json(str(self.kind)), "text": self.said.to_json()}
        if self.is_tool:
            stored |= {
                "id": text_to_json(str(self.id)),
                "name": text_to_json(str(self.name)),
                "result": None if self.said_result is None else self.said_result.to_json(),
                "error": None if self.said_error is None else self.said_error.to_json(),
            }
        return stored | {
            "state": self.state,
            "outcome": self.outcome,
            "began_after": self.began_after,
            "ended_after": self.ended_after,
        }

    @classmethod
    def _from_stored(cls, stored: StoredObject) -> "AnswerPart":
        part = cls(
            stored.text("kind"),
            stored.optional_text("id") or "",
            stored.optional_text("name") or "",
            stored.said("text"),
            stored.optional_said("result"),
            stored.optional_said("error"),
            stored.one_of("state", _STATES),
            stored.optional_one_of("outcome", OUTCOMES),
            stored.seconds("began_after"),
            stored.seconds("ended_after"),
            stored.get("id") is not None,
        )
        if part.is_tool:
            part._scan = JSONScan()
            part._scan.feed(part.text)
        return part


@dataclass
class Answer:
    """What was said, in order, and how it ended.

    Text and reasoning that go on after another of them, or after a tool call, are a new part. So
    ``parts`` has them in the order in which the reader sees them. Any other kind is one part.

    Attributes:
        parts: the parts in the order in which they began.
        message_pair_id: the id of the message that shows the answer; ``""`` if there is none.
        outcome: how the answer ended; None while it has not.
        facts: what the source reported about the answer.
        first_delta_after: seconds from the start of the stream until the first delta arrived; None
            if none did.
        duration: seconds from the start of the stream to its end; None while it has not ended.
    """

    parts: list[AnswerPart] = field(default_factory=list)
    message_pair_id: str = ""
    outcome: Outcome | None = None
    facts: Facts = NO_FACTS
    first_delta_after: float | None = None
    duration: float | None = None

    def __post_init__(self) -> None:
        self._growing: AnswerPart | None = None  # The part of the last Delta, if it is text.
        self._turn: AnswerPart | None = None  # The last part of a kind that takes turns.
        self._by_kind: dict[str, list[AnswerPart]] = {}
        self._calls: dict[tuple[str, str], AnswerPart] = {}  # By kind and id.
        self._streaming_calls: list[AnswerPart] = []
        self.ended_by_next: list[AnswerPart] = []
        """Parts whose state has changed because another part began, in this order."""
        parts, self.parts = self.parts, []
        for part in parts:
            self._append(part)

    @property
    def text(self) -> str:
        """The answer itself: the text of all parts of the kind "text", unescaped and unchanged."""
        return self.text_of("text")

    def text_of(self, kind: str) -> str:
        """Return the text of all parts of a kind, unescaped and unchanged; ``""`` for none.

        What goes on after a tool call begins a new paragraph.
        """
        return "".join(self.said_of(kind))

    def said_of(self, kind: str) -> Iterator[str]:
        """Iterate the text of all parts of a kind in pieces, of which some can be ``Markup``."""
        for part in self.parts_of(kind):
            if part.begins_paragraph and part.said:
                yield PARAGRAPH
            yield from part.said

    def parts_of(self, kind: str) -> Sequence[AnswerPart]:
        """Return the parts of a kind, in order."""
        return self._by_kind.get(kind, ())

    def add(self, delta: Delta, at: float | None = None) -> AnswerPart:
        """Add the next Delta, and return the part that it belongs to.

        Args:
            delta: the Delta.
            at: seconds from the start of the stream; None if unknown.
        """
        part = self._growing
        if part is not None and type(delta) is Delta and delta.part == part.kind:
            part.said.add(delta.text)  # Fast path: a text goes on.
            return part
        at = rounded(at)
        part = self._find(delta)
        if part is None:
            part = self._begin(delta, at)
        self._end_reasoning_before(part, at)
        self._growing = None
        if isinstance(delta, ToolDelta):
            part._add_to_call(delta, at)
        elif isinstance(delta, PartEnd):
            part.outcome = delta.outcome
            part._settle("failed" if delta.outcome == "failed" else "done", at)
        elif isinstance(delta, Replacement):
            for each in self.parts_of(delta.part):
                each.said = Said()
            part.said.add(delta.text)
        else:
            self._growing = part
            part.said.add(delta.text)
        if self.outcome is not None:
            _end_parts([part], self.outcome, at)
        return part

    def end(self, outcome: Outcome, at: float | None = None) -> None:
        """End the answer. What is added afterwards had arrived before, but was not shown.

        Args:
            outcome: how it ended.
            at: seconds from the start of the stream; None if unknown.
        """
        self.outcome = outcome
        self.duration = rounded(at)
        _end_parts(self.parts, outcome, self.duration)

    def _find(self, delta: Delta) -> AnswerPart | None:
        """Return the part that a Delta goes on with; None if it begins a new one.

        What replaces all text of a kind takes the place of the first part of this kind.
        """
        if isinstance(delta, ToolDelta) and delta.id:
            return self._calls.get((delta.part, delta.id))
        if isinstance(delta, Replacement):
            return next(iter(self.parts_of(delta.part)), None)
        latest = self._latest(delta.part)
        if delta.part not in IN_TURN:
            return latest
        return latest if latest is self._turn and latest and not latest.id else None

    def _begin(self, delta: Delta, at: float | None) -> AnswerPart:
        """Begin a new part, which may end others."""
        call_id = delta.id if isinstance(delta, ToolDelta) else ""
        part = AnswerPart(delta.part, call_id, began_after=at, is_tool=type(delta) is ToolDelta)
        if part.kind in IN_TURN:
            turn = self._turn
            if turn is not None and turn.state == "streaming" and not turn.is_tool:
                turn._settle("done", at)
                self.ended_by_next.append(turn)
            if part.kind != "tool":
                for call in self._streaming_calls:
                    if call.state == "streaming":
                        call.state = "called"
                        self.ended_by_next.append(call)
                self._streaming_calls.clear()
        self._append(part)
        return part

    def _end_reasoning_before(self, part: AnswerPart, at: float | None) -> None:
        """End the reasoning of a merged source that has said something else after it."""
        reasoning = self._latest(part.kind.removesuffix("_tool") + "_reasoning")
        if reasoning is not None and reasoning.state == "streaming":
            reasoning._settle("done", at)
            self.ended_by_next.append(reasoning)

    def _append(self, part: AnswerPart) -> None:
        before, tool = self._latest(part.kind), self._latest("tool")
        part.begins_paragraph = bool(before and tool and before.index < tool.index)
        part.index = len(self.parts)
        self.parts.append(part)
        self._by_kind.setdefault(part.kind, []).append(part)
        if part.id:
            self._calls[part.kind, part.id] = part
        if part.kind in IN_TURN:
            self._turn = part
        if part.id and part.state == "streaming":
            self._streaming_calls.append(part)

    def _latest(self, kind: str) -> AnswerPart | None:
        parts = self.parts_of(kind)
        return parts[-1] if parts else None

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as values that ``json.dumps()`` can store.

        ``Markup`` is stored as trusted HTML, and is shown unescaped again. So whoever can change
        what is stored can write HTML into the page.
        """
        return {
            "version": VERSION,
            "message_pair_id": self.message_pair_id,
            "parts": [part._to_dict() for part in self.parts],
            "outcome": self.outcome,
            **facts_to_dict(self.facts),
            "first_delta_after": self.first_delta_after,
            "duration": self.duration,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Answer":
        """Return the answer that ``to_dict()`` has stored.

        Unknown names are ignored. The content of texts and of ``Markup`` is not checked: see
        ``to_dict()``.

        Raises:
            ValueError: this is no stored answer, or one of a newer version. The message says which
                value is wrong.
        """
        stored = StoredObject(data)
        version = stored.get("version")
        if type(version) is not int or version != VERSION:
            found = with_article(version) if isinstance(version, Sized) else repr(version)
            raise ValueError(
                f"version={found} is not {VERSION}, the version of a stored answer that can be "
                "read; pass what Answer.to_dict() returned"
            )
        message_pair_id = stored.text("message_pair_id")
        if message_pair_id and not is_id(message_pair_id):
            raise ValueError(
                "message_pair_id cannot be used as an element id; pass what Answer.to_dict() "
                "returned"
            )
        try:
            facts = facts_from_stored(stored)
        except RecursionError:
            raise ValueError(
                "sources are nested too deeply; pass what Answer.to_dict() returned"
            ) from None
        return cls(
            parts=[AnswerPart._from_stored(part) for part in stored.objects("parts")],
            message_pair_id=message_pair_id,
            outcome=stored.optional_one_of("outcome", OUTCOMES),
            facts=facts,
            first_delta_after=stored.seconds("first_delta_after"),
            duration=stored.seconds("duration"),
        )


def _end_parts(parts: Iterable[AnswerPart], outcome: Outcome, at: float | None) -> None:
    for part in parts:
        if part.state == "streaming":
            if not part.is_tool:
                part._settle("done", at)
            elif outcome == "finished":
                part.state = "called"
            else:
                part._settle("failed", at)
