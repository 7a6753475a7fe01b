"""The template contract: which names a message's template is rendered with.

Here a template is a function from a context to HTML. Only the adapters know template engines.
"""

from collections.abc import Callable, Mapping
from functools import cache, partialmethod
from typing import Any, Final, TypeAlias

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

Template: TypeAlias = Callable[[Mapping[str, Any]], str]
"""Renders HTML from a context."""

FindTemplate: TypeAlias = Callable[[str], Template | None]
"""Returns the site's template of a name, such as "streamhtml/parts/tool.html", or None."""

CONTEXT_HINT: Final = ", and the names for it as context="
"""The end of an error about a context in the place of a template."""

_RESERVED: Final = ("chunk_index", "ai_message", "parts")


SEQUENCE: Final = ""
"""The name of the place of ``{{ parts }}``: all parts, one after the other."""


class Parts:
    """``parts`` in a template.

    ``{{ parts.reasoning }}`` shows what ``get("reasoning")`` returns, and ``{{ parts }}`` what
    ``get(SEQUENCE)`` returns.
    """

    def __init__(self, get: Callable[[str], str]) -> None:
        self._get = get

    def __getitem__(self, part: str) -> str:
        return self._get(part)

    def __str__(self) -> str:
        return self._get(SEQUENCE)

    def __html__(self) -> str:
        return self._get(SEQUENCE)

    # Without this, Python would iterate with __getitem__(0), (1), (2) … and never stop.
    __iter__ = None


class _FirstIndex(int):
    """The ``chunk_index`` 0 of a template that is rendered once, and whether the template used it.

    A template engine may hide an error that is raised in an expression, as Django does in
    ``{% if %}``. So the use is only noted.
    """

    is_used = False

    def _use(self, method: Callable[..., Any], *args: Any) -> Any:
        self.is_used = True
        return method(self, *args)


# What a template can do with a number. ``repr()`` is not in the list, because tools for debugging
# call it for all names of a context.
for _name in (
    *("__bool__", "__int__", "__float__", "__index__", "__str__", "__format__"),
    *("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"),
    *("__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__mod__", "__rmod__"),
    *("__floordiv__", "__truediv__"),
):
    setattr(_FirstIndex, _name, partialmethod(_FirstIndex._use, getattr(int, _name)))


class MessageTemplate:
    """The template of one message, with the caller's context.

    Args:
        template: renders the message; it must escape the values that it is given.
        context: the caller's own names.
        message_pair_id: the id of the message.

    Raises:
        ValueError: the context has a name that the contract reserves.
    """

    def __init__(
        self, template: Template, context: Mapping[str, Any], message_pair_id: str
    ) -> None:
        for name in _RESERVED:
            if name in context:
                raise ValueError(
                    f"the context has {name!r}, which the stream itself provides; rename yours "
                    f"(reserved names: {', '.join(_RESERVED)})"
                )
        self._template = template
        self._context = context
        self.message_pair_id = message_pair_id

    def render_once(self, get: Callable[[str], str]) -> Markup:
        """Render the message for live regions, which later fragments change.

        Raises:
            ValueError: the template uses ``chunk_index``, so it was written for
                ``renderer="template"``.
        """
        index = _FirstIndex()
        html = self.render(index, get)
        if index.is_used:
            raise ValueError(
                "the template uses chunk_index, which only counts with renderer='template'; pass "
                "this argument to render the template for each fragment, or remove chunk_index "
                "from the template, which is rendered once"
            )
        return html

    def render(self, chunk_index: int, get: Callable[[str], str]) -> Markup:
        """Render the message.

        Args:
            chunk_index: the index of the fragment that this is for.
            get: returns the value of a part by its name: ``Markup``, or text to be escaped.
        """
        names = {
            "message_pair_id": self.message_pair_id,
            "chunk_index": chunk_index,
            "ai_message": get("text"),
            "parts": Parts(get),
        }
        return Markup(self._template({**self._context, **names}))


@cache
def built_in(name: str) -> Template:
    """Return one of the templates that this package ships."""
    environment = Environment(loader=PackageLoader("streamhtml"), autoescape=True)
    return environment.get_template(name).render
