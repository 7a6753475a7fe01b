"""The ``turbo`` format: ``<turbo-stream>`` elements (https://turbo.hotwired.dev/reference/streams).

Turbo itself applies a response only when all of it has arrived. So our client applies the fragments
as they arrive. After each Fragment there is a mark, a comment as in the ``html`` format. It shows
the client that the fragment is complete. A ``<turbo-stream-source>`` asks for an event stream and
gets one, with one message per Fragment.
"""

import re
from collections.abc import Iterator
from typing import Final

from streamhtml._patch import Fragment
from streamhtml.formats import _server_sent_events as events
from streamhtml.formats._format import Format, FormatRequest
from streamhtml.formats._html_tree import elements_with_id
from streamhtml.formats._tails import Change, Tails
from streamhtml.formats.html import Numbers, change_token, new_token

MEDIA_TYPE: Final = "text/vnd.turbo-stream.html"

_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+\Z")


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
        self._is_event_stream = False

    def prepare(self, request: FormatRequest) -> None:
        accepted = request.headers.accepted_media_types()
        if events.MEDIA_TYPE in accepted and MEDIA_TYPE not in accepted:
            self._is_event_stream = True
            self.media_type = events.MEDIA_TYPE
            self.last_id_header = events.LAST_ID_HEADER
        self.into = request.into or request.headers.get("Turbo-Frame", "")

    def encode(self, fragment: Fragment) -> str:
        """Return the elements of a fragment, then a mark. A ping is only a mark that says so."""
        elements = self.elements(fragment)
        if self._is_event_stream:
            # The last fragment may have changes although it has no patches.
            return events.encode([elements] if elements or fragment.patches else [], fragment)
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
        """Note what is on the page."""
        self._tails.skip(fragment)

    def elements(self, fragment: Fragment) -> str:
        """Return the elements of a fragment, without a mark."""
        changes = self._tails.changes(fragment)
        return "".join([each for change in changes for each in _elements(change)])


def _elements(change: Change) -> Iterator[str]:
    action, selector, html = change
    if selector:
        yield _element(action, _target(selector), html)
    elif action == "append":
        raise ValueError("a Turbo client does not know where the message goes; pass Reply(into=…)")
    else:
        for name, element in elements_with_id(html):
            # The id is still escaped as in the source, but it may contain a double quote.
            quoted = name.replace('"', "&quot;")
            yield _element("replace", f'target="{quoted}"', element.html())


def _target(selector: str) -> str:
    """Return the attribute that names the elements of a selector."""
    name = selector.removeprefix("#")
    return f"target={name}" if _PLAIN.match(name) else f'targets="{selector}"'


def _element(action: str, target: str, html: str) -> str:
    content = f"<template>{html}</template>" if html else ""
    return f"<turbo-stream action={action} {target}>{content}</turbo-stream>"
