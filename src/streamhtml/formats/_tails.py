"""Changes for clients that find elements by selectors, and know neither tails nor depths.

A tail gets an element of its own. A region that changes often gets a *marker*, a hidden element in
front of it. Both have short ids, because a selector is sent with every change.

The law: no marker is left when the last fragment was applied.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import blake2b
from secrets import token_hex
from typing import Final, Literal, NamedTuple

from streamhtml._patch import Fragment, Patch, closed_patch, id_selector

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

_MARKED_AT: Final = 3
"""The append at which a region gets a marker, but not before the fragment with this index. For
fewer, a marker takes more than it saves."""


class Change(NamedTuple):
    """One change to the page.

    ``append`` adds the HTML as the last children of the element, ``before`` inserts it in front of
    the element, ``replace`` puts it in the place of the element, ``update`` in the place of the
    element's children, and ``remove`` removes the element.

    Args:
        action: what to do.
        selector: the CSS selector of the element. ``""`` is the container for ``append``, and for
            ``replace`` the elements that have the ids of the top-level elements in the HTML.
        html: HTML, already escaped.
    """

    action: Literal["append", "before", "replace", "update", "remove"]
    selector: str
    html: str = ""


class _TailPlace(NamedTuple):
    """Where a tail is: the place as in its patch, and the name of its element."""

    depth: int
    child: int | None
    element: str


class Tails:
    """Remembers the tails and the markers on the page, for one response.

    Args:
        replaces: whether the client can put several nodes in the place of an element. If not,
            only what a patch replaces is a ``replace``, and a tail can be an ``update``.
    """

    def __init__(self, *, replaces: bool = True) -> None:
        self._replaces = replaces
        self._regions: dict[str, Region] = {}
        self._key = ""
        self._begun = False

    def changes(self, fragment: Fragment) -> Iterator[Change]:
        """Yield the changes of a fragment, in order."""
        self._note_key(fragment)
        if not self._begun:
            self._begun = True
            self._note_markers(fragment)
        patches, is_last = _joined(fragment.patches), fragment.outcome is not None
        may_mark = fragment.index >= _MARKED_AT and not is_last
        while patches:
            patch = patches.pop(0)
            if patch.action == "replace":
                yield from self._replace(patch)
            elif not patch.root:
                yield Change("append", "", str(patch.html))
            elif patch.action == "append":
                tail = _take_tail(patches, patch)
                yield from self._write(patch, str(patch.html), tail, may_mark=may_mark)
            else:
                yield from self._write(patch, "", str(patch.html), may_mark=may_mark)
        if is_last:
            yield from self._unmark()

    def skip(self, fragment: Fragment) -> None:
        """Note what an earlier response has sent."""
        self._begun = True
        self._note_key(fragment)
        for patch in fragment.patches:
            if patch.action == "replace":
                # The earlier response has removed the markers, and some regions may be gone.
                for region in self._regions.values():
                    region.may_be_marked = False
            if patch.root:
                region = self._region(patch.root)
                region.tail = _tail_place(patch, patch.html) if patch.action == "tail" else None
                region.may_be_marked = fragment.index >= _MARKED_AT
        if fragment.outcome:
            for region in self._regions.values():
                region.may_be_marked = False

    def _note_key(self, fragment: Fragment) -> None:
        # What another answer has left must not be found, even if its regions had the same ids. An
        # answer that is waited for has no tag before its second fragment, nor regions that change.
        self._key = fragment.tag or self._key or new_key()

    def _note_markers(self, fragment: Fragment) -> None:
        """Note what an earlier response may have left.

        One that was cut off in a fragment of an answer in a log is followed by one that begins by
        replacing the regions. Their tails are in them, but their markers are not.
        """
        for patch in fragment.patches if fragment.tag else ():
            if patch.action == "replace" and f'id="{patch.root}"' in patch.html:
                self._region(patch.root).may_be_marked = True

    def _region(self, root: str) -> "Region":
        if root not in self._regions:
            self._regions[root] = Region(root, self._key)
        return self._regions[root]

    def _write(self, patch: Patch, html: str, tail: str, *, may_mark: bool) -> Iterator[Change]:
        """Yield changes that remove the old tail, append HTML, and add a tail in the same place.

        Args:
            patch: says the place.
            html: what to append; ``""`` for nothing.
            tail: the new tail; ``""`` for none.
            may_mark: whether the region may get a marker.
        """
        region = self._region(patch.root)
        if region.may_be_marked:
            yield from region.unmark()
        old, new = region.tail, _tail_place(patch, tail)
        region.tail = new
        added = html + (region.tail_html(new.element, tail) if new else "")
        if old and added and old == (new or _tail_place(patch, html)) and not parent_of(added):
            yield from self._rewrite(region.tail_selector, html, tail, added)
            return
        if old:
            yield Change("remove", region.tail_selector)
        if added:
            yield from region.count(may_mark=may_mark)
            yield Change("append", region.selector(patch), added)

    def _rewrite(self, selector: str, html: str, tail: str, added: str) -> Iterator[Change]:
        """Yield changes that replace the tail, and add HTML before it."""
        if self._replaces:
            yield Change("replace", selector, added)
            return
        if html:
            yield Change("before", selector, html)
        yield Change("update", selector, tail) if tail else Change("remove", selector)

    def _replace(self, patch: Patch) -> Iterator[Change]:
        """Yield changes that replace an element, after removing the markers that may be in it."""
        if not patch.root:
            yield from self._unmark()
            yield Change("replace", "", str(patch.html))
            return
        region = self._region(patch.root)
        if region.tail:
            region.tail = None
            yield Change("remove", region.tail_selector)
        is_all = not patch.depth and patch.child is None
        yield from self._unmark(but=None if is_all else region)
        yield Change("replace", region.selector(patch), str(patch.html))

    def _unmark(self, but: "Region | None" = None) -> Iterator[Change]:
        for region in self._regions.values():
            if region is not but:
                yield from region.unmark()


class Region:
    """What is on the page of one region, besides its content.

    The ids are "_" and 5 characters, which have 30 bits. They are the same in every response to an
    answer in a log, so that the next one can find what one has left that was cut off. They are
    only on the page while an answer grows.

    Args:
        root: the id of the region.
        key: what the ids are made of, besides the root: the same for the same answer.

    Attributes:
        tail: where the tail is; None if there is none.
        may_be_marked: whether there may be a marker from an earlier response.
    """

    def __init__(self, root: str, key: str) -> None:
        self._root = id_selector(root)
        digest = blake2b(f"{root}{key}".encode(), digest_size=6).digest()
        self._name = f"_{urlsafe_b64encode(digest).decode()[:5]}"
        self._appends = 0
        """How many appends there were since the last marker was removed."""
        self._is_marked = False
        self.tail: _TailPlace | None = None
        self.may_be_marked = False

    @property
    def tail_selector(self) -> str:
        return f"#{self._name}t"

    def tail_html(self, element: str, html: str) -> str:
        return f"<{element} id={self._name}t>{html}</{element}>"

    def selector(self, patch: Patch) -> str:
        """Return a short CSS selector of the patch's place."""
        path = ">:last-child" * patch.depth
        if patch.child is not None:
            path = f">:nth-child({patch.child + 1})"
        root = f"#{self._name}+*" if self._is_marked else self._root
        return root + path

    def count(self, *, may_mark: bool) -> Iterator[Change]:
        """Count an append, and yield the change that inserts the marker, if it is time."""
        self._appends += 1
        if may_mark and not self._is_marked and self._appends >= _MARKED_AT:
            self._is_marked = True
            yield self._insert_marker()

    def unmark(self) -> Iterator[Change]:
        """Yield changes that remove the marker, if there is one."""
        if self.may_be_marked:
            # Some clients report an error if they find nothing to remove.
            yield self._insert_marker()
        if self.may_be_marked or self._is_marked:
            # With the tag name, Turbo removes both if there are two, and not only the first.
            name = "wbr" if self.may_be_marked else ""
            yield Change("remove", f"{name}#{self._name}")
        self._appends, self._is_marked, self.may_be_marked = 0, False, False

    def _insert_marker(self) -> Change:
        return Change("before", self._root, f"<wbr id={self._name} hidden>")


def new_key() -> str:
    """Return a key for an answer that no other response shows."""
    return token_hex(6)


def parent_of(html: str) -> str | None:
    """Return the name of the element that the HTML needs as its parent; None if any will do."""
    first = _FIRST_TAG.match(html)
    return _PARENTS.get(first[1].lower()) if first else None


def _tail_place(patch: Patch, html: str) -> _TailPlace | None:
    if not html:
        return None
    return _TailPlace(patch.depth, patch.child, parent_of(html) or "span")


def _joined(patches: tuple[Patch, ...]) -> list[Patch]:
    """Return the patches, with neighbours as one that append at the same place."""
    joined: list[Patch] = []
    for patch in patches:
        last = joined[-1] if joined else None
        if last and patch.action == "append" and _can_precede(last, patch):
            html = last.html + patch.html  # Both are Markup.
            joined[-1] = closed_patch("append", html, patch.root, patch.depth, patch.child)
        else:
            joined.append(patch)
    return joined


def _take_tail(patches: list[Patch], patch: Patch) -> str:
    """Remove the first patch if it is a tail for the end of this append; return its HTML."""
    if not patches or patches[0].action != "tail" or parent_of(patch.html):
        return ""
    return str(patches.pop(0).html) if _can_precede(patch, patches[0]) else ""


def _can_precede(append: Patch, patch: Patch) -> bool:
    """Return whether the HTML of a patch can be written directly after that of an append."""
    return (
        append.action == "append"
        and append.root != ""
        and (append.root, append.depth, append.child) == (patch.root, patch.depth, patch.child)
        # A parser does not keep a part of a table beside other HTML.
        and parent_of(append.html) == parent_of(patch.html)
    )
