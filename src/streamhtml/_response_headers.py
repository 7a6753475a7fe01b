"""Builds the headers of a response: our defaults, the view's, and those that no view may set."""

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from streamhtml._type_name import with_article

DEFAULTS: Final[Mapping[str, str]] = {
    # An answer is personal, so no cache may store it. A proxy that compressed it would buffer it.
    "Cache-Control": "no-store, no-transform",
    "X-Content-Type-Options": "nosniff",
    # nginx buffers a response unless this header says otherwise.
    "X-Accel-Buffering": "no",
}


_URL: Final = re.compile(r"(?:https?://[^/?#]|/(?![/\\]))[^\x00-\x1f\x7f]*", re.IGNORECASE)
"""A path on this host, or a whole URL. Browsers read "/\\" like "//", which begins a host."""

_SAFE_IN_URL: Final = "%/:?#[]@!$&'()*+,;=~"


def url_headers(resume_url: object, stop_url: object, *, is_logged: bool) -> dict[str, str]:
    """Return the headers that tell a client where to resume and to stop an answer.

    Args:
        resume_url: the argument of the response.
        stop_url: the argument of the response.
        is_logged: whether the answer is in a log.

    Raises:
        TypeError: one of them is not a ``str``.
        ValueError: one of them is no URL, or ``resume_url`` is given without a log.
    """
    if resume_url is not None and not is_logged:
        raise ValueError(
            f"resume_url={resume_url!r} is given, but the answer is in no log, so nobody could get "
            "the rest of it; pass log.record(id, tokens) instead of the tokens"
        )
    urls = {"resume_url": resume_url, "stop_url": stop_url}
    return {
        f"Streaming-HTML-{name.partition('_')[0].capitalize()}": _checked_url(name, url)
        for name, url in urls.items()
        if url is not None
    }


def _checked_url(name: str, url: object) -> str:
    if not isinstance(url, str):
        raise TypeError(f"{name} is {with_article(url)}, not a str; pass str(…) of a URL object")
    if not _URL.fullmatch(url):
        raise ValueError(
            f"{name}={url!r} must be a path that begins with one '/', or a URL with http or https"
        )
    return quote(url, _SAFE_IN_URL, errors="replace")


def build_headers(
    given: Mapping[str, str],
    media_type: str,
    *,
    vary: Sequence[str],
    gzip: bool | None,
    urls: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return all headers of a response.

    Args:
        given: the headers that the view passes. They replace our defaults.
        media_type: the media type of the body.
        vary: the request headers on which the response depends. They are added to the view's
            ``Vary``.
        gzip: whether we compress the body; None if the view leaves this to others.
        urls: the headers with URLs for the client.

    Raises:
        ValueError: the view passes a header that it cannot set.
    """
    reserved = {"Content-Type": "the format decides it"}
    vary = [*vary]
    if gzip is not None:
        reserved["Content-Encoding"] = "compress=True decides it"
        vary.append("Accept-Encoding")
    headers = {**DEFAULTS, **(urls or {})}
    for given_name, value in given.items():
        name = "-".join(word.capitalize() for word in given_name.split("-"))
        if name in reserved:
            raise ValueError(f"headers has {given_name!r}, but {reserved[name]}; leave it out")
        headers[name] = value
    headers["Content-Type"] = media_type
    if gzip:
        headers["Content-Encoding"] = "gzip"
    if vary := list(filter(None, [headers.get("Vary"), *vary])):
        headers["Vary"] = ", ".join(vary)
    return headers
