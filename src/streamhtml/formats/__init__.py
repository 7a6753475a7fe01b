"""Wire formats: Fragments become text; pure, and one object for each response.

Which one a request gets is decided here too, from the header that our client sends.
"""

from collections.abc import Callable
from typing import Final, Protocol

from streamhtml._patch import Fragment
from streamhtml.formats.html import HTMLFormat
from streamhtml.formats.htmx import HTMXFormat
from streamhtml.formats.whole import WholeFormat

REQUEST_HEADER: Final = "Streaming-HTML"
"""The request header that names the format that the page's client reads."""


class Format(Protocol):
    """Encodes the fragments of one response, in order."""

    media_type: str
    """The value of Content-Type, with its parameters."""
    at_once: bool
    """Whether the page can only take the finished message, whole."""

    def encode(self, fragment: Fragment) -> str:
        """Return one Fragment as text; a ping as something that changes nothing."""
        ...


FORMATS: Final[dict[str, Callable[[], Format]]] = {
    "html": HTMLFormat,
    "htmx": HTMXFormat,
    "whole": WholeFormat,
}


def negotiate(name: str, accepted: str | None) -> Format:
    """Return a new encoder: the one that ``name`` says, or for "auto" the client's.

    Args:
        name: "auto" or a name in FORMATS.
        accepted: the request's ``Streaming-HTML`` header, if it has one. Without one, or with a
            name that is not known (a newer client's), the page gets the finished message whole:
            a client that knows no fragments, htmx alone for instance, shows it rightly.

    Raises:
        ValueError: ``name`` is neither.
    """
    if name == "auto":
        return FORMATS.get((accepted or "").strip().lower(), WholeFormat)()
    if name not in FORMATS:
        known = ", ".join(map(repr, ["auto", *FORMATS]))
        raise ValueError(f"format={name!r} is not known; use one of {known}")
    return FORMATS[name]()
