"""HTML that is written in order, once, while it still changes: its last branch stays open.

What was written cannot be taken back. So the end tags of what may still grow are kept back, and
what has changed where no pen comes any more is hidden by a ``<style>`` and written again.
"""

from html import escape
from typing import Final, NamedTuple

from streamhtml.formats._elements import OPAQUE, VOID, Element, shows_text
from streamhtml.formats.html import new_token

MARK: Final = "data-streamhtml"
"""The attribute by which our rules find an element, whatever its id and its neighbours."""


class _Place(NamedTuple):
    """From where on an open element must be written again.

    ``child`` says at which of its children, ``position`` where that was written, and ``is_last``
    whether it is the last element, so that not much is to be written again.
    """

    node: Element
    child: int
    position: int
    is_last: bool = False


class Spine:
    """Writes what is in an element, in order; from the top down to the pen, elements are open.

    What changes behind the pen is written again: at once where it is what grows, for that is no
    longer than it was, and at the end where it lies further back.

    Args:
        top: empty so far. Its own tags are not written.
    """

    nonce = ""

    def __init__(self, top: Element) -> None:
        # Two answers may stand in one page.
        self._token = new_token()
        self._top = top
        self._open = [top]
        self._out: list[str] = []
        self._marks = 0
        self._in_top: list[str] = []
        """The marks of what has been written into the top, in the order of their positions."""
        top.is_open = True

    def take(self) -> str:
        """Return what was written since the last time."""
        html = "".join(self._out)
        self._out.clear()
        return html

    def reach(self, node: Element) -> bool:
        """Move the pen to the end of ``node``; False if it is behind already."""
        path = []
        while not node.is_open:
            assert node.parent
            path.append(node)
            node = node.parent
        if path and node.index(path[-1]) < node.sent:
            return False
        self._close_to(node)
        self._descend(path)
        return True

    def show(self, node: Element) -> None:
        """Write what was added to ``node``, where the pen gets there; if not, write it again."""
        if node.shown() <= node.sent:
            return  # White space after an element: that may grow, so its end is kept back.
        if self.reach(node):
            self._grow()
        else:
            self._rewrite(node)

    def replace(self, old: Element, new: Element, *, now: bool = False) -> None:
        """Put the children of ``new`` where ``old`` is; ``now``, even if much follows it."""
        parent = old.parent
        assert parent
        place = self._place(old)
        now = now or bool(place and place.is_last)
        if place and now:
            self._close_to(place.node)
        index = parent.index(old)
        parent.children[index : index + 1] = new.children
        if index < parent.sent:
            parent.sent += len(new.children) - 1
        for child in new.children:
            if isinstance(child, Element):
                child.parent = parent
        if parent.last is old:
            elements = (child for child in reversed(parent.children) if isinstance(child, Element))
            parent.last = next(elements, None)
        if place:
            self._renew(place, now=now)

    def remove(self, node: Element, count: int) -> None:
        """Take away the last children of ``node``, which are marked."""
        gone = node.children[-count:]
        del node.children[-count:]
        if node.is_open:
            node.sent -= count
            self._hide([_marked(child.mark) for child in gone if isinstance(child, Element)])
        else:
            self._rewrite(node)

    def finish(self) -> None:
        """Write what has changed behind the pen again, and close everything."""
        for node in self._open:
            if node.later:
                self._again(_Place(node, *node.later))
                break  # What is inside of it has been written again with it.
        self._close_to(self._top)
        self._put_rest(self._top)

    def _descend(self, path: list[Element]) -> None:
        """Open the elements of a path, the innermost first in the list."""
        for child in reversed(path):
            node = self._open[-1]
            while node.children[node.sent] is not child:
                self._put(node)
            self._begin(child)

    def _grow(self) -> None:
        """Write all that is to be seen, and leave the last branch open."""
        node = self._open[-1]
        end = node.shown()
        while node.sent < end:
            last = node.last
            if last and node.children[end - 1] is last and node.sent == end - 1 and _can_grow(last):
                self._begin(last)
                node, end = last, last.shown()
            else:
                self._put(node)

    def _begin(self, node: Element) -> None:
        assert node.parent
        self._out.append(self._start(node, node.parent))
        node.count = node.sent = 0
        node.later = None
        node.is_open = True
        self._open.append(node)

    def _put(self, node: Element) -> None:
        """Write the next child of an open element, whole."""
        child = node.children[node.sent]
        if isinstance(child, str):
            node.sent += 1
            self._out.append(child)
        else:
            self._out.append(self._start(child, node))
            self._out += child.pieces()
            self._out.append(child.end)

    def _put_rest(self, node: Element) -> None:
        while node.sent < len(node.children):
            self._put(node)

    def _start(self, node: Element, parent: Element) -> str:
        """Count an element, and return its start tag."""
        parent.sent += 1
        parent.count += 1
        node.position = parent.count
        if not (node.marked or parent is self._top):
            return node.start
        self._marks += 1
        node.mark = f"{self._token}{self._marks}"
        if parent is self._top:
            self._in_top.append(node.mark)
            node.position = len(self._in_top)
        name = 1 + len(node.name)
        return f'{node.start[:name]} {MARK}="{node.mark}"{node.start[name:]}'

    def _close_to(self, node: Element) -> None:
        while (closing := self._open[-1]) is not node:
            self._put_rest(closing)
            self._out.append(closing.end)
            self._open.pop()
            closing.is_open = False
            parent = self._open[-1]
            if closing.later:
                place = _Place(parent, parent.index(closing), closing.position)
                self._renew(place, now=False)

    def _place(self, node: Element) -> _Place | None:
        """Return from where on to write again what is in ``node``; None if it was not written."""
        while node.parent and not node.parent.is_open:
            node = node.parent
        assert node.parent
        if not node.position:
            return None
        parent = node.parent
        return _Place(parent, parent.index(node), node.position, node is parent.last)

    def _rewrite(self, node: Element) -> None:
        place = self._place(node)
        if place:
            self._renew(place, now=place.is_last)

    def _renew(self, place: _Place, *, now: bool) -> None:
        if now:
            self._again(place)
        else:
            node, this = place.node, (place.child, place.position)
            node.later = min(node.later or this, this)

    def _again(self, place: _Place) -> None:
        """Hide what was written from a place on, and write it again."""
        node, index, position, _ = place
        path = []
        while node.parent and any(map(shows_text, node.children[index : node.sent])):
            # Text cannot be hidden without what it is in.
            path.append(node)
            index, position, node = node.parent.index(node), node.position, node.parent
        self._close_to(node)
        if node.later and node.later[0] >= index:
            node.later = None
        if node is self._top:
            self._hide([_marked(mark) for mark in self._in_top[position - 1 :]])
        else:
            children = f":nth-child(n+{position}):nth-child(-n+{node.count})"
            self._hide([f"{_selector(node)}>{children}"])
        node.sent = index
        self._descend(path)
        self._grow()

    def _hide(self, selectors: list[str]) -> None:
        nonce = f' nonce="{escape(self.nonce)}"' if self.nonce else ""
        # Important, for a page may say more about these elements than we know.
        rule = f"{','.join(selectors)}{{display:none!important}}"
        self._out.append(f"<style{nonce}>{rule}</style>")
        self._open[-1].count += 1


def _can_grow(element: Element) -> bool:
    return element.name not in VOID and element.name not in OPAQUE


def _marked(mark: str) -> str:
    return f'[{MARK}="{mark}"]'


def _selector(node: Element) -> str:
    steps = ""
    while not node.mark:
        assert node.parent
        steps = f">:nth-child({node.position}){steps}"
        node = node.parent
    return _marked(node.mark) + steps
