"""The ``htmx`` wire: out-of-band markup, for a page whose client swaps whatever it reads.

Each Fragment stands alone: the first is ordinary content, for the request's own target; every
later change is an element with ``hx-swap-oob`` (https://htmx.org/attributes/hx-swap-oob/), or a
``<hx-partial>``, where the client knows that.
"""

from collections.abc import Iterator

from streamhtml._patch import Fragment, Patch
from streamhtml.formats._tails import Tails, parent_of


class HTMXFormat:
    """Encodes one response.

    Args:
        partials: write ``<hx-partial>``, which htmx 4 needs where a part of a table comes: it
            does not look into a ``<template>``, as htmx 2 does.
    """

    media_type = "text/html; charset=utf-8"
    at_once = False
    needs_into = False

    def __init__(self, *, partials: bool = False) -> None:
        self._tails = Tails()
        self._partials = partials
        self._after_table = False

    def encode(self, fragment: Fragment) -> str:
        """Return the fragment as markup that htmx 2 applies in one swap.

        What changes nothing, a ping for instance, is a newline.
        """
        return "".join(self.swaps(fragment)) or "\n"

    def swaps(self, fragment: Fragment) -> Iterator[str]:
        """Yield the fragment in pieces, for a client that must apply one after the other."""
        for patch in fragment.patches:
            if patch.root:
                yield from self._swaps(patch)
            else:
                # Content for the request's target, or elements that carry hx-swap-oob themselves.
                yield str(patch.html)

    def _swaps(self, patch: Patch) -> Iterator[str]:
        gone, change = self._tails.settle(patch)
        if gone:
            yield self._swap("delete", gone)
        if change is None:
            return
        if change.action == "append":
            yield self._swap("beforeend", change.selector, change.html)
        else:
            # htmx would put the wrapper itself where an outerHTML swap goes. An index counts
            # from the front, :last-child from the back: the new must not move the old's place.
            beside = "beforebegin" if change.child is None else "afterend"
            yield self._swap(beside, change.selector, change.html)
            yield self._swap("delete", change.selector)

    def _swap(self, style: str, selector: str, html: str = "") -> str:
        if self._partials:
            return f'<hx-partial hx-target="{selector}" hx-swap="{style}">{html}</hx-partial>'
        name = parent_of(html)
        swap = f'<{name or "div"} hx-swap-oob="{style}:{selector}">{html}</{name or "div"}>'
        # A part of a table is parsed as such if it comes first: in a template of its own. htmx 2
        # swaps what is in templates after what is not, so there is no way back.
        self._after_table |= name is not None
        return f"<template>{swap}</template>" if self._after_table else swap
