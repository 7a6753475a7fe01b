"""The ``multipart`` format: ``multipart/mixed`` (RFC 2046), for ``hx-multipart`` of htmx 4
(https://four.htmx.org/extensions/hx-multipart).

Each change of a Fragment is one part, whose headers say what it changes and how. htmx swaps a part
when it has read the boundary after it, so each part is written together with that boundary. The
last part has no content: it triggers an event with the name of the outcome, and ``stream:end``.
"""

import secrets
from typing import Final

from streamhtml._patch import Fragment
from streamhtml.formats._format import Format, FormatRequest
from streamhtml.formats._html_tree import elements_with_id
from streamhtml.formats._message_ids import message_ids
from streamhtml.formats._tails import Change, Tails

MEDIA_TYPE: Final = "multipart/mixed"

LAST_ID_HEADER: Final = "HX-Last-Part-ID"
"""The request header in which a client that reconnects repeats the last id that it received."""

_PING: Final = "\r\nPing:"
"""A header of the next part. htmx does nothing before it has read the whole part."""

_STYLES: Final = {"append": "append", "before": "before", "replace": "outerHTML"}


class MultipartFormat(Format):
    """Encodes one response."""

    can_resume = True
    last_id_header = LAST_ID_HEADER

    def __init__(self) -> None:
        # It is random, so that HTML hardly ever contains it. _part() sees to the rest.
        boundary = secrets.token_urlsafe(3)
        self.media_type = f"{MEDIA_TYPE}; boundary={boundary}"
        self._delimiter = f"--{boundary}"
        self._begun = False
        self._is_pinging = False
        self._tails = Tails()
        self._default_style = ""

    def prepare(self, request: FormatRequest) -> None:
        super().prepare(request)
        # The headers of the response are the defaults of its parts. htmx would look for what an
        # ``hx-select`` of the page selects in each part, and drop the rest.
        headers = {"HX-Reselect": ""}
        if self.into:
            # Without ``into``, the first part needs the page's own ``hx-swap``.
            self._default_style = headers["HX-Reswap"] = "append"
        self.headers = headers

    def encode(self, fragment: Fragment) -> str:
        """Return the parts of a fragment, each with the boundary after it.

        A ping is a header of the part that comes next. Further pings make its value longer, because
        some readers limit the number of headers.
        """
        changes = list(self._tails.changes(fragment))
        text = "".join(map(self._part, changes, message_ids(fragment, len(changes))))
        if fragment.outcome:
            text += self._end(fragment.outcome)
        is_ping = not text
        if is_ping:
            text = "." if self._is_pinging else _PING
        self._is_pinging = is_ping
        if not self._begun:
            self._begun = True
            return self._delimiter + text
        return text

    def skip(self, fragment: Fragment) -> None:
        """Note what is on the page."""
        self._tails.skip(fragment)

    def _part(self, change: Change, id: str) -> str:
        target, style, html = _swap(change)
        headers = f"\r\nHX-Part-ID:{id}"
        if style == self._default_style:
            style = ""
        if style and target and " " not in target:
            # One header is shorter than two. A space, as in an id that is escaped, would end it.
            style, target = f"{style} target:{target}", ""
        if target:
            headers += f"\r\nHX-Retarget:{target}"
        if style:
            headers += f"\r\nHX-Reswap:{style}"
        if self._delimiter in html:
            # It is there by chance, or a model repeats what somebody has read and told it.
            html = html.replace(self._delimiter, f"&#45;{self._delimiter[1:]}")
        return f"{headers}\r\n\r\n{html}\r\n{self._delimiter}"

    def _end(self, outcome: str) -> str:
        # htmx 4.0.1 fails if the header is JSON, so the events have no detail.
        return (
            f"\r\nHX-Part-ID:{outcome}\r\nHX-Reswap:none\r\nHX-Trigger:stream:{outcome},stream:end"
            f"\r\n\r\n\r\n{self._delimiter}--\r\n"
        )


def _swap(change: Change) -> tuple[str, str, str]:
    """Return the target and the style of a swap, ``""`` for those of the page, and the content."""
    action, selector, html = change
    if action == "remove":
        # A part changes the first element that is found, and a partial all of them.
        return "", "none", f'<hx-partial hx-target="{selector}" hx-swap=delete></hx-partial>'
    if selector:
        return selector, _STYLES[action], html
    return ("", "none", _swapped_by_id(html)) if action == "replace" else ("", "", html)


def _swapped_by_id(html: str) -> str:
    """Return markup with which htmx swaps each element that has an id for the one on the page."""
    swaps: list[str] = []
    for name, element in elements_with_id(html):
        swap = element.html()
        if {"hx-swap-oob", "data-hx-swap-oob"}.isdisjoint(element.attributes()):
            # The id is still escaped as in the source, but it may contain a double quote.
            quoted = name.replace('"', "&quot;")
            swap = f'<hx-partial id="{quoted}" hx-swap=outerHTML>{swap}</hx-partial>'
        swaps.append(swap)
    return "".join(swaps)
