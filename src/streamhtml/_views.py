"""The three ways to show a message: live regions, the template again each time, or all at the end.

Each of them turns Deltas into patches. It is synchronous and pure. ``Reply`` keeps the index and
the state, and chooses the notice.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from markupsafe import Markup, escape

from streamhtml._arguments import check_renderer
from streamhtml._closed_html import closed
from streamhtml._delta import Delta, merge_deltas
from streamhtml._patch import Patch, check_id, closed_patch
from streamhtml._placeholders import render_shell
from streamhtml._renderer import Renderer, RendererName
from streamhtml._scrub import Scrubber
from streamhtml._template import MessageTemplate
from streamhtml._text import TextRenderer
from streamhtml.markdown import MarkdownRenderer

# These attributes stop htmx 2 and 4, Turbo, Datastar (two of its versions) and Alpine from acting
# on anything that a model writes into the region.
_INERT: Final = 'hx-ignore hx-disable data-turbo="false" data-ignore data-star-ignore x-ignore'

_RENDERERS: Final[dict[str, Callable[[str], Renderer]]] = {
    "markdown": MarkdownRenderer,
    "text": TextRenderer,
}


class View(Protocol):
    """One way to show a message.

    ``open()`` is called once, then ``feed()`` any number of times, then ``close()`` or ``fail()``.
    In ``feed()``, neighbouring Deltas of a part are already merged. A notice is HTML that is
    already escaped and closed; ``Markup("")`` stands for none.
    """

    @property
    def held(self) -> int:
        """The number of characters that the next ``feed()`` may read again."""
        ...

    def open(self) -> list[Patch]:
        """Show the message without any text."""
        ...

    def feed(self, deltas: Sequence[Delta]) -> list[Patch]:
        """Show more text."""
        ...

    def close(self, notice: Markup) -> list[Patch]:
        """Show the text that was held back, then the notice."""
        ...

    def fail(self, notice: Markup) -> list[Patch]:
        """Show the notice after a template or a renderer has raised, without using them."""
        ...


def make_view(
    message: MessageTemplate,
    renderer: RendererName | Callable[[str], Renderer],
    into: str,
    *,
    at_once: bool,
) -> View:
    """Return the view for ``renderer``.

    Args:
        message: the message's template.
        renderer: a name, or a function that makes a ``Renderer`` from a region's id.
        into: the id of the container; ``""`` is the one that the page asked for.
        at_once: show everything at the end.

    Raises:
        ValueError: ``renderer`` is an unknown name.
    """
    view: LiveView | RerenderView
    if renderer == "template":
        view = RerenderView(message, into)
    elif callable(renderer):
        view = LiveView(message, renderer, into)
    elif renderer in _RENDERERS:
        view = LiveView(message, _RENDERERS[renderer], into)
    else:
        known = ", ".join(map(repr, [*_RENDERERS, "template"]))
        raise ValueError(
            f"renderer={renderer!r} is not known; use {known}, or a function that makes a Renderer"
        )
    return BufferedView(view) if at_once else view


class LiveView:
    """Renders the template once. Each part that it shows is a region with its own renderer.

    The text of a part that the template does not show is ignored.
    """

    def __init__(
        self, message: MessageTemplate, make_renderer: Callable[[str], Renderer], into: str
    ) -> None:
        self._message = message
        self._make_renderer = make_renderer
        self._into = into
        self._renderers: dict[str, Renderer] = {}

    @property
    def held(self) -> int:
        # A renderer without this attribute works too.
        return sum([getattr(renderer, "held", 0) for renderer in self._renderers.values()])

    def open(self) -> list[Patch]:
        self._shell = render_shell(self._message)
        self._renderers = {
            part: self._make_renderer(self._root(part)) for part in self._shell.parts
        }
        for renderer in self._renderers.values():
            check_renderer(renderer)
        self._shell.put_regions(
            {part: _region(each, self._root(part)) for part, each in self._renderers.items()}
        )
        return self._append_message({part: Markup() for part in self._renderers})

    def feed(self, deltas: Sequence[Delta]) -> list[Patch]:
        patches: list[Patch] = []
        for delta in deltas:
            if (renderer := self._renderers.get(delta.part)) is not None:
                patches += renderer.feed(delta.text)
        return patches

    def close(self, notice: Markup) -> list[Patch]:
        patches = [patch for renderer in self._renderers.values() for patch in renderer.close()]
        return patches + (self.fail(notice) if notice else [])

    def fail(self, notice: Markup) -> list[Patch]:
        return [Patch("append", notice, self._root(self._shell.parts[0]))]

    def whole(self, deltas: Sequence[Delta], notice: Markup) -> list[Patch]:
        """Return the finished message as one patch, instead of ``feed()`` and ``close()``."""
        content = {
            part: _render(
                renderer,
                # Merge again: Deltas that other parts had separated are neighbours now.
                *(d.text for d in merge_deltas(d for d in deltas if d.part == part)),
            )
            for part, renderer in self._renderers.items()
        }
        content[self._shell.parts[0]] += notice
        return self._append_message(content)

    def _append_message(self, content: dict[str, Markup]) -> list[Patch]:
        return [closed_patch("append", self._shell.fill(content), self._into)]

    def _root(self, part: str) -> str:
        return check_id(f"{self._message.message_pair_id}_{part}", "part")


def _region(renderer: Renderer, root: str) -> tuple[str, str]:
    """Return the tags of a part's element."""
    # A renderer without css_class works too.
    css_class = escape(f"streamhtml {getattr(renderer, 'css_class', '')}".rstrip())
    element = renderer.element
    return f'<{element} id="{root}" class="{css_class}" {_INERT}>', f"</{element}>"


def _render(renderer: Renderer, *texts: str) -> Markup:
    html = renderer.render(*texts)
    # What our own renderers write is closed.
    return html if type(renderer) in _RENDERERS.values() else closed(html)


class RerenderView:
    """Renders the whole template for each fragment, with the whole text so far.

    At ``chunk_index`` 0 the message is appended to the page. Later ones replace it "out of band":
    the template gives its outermost element the id ``message_pair_id`` and, from ``chunk_index`` 1
    on, ``hx-swap-oob="true"``. The cost grows with the square of the answer's length.

    ``ai_message`` and ``parts`` are plain ``str``, which the template escapes. A part becomes
    ``Markup`` once one of its tokens was ``Markup``.
    """

    held = 0

    def __init__(self, message: MessageTemplate, into: str) -> None:
        self._message = message
        self._into = into
        self._chunk_index = 0
        self._texts: dict[str, str] = {}
        self._scrubbers: dict[str, Scrubber] = {}

    def open(self) -> list[Patch]:
        return self._render()

    def feed(self, deltas: Sequence[Delta]) -> list[Patch]:
        self._add(deltas)
        return self._render() if deltas else []

    def close(self, notice: Markup) -> list[Patch]:
        for part, scrubber in self._scrubbers.items():
            self._extend(part, scrubber.close())
        if notice:
            self._extend("text", notice)
        return self._render()

    def fail(self, notice: Markup) -> list[Patch]:
        return [Patch("append", notice, self._message.message_pair_id)]

    def whole(self, deltas: Sequence[Delta], notice: Markup) -> list[Patch]:
        """Return the finished message as one patch, instead of ``feed()`` and ``close()``."""
        self._chunk_index = 0  # The patch that open() returned was not sent.
        self._add(deltas)
        return self.close(notice)

    def _add(self, deltas: Sequence[Delta]) -> None:
        for delta in deltas:
            scrubber = self._scrubbers.setdefault(delta.part, Scrubber())
            if isinstance(delta.text, Markup):
                self._extend(delta.part, scrubber.close())
                self._extend(delta.part, closed(delta.text))
            else:
                self._extend(delta.part, scrubber.feed(delta.text))

    def _extend(self, part: str, text: str) -> None:
        before = self._texts.get(part, "")
        if isinstance(text, Markup):
            before = escape(before)
        # Markup + str escapes the str, so HTML stays HTML and text stays text.
        self._texts[part] = before + text

    def _render(self) -> list[Patch]:
        html = self._message.render(self._chunk_index, lambda part: self._texts.get(part, ""))
        first = self._chunk_index == 0
        self._chunk_index += 1
        return [Patch("append", html, self._into) if first else Patch("replace", html)]


class BufferedView:
    """Shows nothing until the end, and then the finished message in one piece."""

    held = 0

    def __init__(self, view: LiveView | RerenderView) -> None:
        self._view = view
        self._seen: list[Delta] = []

    def open(self) -> list[Patch]:
        self._view.open()  # Errors in the template are raised now, not after the answer.
        return []

    def feed(self, deltas: Sequence[Delta]) -> list[Patch]:
        self._seen += deltas
        return []

    def close(self, notice: Markup) -> list[Patch]:
        return self._view.whole(self._seen, notice)

    def fail(self, notice: Markup) -> list[Patch]:
        return [Patch("append", notice)]
