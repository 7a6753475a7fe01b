"""Builds the headers of a response: our defaults, the view's, and those that no view may set."""

from collections.abc import Mapping, Sequence
from typing import Final

DEFAULTS: Final[Mapping[str, str]] = {
    # An answer is personal, so no cache may store it. A proxy that compressed it would buffer it.
    "Cache-Control": "no-store, no-transform",
    "X-Content-Type-Options": "nosniff",
    # nginx buffers a response unless this header says otherwise.
    "X-Accel-Buffering": "no",
}


def build_headers(
    given: Mapping[str, str], media_type: str, *, vary: Sequence[str], gzip: bool | None
) -> dict[str, str]:
    """Return all headers of a response.

    Args:
        given: the headers that the view passes. They replace our defaults.
        media_type: the media type of the body.
        vary: the request headers on which the response depends. They are added to the view's
            ``Vary``.
        gzip: whether we compress the body; None if the view leaves this to others.

    Raises:
        ValueError: the view passes a header that it cannot set.
    """
    reserved = {"Content-Type": "the format decides it"}
    vary = [*vary]
    if gzip is not None:
        reserved["Content-Encoding"] = "compress=True decides it"
        vary.append("Accept-Encoding")
    headers = dict(DEFAULTS)
    for given_name, value in given.items():
        name = "-".join(word.capitalize() for word in given_name.split("-"))
        if name in reserved:
            raise ValueError(f"headers has {given_name}, but {reserved[name]}")
        headers[name] = value
    headers["Content-Type"] = media_type
    if gzip:
        headers["Content-Encoding"] = "gzip"
    if vary := list(filter(None, [headers.get("Vary"), *vary])):
        headers["Vary"] = ", ".join(vary)
    return headers
