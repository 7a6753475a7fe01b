"""Writes the message of a page in the order of the page, for every browser; see ``_spine``.

The browser parses the HTML of a patch among all elements that are open on the page. What is taken
back is hidden by a CSS rule.
"""

import re
from typing import Final

from streamhtml.formats._html_tree import Element, shows_text
from streamhtml.formats._spine import MARK, Spine

# The attribute that our CSS rules look for, if it is in the message.
_MARK_INSIDE: Final = re.compile(MARK, re.IGNORECASE | re.ASCII)

# Elements that a parser drops or moves if they are not directly in their usual parent.
_NEEDS_PARENT: Final = re.compile(
    r"\s*<(?:caption|col|colgroup|dd|dt|li|tbody|td|tfoot|th|thead|tr)\b", re.IGNORECASE
)


class InOrder:
    """Writes the changes of a tree.

    Args:
        top: the top of the tree, empty so far.
        nonce: the nonce of every ``<style>``; ``""`` for none. Not escaped.
    """

    nothing: Final = "<!---->"
    """A comment: it may be anywhere in a page and changes nothing."""

    def __init__(self, top: Element, nonce: str) -> None:
        self._top = top
        self._spine = Spine(top)
        self._spine.nonce = nonce
        self._tails: dict[str, tuple[Element, int]] = {}

    def read(self, html: str, parent: Element) -> list[Element]:
        """Add HTML to an element of the tree; return the elements in it.

        Our CSS rules then find nothing in it.
        """
        if "=" in html and MARK in html.lower():
            html = _MARK_INSIDE.sub(_spell_differently, html)
        return parent.read(html)

    def open(self, regions: list[Element]) -> None:
        """Write the message up to the place where the first region is filled."""
        self._top.children = [_as_element(child, self._top) for child in self._top.children]
        if regions:
            self._spine.move_to(regions[0])
        else:
            self._spine.show(self._top)

    def show(self, node: Element) -> None:
        """Write what was added to an element."""
        self._spine.show(node)

    def replace(self, old: Element, new: Element, *, now: bool = False) -> None:
        """Put the children of ``new`` in the place of ``old``."""
        self._spine.replace(old, new, now=now)

    def show_tail(self, root: str, node: Element, html: str) -> None:
        """Show a tail as elements with marks, so that a CSS rule can hide it later."""
        tail = node.empty_copy()
        if _NEEDS_PARENT.match(html):
            self.read(html, tail)
        if not tail.children or any(map(shows_text, tail.children)):
            span = Element("span", "<span>", node)
            span.end = "</span>"
            self.read(html, span)
            tail.children = [span]
        for child in tail.children:
            if isinstance(child, Element):
                child.parent = node
                child.marked = True
        # Patches do not count a tail, so it does not become node.last.
        node.children += tail.children
        self._tails[root] = node, len(tail.children)
        self._spine.show(node)

    def remove_tail(self, root: str) -> None:
        """Remove the tail of a root, if there is one."""
        if root in self._tails:
            self._spine.remove(*self._tails.pop(root))

    def compact(self, element: Element) -> None:
        """Take note that no patch can name anything in an element any more."""
        element.compact()

    def catch_up(self) -> None:
        """Write what waits to be written again, unless too much would be repeated."""
        self._spine.catch_up()

    def finish(self) -> None:
        """Write the rest, and close everything."""
        self._spine.finish()

    def take(self) -> str:
        """Return what was written since the last call."""
        return self._spine.take()


def _spell_differently(name: re.Match[str]) -> str:
    """Write the last letter as a character reference: the same as text, but another name."""
    return f"{name[0][:-1]}&#{ord(name[0][-1])};"


def _as_element(child: Element | str, parent: Element) -> Element | str:
    """Return the child; visible text in a ``<span>``, because a CSS rule cannot hide bare text."""
    if not shows_text(child):
        return child
    span = Element("span", "<span>", parent)
    span.children, span.end = [child], "</span>"
    return span
