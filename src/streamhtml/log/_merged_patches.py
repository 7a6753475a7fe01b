"""Makes few patches of many, for a reader who comes late.

First, patches that undo each other are left out, and neighbours are joined. Then, what is appended
later is written into the HTML that it is appended to. The law: the page is the same as if each
patch had been applied.
"""

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Final

from markupsafe import Markup

from streamhtml._patch import Patch, closed_patch
from streamhtml.formats._html_tree import Element

_ID: Final = re.compile(r'\sid="([^"]+)"')

_DROP_NEWLINE: Final = frozenset({"listing", "pre", "textarea"})
"""A parser drops a newline directly after the start tag of these."""


def merge_patches(patches: Iterable[Patch]) -> list[Patch]:
    """Return fewer patches with the same effect.

    A tail that a later patch removes is left out, and so is what a later patch replaces.
    Neighbouring patches that append at the same place become one.

    Args:
        patches: the patches of several fragments, in order.
    """
    merged: list[Patch] = []
    for place, group in groupby(_without_superseded([*patches]), _place_of_append):
        if place is None:
            merged += group
        else:
            merged.append(_joined([*group]))
    return merged


def _without_superseded(patches: list[Patch]) -> list[Patch]:
    roots = {patch.root for patch in patches}
    kept: list[Patch] = []  # The last first.
    with_later_patch: set[str] = set()  # Roots.
    replaced: set[str] = set()  # Roots that a later patch has put on the page again.
    parts: dict[tuple[str, int | None], set[str]] = {}  # The roots in a part that was replaced.
    for patch in reversed(patches):
        if patch.root in replaced or (patch.action == "tail" and patch.root in with_later_patch):
            continue
        if patch.action == "replace" and (inside := roots.intersection(_ID.findall(patch.html))):
            place = patch.root, patch.child
            if not inside.isdisjoint(parts.get(place, ())):
                continue
            parts[place] = inside
            replaced |= inside
        if patch.root:
            with_later_patch.add(patch.root)
        kept.append(patch)
    return kept[::-1]


def _place_of_append(patch: Patch) -> tuple[str, int, int | None] | None:
    """Return the place of a patch that can be joined with others; None for any other patch."""
    if patch.action != "append" or not patch.root:
        return None
    return patch.root, patch.depth, patch.child


def _joined(patches: list[Patch]) -> Patch:
    first = patches[0]
    html = Markup("".join(patch.html for patch in patches))
    return closed_patch("append", html, first.root, first.depth, first.child)


def inline_patches(patches: list[Patch]) -> list[Patch]:
    """Return fewer patches with the same effect: later ones are written into the HTML of earlier.

    The patches are returned unchanged if a parser would not leave one where it is written.

    Args:
        patches: what ``merge_patches()`` returned.
    """
    trees = _Trees({patch.root for patch in patches})
    try:
        for patch in patches:
            trees.add(patch)
    except LookupError:
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
