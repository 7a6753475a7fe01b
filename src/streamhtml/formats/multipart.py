"""The ``multipart`` format: ``multipart/mixed`` (RFC 2046), for ``hx-multipart`` of htmx 4
(https://four.htmx.org/extensions/hx-multipart).

Each change of a Fragment is one part, whose headers say what it changes and how. htmx swaps a part
when it has read the boundary after it, so each part is written together with that boundary. The
last part has no content: it triggers an event with the name of the outcome, and ``stream:end``.
"""

import secrets
from collections.abc import Iterator
from typing import Final, NamedTuple

from streamhtml._patch import Fragment, Patch
from streamhtml.formats._format import Format
from streamhtml.formats._html_tree import elements_with_id
from streamhtml.formats._tails import Tails, parent_of

MEDIA_TYPE: Final = "multipart/mixed"

LAST_ID_HEADER: Final = "HX-Last-Part-ID"
"""The request header in which a client that reconnects repeats the last id that it received."""

_PING: Final = "\r\nPing:"
"""A header of the next part. htmx does nothing before it has read the whole part."""


class _Change(NamedTuple):
    """What one part changes.

    Args:
        style: a style of ``hx-swap``; ``""`` for the page's own.
        selector: the element to swap; ``""`` for the page's own target.
        html: the content.
        place: the selector of the element that the content is added to at the end; ``""`` if it is
            not added at the end of an element. It is not ``selector`` where the content replaces a
            tail.
    """

    style: str
    selector: str
    html: str
    place: str = ""


class MultipartFormat(Format):
    """Encodes one response."""

    can_resume = True
    last_id_header = LAST_ID_HEADER

    def __init__(self) -> None:
        # It is random, so that no HTML contains it by chance. _part() sees to the rest.
        boundary = secrets.token_urlsafe(6)
        self.media_type = f"{MEDIA_TYPE}; boundary={boundary}"
        self._delimiter = f"--{boundary}"
        self._begun = False
        self._tails = Tails()
        self._tail_places: dict[str, str] = {}

    def encode(self, fragment: Fragment) -> str:
        """Return the parts of a fragment, each with the boundary after it.

        A ping is a header of the part that comes next.
        """
        changes = self._changes(fragment)
        text = "".join(map(self._part, changes, fragment.ids(len(changes))))
        if fragment.outcome:
            text += self._end(fragment.outcome)
        text = text or _PING
        if not self._begun:
            self._begun = True
            return self._delimiter + text
        return text

    def skip(self, fragment: Fragment) -> None:
        """Note which tails are on the page."""
        self._changes(fragment)

    def _part(self, change: _Change, id: str) -> str:
        headers = f"\r\nHX-Part-ID:{id}"
        if change.style:
            headers += f"\r\nHX-Reswap:{change.style}"
        if change.selector:
            # Only a selector with a space has to be quoted.
            selector = change.selector.replace(" > ", ">")
            headers += f' target:"{selector}"' if " " in selector else f" target:{selector}"
        html = change.html
        if self._delimiter in html:  # A model may repeat what somebody has read and told it.
            html = html.replace(self._delimiter, f"&#45;{self._delimiter[1:]}")
        return f"{headers}\r\n\r\n{html}\r\n{self._delimiter}"

    def _end(self, outcome: str) -> str:
        # htmx 4.0.1 fails if the header is JSON, so the events have no detail.
        return (
            f"\r\nHX-Part-ID:{outcome}\r\nHX-Reswap:none\r\nHX-Trigger:stream:{outcome},stream:end"
            f"\r\n\r\n\r\n{self._delimiter}--\r\n"
        )

    def _changes(self, fragment: Fragment) -> list[_Change]:
        """Return the changes of a fragment. Those that add to one place in a row are joined."""
        changes: list[_Change] = []
        for patch in fragment.patches:
            for change in self._changes_of(patch):
                if changes and _can_join(changes[-1], change):
                    html = changes[-1].html + change.html
                    changes[-1] = changes[-1]._replace(html=html)
                else:
                    changes.append(change)
        return changes

    def _changes_of(self, patch: Patch) -> Iterator[_Change]:
        root, html, place = patch.root, str(patch.html), patch.selector
        if not root:
            by_id = patch.action == "replace"
            yield _Change("none", "", _swapped_by_id(html)) if by_id else _Change("", "", html)
            return
        tail_place = self._tail_places.pop(root, "")
        old_tail = self._tails.take(root)
        if patch.action == "tail" and html:
            html = self._tails.put(root, html)
            self._tail_places[root] = place
        if html and patch.action != "replace" and tail_place == place:
            yield _Change("outerHTML", old_tail, html, place)
            return
        if old_tail:
            yield _Change("delete", old_tail, "")
        if patch.action == "replace":
            yield _Change("outerHTML", place, html)
        elif html:
            yield _Change("append", place, html, place)


def _can_join(before: _Change, change: _Change) -> bool:
    """Return whether the content of a change can be written after that of the change before it."""
    is_added = change.style == "append" and change.place == before.place
    # A parser keeps a part of a table only where it is not beside other content.
    return is_added and parent_of(before.html) == parent_of(change.html)


def _swapped_by_id(html: str) -> str:
    """Return markup with which htmx swaps each element that has an id for the one on the page."""
    swaps: list[str] = []
    for name, element in elements_with_id(html):
        if not {"hx-swap-oob", "data-hx-swap-oob"}.isdisjoint(element.attributes()):
            swaps.append(element.html())
        else:
            # The id is still escaped as in the source, but it may contain a double quote.
            quoted = name.replace('"', "&quot;")
            swaps.append(
                f'<hx-partial id="{quoted}" hx-swap="outerHTML">{element.html()}</hx-partial>'
            )
    return "".join(swaps)
