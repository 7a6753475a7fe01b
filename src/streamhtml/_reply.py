"""``Reply``: one message, from its empty template to its end. Each step returns one Fragment.

This is the state machine of a message. It also numbers the fragments. It is synchronous and pure:
it does no I/O, never waits, and knows no output format.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Literal

from markupsafe import Markup

from streamhtml._answer import Answer, AnswerPart
from streamhtml._arguments import (
    by_kind,
    check_context,
    check_deltas,
    check_into,
    check_outcome,
)
from streamhtml._batch import MAX_BATCH_CHARS
from streamhtml._delta import Delta, merge_deltas
from streamhtml._limits import LimitName
from streamhtml._notice import Notice
from streamhtml._part_template import PartTemplates
from streamhtml._patch import Fragment, Outcome, Patch, check_id, pair_id
from streamhtml._region import BUILT_IN_MARKDOWN, RENDERERS, MakeRenderer
from streamhtml._renderer import MAKES_A_RENDERER, Renderer, RendererName
from streamhtml._template import FindTemplate, MessageTemplate, Template, built_in
from streamhtml._views import Kept, LiveView, Shown, View
from streamhtml._whole_views import BufferedView, RerenderView
from streamhtml._words import NOTICES


class Reply:
    """One message: its id, its template, the text and the renderer of each part, and its state.

    Call ``open()`` once, then ``feed()`` each time that text has arrived, then ``close()`` once.
    Each call returns one Fragment with the next index. If ``feed()`` changes nothing, it returns a
    Fragment without patches, which is not counted and need not be sent.

    With ``renderer="markdown"`` or "text" the template is rendered once. ``{{ ai_message }}``
    becomes a live region, an element that later fragments change, and so does each other part,
    such as ``{{ parts.reasoning }}``. A part that the template does not use is not shown. With
    ``renderer="template"`` the template is rendered for every fragment, and ``ai_message`` is the
    text so far.

    Args:
        template: renders the message. By default it is an accessible one of this package, which
            also shows ``human_message`` if the context has it.
        context: the caller's names for the template. If it has a ``message_pair_id``, this becomes
            the message's id. Otherwise an id is made.
        renderer: "markdown", "text", "template", or a function that makes a ``Renderer`` from the
            id of a region.
        renderers: the renderers of single kinds of parts, as in ``{"reasoning": "text"}``. The
            others use ``renderer``, except tool calls, which are shown as "text".
        parts_templates: the templates of single kinds of parts in ``{{ parts }}``, by the kind.
        find_template: returns the site's template of a name such as
            "streamhtml/parts/tool.html", or None if it has none.
        into: the id of the element that the message is appended to. By default the page chooses it
            (``hx-target``, ``data-stream``).
        at_once: hold everything back until ``close()``, which then returns the finished message in
            one piece. This is for clients that cannot read fragments.
        notice: what ``close()`` adds for any outcome but "finished". By default it is this
            package's own, in English.
        answer: an answer that exists already, for ``render_message()``.

    Attributes:
        answer: what was said so far.
        message_pair_id: the id of the message.
        state: "new", "streaming", or the outcome.
        limit: the name of the limit that ended the answer, a field of ``Limits``; or None.
        next_index: the index of the next Fragment; also the number of fragments so far.
        renders_each_time: whether each step renders the template, which may be slow.
        calls_site_code: whether ``feed()`` may call code of the site: a template, or a renderer
            that the site has made.
        holds_much: whether the next ``feed()`` may take long, even if it gets only a little text.

    Raises:
        TypeError: ``context`` is not a mapping of names, or ``into`` is not a ``str``.
        ValueError: the renderer is unknown, an id is not valid, or the context has a reserved
            name.
    """

    def __init__(
        self,
        template: Template | None = None,
        context: Mapping[str, Any] | None = None,
        *,
        renderer: RendererName | Callable[[str], Renderer] = "markdown",
        into: str | None = None,
        renderers: Mapping[str, RendererName | Callable[[str], Renderer]] | None = None,
        parts_templates: Mapping[str, Template] | None = None,
        find_template: FindTemplate | None = None,
        at_once: bool = False,
        notice: Notice | None = None,
        answer: Answer | None = None,
    ) -> None:
        check_context(context)
        check_into(into)
        renderers = {"tool": "text", **by_kind("renderers", renderers)}
        self.renders_each_time = renderer == "template"
        self.calls_site_code = self.renders_each_time or any(
            map(callable, (renderer, *renderers.values()))
        )
        self._context = dict(context or {})
        given_id = self._context.get("message_pair_id") or (answer and answer.message_pair_id)
        self.message_pair_id = check_id(str(given_id), "message_pair_id") if given_id else pair_id()
        self.answer = answer or Answer(message_pair_id=self.message_pair_id)
        self._notice = notice or Notice()
        # Not a method: the view keeps it, and must not refer to the reply.
        self._notice_of = partial(_notice_of, self._notice, self.message_pair_id, self._context)
        message = MessageTemplate(
            template or built_in("streamhtml/message.html"), self._context, self.message_pair_id
        )
        self._templates = PartTemplates(
            by_kind("parts_templates", parts_templates),
            find_template,
            {**self._context, "message_pair_id": self.message_pair_id},
            self._notice.words,
        )
        markdown = BUILT_IN_MARKDOWN if template is None else RENDERERS["markdown"]
        shown = Shown(
            message,
            self.answer,
            self._templates,
            {
                kind: _maker(each, markdown, f"renderers[{kind!r}]")
                for kind, each in renderers.items()
            },
            _maker("text" if renderer == "template" else renderer, markdown),
            self._notice_of,
            check_id(into.removeprefix("#"), "into") if into else "",
        )
        live = RerenderView(shown) if renderer == "template" else LiveView(shown)
        is_whole = at_once or answer is not None
        self._view: View = BufferedView(live, self.answer) if is_whole else live
        self._check_held_at = MAX_BATCH_CHARS
        self.holds_much = False
        self.state: Literal["new", "streaming"] | Outcome = "new"
        self.limit: LimitName | None = None
        self.next_index = self._size = 0

    @property
    def text(self) -> str:
        """The answer so far: the text of its parts of the kind "text", unescaped and unchanged."""
        return self.answer.text

    def part(self, kind: str) -> str:
        """Return the text of a kind of part so far, unescaped and unchanged; ``""`` for none."""
        return self.answer.text_of(kind)

    def open(self) -> Fragment:
        """Return the first Fragment: the message without any text.

        Raises:
            RuntimeError: this was called before.
            ValueError: the template does not show the answer, or shows it where it cannot grow.
            Exception: what the template, or the function that makes a renderer, raises.
        """
        self._check_state("new")
        self.state = "streaming"
        return self._fragment(self._view.open())

    def feed(self, deltas: Iterable[Delta], at: float | None = None) -> Fragment:
        """Return the Fragment that shows these Deltas. Their order is kept within each part.

        Args:
            deltas: the Deltas.
            at: seconds from the start of the stream; None for no times in ``answer``.

        Raises:
            RuntimeError: the reply was not opened, or it has ended.
            TypeError: these are no Deltas.
            Exception: what a template or a renderer of the site raises.
        """
        if self.state != "streaming":  # Fast path: do not call the method each time.
            self._check_state("streaming")
        return self.show(self.keep(deltas, at))

    def keep(self, deltas: Iterable[Delta], at: float | None = None) -> Kept:
        """Add these Deltas to the answer without showing them, and return them for ``show()``."""
        kept: list[tuple[AnswerPart, Delta]] = []
        try:
            if type(deltas) is list and len(deltas) == 1 and deltas[0].text:
                delta = deltas[0]  # Fast path: the usual batch.
                part = self.answer.add(delta, at)
                self._size += len(delta.text)
                return [(part, delta)]
            for delta in merge_deltas(deltas):
                kept.append((self.answer.add(delta, at), delta))
                self._size += len(delta.text)
        except (AttributeError, TypeError):
            check_deltas(deltas)
            raise
        return kept

    def show(self, kept: Kept) -> Fragment:
        """Return the Fragment that shows what ``keep()`` has returned."""
        patches = self._view.feed(kept)
        if self._size >= self._check_held_at:
            held = self._view.held
            self.holds_much = held > MAX_BATCH_CHARS
            # Before that, too little text can have been added.
            self._check_held_at = self._size + max(MAX_BATCH_CHARS - held, 1)
        return self._fragment(patches)

    def may_wait(self, kept: Kept) -> bool:
        """Return whether ``show()`` may wait, because it may render a template of the site."""
        return self._view.may_call_site(kept)

    @property
    def may_wait_at_end(self) -> bool:
        """Whether the last Fragment may wait, because it may render a template of the site.

        It is asked after ``closing()``.
        """
        is_notice = self._notice.is_own and self.answer.outcome != "finished"
        return is_notice or self._view.may_call_site_at_end()

    @property
    def is_long(self) -> bool:
        """Whether ``close()`` may take long, because of the length of the text.

        All of the text may have waited for its end: for a definition, for a mark that closes, or
        for a client that takes only the finished message.
        """
        return self._size > MAX_BATCH_CHARS

    def close(self, outcome: Outcome, at: float | None = None) -> Fragment:
        """Return the last Fragment: text that was held back, and a notice unless "finished".

        Args:
            outcome: how the answer ended.
            at: seconds from the start of the stream; None for no times in ``answer``.

        Raises:
            RuntimeError: the reply was not opened, or it has ended.
            ValueError: the outcome is not known.
            Exception: what a template or a renderer of the site raises.
        """
        return self.closing(outcome, at)()

    def closing(self, outcome: Outcome, at: float | None = None) -> Callable[[], Fragment]:
        """Close the reply now, and return a function that renders the last Fragment."""
        check_outcome(outcome)
        self._check_state("streaming")
        self._end(outcome, at)
        return partial(self._render_end, outcome)

    def _render_end(self, outcome: Outcome) -> Fragment:
        return self._fragment(self._view.close(self._notice_of(outcome)), outcome)

    def _end(self, outcome: Outcome, at: float | None) -> None:
        self.state = outcome
        self.answer.end(outcome, at)

    def fail(self) -> Fragment:
        """Return the last Fragment after a template or a renderer has raised: only a notice.

        It uses neither the site's templates nor the renderers, so it cannot raise again.
        """
        self._end("failed", self.answer.duration)
        return self._fragment(self._view.fail(self._notice.plain("failed")), "failed")

    def abandon(self, outcome: Outcome = "interrupted", at: float | None = None) -> None:
        """End the reply because the reader has left. Nothing is rendered.

        Args:
            outcome: how the answer ended.
            at: seconds from the start of the stream; None for no times in ``answer``.

        Raises:
            ValueError: the outcome is not known.
        """
        check_outcome(outcome)
        self._end(outcome, at)

    def render_whole(self) -> Markup:
        """Return the message with all of its answer and its notice, for an answer that is given.

        It calls ``open()``. No Fragment follows.
        """
        self.open()
        patches = self._view.close(self._notice_of(self.answer.outcome))
        return Markup().join(patch.html for patch in patches)

    def _check_state(self, expected: Literal["new", "streaming"]) -> None:
        if self.state != expected:
            raise RuntimeError(
                f"the reply is {self.state!r}, not {expected!r}; call open() once, then "
                "feed() while it streams, then close() once"
            )

    def _fragment(self, patches: list[Patch], outcome: Outcome | None = None) -> Fragment:
        if not patches and outcome is None:
            return Fragment(max(self.next_index - 1, 0))
        self.next_index += 1
        return Fragment(self.next_index - 1, tuple(patches), outcome)


def _maker(
    renderer: str | MakeRenderer, markdown: MakeRenderer, name: str = "renderer"
) -> MakeRenderer:
    """Return the function that makes renderers, for a value of ``renderer`` or ``renderers``."""
    if callable(renderer):
        return renderer
    if renderer not in list(RENDERERS):  # A list, because it may be no str, and not hashable.
        # The template of the whole message is not rendered for one kind of part.
        known = ", ".join(map(repr, [*RENDERERS, *(["template"] if name == "renderer" else [])]))
        raise ValueError(f"{name}={renderer!r} is not known; use {known}, or {MAKES_A_RENDERER}")
    return markdown if renderer == "markdown" else RENDERERS[renderer]


def _notice_of(
    notice: Notice, message_pair_id: str, context: Mapping[str, Any], outcome: Outcome | None
) -> Markup:
    """Render the notice of an outcome, which may be empty."""
    if outcome is None or not NOTICES[outcome]:
        return Markup()
    return notice.render(outcome, message_pair_id, context)
