"""A browser that knows ``<template for>``, as far as our pages need it.

It follows the HTML standard's algorithms "prepare content patching", "find markers" and
"appropriate place for inserting a node". It builds the tree from well-formed HTML, and repairs
nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.formats.html_tokens import ONLY_TEXT, tokens
from tests.markdown.page import VOID

_INSTRUCTION = re.compile(r"<\?(\w+)(?:\s+name=\"(\w+)\")?\s*>")


@dataclass(eq=False)
class Node:
    """An element, a comment or text, or a processing instruction (with a ``target``)."""

    name: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    target: str = ""
    parent: "Node | None" = None
    children: list["Node"] = field(default_factory=list)

    def insert(self, child: "Node", before: "Node | None" = None) -> None:
        at = self.children.index(before) if before else len(self.children)
        self.children.insert(at, child)
        child.parent = self

    def remove(self) -> None:
        if self.parent:
            self.parent.children.remove(self)
            self.parent = None

    def descendants(self) -> Iterator["Node"]:
        for child in self.children:
            yield child
            yield from child.descendants()

    def find(self, root: str) -> "Node":
        (found,) = (each for each in self.descendants() if each.attributes.get("id") == root)
        return found

    def html(self) -> str:
        """Return what is inside, without comments and processing instructions."""
        return "".join(child._outer() for child in self.children)

    def _outer(self) -> str:
        if not self.name:
            return self.text
        written = "".join(f' {name}="{value}"' for name, value in sorted(self.attributes.items()))
        start = f"<{self.name}{written}>"
        return start if self.name in VOID else f"{start}{self.html()}</{self.name}>"


class _Template(Node):
    """A template whose content goes elsewhere."""

    start: Node
    end: Node | None


def parse(html: str) -> Node:
    """Return the tree of a page that may end anywhere between two tags."""
    top = Node("html")
    path: list[Node] = [top]
    at = 0
    for token in tokens(html, frozenset(ONLY_TEXT - {"noscript"})):
        assert token.kind != "unfinished", html[token.at :]
        _insert(path, Node(text=html[at : token.at]))
        at = token.end
        piece = html[token.at : token.end]
        if token.kind == "comment":
            if found := _INSTRUCTION.fullmatch(piece):
                _insert(path, Node(target=found[1], attributes={"name": found[2] or ""}))
        elif token.kind == "end":
            assert path[-1].name == token.name, (
                f"{path[-1].name} is open at {html[token.at :][:60]}"
            )
            _end(path.pop())
        elif token.name == "template" and "for" in token.attributes:
            path.append(_template(path[-1], token.attributes["for"]))
        else:
            element = Node(token.name, token.attributes)
            _insert(path, element)
            if token.name not in VOID:
                path.append(element)
    _insert(path, Node(text=html[at:]))
    return top


def _insert(path: list[Node], node: Node) -> None:
    if not (node.name or node.target or node.text):
        return
    around = path[-1]
    if isinstance(around, _Template):
        target = around.start.parent or around.parent
        assert target
        end = around.end if around.end and around.end.parent is target else None
        target.insert(node, end)
    else:
        around.insert(node)


def _template(around: Node, name: str) -> Node:
    assert not isinstance(around, _Template), "one template directly in another"
    template = _Template("template")
    found = next(
        (
            each
            for each in around.descendants()
            if each.target in ("marker", "start") and each.attributes["name"] == name
        ),
        None,
    )
    assert found, f"there is no marker {name!r} in {around.html()}"
    assert found.parent
    template.start, template.parent = found, found.parent
    template.end = found if found.target == "marker" else _end_of(found)
    if found.target == "start":
        inside = found.parent.children[found.parent.children.index(found) + 1 :]
        for node in inside:
            if node is template.end:
                break
            node.remove()
    return template


def _end_of(start: Node) -> Node | None:
    assert start.parent
    level = 0
    for sibling in start.parent.children[start.parent.children.index(start) + 1 :]:
        if sibling.target == "start":
            level += 1
        elif sibling.target == "end":
            if level == 0:
                return sibling
            level -= 1
    return None


def _end(node: Node) -> None:
    if isinstance(node, _Template):
        node.start.remove()
        if node.end:
            node.end.remove()
