"""The ``turbo`` wire: ``<turbo-stream>`` elements (https://turbo.hotwired.dev/reference/streams).

Turbo itself applies a body when all of it is there. After each Fragment stands a mark, a comment
as in the ``html`` wire, by which ``turbo-streaming.js`` finds what it can apply before.
"""

from collections.abc import Iterator
from typing import Final

from streamhtml._patch import Fragment, Patch
from streamhtml.formats._elements import Element
from streamhtml.formats._tails import Tails
from streamhtml.formats.html import new_token

MEDIA_TYPE: Final = "text/vnd.turbo-stream.html"


class TurboFormat:
    """Encodes one response."""

    at_once = False
    needs_into = True

    def __init__(self) -> None:
        self.token = new_token()
        self.media_type = f"{MEDIA_TYPE}; charset=utf-8; fragments={self.token}"
        self._tails = Tails()

    def encode(self, fragment: Fragment) -> str:
        """Return the fragment's elements, and the mark behind them; a ping is a mark alone."""
        end = f" end {fragment.outcome}" if fragment.outcome else ""
        return f"{''.join(self.elements(fragment))}<!{self.token}{end}>"

    def elements(self, fragment: Fragment) -> Iterator[str]:
        """Yield the fragment's elements alone: the data of a message in an event stream."""
        for patch in fragment.patches:
            yield from self._elements(patch)

    def _elements(self, patch: Patch) -> Iterator[str]:
        gone, change = self._tails.settle(patch)
        if gone:
            yield _stream("remove", f'targets="{gone}"')
        if change is None:
            return
        if change.root:
            yield _stream(change.action, f'targets="{change.selector}"', change.html)
        elif change.action == "append":
            raise ValueError("Turbo does not say where a message goes: give Reply(into=…)")
        else:
            for name, html in _by_id(change.html):
                quoted = name.replace('"', "&quot;")  # It is as it came, escaped.
                yield _stream("replace", f'target="{quoted}"', html)


def _stream(action: str, target: str, html: str = "") -> str:
    content = f"<template>{html}</template>" if html else ""
    return f'<turbo-stream action="{action}" {target}>{content}</turbo-stream>'


def _by_id(html: str) -> Iterator[tuple[str, str]]:
    """Yield each outermost element that has an id, with that."""
    top = Element()
    top.read(html)
    for element in top.elements():
        if name := element.attributes().get("id"):
            yield name, "".join([element.start, *element.pieces(), element.end])
