"""Parts one after the other: each gets an element, from the template of its kind.

A part is rendered when it begins, and its text then grows in live regions. When something changes
that the template shows, such as the state, the part is rendered again with all of its text, and
replaces the element. That happens a few times for each part, so the cost stays linear.

It is synchronous and pure.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Final

from markupsafe import Markup

from streamhtml._answer import Answer, AnswerPart
from streamhtml._delta import Delta, Replacement, ToolDelta
from streamhtml._part_template import PartTemplates
from streamhtml._patch import Patch, closed_patch
from streamhtml._placeholders import Shell
from streamhtml._region import (
    OWN_RENDERERS,
    MakeRenderer,
    make_checked,
    region_tags,
    render_once,
)
from streamhtml._renderer import Renderer
from streamhtml._text import TextRenderer

_ENDED: Final = ("done", "failed")
"""The states of a part in which nothing more is expected."""


class PartSequence:
    """A place for parts, one after the other.

    Args:
        root: the id of its element. The ids of the parts' regions begin with ``prefix``.
        prefix: the id of the message.
        answer: what was said.
        templates: render the parts.
        renderer_for: returns the function that makes the renderers of a part.
    """

    def __init__(
        self,
        root: str,
        prefix: str,
        answer: Answer,
        templates: PartTemplates,
        renderer_for: Callable[[AnswerPart], MakeRenderer],
    ) -> None:
        self.root = root
        self._prefix = prefix
        self._answer = answer
        self._templates = templates
        self._renderer_for = renderer_for
        self._elements: dict[int, _Element] = {}
        """The element of each part that is on the page, by the index of the part."""
        self._unsettled: dict[int, _Element] = {}
        """Those that may have to be rendered again, besides those that the next part has ended."""
        self._ended_by_next = 0
        """How many of the parts that the next part has ended were rendered again."""
        self._complete: set[int] = set()
        """The parts that were rendered with all of the text that this batch brings."""

    @property
    def tags(self) -> tuple[str, str]:
        """The tags of the element around the parts."""
        return f'<div id="{self.root}" class="streamhtml streamhtml-parts">', "</div>"

    def prepare(self) -> None:
        """Look up and render a part that most answers have, to find mistakes early."""
        part = AnswerPart("text")
        if not (self._templates.is_plain(part) and self._renderer_for(part) in OWN_RENDERERS):
            self._render(_Element(part, 0))

    @property
    def held(self) -> int:
        """The number of characters that the next ``feed()`` may read again."""
        regions = [each for element in self._elements.values() for each in element.regions.values()]
        return sum(getattr(each.renderer, "held", 0) for each in regions)

    def feed(self, part: AnswerPart, delta: Delta) -> list[Patch]:
        """Show a Delta. ``settle()`` follows after the last one of a batch.

        All of the batch was added to the answer before.
        """
        element = self._elements.get(part.index)
        if element is not None and type(delta) is Replacement:
            return self._replace_kind(part.kind)
        if part.index in self._complete:
            return []
        patches: list[Patch] = []
        if element is None:
            # First change the parts before it: a page without scripts shows at once what changes in
            # its last part, and other changes at the end.
            patches = self._refresh()
            element = self._elements[part.index] = _Element(part, len(self._elements))
            patches.append(closed_patch("append", self._render(element).empty, self.root))
        self._unsettled[part.index] = element
        region = element.regions.get(_field_of(part, delta))
        if region is None:  # The template does not show it, or only when it is rendered again.
            return patches
        if region.renderer is None:  # It was shown as finished, but goes on.
            return patches + self._replace(element, self._render(element), grows=True)
        return patches + region.renderer.feed(delta.text)

    def _replace_kind(self, kind: str) -> list[Patch]:
        """Show all parts of a kind again, whose text was replaced."""
        patches: list[Patch] = []
        for part in self._answer.parts_of(kind):
            if (element := self._elements.get(part.index)) is not None:
                self._unsettled[part.index] = element
                patches += self._replace(element, self._render(element), grows=True)
        return patches

    def feeder(self, part: AnswerPart) -> Callable[[str], list[Patch]] | None:
        """Return a function that shows the next text of a part; None if more can change with it."""
        element = self._elements[part.index]
        region = element.regions.get("text")
        if region is None or region.renderer is None or part.is_tool:
            return None
        return region.renderer.feed

    def settle(self) -> list[Patch]:
        """Show what a batch has changed besides the text."""
        patches = self._refresh()
        self._complete.clear()
        return patches

    def close(self) -> list[Patch]:
        """Show the text that was held back, now that the answer has ended."""
        for index, element in self._elements.items():
            # The arguments of a tool may have gone on after its result.
            if element.part.is_tool or element.shown[0] not in _ENDED:
                self._unsettled[index] = element
        patches = self.settle()
        for element in self._elements.values():
            patches += element.close()
        return patches

    def whole(self, parts: Iterable[AnswerPart]) -> Markup:
        """Return the finished HTML of the parts."""
        return Markup().join(self._whole(part) for part in parts)

    def _whole(self, part: AnswerPart) -> Markup:
        rendering = self._render(_Element(part, 0))
        return rendering.fill(
            {
                field: render_once(self._make(part, field)[1], *_said(part, field))
                for field in rendering.shell.parts
            }
        )

    def _make(self, part: AnswerPart, field: str) -> tuple[str, Renderer]:
        """Return the id of a region, and its new renderer."""
        root = f"{self._prefix}-p{part.index}-{field}"
        return root, make_checked(self._renderer_for(part), root)

    def _render(self, element: "_Element") -> "_Rendering":
        """Render the template of a part as it is now. New regions get a renderer."""
        part, before = element.part, element.regions
        tails = [*element.roots_with_tails()]
        element.shown = self._state_of(part)
        shell = self._templates.render(part, ended=self._has_ended)
        element.regions = {
            field: before.get(field) or _Region(*self._make(part, field)) for field in shell.parts
        }
        shell.put_regions({field: region.tags for field, region in element.regions.items()})
        rendering = _Rendering(shell, tails)
        element.empty, rendering.is_same = rendering.empty, element.empty == rendering.empty
        return rendering

    @property
    def _has_ended(self) -> bool:
        return self._answer.outcome is not None

    def _state_of(self, part: AnswerPart) -> tuple[object, ...]:
        """Return all that a template can show of a part, besides its text."""
        return (
            part.state,
            part.is_tool,
            part.name,
            part.seconds,
            part.outcome,
            bool(part.said),
            bool(part.said_result),
            bool(part.said_error),
            self._has_ended,
        )

    def _refresh(self) -> list[Patch]:
        """Render the parts again that have changed."""
        ended = self._answer.ended_by_next
        for part in islice(ended, self._ended_by_next, None):
            if (element := self._elements.get(part.index)) is not None:
                self._unsettled[part.index] = element
        self._ended_by_next = len(ended)
        patches: list[Patch] = []
        for element in self._unsettled.values():
            part = element.part
            if element.shown == (state := self._state_of(part)):
                continue
            element.shown = state
            # Fast path: our template of a text has nothing that can change.
            rendering = None if self._templates.is_plain(part) else self._render(element)
            if rendering is not None and not rendering.is_same:
                patches += self._replace(element, rendering)
            elif part.state == "done" and not part.is_tool:
                patches += element.close()
        self._unsettled.clear()
        return patches

    def _replace(
        self, element: "_Element", rendering: "_Rendering", *, grows: bool = False
    ) -> list[Patch]:
        """Replace the element of a part by one with all of its text.

        Args:
            element: the element.
            rendering: the part as it is now.
            grows: whether any of its texts may go on.
        """
        part = element.part
        # Remove the tails first: a client must not look for them in the new element.
        patches = [closed_patch("tail", Markup(), root) for root in rendering.tails]
        growing: list[Patch] = []
        content: dict[str, Markup] = {}
        for field, region in element.regions.items():
            renderer = self._make(part, field)[1]
            if grows or self._may_grow(part, field):
                region.renderer = renderer
                content[field] = Markup()
                growing += [patch for text in _said(part, field) for patch in renderer.feed(text)]
            else:
                region.renderer = None
                content[field] = render_once(renderer, *_said(part, field))
        self._complete.add(part.index)
        html = rendering.fill(content)
        return [
            *patches,
            closed_patch("replace", html, self.root, child=element.position),
            *growing,
        ]

    def _may_grow(self, part: AnswerPart, field: str) -> bool:
        if self._has_ended:
            return False
        return part.state == "streaming" or field in ("result", "error")


class _Region:
    """The place of one text of a part. Without a renderer, the text is shown finished."""

    __slots__ = ("renderer", "root", "tags")

    def __init__(self, root: str, renderer: Renderer) -> None:
        self.root = root
        self.tags = region_tags(renderer, root)
        self.renderer: Renderer | None = renderer


class _Rendering:
    """A part as its template shows it, with empty regions.

    Args:
        shell: what the template has rendered.
        tails: the ids of the regions on the page that may have a tail, also of those that the
            template does not show any more.

    Attributes:
        empty: its HTML.
        is_same: whether the page shows the same already, besides the texts.
    """

    __slots__ = ("empty", "is_same", "shell", "tails")

    def __init__(self, shell: Shell, tails: list[str]) -> None:
        self.shell = shell
        self.tails = tails
        self.empty = self.fill(dict.fromkeys(shell.parts, Markup()))
        self.is_same = False

    def fill(self, content: Mapping[str, Markup]) -> Markup:
        """Return the HTML with this content in the regions."""
        return Markup(f'<div class="streamhtml-part">{self.shell.fill(content)}</div>')


class _Element:
    """The element of one part on the page.

    Args:
        part: the part.
        position: its index among the elements of the sequence.

    Attributes:
        regions: the regions that the template shows, by the field of the part.
        empty: the HTML with empty regions.
        shown: all that the template could show, besides the texts.
    """

    __slots__ = ("empty", "part", "position", "regions", "shown")

    def __init__(self, part: AnswerPart, position: int) -> None:
        self.part = part
        self.position = position
        self.regions: dict[str, _Region] = {}
        self.empty = Markup()
        self.shown: tuple[object, ...] = ()

    def close(self) -> list[Patch]:
        """End all texts."""
        patches: list[Patch] = []
        for region in self.regions.values():
            if region.renderer is not None:
                patches += region.renderer.close()
                region.renderer = None
        return patches

    def roots_with_tails(self) -> Iterable[str]:
        """Yield the ids of the regions that may have a tail."""
        for region in self.regions.values():
            if region.renderer is not None and type(region.renderer) is not TextRenderer:
                yield region.root


def _field_of(part: AnswerPart, delta: Delta) -> str:
    """Return the field of a part that a Delta belongs to."""
    if not part.is_tool:
        return "text"
    return delta.field if isinstance(delta, ToolDelta) else "arguments"


def _said(part: AnswerPart, field: str) -> Iterable[str]:
    said = {"result": part.said_result, "error": part.said_error}.get(field, part.said)
    return said or ()
