"""Writes the message of a page with ``<template for>``: each change in its place.

The HTML standard (https://html.spec.whatwg.org/multipage/scripting.html#attr-template-for) lets a
page that is still loading go back to a place that it has marked:

- ``<?marker name="a">`` is a place. ``<template for="a">…</template>`` later puts its content
  there. The browser shows the content while it arrives, and elements in it can stay open.
- ``<?start name="a">…<?end>`` is a range, whose content ``<template for="a">`` replaces. Without
  ``<?end>``, it ends where the element ends that it is in.

The markers are removed when the template ends. A template finds a marker in the element that it is
in itself. So all templates are written directly after the message, or in an element that is open.

- The message is written at once, with a marker in each region, and a range around each element
  that may be replaced.
- What is open is a path of elements: ``_open``. The last element, and its last element, and so on,
  stay open as long as they may grow. What grows elsewhere ends the template and begins another.
  Elements that are left while they may still grow get a marker.
- A tail is in a range, and so is each element that is often replaced by another one.
- What changes where there is no marker is written again, with what is around it.

The law: without the processing instructions, the elements and the text are at the end exactly the
tree.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from streamhtml.formats._html_tree import Element
from streamhtml.formats._open_path import OpenPath, self_and_ancestors

_END_TAGS: Final = re.compile(r"(?:</[^>]+>)+\Z")
_FOR: Final = re.compile(r"(?<=[\s\"'/])for(?=[\s=/>])", re.IGNORECASE)


@dataclass(slots=True)
class _Tail:
    """A provisional end of an element.

    Args:
        node: the element.
        name: the name of the range; ``""`` if it is not shown.
        html: all of it.
        shown: all of it but the end tags, which are written later, because the tail may grow.
    """

    node: Element
    name: str
    html: str
    shown: str

    @property
    def end(self) -> str:
        return self.html[len(self.shown) :]


class InPlace:
    """Writes the changes of a tree.

    Args:
        top: the top of the tree, empty so far.
        page: the HTML of the page around the message.
    """

    nothing: Final = "<?ping>"
    """A processing instruction: it may be anywhere in a page and changes nothing."""

    def __init__(self, top: Element, page: str) -> None:
        self._top = top
        self._path = OpenPath(top, page)
        self._tails: dict[str, _Tail] = {}
        self._old_tail: _Tail | None = None
        """A tail of the innermost open element that is to be removed before anything else."""
        self._changed: set[Element] = set()
        """The elements that have to be written again, or one around each."""
        self._is_hidden = False
        """Whether something is not shown before an element is written again."""
        self._catch_up_at = 0

    def read(self, html: str, parent: Element) -> list[Element]:
        """Add HTML to an element of the tree; return the elements in it.

        No ``<template>`` in it can then find a marker of ours.
        """
        elements = parent.read(html)
        for element in elements:
            if element.name == "template":
                element.start = _FOR.sub("fo&#114;", element.start)
        return elements

    def open(self, regions: list[Element]) -> None:
        """Write the message."""
        self._remove_old_tail()
        self._path.close_to(self._top, self._top)
        self._path.write_rest(self._top)

    def show(self, node: Element) -> None:
        """Write what was added to an element."""
        if node.is_open and node.visible_end() <= node.written:
            # Only white space was added, after an element. It waits, so that the element stays
            # open and can still grow.
            return
        tail = self._old_tail
        if tail and tail.node is node:
            self._old_tail = None
            self._replace_tail(tail)
        elif self._enter(node):
            self._path.grow()
        else:
            self._change(node)

    def replace(self, old: Element, new: Element, *, now: bool = False) -> None:
        """Put the children of ``new`` in the place of ``old``.

        Args:
            old: the element to replace.
            new: holds the replacement; it is not part of it.
            now: write it again at once, even if much has to be repeated.
        """
        parent = old.parent
        assert parent
        self._remove_old_tail()
        name, was_last = self._path.ranges.get(old), parent.last is old
        grows = old.is_open and parent.is_open and not self._path.is_continued(old)
        self._path.close(old)
        self._forget(old)
        index = parent.replace_child(old, new)
        if was_last and parent.last:
            parent.last.written = len(parent.last.children)
        if not name:
            self._changed.add(parent)
            if now:
                self._write_again()
        elif grows:
            self._path.empty(name, parent)
            parent.written = index
            self._path.grow()
        else:
            self._path.write_range(name, parent, new.children)

    def show_tail(self, root: str, node: Element, html: str) -> None:
        """Show HTML at the end of an element until ``remove_tail()`` is called with the root."""
        holder = node.empty_copy()
        self.read(html, holder)
        text = "".join(holder.pieces())
        ends = _END_TAGS.search(text)
        shown = text.removesuffix(ends[0]) if ends else text
        old = self._old_tail
        if old and old.node is node and shown.startswith(old.shown):
            self._old_tail = None
            self._path.write(shown.removeprefix(old.shown))
            name = old.name
        elif self._enter(node):
            self._path.write_rest(node)
            name = self._path.new_name()
            self._path.write(f'<?start name="{name}">{shown}')
        else:
            self._change(node)
            name = ""
        tail = self._tails[root] = _Tail(node, name, text, shown)
        if name:
            self._path.tails[node] = name, tail.end

    def remove_tail(self, root: str) -> None:
        """Remove the tail of a root, if there is one."""
        self._remove_old_tail()
        tail = self._tails.pop(root, None)
        if tail and tail.name and self._path.tails.get(tail.node, ("",))[0] == tail.name:
            if tail.node.is_open:
                self._old_tail = tail
                del self._path.tails[tail.node]
            else:
                self._enter(tail.node)

    def compact(self, element: Element) -> None:
        """Take note that no patch can name anything in an element any more."""
        for each in element.elements():
            if self._forget(each):
                self._changed.add(element)
        element.compact()
        element.written = len(element.children)

    def catch_up(self) -> None:
        """Do nothing: a part whose state has changed was written in its place."""

    def finish(self) -> None:
        """Write the rest, and close everything."""
        self._write_again()
        self._path.close_to(self._top)
        self._path.write_rest(self._top)

    def take(self) -> str:
        """Return what was written since the last call."""
        self._remove_old_tail()
        if self._is_hidden and self._path.length >= self._catch_up_at:
            # What is repeated is never longer than what was written in the meantime.
            self._write_again()
            self._catch_up_at = 2 * self._path.length
        return self._path.take()

    def _enter(self, node: Element) -> bool:
        self._remove_old_tail()
        return self._path.enter(node)

    def _remove_old_tail(self) -> None:
        tail, self._old_tail = self._old_tail, None
        if tail:
            self._remove(tail)

    def _remove(self, tail: _Tail) -> None:
        self._path.write(tail.end)
        self._path.empty(tail.name, tail.node)

    def _replace_tail(self, tail: _Tail) -> None:
        """Write what was added to an element, after a tail that is to be removed.

        Often it begins as the tail does. Then the tail stays and grows.
        """
        added = self._path.take_growth()
        if added.startswith(tail.shown):
            added = added.removeprefix(tail.shown)
        else:
            self._remove(tail)
        self._path.write(added)

    def _change(self, node: Element) -> None:
        """Note that an element has changed that cannot be reached."""
        self._changed.add(node)
        self._is_hidden = True

    def _write_again(self) -> None:
        """Write the elements again that have changed where there was no marker."""
        self._remove_old_tail()
        self._is_hidden = False
        while self._changed:
            # The outermost first, because the others may be in it.
            self._write_changed(min(self._changed, key=_depth))

    def _write_changed(self, element: Element) -> None:
        """Write an element again, or the nearest one around it that is a range."""
        self._changed.remove(element)
        while element not in self._path.ranges:
            assert element.parent, "each element at the top is a range"
            element = element.parent
        assert element.parent
        name = self._path.ranges[element]
        self._path.close(element)
        self._forget(element)
        inside = set(_with_descendants(element))
        roots = [root for root, tail in self._tails.items() if tail.node in inside]
        tails = {root: self._tails.pop(root) for root in roots}
        for tail in tails.values():
            self._path.wanted.update(self_and_ancestors(tail.node))
        self._path.write_range(name, element.parent, [element])
        self._path.wanted.clear()
        for root, tail in tails.items():
            self.show_tail(root, tail.node, tail.html)

    def _forget(self, element: Element) -> bool:
        """Forget what is known of an element, and of those in it.

        Returns:
            Whether one of them was to be written again.
        """
        has_changed = False
        for each in _with_descendants(element):
            for known in (self._path.markers, self._path.ranges, self._path.tails):
                known.pop(each, None)
            has_changed |= each in self._changed
            self._changed.discard(each)
        return has_changed


def _depth(element: Element) -> int:
    return sum(1 for _ in self_and_ancestors(element))


def _with_descendants(element: Element) -> Iterator[Element]:
    todo = [element]
    while todo:
        one = todo.pop()
        yield one
        todo += one.elements()
