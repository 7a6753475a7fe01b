"""``Answer``: what was said, in order, and how it ended. It can be stored as JSON.

It knows nothing of HTML, of a clock or of a source. ``Reply`` shows what it holds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from markupsafe import Markup

from streamhtml._delta import IN_TURN, Delta, Facts, ToolDelta
from streamhtml._patch import Outcome

VERSION: Final = 1
"""The version of what ``Answer.to_dict()`` returns."""

PARAGRAPH: Final = "\n\n"
"""What separates text before a tool call from the text after it, where both are shown as one."""


class Said:
    """Text that grows, of which pieces can be trusted HTML.

    It is kept as UTF-8, which takes a fraction of the memory of one str for each token.
    """

    __slots__ = ("_pieces",)

    def __init__(self) -> None:
        self._pieces: list[bytearray | Markup] = []

    def add(self, text: str) -> None:
        """Add a piece: text, or ``Markup``."""
        if isinstance(text, Markup):
            self._pieces.append(text)
            return
        if not self._pieces or isinstance(self._pieces[-1], Markup):
            self._pieces.append(bytearray())
        self._pieces[-1] += text.encode("utf-8", "surrogatepass")  # type: ignore[operator]

    def __iter__(self) -> Iterator[str]:
        """Iterate the pieces: ``Markup`` as it came, and the text between as one ``str``."""
        for piece in self._pieces:
            yield piece if isinstance(piece, Markup) else piece.decode("utf-8", "surrogatepass")

    def __str__(self) -> str:
        return "".join(self)


@dataclass(slots=True)
class AnswerPart:
    """One part of an answer.

    Attributes:
        kind: "text", "reasoning", "tool" or another.
        id: tells the tool calls of one answer apart; ``""`` for other parts.
        name: the name of the tool; ``""`` for other parts.
        said: the text; the arguments of a tool call, which are JSON.
        result: what the tool returned; None if it has not.
        error: why the tool failed; None if it has not.
    """

    kind: str
    id: str = ""
    name: str = ""
    said: Said = field(default_factory=Said)
    result: str | None = None
    error: str | None = None

    @property
    def text(self) -> str:
        """The text, or the arguments of a tool call: unescaped and unchanged."""
        return str(self.said)

    def add(self, delta: Delta) -> None:
        """Add a piece of this part."""
        if not isinstance(delta, ToolDelta) or delta.field == "arguments":
            self.said.add(delta.text)
        elif delta.field == "result":
            self.result = (self.result or "") + delta.text
        else:
            self.error = (self.error or "") + delta.text
        if isinstance(delta, ToolDelta):
            self.name = self.name or delta.name

    def deltas(self) -> Iterator[Delta]:
        """Yield Deltas that make this part again."""
        if self.kind != "tool":
            yield from (Delta(piece, self.kind) for piece in self.said)
            return
        yield ToolDelta(self.text, id=self.id, name=self.name)
        if self.result is not None:
            yield ToolDelta(self.result, id=self.id, field="result")
        if self.error is not None:
            yield ToolDelta(self.error, id=self.id, field="error")


@dataclass(slots=True)
class Answer:
    """What was said, in order, and how it ended.

    Attributes:
        parts: the parts in the order in which they began. Text that goes on after reasoning or a
            tool call is a new part.
        outcome: how the answer ended; None while it has not.
        facts: what the source reported about the answer.
        first_delta_after: seconds from the start until the first delta; None if none came.
        duration: seconds from the start to the end; None while it has not ended.
    """

    parts: list[AnswerPart] = field(default_factory=list)
    outcome: Outcome | None = None
    facts: Facts = field(default_factory=Facts)
    first_delta_after: float | None = None
    duration: float | None = None
    _growing: AnswerPart | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The answer itself: the text of all parts of the kind "text"."""
        return self.text_of("text")

    def text_of(self, kind: str) -> str:
        """Return the text of all parts of a kind, unescaped and unchanged.

        What goes on after a tool call begins a new paragraph.
        """
        pieces: list[str] = []
        after_tool = False
        for part in self.parts:
            if part.kind == kind:
                pieces += [PARAGRAPH] * after_tool + [part.text]
                after_tool = False
            elif part.kind == "tool":
                after_tool = bool(pieces)
        return "".join(pieces)

    def add(self, delta: Delta) -> None:
        """Add the next Delta."""
        part = self._growing
        if part is None or part.kind != delta.part or type(delta) is not Delta:
            part = self._growing = self._find(delta)
        part.add(delta)

    def _find(self, delta: Delta) -> AnswerPart:
        """Return the part that a Delta goes on with, which may be a new one."""
        call_id = delta.id if isinstance(delta, ToolDelta) else ""
        for part in reversed(self.parts):
            if part.kind == delta.part and part.id == call_id:
                return part
            if not call_id and part.kind in IN_TURN and delta.part in IN_TURN:
                break
        self.parts.append(AnswerPart(delta.part, call_id))
        return self.parts[-1]

    def deltas(self) -> Iterator[Delta]:
        """Yield Deltas that make these parts again."""
        for part in self.parts:
            yield from part.deltas()

    def to_dict(self) -> dict[str, Any]:
        """Return what ``json.dumps()`` can store: names and values of JSON only.

        ``Markup`` keeps its kind. So who can write what is stored can write HTML into the page.
        """
        return {
            "version": VERSION,
            "parts": [_part_to_dict(part) for part in self.parts],
            "outcome": self.outcome,
            **asdict(self.facts),
            "first_delta_after": self.first_delta_after,
            "duration": self.duration,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Answer":
        """Return the answer that ``to_dict()`` has stored.

        Raises:
            ValueError: this is no stored answer, or that of a newer version.
        """
        if data.get("version") != VERSION:
            raise ValueError(
                f"version={data.get('version')!r} is not {VERSION}, the version of a stored answer "
                "that can be read; pass what Answer.to_dict() returned"
            )
        return cls(
            parts=[_part_from_dict(part) for part in data["parts"]],
            outcome=data["outcome"],
            facts=Facts(**{name: data.get(name) for name, _ in _named(Facts())}),
            first_delta_after=data.get("first_delta_after"),
            duration=data.get("duration"),
        )


def _named(facts: Facts) -> Iterable[tuple[str, Any]]:
    return ((each.name, getattr(facts, each.name)) for each in fields(facts))


def _part_to_dict(part: AnswerPart) -> dict[str, Any]:
    said = [{"html": str(piece)} if isinstance(piece, Markup) else piece for piece in part.said]
    stored: dict[str, Any] = {"kind": part.kind, "said": said}
    if part.kind == "tool":
        stored |= {name: getattr(part, name) for name in ("id", "name", "result", "error")}
    return stored


def _part_from_dict(stored: Mapping[str, Any]) -> AnswerPart:
    part = AnswerPart(
        stored["kind"],
        stored.get("id", ""),
        stored.get("name", ""),
        result=stored.get("result"),
        error=stored.get("error"),
    )
    for piece in stored["said"]:
        part.said.add(piece if isinstance(piece, str) else Markup(piece["html"]))
    return part
