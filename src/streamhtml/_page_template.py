"""The template of the whole page, for the format "page": it shows the message in one place."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup

from streamhtml._notice import Notice
from streamhtml._template import Template, built_in

_NAME = "streamed_message"


def page_renderer(
    page: object,
    find: Callable[[Any], Template],
    context: Mapping[str, Any],
    notice: Notice,
    *,
    nonce: str,
    headers: Mapping[str, str],
) -> Callable[[Markup], str]:
    """Return the function that renders the page around a message.

    The function raises ``ValueError`` if the template does not show ``{{ streamed_message }}``
    exactly once. The template is loaded at once, because few readers get this page, and nobody
    should have to wait for one of them to learn of a mistake.

    Args:
        page: the template, as the view passes it; None for the built-in page.
        find: returns the template that renders ``page``.
        context: the names that the view passes.
        notice: has the active language, which the page can use as ``language``, and its words.
        nonce: the nonce of the Content-Security-Policy. The page can use it as ``nonce``.
        headers: of the request. The page that the reader comes from is ``back_url``.

    Raises:
        ValueError: the context has the name ``streamed_message``.
        Exception: what ``find`` raises.
    """
    if _NAME in context:
        raise ValueError(
            f"the context has {_NAME!r}, which the page itself provides; choose another name"
        )
    own = None if page is None else find(page)
    names = {
        "language": notice.language.replace("_", "-") or "en",
        "nonce": nonce,
        "back_url": _back_url(headers),
        **context,
    }

    def render(message: Markup) -> str:
        if own is None:
            template = built_in("streamhtml/page.html")
            html = template({**names, _NAME: message, "back": notice.words["Back"]})
        else:
            html = own({**names, _NAME: message})
        count = html.count(message)
        if count != 1:
            name = f" {page!r}" if isinstance(page, str) else ""
            raise ValueError(
                f"the page{name} shows {{{{ {_NAME} }}}} {count} times; show it once, in the place "
                "of the message"
            )
        return html

    return render


def _back_url(headers: Mapping[str, str]) -> str:
    """Return the URL of the page of this site that the reader comes from; "" if it is unknown."""
    url = headers.get("Referer", "")
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    is_here = parts.scheme in {"http", "https"} and parts.netloc == headers.get("Host")
    return url if is_here else ""
