"""Tails for clients that can only replace elements: each tail gets an element with its own id."""

import re
from typing import Final

from markupsafe import Markup

from streamhtml._patch import Patch, closed_patch, id_selector

# An HTML parser drops the tags of a table's parts outside of these parents.
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
    """Return the name of the element that the HTML needs as its parent; None if any will do."""
    first = _FIRST_TAG.match(html)
    return _PARENTS.get(first[1].lower()) if first else None


class Tails:
    """Remembers which regions have a tail on the page."""

    def __init__(self) -> None:
        self._roots: set[str] = set()

    def settle(self, patch: Patch) -> tuple[str, Patch | None]:
        """Turn a patch into changes for a client that does not know tails.

        Returns:
            The selector of the element to remove first, or ``""``; and then the append or the
            replacement to apply, or None if there is none.
        """
        old_tail = self.take(patch.root)
        if patch.action != "tail":
            return old_tail, patch
        if not patch.html:
            return old_tail, None
        html = Markup(self.put(patch.root, patch.html))
        return old_tail, closed_patch("append", html, patch.root, patch.depth)

    def take(self, root: str) -> str:
        """Forget the tail of a root. Return its selector, or ``""`` if there is none."""
        if root not in self._roots:
            return ""
        self._roots.remove(root)
        return id_selector(f"{root}-tail")

    def put(self, root: str, html: str) -> str:
        """Return the HTML of a new tail, in an element whose selector ``take()`` returns later."""
        self._roots.add(root)
        name = parent_of(html) or "span"
        return f'<{name} id="{root}-tail">{html}</{name}>'
