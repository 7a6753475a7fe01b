"""The ``htmx`` wire: out-of-band markup, for a page whose client swaps whatever it reads.

Each Fragment stands alone: the first is ordinary content, for the request's own target; every
later change is an element with ``hx-swap-oob`` (https://htmx.org/attributes/hx-swap-oob/).
"""

import re
from collections.abc import Iterator

from streamhtml._patch import Fragment, Patch, id_selector

# A parser drops the tags of a table's parts outside of these parents.
_PARENTS = {
    "td": "tr",
    "th": "tr",
    "tr": "tbody",
    "tbody": "table",
    "thead": "table",
    "tfoot": "table",
    "caption": "table",
    "colgroup": "table",
    "col": "colgroup",
}
_FIRST_TAG = re.compile(r"\s*<(\w+)")


class HTMXFormat:
    """Encodes one response; remembers which tails stand on the page."""

    media_type = "text/html; charset=utf-8"
    at_once = False

    def __init__(self) -> None:
        self._tails: set[str] = set()
        self._after_table = False

    def encode(self, fragment: Fragment) -> str:
        """Return the fragment as markup that htmx applies in one swap.

        What changes nothing, a ping for instance, is a newline.
        """
        return "".join(self._patch(patch) for patch in fragment.patches) or "\n"

    def _patch(self, patch: Patch) -> str:
        if not patch.root:
            # Content for the request's target, or elements that carry hx-swap-oob themselves.
            return str(patch.html)
        # A part of a table is parsed as such if it comes first: in a template of its own. htmx 2
        # swaps what is in templates after what is not, so there is no way back.
        self._after_table |= _parent(patch.html) is not None
        swaps = self._swaps(patch)
        if self._after_table:
            swaps = (f"<template>{swap}</template>" for swap in swaps)
        return "".join(swaps)

    def _swaps(self, patch: Patch) -> Iterator[str]:
        """Yield the elements out of band that htmx must take one after the other."""
        tail = f"{patch.root}-tail"
        if patch.root in self._tails:
            self._tails.remove(patch.root)
            yield _out_of_band("delete", id_selector(tail))
        if patch.action == "replace":
            # htmx would put the wrapper itself where an outerHTML swap goes. An index counts
            # from the front, :last-child from the back: the new must not move the old's place.
            beside = "beforebegin" if patch.child is None else "afterend"
            yield _out_of_band(beside, patch.selector, patch.html)
            yield _out_of_band("delete", patch.selector)
        elif patch.action == "append":
            yield _out_of_band("beforeend", patch.selector, patch.html)
        elif patch.html:
            self._tails.add(patch.root)
            name = _parent(patch.html) or "span"
            yield _out_of_band(
                "beforeend", patch.selector, f'<{name} id="{tail}">{patch.html}</{name}>'
            )


def _out_of_band(style: str, selector: str, html: str = "") -> str:
    name = _parent(html) or "div"
    return f'<{name} hx-swap-oob="{style}:{selector}">{html}</{name}>'


def _parent(html: str) -> str | None:
    """Return the name of the only element in which a parser takes the HTML; None if any does."""
    first = _FIRST_TAG.match(html)
    return _PARENTS.get(first[1].lower()) if first else None
