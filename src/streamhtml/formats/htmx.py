"""The ``htmx`` format: out-of-band markup, for a client that passes everything it reads to htmx.

Each Fragment can be swapped by itself. The first is ordinary content for the request's own target.
Every later change is an element with ``hx-swap-oob`` (https://htmx.org/attributes/hx-swap-oob/), or
for htmx 4 an ``<hx-partial>``.
"""

import re
from collections.abc import Iterator
from typing import Final

from streamhtml._patch import Fragment
from streamhtml.formats._format import Format
from streamhtml.formats._tails import Change, Tails, parent_of

_STYLES: Final = {
    "append": "beforeend",
    "before": "beforebegin",
    "replace": "outerHTML",
    "update": "innerHTML",
    "remove": "delete",
}
_NEEDS_QUOTES: Final = re.compile(r"[\s>]")
_PLACEHOLDER: Final = "streamhtml-replaced"
"""The id of an element that is only on the page during a swap."""


class HTMXFormat(Format):
    """Encodes one response.

    Args:
        partials: write ``<hx-partial>`` elements. htmx 4 needs them: it does not look for
            ``hx-swap-oob`` inside a ``<template>``, as htmx 2 does, and its versions do not agree
            on where the style of such an attribute ends. They can also replace an element.
        one_by_one: the client passes one fragment to htmx at a time, and never two at once.
    """

    media_type = "text/html; charset=utf-8"

    def __init__(self, *, partials: bool = False, one_by_one: bool = False) -> None:
        self.partials = partials
        self._one_by_one = one_by_one
        self._tails = Tails(replaces=partials)
        self._in_templates = False

    def encode(self, fragment: Fragment) -> str:
        """Return the fragment as markup that htmx 2 applies in one swap.

        A fragment that changes nothing, such as a ping, is a newline.
        """
        return "".join(self.swaps(fragment)) or "\n"

    def skip(self, fragment: Fragment) -> None:
        """Note what is on the page."""
        self._tails.skip(fragment)

    def swaps(self, fragment: Fragment) -> Iterator[str]:
        """Yield the fragment in pieces, for a client that must apply them one by one."""
        if self._one_by_one:
            self._in_templates = False
        for change in self._tails.changes(fragment):
            if change.selector:
                yield from self._swaps(change)
            else:
                # Content for the request's target, or elements that carry hx-swap-oob themselves.
                yield change.html

    def _swaps(self, change: Change) -> Iterator[str]:
        action, selector, html = change
        if action != "replace" or self.partials:
            yield self._swap(_STYLES[action], selector, html)
            return
        # An outerHTML swap would insert the wrapping element itself. So insert the new element
        # beside the old one, and then delete the old one. The new element must not change the
        # old one's selector: :nth-child finds the first, and :last-child the last.
        beside = "beforebegin" if selector.endswith(":last-child") else "afterend"
        if not selector.endswith((":last-child", ")")):
            # It is found by its id. The new one may have the same, and htmx would delete both.
            yield self._swap(beside, selector, f"<i id={_PLACEHOLDER}></i>")
            yield self._swap("delete", selector)
            selector = f"#{_PLACEHOLDER}"
        yield self._swap(beside, selector, html)
        yield self._swap("delete", selector)

    def _swap(self, style: str, selector: str, html: str = "") -> str:
        if self.partials:
            return f"<hx-partial hx-target={_quoted(selector)} hx-swap={style}>{html}</hx-partial>"
        name = parent_of(html)
        # htmx does not insert this element. It can contain any other, and its name is short.
        # htmx 4 takes the last ":" before the first space for the end of the style.
        target = _quoted(f"{style}:{selector.replace('>', ' >', 1)}")
        swap = f"<{name or 'q'} hx-swap-oob={target}>{html}</{name or 'q'}>"
        # A parser only keeps a part of a table (a row, a cell) if it comes first in a template.
        # htmx 2 swaps the content of templates after everything else that it gets. So after the
        # first template, every swap is in a template, which keeps the order.
        self._in_templates |= name is not None
        return f"<template>{swap}</template>" if self._in_templates else swap


def _quoted(value: str) -> str:
    """Return the value of an attribute, in quotes where it needs them."""
    return f'"{value}"' if _NEEDS_QUOTES.search(value) else value
