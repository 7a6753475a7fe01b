"""Makes few patches of many, for a reader who comes late.

What is appended later is written into the HTML that it is appended to. The law: the page is the
same as if each patch had been applied.
"""

from typing import Final

from markupsafe import Markup

from streamhtml._patch import Patch, closed_patch
from streamhtml.formats._html_tree import Element

_DROP_NEWLINE: Final = frozenset({"listing", "pre", "textarea"})
"""A parser drops a newline directly after the start tag of these."""


def inline_patches(patches: list[Patch]) -> list[Patch]:
    """Return the same changes in one patch for each that is on its own, and then the tails.

    Args:
        patches: what ``merge_patches()`` returned.
    """
    trees = _Trees({patch.root for patch in patches})
    try:
        for patch in patches:
            trees.add(patch)
    except LookupError:  # It is written where a parser would not leave it.
        return patches
    return trees.patches()


class _Trees:
    """The HTML that the patches so far have made.

    Args:
        roots: the ids that patches name.
    """

    def __init__(self, roots: set[str]) -> None:
        self._roots = roots
        self._elements: dict[str, Element] = {}
        self._first: list[tuple[Patch, Element]] = []
        self._tails: dict[str, Patch] = {}

    def add(self, patch: Patch) -> None:
        """Apply a patch.

        Raises:
            LookupError: its place is not in the HTML so far.
        """
        element = self._elements.get(patch.root)
        if element is None:
            if patch.root in self._tails or patch.action == "tail":
                raise LookupError(patch.root)
            top = Element()
            self._first.append((patch, top))
            self._read(top, patch.html)
            return
        self._tails.pop(patch.root, None)
        if patch.action == "tail":
            if patch.html:
                self._tails[patch.root] = patch
            return
        place = _find(element, patch)
        html = str(patch.html)
        if patch.action == "replace":
            self._replace(place, html)
            return
        if place.name in _DROP_NEWLINE and not place.children and html.startswith("\n"):
            html = "\n" + html
        self._read(place, html)

    def _replace(self, old: Element, html: str) -> None:
        parent = old.parent
        assert parent is not None
        new = parent.empty_copy()
        self._read(new, html)
        parent.replace_child(old, new)

    def _read(self, element: Element, html: str) -> None:
        """Add HTML to an element. A parser has to leave all of it there.

        Raises:
            LookupError: it would not, as with a block in a ``<p>``.
        """
        count = len(element.children)
        elements = element.read(html)
        added = Element()
        added.children = element.children[count:]
        if "".join(added.pieces()) != html:
            raise LookupError(element.name)
        self._register(elements)

    def _register(self, elements: list[Element]) -> None:
        for element in elements:
            if "id=" in element.start and (name := element.attributes().get("id")) in self._roots:
                self._elements[str(name)] = element

    def patches(self) -> list[Patch]:
        """Return the patches that make all of the HTML."""
        return [
            *(
                closed_patch(
                    patch.action,
                    Markup("".join(top.pieces())),
                    patch.root,
                    patch.depth,
                    patch.child,
                )
                for patch, top in self._first
            ),
            *self._tails.values(),
        ]


def _find(element: Element, patch: Patch) -> Element:
    """Return the element that a patch names."""
    if patch.child is not None:
        return element.elements()[patch.child]
    for _ in range(patch.depth):
        if element.last is None:
            raise LookupError(patch.root)
        element = element.last
    return element
