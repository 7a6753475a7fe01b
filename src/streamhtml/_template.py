"""The template contract, and the renderer that renders the template anew for each fragment.

A template is a function here, ``context -> HTML``; which engine stands behind it is for the
adapters to know. Synchronous and pure, as far as the template is.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from markupsafe import Markup, escape

from streamhtml._patch import Patch
from streamhtml._scrub import Scrubber

Template: TypeAlias = Callable[[Mapping[str, Any]], str]
"""Renders a message: the context in, HTML out."""

_OURS = ("chunk_index", "ai_message", "parts")


class Parts:
    """``parts`` in a template: ``{{ parts.reasoning }}`` is what ``get("reasoning")`` returns."""

    def __init__(self, get: Callable[[str], str]) -> None:
        self._get = get

    def __getitem__(self, part: str) -> str:
        return self._get(part)

    # Without it, a loop over the parts would ask for 0, 1, 2 … for ever.
    __iter__ = None


def check_context(context: Mapping[str, Any]) -> None:
    """Raise ValueError where the caller's context has a name that the contract fills."""
    for name in _OURS:
        if name in context:
            raise ValueError(
                f"the context has {name!r}, which the stream itself provides; "
                f"call yours something else (the contract: message_pair_id, {', '.join(_OURS)})"
            )


def message_context(
    context: Mapping[str, Any], message_pair_id: str, chunk_index: int, get: Callable[[str], str]
) -> dict[str, Any]:
    """Return what the template is rendered with: the caller's context and the contract's names."""
    return {
        **context,
        "message_pair_id": message_pair_id,
        "chunk_index": chunk_index,
        "ai_message": get("text"),
        "parts": Parts(get),
    }


class TemplateRenderer:
    """Renders the whole template for each fragment, with the whole text so far.

    At ``chunk_index`` 0 the message is appended to the page; later ones replace it "out of
    band": the template gives its outermost element the id ``message_pair_id`` and, from
    ``chunk_index`` 1 on, ``hx-swap-oob="true"``. The cost grows with the square of the answer's
    length; the other renderers render the template once.

    ``ai_message`` and ``parts`` hold plain ``str`` (``Markup`` once a token was ``Markup``): the
    template escapes them.

    Args:
        template: renders the message; must escape what it is given.
        context: the caller's own names.
        message_pair_id: the id of the message.
        into: the id of the container that the message is appended to; ``""`` is the one that the
            page asked for.
    """

    def __init__(
        self, template: Template, context: Mapping[str, Any], message_pair_id: str, into: str = ""
    ) -> None:
        check_context(context)
        self._template = template
        self._context = context
        self._message_pair_id = message_pair_id
        self._into = into
        self._chunk_index = 0
        self._texts: dict[str, str] = {}
        self._scrubbers: dict[str, Scrubber] = {}

    def feed(self, text: str, part: str = "text") -> list[Patch]:
        """Add ``text`` to a part and render the message."""
        self.add(text, part)
        return self._render()

    def add(self, text: str, part: str = "text") -> None:
        """Add ``text`` to a part, to be shown by the next ``feed()`` or ``close()``."""
        scrubber = self._scrubbers.setdefault(part, Scrubber())
        if isinstance(text, Markup):
            self._extend(part, scrubber.close())
            self._extend(part, text)
        else:
            self._extend(part, scrubber.feed(text))

    def close(self, notice: Markup = Markup()) -> list[Patch]:
        """Render the message once more, ``notice`` (HTML, already escaped) behind its text."""
        for part, scrubber in self._scrubbers.items():
            self._extend(part, scrubber.close())
        if notice:
            self._extend("text", notice)
        return self._render()

    def _extend(self, part: str, text: str) -> None:
        before = self._texts.get(part, "")
        if isinstance(text, Markup):
            before = escape(before)
        # Markup + str escapes the str, so HTML stays HTML and text stays text.
        self._texts[part] = before + text

    def _render(self) -> list[Patch]:
        html = Markup(
            self._template(
                message_context(
                    self._context,
                    self._message_pair_id,
                    self._chunk_index,
                    lambda part: self._texts.get(part, ""),
                )
            )
        )
        first = self._chunk_index == 0
        self._chunk_index += 1
        return [Patch("append", html, self._into) if first else Patch("replace", html)]
