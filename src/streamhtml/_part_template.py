"""The template of one part: which one it is, and which names it is rendered with.

It is synchronous and pure. Only the adapters know template engines.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from markupsafe import Markup

from streamhtml._answer import AnswerPart
from streamhtml._placeholders import OnlyPlace, Shell, render_shell
from streamhtml._scrub import scrubbed
from streamhtml._template import FindTemplate, Template, built_in
from streamhtml._words import NOTICES, Words

_NAME: Final = "streamhtml/parts/{}.html"
_BUILT_IN: Final = frozenset({"text", "reasoning", "tool", "default"})
# The kind of a part becomes a piece of a file name only if it is one of these.
_KIND: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}\Z")


class TemplatePart:
    """``part`` in the template of a part: what is known of it, and the places of its text.

    A place is empty, and so false in an ``{% if %}``, as long as there is no text for it. The
    place of ``text`` is there from the beginning.

    Attributes:
        kind: "text", "reasoning", "tool" or any other.
        id: the id of the tool call; ``""`` for other parts.
        name: the name of the tool; ``""`` for other parts.
        state: "streaming", "called" (a tool call without a result yet), "done" or "failed".
        seconds: how long the part took; None if it has not ended, or if it is unknown.
        status: the state as words for the reader.
        notice: why the source of this part ended early, as words for the reader; or ``""``.
        index: the number of the part in its answer.
        words: other words for the reader, by the English ones.
    """

    def __init__(
        self, part: AnswerPart, get: Callable[[str], Markup], words: Words, *, ended: bool
    ) -> None:
        self.kind = scrubbed(str(part.kind))
        self.id = scrubbed(str(part.id))
        self.name = scrubbed(str(part.name))
        self.state = part.state
        self.seconds = part.seconds
        self.index = part.index
        self.status = _status(part, words, ended=ended)
        self.notice = words.get(NOTICES[part.outcome], "") if part.outcome else ""
        self.words = words
        self._part = part
        self._get = get

    @property
    def text(self) -> Markup:
        """The place of the text. That of a tool call is its arguments."""
        return self._get("arguments" if self._part.is_tool else "text")

    @property
    def arguments(self) -> Markup:
        """The place of the arguments of a tool call."""
        return self._place("arguments", self._part.said)

    @property
    def result(self) -> Markup:
        """The place of the result of a tool call."""
        return self._place("result", self._part.said_result)

    @property
    def error(self) -> Markup:
        """The place of the error of a tool call."""
        return self._place("error", self._part.said_error)

    @property
    def values(self) -> Any:
        """The arguments of a tool call as Python values; None if they are no valid JSON (yet)."""
        try:
            return _scrubbed_values(self._part.values) if self._part.is_tool else None
        except RecursionError:
            return None

    def _place(self, field: str, said: object) -> Markup:
        return self._get(field) if said and self._part.is_tool else Markup()


class PartTemplates:
    """Finds and renders the templates of the parts of one message.

    Args:
        own: templates that are passed for this message, by the kind of the part.
        find: finds the site's templates; None if there are none.
        context: the names that the message's template gets.
        words: the words for the reader.

    Attributes:
        has_own: whether one of the templates that was found is not ours. It may be slow.
    """

    def __init__(
        self,
        own: Mapping[str, Template],
        find: FindTemplate | None,
        context: Mapping[str, Any],
        words: Words,
    ) -> None:
        self._own = own
        self._find = find
        self._context = context
        self._words = words
        self._found: dict[tuple[str, bool], Template] = {}
        self.has_own = False

    def may_call_site(self, parts: Iterable[AnswerPart]) -> bool:
        """Return whether showing these parts may look up or render a template of the site."""
        if self.has_own:
            return True
        is_site = self._find is not None or bool(self._own)
        return is_site and any((part.kind, part.is_tool) not in self._found for part in parts)

    def is_plain(self, part: AnswerPart) -> bool:
        """Return whether the part is shown by our own template of a text, which is only a place."""
        return self._template_of(part) is built_in(_NAME.format("text"))

    def render(self, part: AnswerPart, *, ended: bool) -> Shell:
        """Render the template of a part as it is now, with empty places.

        Args:
            part: the part.
            ended: whether the answer has ended.

        Raises:
            ValueError: the template shows a place where it cannot be; see ``render_shell()``.
        """
        if self.is_plain(part):
            return OnlyPlace("text")  # Fast path: nearly every answer has such a part.
        template = self._template_of(part)

        def render(get: Callable[[str], Markup]) -> str:
            view = TemplatePart(part, get, self._words, ended=ended)
            return template({**self._context, "part": view}).strip()

        return render_shell(render, lambda field: f"{{{{ part.{field} }}}}")

    def _template_of(self, part: AnswerPart) -> Template:
        key = part.kind, part.is_tool
        if key not in self._found:
            self._found[key] = self._find_first(kinds_of(part))
        return self._found[key]

    def _find_first(self, kinds: Iterator[str]) -> Template:
        kind = next(kinds)
        while (own := self._find_own(kind)) is None and kind not in _BUILT_IN:
            kind = next(kinds)
        self.has_own |= own is not None
        return own or built_in(_NAME.format(kind))

    def _find_own(self, kind: str) -> Template | None:
        own = self._own.get(kind)
        if own is None and self._find is not None and _KIND.match(kind):
            own = self._find(_NAME.format(kind))
        return own


def kinds_of(part: AnswerPart) -> Iterator[str]:
    """Yield the kinds of a part, the most specific first: ``left_tool``, then ``tool``.

    Only a part with the fields of a tool call is a "tool".
    """
    short = "tool" if part.is_tool else part.kind.rpartition("_")[2]
    if part.is_tool or part.kind != "tool":
        yield part.kind
        if short != part.kind and short in ("reasoning", "tool"):
            yield short
    yield "default"


def _scrubbed_values(value: Any) -> Any:
    """Return values of JSON with all of their texts scrubbed."""
    if isinstance(value, str):
        return scrubbed(value)
    if isinstance(value, list):
        return [_scrubbed_values(each) for each in value]
    if isinstance(value, dict):
        return {scrubbed(name): _scrubbed_values(each) for name, each in value.items()}
    return value


def _status(part: AnswerPart, words: Words, *, ended: bool) -> str:
    if part.is_tool:
        if part.state == "called" and ended:
            return words["Called"]
        return words[{"done": "Done", "failed": "Failed"}.get(part.state, "Running…")]
    return _time_of_thought(part, words) if "reasoning" in kinds_of(part) else ""


def _time_of_thought(part: AnswerPart, words: Words) -> str:
    if part.state == "streaming":
        return words["Thinking…"]
    if part.seconds is None:
        return words["Thought"]
    seconds = round(part.seconds)
    if seconds > 1:
        # A translation may have lost the name.
        return words["Thought for {seconds} seconds"].replace("{seconds}", str(seconds))
    return words["Thought for 1 second" if seconds else "Thought for less than a second"]
