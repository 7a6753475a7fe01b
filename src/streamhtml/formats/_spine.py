"""A tree of HTML, written to a body that can only be added to, while the tree still changes.

Text is only ever added at the write position, which is the end of the body. In the tree, the write
position is in the innermost open element. The open elements are those whose start tag was written
and whose end tag was not. They form one path from the top of the tree down: the spine.

- What grows at the end of the tree is written at once. The last element, and its last element, and
  so on, stay open as long as they may grow.
- To write in an element further up the spine, the elements below it are closed.
- What changes in an element that is closed already cannot be changed on the page. The old version
  is hidden by a ``<style>``, and the new one is written at the write position. To keep the order of
  the page, what came after the old version in the same open element is hidden and written again
  too. Where the last element of an open one has changed, this is done at once, because little is
  repeated. Elsewhere it waits for the end of the answer, so that it is done only once, or for the
  next call of ``catch_up()``.

The law: what is visible at the end is exactly the tree.
"""

from html import escape
from typing import Final, NamedTuple

from streamhtml.formats._html_tree import Element, shows_text
from streamhtml.formats.html import new_token

MARK: Final = "data-streamhtml"
"""The attribute by which our CSS rules find an element, whatever its id and its neighbours are."""


class _Place(NamedTuple):
    """A place in an open element. Everything in the element from there on has to be rewritten.

    Args:
        node: the open element.
        child: the index of the first child to rewrite.
        position: the position that this child has among the elements on the page, from 1.
        offset: how many characters were written before it.
        is_last: whether the child is the last element, so that only little has to be rewritten.
    """

    node: Element
    child: int
    position: int
    offset: int
    is_last: bool = False


class Spine:
    """Writes the content of an element, in the order of the tree.

    Args:
        top: the element, empty so far. Its own tags are not written.

    Attributes:
        nonce: the nonce of every ``<style>``; ``""`` for none. Not escaped.
    """

    nonce = ""

    def __init__(self, top: Element) -> None:
        # A page can show two answers, and their marks must differ.
        self._token = new_token()
        self._top = top
        self._open = [top]
        self._out: list[str] = []
        self._length = 0
        """How many characters were written."""
        self._repeated = 0
        """How many of them ``catch_up()`` has written again."""
        self._marks = 0
        self._in_top: list[str] = []
        """The mark of each element that was written into the top, by its position."""
        top.is_open = True

    def take(self) -> str:
        """Return what was written since the last call."""
        html = "".join(self._out)
        self._out.clear()
        return html

    def move_to(self, node: Element) -> bool:
        """Move the write position to the end of ``node``.

        Returns:
            False if that is not possible, because ``node`` was written and closed already.
        """
        path = []
        while not node.is_open:
            assert node.parent
            path.append(node)
            node = node.parent
        if path and node.index(path[-1]) < node.written:
            return False
        self._close_to(node)
        self._open_path(path)
        return True

    def show(self, node: Element) -> None:
        """Write what was added to ``node``; if it is closed, see that it is rewritten."""
        if node.visible_end() <= node.written:
            # Only white space was added, after an element. It waits, so that the element stays
            # open and can still grow.
            return
        if self.move_to(node):
            self._grow()
        else:
            self._rewrite(node)

    def replace(self, old: Element, new: Element, *, now: bool = False) -> None:
        """Put the children of ``new`` in the place of ``old``.

        Args:
            old: the element to replace.
            new: holds the replacement; it is not part of it.
            now: rewrite at once, even if much comes after ``old``.
        """
        parent = old.parent
        assert parent
        place = self._place(old)
        now = now or bool(place and place.is_last)
        if place and now:
            self._close_to(place.node)
        parent.replace_child(old, new)
        if place:
            self._rewrite_at(place, now=now)

    def remove(self, node: Element, count: int) -> None:
        """Remove the last ``count`` children of ``node``; the elements among them have marks."""
        gone = node.children[-count:]
        del node.children[-count:]
        if node.is_open:
            node.written -= count
            self._hide([_mark_selector(child.mark) for child in gone if isinstance(child, Element)])
        else:
            self._rewrite(node)

    def finish(self) -> None:
        """Rewrite what has changed in closed elements, write the rest, and close everything."""
        if place := self._waiting():
            self._rewrite_now(place)
        self._close_to(self._top)
        self._write_rest(self._top)

    def catch_up(self) -> None:
        """Rewrite what has changed in closed elements, unless too much would be repeated.

        All that this writes again is never longer than all the rest, so that the body grows with
        the answer, and not with its square.
        """
        if place := self._waiting():
            repeated = self._repeated + self._length - _hideable(place)[0].offset
            if repeated <= self._length - self._repeated:
                self._repeated = repeated
                self._rewrite_now(place)

    def _waiting(self) -> _Place | None:
        """Return where the rewrite begins that covers all that waits to be rewritten, if any."""
        for node in self._open:
            if node.rewrite_from:
                return _Place(node, *node.rewrite_from)
        return None

    def _open_path(self, path: list[Element]) -> None:
        """Open the elements of a path, and write what comes before each.

        Args:
            path: the elements, the innermost first.
        """
        for child in reversed(path):
            node = self._open[-1]
            while node.children[node.written] is not child:
                self._write_child(node)
            self._open_element(child)

    def _grow(self) -> None:
        """Write all that is visible, and leave the last element of each level open."""
        node = self._open[-1]
        end = node.visible_end()
        while node.written < end:
            last = node.last
            if (
                last
                and node.children[end - 1] is last
                and node.written == end - 1
                and last.can_grow()
            ):
                self._open_element(last)
                node, end = last, last.visible_end()
            else:
                self._write_child(node)

    def _open_element(self, node: Element) -> None:
        """Write the start tag of the next child of the innermost open element."""
        assert node.parent
        self._write(self._start(node, node.parent))
        node.element_count = node.written = 0
        node.rewrite_from = None
        node.is_open = True
        self._open.append(node)

    def _write_child(self, node: Element) -> None:
        """Write the next child of an open element, complete."""
        child = node.children[node.written]
        if isinstance(child, str):
            node.written += 1
            self._write(child)
        else:
            self._write("".join([self._start(child, node), *child.pieces(), child.end]))

    def _write(self, html: str) -> None:
        self._out.append(html)
        self._length += len(html)

    def _write_rest(self, node: Element) -> None:
        while node.written < len(node.children):
            self._write_child(node)

    def _start(self, node: Element, parent: Element) -> str:
        """Note that an element is written, and return its start tag."""
        node.offset = self._length
        parent.written += 1
        parent.element_count += 1
        node.position = parent.element_count
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
        """Write the rest of the open elements inside ``node``, and close them.

        What waits to be rewritten in one of them then waits in its parent.
        """
        while (closing := self._open[-1]) is not node:
            self._write_rest(closing)
            self._write(closing.end)
            self._open.pop()
            closing.is_open = False
            parent = self._open[-1]
            if closing.rewrite_from:
                index = parent.index(closing)
                place = _Place(parent, index, closing.position, closing.offset)
                self._rewrite_at(place, now=False)

    def _place(self, node: Element) -> _Place | None:
        """Return where a rewrite that covers ``node`` begins; None if it was not written yet."""
        while node.parent and not node.parent.is_open:
            node = node.parent
        assert node.parent
        if not node.position:
            return None
        parent = node.parent
        index = parent.index(node)
        return _Place(parent, index, node.position, node.offset, node is parent.last)

    def _rewrite(self, node: Element) -> None:
        """See that the closed element ``node``, which has changed, is rewritten."""
        place = self._place(node)
        if place:
            self._rewrite_at(place, now=place.is_last)

    def _rewrite_at(self, place: _Place, *, now: bool) -> None:
        """Rewrite what comes from a place on: now, or at the end of the answer."""
        if now:
            self._rewrite_now(place)
        else:
            node, this = place.node, (place.child, place.position, place.offset)
            node.rewrite_from = min(node.rewrite_from or this, this)

    def _rewrite_now(self, place: _Place) -> None:
        """Hide what was written from a place on, and write it again as it is now."""
        (node, index, position, *_), path = _hideable(place)
        self._close_to(node)
        if node.rewrite_from and node.rewrite_from[0] >= index:
            node.rewrite_from = None
        if node is self._top:
            self._hide([_mark_selector(mark) for mark in self._in_top[position - 1 :]])
        else:
            children = f":nth-child(n+{position}):nth-child(-n+{node.element_count})"
            self._hide([f"{_selector(node)}>{children}"])
        node.written = index
        self._open_path(path)
        self._grow()

    def _hide(self, selectors: list[str]) -> None:
        """Write a ``<style>`` that hides what the selectors find."""
        nonce = f' nonce="{escape(self.nonce)}"' if self.nonce else ""
        # "!important", because the page's own rules for these elements may be more specific.
        rule = f"{','.join(selectors)}{{display:none!important}}"
        self._write(f"<style{nonce}>{rule}</style>")
        self._open[-1].element_count += 1


def _hideable(place: _Place) -> tuple[_Place, list[Element]]:
    """Return where a rewrite of a place has to begin, and the open elements on the way there.

    A CSS rule can hide text only together with the element that it is in.
    """
    path = []
    while (node := place.node).parent and any(
        map(shows_text, node.children[place.child : node.written])
    ):
        path.append(node)
        place = _Place(node.parent, node.parent.index(node), node.position, node.offset)
    return place, path


def _mark_selector(mark: str) -> str:
    return f'[{MARK}="{mark}"]'


def _selector(node: Element) -> str:
    """Return the selector of a written element: its position below the nearest mark."""
    steps = ""
    while not node.mark:
        assert node.parent
        steps = f">:nth-child({node.position}){steps}"
        node = node.parent
    return _mark_selector(node.mark) + steps
