"""One message, from its empty shell to its end: each step returns one Fragment.

Synchronous and pure: nothing here does I/O, waits, or knows a wire format.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final, Literal, Protocol

from markupsafe import Markup

from streamhtml._delta import Delta
from streamhtml._notice import NOTICES, Notice, built_in
from streamhtml._patch import Fragment, Outcome, Patch, check_id, pair_id
from streamhtml._template import Template, TemplateRenderer, check_context, message_context
from streamhtml._text import TextRenderer
from streamhtml.markdown import MarkdownRenderer

# Inert for htmx 2 and 4, Turbo, Datastar (under either of its names) and Alpine, whatever the model
# writes.
_INERT = Markup('hx-ignore hx-disable data-turbo="false" data-ignore data-star-ignore x-ignore')


class Renderer(Protocol):
    """What turns the text of one part into patches, synchronously and purely.

    It is made with the id of its region's element, and every patch it returns has that root.
    """

    element: str
    """The name of the region's element."""

    def feed(self, text: str) -> list[Patch]:
        """Take more text (``Markup``: trusted HTML) and return what changes by it."""
        ...

    def close(self) -> list[Patch]:
        """The text has ended: return what was still held back."""
        ...

    def render(self, *texts: str) -> Markup:
        """Return the whole text at once as the region's HTML: what all patches would make.

        It comes in pieces because each is ``str`` or ``Markup``; nothing was fed before.
        """
        ...


RENDERERS: Final[dict[str, Callable[[str], Renderer]]] = {
    "markdown": MarkdownRenderer,
    "text": TextRenderer,
}


class Reply:
    """One message: its pair id, its template, a renderer for each part, and its state.

    Call ``open()`` once, ``feed()`` as often as there is text, ``close()`` once; each returns
    one Fragment, with the next index. A ``feed()`` that changes nothing returns a Fragment
    without patches, which is not counted and need not be sent.

    With ``renderer="markdown"`` or "text" the template is rendered once and ``{{ ai_message }}``
    is a live region, an element that later fragments change; ``{{ parts.reasoning }}`` is
    another. A part that the template does not place is not shown. With ``renderer="template"``
    the template is rendered for every fragment, ``ai_message`` being the text so far.

    Args:
        template: renders the message; by default an accessible one of ours, which shows
            ``human_message`` where the context has it.
        context: the caller's names for the template. A ``message_pair_id`` among them is used as
            the message's id, otherwise one is made.
        renderer: "markdown", "text" or "template", or a function that makes a ``Renderer`` from a
            region's id.
        into: the id of the element that the message is appended to; by default the one that the
            page asked for (``hx-target``, ``data-stream``).
        at_once: keep everything back until ``close()``, which returns the finished message whole:
            for a page that cannot take it piece by piece.
        notice: what ``close()`` adds where the outcome is not "finished"; by default ours, in
            English.

    Raises:
        ValueError: an unknown renderer, an id that cannot be one, or a context that has a name
            of the contract.
    """

    def __init__(
        self,
        template: Template | None = None,
        context: Mapping[str, Any] | None = None,
        *,
        renderer: str | Callable[[str], Renderer] = "markdown",
        into: str | None = None,
        at_once: bool = False,
        notice: Notice | None = None,
    ) -> None:
        context = dict(context or {})
        check_context(context)
        self._context = context
        self._notice = notice or Notice()
        self.message_pair_id = (
            check_id(str(context["message_pair_id"]), "message_pair_id")
            if context.get("message_pair_id")
            else pair_id()
        )
        self.state: Literal["new", "streaming"] | Outcome = "new"
        self.renders_each_time = renderer == "template"
        """Whether each step renders a template, which may take long or wait for a database."""
        self.renders_notice = self._notice.is_own
        """Whether ``close()`` does, where the outcome is not "finished"."""
        self._texts: dict[str, list[str]] = {}
        self.next_index = 0
        """The index of the next Fragment, which is how many were sent."""
        template = template or built_in("streamhtml/message.html")
        target = check_id(into.removeprefix("#"), "into") if into else ""
        self._view: _Regions | _Rendered | _AtOnce
        if renderer == "template":
            self._view = _Rendered(
                partial(TemplateRenderer, template, context, self.message_pair_id, target),
                self.message_pair_id,
            )
        else:
            self._view = _Regions(
                template, context, self.message_pair_id, _renderer(renderer), target
            )
        if at_once:
            self._view = _AtOnce(self._view)

    @property
    def text(self) -> str:
        """The answer so far: what the tokens of the part "text" said, untouched."""
        return self.part("text")

    def part(self, name: str) -> str:
        """The text of one part so far; ``""`` for a part that was never seen."""
        return "".join(self._texts.get(name, ()))

    def open(self) -> Fragment:
        """Return the first Fragment: the message without any text."""
        self._enter("new", "streaming")
        return self._fragment(self._view.open())

    def feed(self, deltas: Iterable[Delta]) -> Fragment:
        """Take what arrived and return what changes by it; order is kept within each part."""
        self._enter("streaming", "streaming")
        runs = _runs(deltas)
        for run in runs:
            self._texts.setdefault(run.part, []).append(run.text)
        return self._fragment(self._view.feed(runs))

    def close(self, outcome: Outcome) -> Fragment:
        """Return the last Fragment: what was held back, and how it ended where it went wrong."""
        return self.closing(outcome)()

    def closing(self, outcome: Outcome) -> Callable[[], Fragment]:
        """Be closed from now on; return the function that renders the last Fragment."""
        self._enter("streaming", outcome)
        return partial(self._render_end, outcome)

    def _render_end(self, outcome: Outcome) -> Fragment:
        notice = Markup()
        if NOTICES[outcome]:
            notice = self._notice.render(outcome, self.message_pair_id, self._context)
        return self._fragment(self._view.close(notice), outcome)

    def fail(self) -> Fragment:
        """Return the last Fragment where a template or a renderer raised: the notice alone.

        Nothing of theirs is used, so it cannot raise again.
        """
        self.state = "failed"
        return self._fragment(self._view.fail(self._notice.plain("failed")), "failed")

    def abandon(self) -> None:
        """The reader has left: nothing is rendered any more, and the state is "interrupted"."""
        self.state = "interrupted"

    def _enter(
        self, before: Literal["new", "streaming"], after: Literal["streaming"] | Outcome
    ) -> None:
        if self.state != before:
            raise RuntimeError(
                f"the reply is {self.state!r}, not {before!r}: open() once, feed() while it "
                "streams, close() once"
            )
        self.state = after

    def _fragment(self, patches: list[Patch], outcome: Outcome | None = None) -> Fragment:
        if not patches and outcome is None:
            return Fragment(max(self.next_index - 1, 0))
        self.next_index += 1
        return Fragment(self.next_index - 1, tuple(patches), outcome)


class _Regions:
    """The template is rendered once; each part that it places has a region and a renderer."""

    def __init__(
        self,
        template: Template,
        context: Mapping[str, Any],
        message_pair_id: str,
        renderer: Callable[[str], Renderer],
        into: str,
    ) -> None:
        self._template = template
        self._context = context
        self._message_pair_id = message_pair_id
        self._renderer = renderer
        self._into = into
        self._live: dict[str, Renderer] = {}

    def open(self) -> list[Patch]:
        self._shell = self._render_shell()
        return [Patch("append", self._shell, self._into)]

    def feed(self, runs: list[Delta]) -> list[Patch]:
        patches: list[Patch] = []
        for run in runs:
            if (renderer := self._live.get(run.part)) is not None:
                patches += renderer.feed(run.text)
        return patches

    def close(self, notice: Markup) -> list[Patch]:
        patches = [patch for renderer in self._live.values() for patch in renderer.close()]
        return patches + (self.fail(notice) if notice else [])

    def fail(self, notice: Markup) -> list[Patch]:
        return [Patch("append", notice, self._root(self._main_part()))]

    def whole(self, runs: list[Delta], notice: Markup) -> list[Patch]:
        """The finished message in one piece: the shell, its regions filled."""
        filled = {
            part: renderer.render(
                *(run.text for run in _runs(delta for delta in runs if delta.part == part))
            )
            for part, renderer in self._live.items()
        }
        filled[self._main_part()] += notice
        html = str(self._shell)
        for part, content in filled.items():
            start = html.index(">", html.index(f'id="{self._root(part)}"')) + 1
            html = f"{html[:start]}{content}{html[start:]}"
        return [Patch("append", Markup(html), self._into)]

    def _render_shell(self) -> Markup:
        asked: dict[str, Renderer] = {}

        def region(part: str) -> Markup:
            root = self._root(part)
            renderer = asked.setdefault(part, self._renderer(root))
            return Markup(
                f'<{renderer.element} id="{root}" class="streamhtml streamhtml-{_css(renderer)}" '
                f"{_INERT}></{renderer.element}>"
            )

        html = Markup(
            self._template(message_context(self._context, self._message_pair_id, 0, region))
        )
        counts = {part: html.count(f'id="{self._root(part)}"') for part in asked}
        self._live = {part: renderer for part, renderer in asked.items() if counts[part]}
        if twice := [part for part, count in counts.items() if count > 1]:
            raise ValueError(
                f"the template shows the part {twice[0]!r} more than once, but it can grow in "
                "one place only"
            )
        if not self._live:
            raise ValueError(
                "the template shows neither {{ ai_message }} nor one of {{ parts }}, so there is "
                f"no place for the answer; it rendered {str(html)[:200]!r}"
            )
        return html

    def _main_part(self) -> str:
        return "text" if "text" in self._live else next(iter(self._live))

    def _root(self, part: str) -> str:
        return check_id(f"{self._message_pair_id}_{part}", "part")


class _Rendered:
    """The template is rendered for every fragment, with the text so far."""

    def __init__(self, new: Callable[[], TemplateRenderer], message_pair_id: str) -> None:
        self._new = new
        self._message_pair_id = message_pair_id

    def open(self) -> list[Patch]:
        self._renderer = self._new()
        return self._renderer.feed("")

    def feed(self, runs: list[Delta]) -> list[Patch]:
        if not runs:
            return []
        *others, last = runs
        for run in others:
            self._renderer.add(run.text, run.part)
        return self._renderer.feed(last.text, last.part)

    def close(self, notice: Markup) -> list[Patch]:
        return self._renderer.close(notice)

    def fail(self, notice: Markup) -> list[Patch]:
        return [Patch("append", notice, self._message_pair_id)]

    def whole(self, runs: list[Delta], notice: Markup) -> list[Patch]:
        renderer = self._new()
        for run in runs:
            renderer.add(run.text, run.part)
        return renderer.close(notice)


class _AtOnce:
    """Shows nothing until the end, and then the finished message."""

    def __init__(self, view: _Regions | _Rendered) -> None:
        self._view = view
        self._seen: list[Delta] = []

    def open(self) -> list[Patch]:
        self._view.open()  # What is wrong with the template is said now.
        return []

    def feed(self, runs: list[Delta]) -> list[Patch]:
        self._seen += runs
        return []

    def close(self, notice: Markup) -> list[Patch]:
        return self._view.whole(self._seen, notice)

    def fail(self, notice: Markup) -> list[Patch]:
        return [Patch("append", notice)]


def _runs(deltas: Iterable[Delta]) -> list[Delta]:
    """Join the text of neighbours of the same part; empty ones vanish.

    Each ``Markup`` stays by itself: a renderer may give it an element of its own, and how many
    come at once is a matter of time.
    """
    runs: list[Delta] = []
    texts: list[str] = []  # of the last run, while more may follow
    for delta in deltas:
        if not delta.text:
            continue
        if texts and delta.part == runs[-1].part and not isinstance(delta.text, Markup):
            texts.append(delta.text)
            continue
        if len(texts) > 1:
            runs[-1] = Delta("".join(texts), runs[-1].part)
        runs.append(delta)
        texts = [] if isinstance(delta.text, Markup) else [delta.text]
    if len(texts) > 1:
        runs[-1] = Delta("".join(texts), runs[-1].part)
    return runs


def _renderer(name: str | Callable[[str], Renderer]) -> Callable[[str], Renderer]:
    if callable(name):
        return name
    if name not in RENDERERS:
        known = ", ".join(map(repr, [*RENDERERS, "template"]))
        raise ValueError(
            f"renderer={name!r} is not known; use {known}, or a function that makes a Renderer"
        )
    return RENDERERS[name]


def _css(renderer: Renderer) -> str:
    return type(renderer).__name__.removesuffix("Renderer").lower()
