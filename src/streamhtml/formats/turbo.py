"""The ``turbo`` format: ``<turbo-stream>`` elements (https://turbo.hotwired.dev/reference/streams).

Turbo itself applies a response only when all of it has arrived. So our client applies the fragments
as they arrive. After each Fragment there is a mark, a comment as in the ``html`` format. It shows
the client that the fragment is complete. A ``<turbo-stream-source>`` asks for an event stream and
gets one, with one message per Fragment.
"""

from collections.abc import Iterator
from typing import Final

from streamhtml._patch import Fragment, Patch
from streamhtml.formats import _server_sent_events as events
from streamhtml.formats._format import Format, FormatRequest
from streamhtml.formats._html_tree import elements_with_id
from streamhtml.formats._tails import Tails
from streamhtml.formats.html import Numbers, change_token, new_token
from streamhtml.formats.sse import SSEFormat

MEDIA_TYPE: Final = "text/vnd.turbo-stream.html"


class TurboFormat(Format):
    """Encodes one response.

    The message goes into the element that the view names with ``into=``, else into the
    ``<turbo-frame>`` that sent the request.
    """

    needs_into = True
    can_resume = True

    def __init__(self) -> None:
        self.token = new_token()
        self._numbers = Numbers()
        self.media_type = f"{MEDIA_TYPE}; charset=utf-8; fragments={self.token}"
        self._tails = Tails()
        self._events: SSEFormat | None = None

    def prepare(self, request: FormatRequest) -> None:
        accepted = request.headers.accepted_media_types()
        if events.MEDIA_TYPE in accepted and MEDIA_TYPE not in accepted:
            self._events = SSEFormat(lambda fragment: [self.elements(fragment)])
            self.media_type = self._events.media_type
            self.last_id_header = self._events.last_id_header
        self.into = request.into or request.headers.get("Turbo-Frame", "")

    def encode(self, fragment: Fragment) -> str:
        """Return the elements of a fragment, then a mark. A ping is only a mark that says so."""
        if self._events:
            return self._events.encode(fragment)
        elements = self.elements(fragment)
        mark = f"<!{self.token}"
        announcement = ""
        if mark in elements:
            self.token, announcement = change_token(self.token, elements)
            mark = f"<!{self.token}"
        if fragment.outcome:
            end = f" end {fragment.outcome}"
        else:
            end = "" if fragment.patches else " ping"
        if end != " ping" and (number := self._numbers.announce(fragment)):
            announcement += f"{mark} {number}>"
        return f"{announcement}{elements}{mark}{end}>"

    def skip(self, fragment: Fragment) -> None:
        """Note which tails are on the page."""
        self.elements(fragment)

    def elements(self, fragment: Fragment) -> str:
        """Return the elements of a fragment, without a mark."""
        return "".join([each for patch in fragment.patches for each in self._elements(patch)])

    def _elements(self, patch: Patch) -> Iterator[str]:
        old_tail, change = self._tails.settle(patch)
        if old_tail:
            yield _stream("remove", f'targets="{old_tail}"')
        if change is None:
            return
        if change.root:
            yield _stream(change.action, f'targets="{change.selector}"', change.html)
        elif change.action == "append":
            raise ValueError(
                "a Turbo client does not know where the message goes; pass Reply(into=…)"
            )
        else:
            for name, element in elements_with_id(change.html):
                # The id is still escaped as in the source, but it may contain a double quote.
                quoted = name.replace('"', "&quot;")
                yield _stream("replace", f'target="{quoted}"', element.html())


def _stream(action: str, target: str, html: str = "") -> str:
    content = f"<template>{html}</template>" if html else ""
    return f'<turbo-stream action="{action}" {target}>{content}</turbo-stream>'
