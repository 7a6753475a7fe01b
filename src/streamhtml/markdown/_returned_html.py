"""Takes the HTML that a function of ``Options`` has returned into the document."""

from markupsafe import escape

from streamhtml._closed_html import closed
from streamhtml._type_name import type_name


def returned_html(html: object) -> str | None:
    """Return the HTML with all that it leaves open closed; None if the function returned None.

    A ``str`` that is no ``Markup`` is escaped.

    Raises:
        TypeError: it is neither of these, for example because the function is asynchronous.
    """
    if html is None:
        return None
    if not (isinstance(html, str) or hasattr(html, "__html__")):
        raise TypeError(
            f"the function returned a value of the type {type_name(html)}; it must return Markup "
            "or None"
        )
    return str(closed(escape(html)))
