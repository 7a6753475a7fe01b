"""The template of the whole page, for the format "page": it shows the message in one place."""

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from streamhtml._template import Template, built_in

_NAME = "streamed_message"


def page_renderer(
    page: object,
    find: Callable[[Any], Template],
    context: Mapping[str, Any],
    language: str,
    nonce: str,
) -> Callable[[Markup], str]:
    """Return the function that renders the page around a message.

    The function raises ``ValueError`` if the context has the name ``streamed_message``, or if the
    template does not show ``{{ streamed_message }}`` exactly once.

    Args:
        page: the template, as the view passes it; None for the built-in page.
        find: returns the template that renders ``page``.
        context: the names that the view passes.
        language: the active language, as ``Notice`` takes it. The page can use it as ``language``.
        nonce: the nonce of the Content-Security-Policy. The page can use it as ``nonce``.
    """
    names = {"language": language.replace("_", "-") or "en", "nonce": nonce, **context}

    def render(message: Markup) -> str:
        if _NAME in context:
            raise ValueError(
                f"the context has {_NAME!r}, which the page itself provides; choose another name"
            )
        template = built_in("streamhtml/page.html") if page is None else find(page)
        html = template({**names, _NAME: message})
        count = html.count(message)
        if count != 1:
            name = f" {page!r}" if isinstance(page, str) else ""
            raise ValueError(
                f"the page{name} shows {{{{ {_NAME} }}}} {count} times; show it once, in the place "
                "of the message"
            )
        return html

    return render
