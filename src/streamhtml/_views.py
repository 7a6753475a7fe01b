"""The usual way to show a message: its template is rendered once, and has live regions.

A view turns Deltas into patches. It is synchronous and pure. ``Reply`` keeps the index and
the state, and chooses the notice.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from markupsafe import Markup

from streamhtml._answer import PARAGRAPH, Answer, AnswerPart
from streamhtml._delta import Delta, PartEnd, Replacement, ToolDelta
from streamhtml._part_sequence import PartSequence
from streamhtml._part_template import PartTemplates, kinds_of
from streamhtml._patch import Outcome, Patch, check_id, closed_patch
from streamhtml._placeholders import render_shell
from streamhtml._region import MakeRenderer, make_checked, region_tags, render_once
from streamhtml._template import SEQUENCE, MessageTemplate

Kept: TypeAlias = Sequence[tuple[AnswerPart, Delta]]
"""Deltas that were added to an answer, each with its part."""

Join: TypeAlias = Literal["open", "replace", "continue"]
"""What a client has of an answer that has begun before. "open": nothing, so the message is opened.
"replace": a message with other content, which is replaced. "continue": the content so far."""


class View(Protocol):
    """One way to show a message.

    ``open()`` is called once, then ``feed()`` any number of times, then ``close()`` or ``fail()``.
    In ``feed()``, neighbouring Deltas of a part are already merged, and all of them were added to
    the answer. A notice is HTML that is already escaped and closed; ``Markup("")`` stands for none.
    """

    @property
    def held(self) -> int:
        """The number of characters that the next ``feed()`` may read again."""
        ...

    def open(self) -> list[Patch]:
        """Show the message without any text."""
        ...

    def feed(self, kept: Kept) -> list[Patch]:
        """Show more text."""
        ...

    def catch_up(self, batches: Iterator[Kept], join: Join) -> list[Patch]:
        """Show batches of an answer that has begun before. It is called after ``open()``.

        Args:
            batches: what would have been passed to ``feed()``. Each is added to the answer when the
                iterator gives it.
            join: what the client has. For "open", what ``open()`` has returned is returned again.
        """
        ...

    def close(self, notice: Markup) -> list[Patch]:
        """Show the text that was held back, then the notice."""
        ...

    def fail(self, notice: Markup) -> list[Patch]:
        """Show the notice after a template or a renderer has raised, without using them."""
        ...

    def may_call_site(self, kept: Kept) -> bool:
        """Return whether ``feed()`` may look up or render a template of the site."""
        ...

    def may_call_site_at_end(self) -> bool:
        """Return whether ``close()`` may look up or render a template of the site."""
        ...


@dataclass(frozen=True, slots=True)
class Shown:
    """What a view shows, and how.

    Args:
        message: the message's template.
        answer: what was said so far.
        templates: render the parts.
        renderers: the functions that make the renderers of single kinds of parts.
        renderer: the function that makes the renderers of all other kinds.
        notice_of: renders the notice of an outcome, which may be empty.
        into: the id of the container; ``""`` is the one that the page asked for.
    """

    message: MessageTemplate
    answer: Answer
    templates: PartTemplates
    renderers: Mapping[str, MakeRenderer]
    renderer: MakeRenderer
    notice_of: Callable[[Outcome], Markup]
    into: str

    def renderer_for(self, part: AnswerPart) -> MakeRenderer:
        """Return the function that makes the renderers of a part."""
        for kind in kinds_of(part):
            if kind in self.renderers:
                return self.renderers[kind]
        return self.renderer

    def sequence(self, name: str) -> PartSequence:
        """Return the place ``{{ parts }}``, or ``{{ parts.tool }}``."""
        pair = self.message.message_pair_id
        root = f"{pair}-parts" if name == SEQUENCE else self.root(name)
        return PartSequence(root, pair, self.answer, self.templates, self.renderer_for)

    def root(self, name: str) -> str:
        """Return the id of the region of a part at a fixed place."""
        return check_id(f"{self.message.message_pair_id}_{name}", "part")


class LiveView:
    """Renders the template once. Each part that it shows is a region with its own renderer.

    The text of a part that the template does not show is ignored.
    """

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._places: dict[str, _FixedPlace | PartSequence] = {}
        self._growing: AnswerPart | None = None
        """The part of the last Delta, if its next text needs only ``_grow()``."""
        self._grow: Callable[[str], list[Patch]]

    @property
    def held(self) -> int:
        return sum([place.held for place in self._places.values()])

    def open(self) -> list[Patch]:
        self._shell = render_shell(self._shown.message.render_once)
        if not self._shell.parts:
            raise ValueError(
                "the template shows neither {{ parts }} nor {{ ai_message }} nor a part such as "
                "{{ parts.reasoning }}, so there is no place for the answer; add {{ parts }} where "
                "the answer belongs"
            )
        for name in sorted(self._shell.parts, key=_order):
            self._places[name] = self._place(name)
        self._notice_root = next(iter(self._places.values())).root
        self._shell.put_regions({name: place.tags for name, place in self._places.items()})
        if isinstance(rest := self._places.get(SEQUENCE), PartSequence):
            rest.prepare()  # So mistakes are found now, and not when the answer has begun.
        return self._append_message(dict.fromkeys(self._places, Markup()))

    def _place(self, name: str) -> "_FixedPlace | PartSequence":
        if name == SEQUENCE or _is_tool(name):
            return self._shown.sequence(name)
        make_renderer = self._shown.renderers.get(name, self._shown.renderer)
        return _FixedPlace(name, self._shown.root(name), make_renderer, self._shown)

    def _place_of(self, part: AnswerPart) -> "_FixedPlace | PartSequence | None":
        return self._places.get(part.kind) or self._places.get(SEQUENCE)

    def feed(self, kept: Kept) -> list[Patch]:
        if len(kept) == 1:
            part, delta = kept[0]
            if part is self._growing and type(delta) is Delta:
                return self._grow(delta.text)  # Fast path: the usual batch.
        return self._feed(kept)

    def _feed(self, kept: Kept) -> list[Patch]:
        patches: list[Patch] = []
        place: _FixedPlace | PartSequence | None = None
        self._growing = None
        for part, delta in kept:
            place = self._place_of(part)
            if place is not None:
                patches += place.feed(part, delta)
        for each in self._places.values():
            patches += each.settle()
        if place is not None and (feeder := place.feeder(last := kept[-1][0])):
            self._growing, self._grow = last, feeder
        return patches

    def catch_up(self, batches: Iterator[Kept], join: Join) -> list[Patch]:
        patches: list[Patch] = []
        if join == "open":
            patches = self._append_message(dict.fromkeys(self._places, Markup()))
        elif join == "replace":
            for place in self._places.values():
                patches += emptied(place)
        for kept in batches:
            patches += self.feed(kept)
        return patches

    def close(self, notice: Markup) -> list[Patch]:
        patches = [patch for place in self._places.values() for patch in place.close()]
        return patches + (self.fail(notice) if notice else [])

    def fail(self, notice: Markup) -> list[Patch]:
        return [Patch("append", notice, self._notice_root)]

    def whole(self, notice: Markup) -> list[Patch]:
        """Return the finished message as one patch, instead of ``feed()`` and ``close()``."""
        parts = self._shown.answer.parts
        content = {
            name: place.whole([part for part in parts if self._place_of(part) is place])
            for name, place in self._places.items()
        }
        content[next(iter(content))] += notice
        return self._append_message(content)

    def may_call_site(self, kept: Kept) -> bool:
        if len(kept) == 1 and kept[0][0] is self._growing and type(kept[0][1]) is Delta:
            return False  # Fast path: the usual batch.
        return self.may_call_site_for(part for part, _ in kept)

    def may_call_site_at_end(self) -> bool:
        return self._shown.templates.has_own

    def may_call_site_for(self, parts: Iterable[AnswerPart]) -> bool:
        """Return whether showing these parts may look up or render a template of the site."""
        in_sequence = [part for part in parts if isinstance(self._place_of(part), PartSequence)]
        return self._shown.templates.may_call_site(in_sequence)

    def _append_message(self, content: Mapping[str, Markup]) -> list[Patch]:
        return [closed_patch("append", self._shell.fill(content), self._shown.into)]


class _FixedPlace:
    """A region that shows all parts of one kind."""

    def __init__(self, kind: str, root: str, make_renderer: MakeRenderer, shown: Shown) -> None:
        self.root = root
        self._kind = kind
        self._make_renderer = make_renderer
        self._shown = shown
        self._renderer = make_checked(make_renderer, root)
        self._last: AnswerPart | None = None
        self._is_complete = False

    @property
    def tags(self) -> tuple[str, str]:
        return region_tags(self._renderer, self.root)

    @property
    def held(self) -> int:
        # A renderer without this attribute works too.
        return getattr(self._renderer, "held", 0)

    def feed(self, part: AnswerPart, delta: Delta) -> list[Patch]:
        if type(delta) is PartEnd:
            return self._end(delta.outcome)
        if type(delta) is Replacement and not self._is_complete:
            return self._replace()
        # A place for text shows the arguments of a call, and not what the tool gave.
        is_other = isinstance(delta, ToolDelta) and delta.field != "arguments"
        if self._is_complete or is_other or not delta.text:
            return []
        patches: list[Patch] = []
        if part is not self._last and part.begins_paragraph:
            patches = self._renderer.feed(PARAGRAPH)
        self._last = part
        return patches + self._renderer.feed(delta.text)

    def _replace(self) -> list[Patch]:
        """Begin again with an empty region, and with all of the text so far."""
        self._is_complete = True
        said = [part for part in self._shown.answer.parts_of(self._kind) if part.said]
        self._last = said[-1] if said else None
        self._renderer = self._make_renderer(self.root)
        texts = self._shown.answer.said_of(self._kind)
        return emptied(self) + [patch for text in texts for patch in self._renderer.feed(text)]

    def _end(self, outcome: Outcome) -> list[Patch]:
        notice = self._shown.notice_of(outcome)
        return [*self._renderer.close(), *([Patch("append", notice, self.root)] if notice else [])]

    def feeder(self, part: AnswerPart) -> Callable[[str], list[Patch]] | None:
        return self._renderer.feed

    def settle(self) -> list[Patch]:
        self._is_complete = False
        return []

    def close(self) -> list[Patch]:
        return self._renderer.close()

    def whole(self, parts: Iterable[AnswerPart]) -> Markup:
        html = render_once(self._renderer, *self._shown.answer.said_of(self._kind))
        return html + Markup().join(
            self._shown.notice_of(part.outcome) for part in parts if part.outcome
        )


def emptied(place: "_FixedPlace | PartSequence") -> list[Patch]:
    """Return the patches that empty the element of a place."""
    return [
        closed_patch("tail", Markup(), place.root),
        closed_patch("replace", Markup("".join(place.tags)), place.root),
    ]


def _order(place: str) -> int:
    """Return the sort key of a place. The notice is added to the first one."""
    return ("text", SEQUENCE, place).index(place)


def _is_tool(place: str) -> bool:
    """Return whether a fixed place shows tool calls, each in an element of its own."""
    return place == "tool" or place.endswith("_tool")
