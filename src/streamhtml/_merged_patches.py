"""Makes one fragment of many, for a reader who comes late.

The law: the page is the same as if each patch had been applied.
"""

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Final

from markupsafe import Markup

from streamhtml._patch import Patch, closed_patch

_ID: Final = re.compile(r'\sid="([^"]+)"')


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
