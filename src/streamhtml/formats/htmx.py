"""The ``htmx`` format: out-of-band markup, for a client that passes everything it reads to htmx.

Each Fragment can be swapped by itself. The first is ordinary content for the request's own target.
Every later change is an element with ``hx-swap-oob`` (https://htmx.org/attributes/hx-swap-oob/), or
an ``<hx-partial>`` for clients that know it.
"""

from collections.abc import Iterator

from markupsafe import Markup

from streamhtml._patch import Fragment, Patch, id_selector
from streamhtml.formats._format import Format
from streamhtml.formats._tails import Tails, parent_of


class HTMXFormat(Format):
    """Encodes one response.

    Args:
        partials: write ``<hx-partial>`` elements. htmx 4 needs them for parts of a table, because
            it does not look for ``hx-swap-oob`` inside a ``<template>``, as htmx 2 does.
    """

    media_type = "text/html; charset=utf-8"

    def __init__(self, *, partials: bool = False) -> None:
        self._tails = Tails()
        self._partials = partials
        self._in_templates = False

    def encode(self, fragment: Fragment) -> str:
        """Return the fragment as markup that htmx 2 applies in one swap.

        A fragment that changes nothing, such as a ping, is a newline.
        """
        return "".join(self.swaps(fragment)) or "\n"

    def swaps(self, fragment: Fragment) -> Iterator[str]:
        """Yield the fragment in pieces, for a client that must apply them one by one."""
        for patch in fragment.patches:
            if patch.root:
                yield from self._swaps(patch)
            else:
                # Content for the request's target, or elements that carry hx-swap-oob themselves.
                yield patch.html

    def _swaps(self, patch: Patch) -> Iterator[str]:
        old_tail, change = self._tails.settle(patch)
        if old_tail:
            yield self._swap("delete", old_tail)
        if change is None:
            return
        if change.action == "append":
            yield self._swap("beforeend", change.selector, change.html)
        else:
            yield from self._replace(change)

    def _replace(self, change: Patch) -> Iterator[str]:
        html, selector = change.html, change.selector
        if self._partials:
            yield self._swap("outerHTML", selector, html)
            return
        # An outerHTML swap would insert the wrapping element itself. So insert the new element
        # beside the old one, and then delete the old one. The new element must not change the
        # old one's selector: :nth-child finds the first, and :last-child the last.
        beside = "beforebegin" if change.depth else "afterend"
        if selector == id_selector(change.root) and change.root in html:
            # The new one may have the same id, and htmx would delete both.
            placeholder = f"{change.root}-new"
            yield self._swap(beside, selector, Markup(f'<i id="{placeholder}"></i>'))
            yield self._swap("delete", selector)
            selector = id_selector(placeholder)
        yield self._swap(beside, selector, html)
        yield self._swap("delete", selector)

    def _swap(self, style: str, selector: str, html: str = "") -> str:
        if self._partials:
            return f'<hx-partial hx-target="{selector}" hx-swap="{style}">{html}</hx-partial>'
        name = parent_of(html)
        swap = f'<{name or "div"} hx-swap-oob="{style}:{selector}">{html}</{name or "div"}>'
        # A parser only keeps a part of a table (a row, a cell) if it comes first in a template.
        # htmx 2 swaps the content of templates after everything else. So after the first template,
        # every swap is in a template, which keeps the order.
        self._in_templates |= name is not None
        return f"<template>{swap}</template>" if self._in_templates else swap
