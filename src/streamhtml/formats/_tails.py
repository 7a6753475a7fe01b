"""Tails for clients that know elements only: what is provisional gets one, with an id."""

import re
from typing import Final

from markupsafe import Markup

from streamhtml._patch import Patch, id_selector

# A parser drops the tags of a table's parts outside of these parents.
_PARENTS: Final = {
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
_FIRST_TAG: Final = re.compile(r"\s*<(\w+)")


def parent_of(html: str) -> str | None:
    """Return the name of the only element in which a parser takes the HTML; None if any does."""
    first = _FIRST_TAG.match(html)
    return _PARENTS.get(first[1].lower()) if first else None


class Tails:
    """Remembers which tails stand on the page."""

    def __init__(self) -> None:
        self._roots: set[str] = set()

    def settle(self, patch: Patch) -> tuple[str, Patch | None]:
        """Return what a client does that knows no tails.

        That is the selector of an element to remove first, or ``""``; and an append or a
        replacement, or None where nothing comes.
        """
        gone = self.take(patch.root)
        if patch.action != "tail":
            return gone, patch
        if not patch.html:
            return gone, None
        html = Markup(self.put(patch.root, patch.html))
        return gone, Patch("append", html, patch.root, patch.depth)

    def take(self, root: str) -> str:
        """Return the selector of the root's tail, which is to go now; ``""`` if there is none."""
        if root not in self._roots:
            return ""
        self._roots.remove(root)
        return id_selector(f"{root}-tail")

    def put(self, root: str, html: str) -> str:
        """Return the HTML of the root's new tail: in an element that ``take()`` will name."""
        self._roots.add(root)
        name = parent_of(html) or "span"
        return f'<{name} id="{root}-tail">{html}</{name}>'
