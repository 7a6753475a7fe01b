"""Wire formats: Fragments become text; pure, and one object for each response.

Which one a request gets is decided here too, from its headers.
"""

import re
from collections.abc import Callable
from typing import Final, Protocol

from streamhtml._patch import Fragment
from streamhtml.formats import _events, turbo
from streamhtml.formats.datastar import DatastarFormat
from streamhtml.formats.html import HTMLFormat
from streamhtml.formats.htmx import HTMXFormat
from streamhtml.formats.page import PageFormat
from streamhtml.formats.sse import SSEFormat
from streamhtml.formats.turbo import TurboFormat
from streamhtml.formats.whole import WholeFormat

REQUEST_HEADER: Final = "Streaming-HTML"
"""The request header that names the format that the page's client reads."""

VARY: Final = (
    *(REQUEST_HEADER, "Accept", "Sec-Fetch-Dest"),
    *("HX-Request", "HX-Boosted", "Turbo-Frame", "X-Turbo-Request-Id", "Datastar-Request"),
)
"""The headers that decide."""

EVENT_STREAM: Final = _events.MEDIA_TYPE


class Headers(Protocol):
    """Those of a request, in any framework, found in any case; a ``dict`` where they are."""

    def get(self, key: str, /) -> str | None: ...


class Format(Protocol):
    """Encodes the fragments of one response, in order."""

    media_type: str
    """The value of Content-Type, with its parameters."""
    at_once: bool
    """Whether the page can only take the finished message, whole."""
    needs_into: bool
    """Whether the page does not say where the message goes, so that the server has to."""

    def encode(self, fragment: Fragment) -> str:
        """Return one Fragment as text; a ping as something that changes nothing."""
        ...


FORMATS: Final[dict[str, Callable[[], Format]]] = {
    "html": HTMLFormat,
    "htmx": HTMXFormat,
    "sse": SSEFormat,
    "turbo": TurboFormat,
    "datastar": DatastarFormat,
    "page": PageFormat,
    "whole": WholeFormat,
}


def negotiate(headers: Headers) -> str:
    """Return the name of the format that a request asks for, in ``FORMATS``.

    The first that holds:

    1. ``Streaming-HTML`` names one. Where it names another (a newer client's): "whole".
    2. ``Datastar-Request``: "datastar".
    3. ``Accept`` has Turbo's media type: "turbo".
    4. ``HX-Boosted``, or ``X-Turbo-Request-Id`` without ``Turbo-Frame``: a script exchanges the
       whole page for it, so "page".
    5. ``Accept`` has that of an event stream: "sse".
    6. ``HX-Request``, of htmx without a client that streams: "whole".
    7. ``Accept`` has "text/html", and no ``Sec-Fetch-Dest`` says that a script asks: "page".
    8. "whole": a client that knows nothing of us shows that rightly, only later.

    Args:
        headers: of the request.
    """

    def said(name: str) -> str:
        return (headers.get(name) or "").strip().lower()

    if named := said(REQUEST_HEADER):
        return named if named in FORMATS else "whole"
    accepted = _accepted(headers)
    if said("Datastar-Request"):
        return "datastar"
    if turbo.MEDIA_TYPE in accepted:
        return "turbo"
    if said("HX-Boosted") or (said("X-Turbo-Request-Id") and not said("Turbo-Frame")):
        return "page"
    if EVENT_STREAM in accepted:
        return "sse"
    navigates = said("Sec-Fetch-Dest") in ("", "document", "iframe", "frame")
    if "text/html" in accepted and navigates and not said("HX-Request"):
        return "page"
    return "whole"


def encoder(format: str | Callable[[], Format], headers: Headers) -> Format:
    """Return a new encoder.

    Args:
        format: "auto", a name in ``FORMATS``, or what makes a ``Format``.
        headers: of the request.

    Raises:
        ValueError: the name is not known.
    """
    if callable(format):
        return format()
    name = negotiate(headers) if format == "auto" else format
    if name not in FORMATS:
        known = ", ".join(map(repr, ["auto", *FORMATS]))
        raise ValueError(
            f"format={format!r} is not known; use one of {known}, or what makes a Format"
        )
    if name == "sse" and headers.get("HX-Request"):
        # htmx 4, for EventSource says nothing of htmx. It finds all places of a message before it
        # changes the first.
        return SSEFormat(HTMXFormat(partials=True).swaps)
    if name == "turbo" and _accepted(headers) & {EVENT_STREAM, turbo.MEDIA_TYPE} == {EVENT_STREAM}:
        wire = TurboFormat()  # For a <turbo-stream-source>.
        return SSEFormat(lambda fragment: ["".join(wire.elements(fragment))], needs_into=True)
    return FORMATS[name]()


def _accepted(headers: Headers) -> set[str]:
    accepted = set()
    for media_range in (headers.get("Accept") or "").lower().split(","):
        media_type, *parameters = (part.strip() for part in media_range.split(";"))
        if not any(re.fullmatch(r"q\s*=\s*0(\.0*)?", each) for each in parameters):
            accepted.add(media_type)
    return accepted
