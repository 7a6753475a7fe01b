"""Which format a response gets: one table of what the request says and the format for it."""

import logging
from collections.abc import Callable
from functools import cache
from typing import Final

from streamhtml._patch import is_id
from streamhtml._request_headers import Headers, HeaderSource
from streamhtml.formats import _server_sent_events as events
from streamhtml.formats import multipart, page, turbo
from streamhtml.formats._format import Format, FormatRequest
from streamhtml.formats._registry import FORMATS, FormatName
from streamhtml.formats.whole import WholeFormat

logger = logging.getLogger("streamhtml")

REQUEST_HEADER: Final = "Streaming-HTML"
"""The request header in which a client names the format that it reads."""

VARY: Final = (
    *(REQUEST_HEADER, "Accept", "Sec-Fetch-Dest"),
    *("HX-Request", "HX-Boosted", "HX-History-Restore-Request"),
    *("Turbo-Frame", "X-Turbo-Request-Id", "Datastar-Request"),
)
"""The request headers that decide the format, for the ``Vary`` header of the response."""


class _Request:
    """A request, with the questions that the rules ask."""

    def __init__(self, headers: Headers) -> None:
        self._headers = headers
        self._accepted = headers.accepted_media_types()

    def has(self, name: str) -> bool:
        """Return whether the header was sent with a value."""
        return bool(self._headers.get(name, "").strip())

    def accepts(self, media_type: str) -> bool:
        return media_type in self._accepted

    def is_navigation(self) -> bool:
        """Return whether the browser shows the answer as a page. Over plain HTTP, it does not say
        where the answer goes."""
        destination = self._headers.get("Sec-Fetch-Dest", "").strip().lower()
        return destination in page.DESTINATIONS or not destination


def _swaps_whole_page(request: _Request) -> bool:
    """Return whether a script will replace the whole page.

    These are htmx, for boosted links and when the reader goes back, and Turbo Drive.
    """
    return (
        request.has("HX-Boosted")
        or request.has("HX-History-Restore-Request")
        or (request.has("X-Turbo-Request-Id") and not request.has("Turbo-Frame"))
    )


_RULES: Final[tuple[tuple[str, Callable[[_Request], bool]], ...]] = (
    ("datastar", lambda request: request.has("Datastar-Request")),
    ("turbo", lambda request: request.accepts(turbo.MEDIA_TYPE)),
    ("page", _swaps_whole_page),
    ("sse", lambda request: request.accepts(events.MEDIA_TYPE)),
    (
        "multipart",
        lambda request: request.has("HX-Request") and request.accepts(multipart.MEDIA_TYPE),
    ),
    # htmx without our client waits for the whole body before it swaps.
    ("whole", lambda request: request.has("HX-Request")),
    ("page", lambda request: request.accepts("text/html") and request.is_navigation()),
    # Any other client shows the finished message correctly, only later.
    ("whole", lambda request: True),
)
"""The first rule that matches decides."""

_MEMBERS: Final = (
    *("media_type", "at_once", "needs_into", "into", "last_id_header", "vary", "headers"),
    *("prepare", "encode"),
)


def negotiate(headers: HeaderSource) -> str:
    """Return the name of the format that a request asks for: a key of ``FORMATS``.

    The first of these rules that matches decides:

    1. ``Streaming-HTML`` names a format: that format. If the name is unknown, because the client is
       newer than this package: "whole".
    2. ``Datastar-Request`` is there: "datastar".
    3. ``Accept`` has Turbo's media type: "turbo".
    4. ``HX-Boosted`` or ``HX-History-Restore-Request`` is there, or ``X-Turbo-Request-Id`` without
       ``Turbo-Frame``: a script replaces the whole page with the answer, so "page".
    5. ``Accept`` has the media type of an event stream: "sse".
    6. ``HX-Request`` is there, and ``Accept`` has "multipart/mixed": "multipart".
    7. ``HX-Request`` is there, so htmx sent the request without our client: "whole".
    8. ``Accept`` has "text/html", and ``Sec-Fetch-Dest`` does not name a script's request: "page".
    9. Anything else: "whole".

    Args:
        headers: the headers of the request, as the framework has them: a mapping or pairs, ``str``
            or ``bytes``, with names in any case.

    Raises:
        TypeError: ``headers`` is neither a mapping nor pairs.
    """
    known = headers if isinstance(headers, Headers) else Headers(headers)
    if name := known.get(REQUEST_HEADER, "").strip().lower():
        return name if name in FORMATS else "whole"
    request = _Request(known)
    return next(name for name, matches in _RULES if matches(request))


def create_format(format: FormatName | Callable[[], Format], request: FormatRequest) -> Format:
    """Return a new format, prepared for the response to one request.

    A client that asks for a format which needs a place for the message, but that names no place or
    one that is not a valid id, gets "whole". The log says so once for each format.

    Args:
        format: "auto", which asks ``negotiate()``; a name in ``FORMATS``; or a class, or any
            function without arguments, that returns a ``Format``.
        request: what the format may read of the request.

    Raises:
        TypeError: what ``format`` returns is not a ``Format``.
        ValueError: the name is not known; an argument of the view does not fit the format; or the
            view names a format, and neither the view nor the request says where the message goes.
    """
    created = _factory(format, request.headers)()
    name = type(created).__name__
    missing = [member for member in _MEMBERS if not hasattr(created, member)]
    if missing:
        raise TypeError(
            f"the {name} that format= returns has no {', '.join(missing)}; inherit from "
            "streamhtml.Format, which has defaults for all but media_type and encode()"
        )
    created.prepare(request)
    is_from_client = bool(created.into) and created.into != request.into
    if is_from_client:
        if is_id(created.into):
            return created
    elif created.into or not created.needs_into:
        return created
    elif format != "auto":
        raise ValueError(
            f"into={request.into!r}, but a client of {name} does not say where the message goes; "
            "pass into=, the id of the element that the message is appended to"
        )
    _warn_once(name)
    whole = WholeFormat()
    whole.prepare(request)
    return whole


@cache
def _warn_once(name: str) -> None:
    """Log that a client gets "whole". Two threads at the same time may both log it."""
    logger.warning(
        "a client of %s did not say where the message goes, or gave no valid id, so it gets the "
        "finished message; pass into=, the id of the element that the message is appended to "
        "(this is logged once)",
        name,
    )


def _factory(format: FormatName | Callable[[], Format], headers: Headers) -> Callable[[], Format]:
    if callable(format):
        return format
    if format == "auto":
        # The site may have removed the format that the client asks for.
        return FORMATS.get(negotiate(headers), WholeFormat)
    if format not in FORMATS:
        known = ", ".join(map(repr, ["auto", *FORMATS]))
        raise ValueError(
            f"format={format!r} is not known; use one of {known}, or a class of your own that "
            "inherits from streamhtml.Format"
        )
    return FORMATS[format]
