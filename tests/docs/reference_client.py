"""A client for the `html` format, written from docs/reference/html-format.md alone.

It shares no code with the library. It enforces every MUST of that page: what it cannot read is an
error here. The page is an xml.dom document, parsed by html5lib.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import html5lib

Node = Any

_CHANGE = re.compile(
    r"(append|replace|tail|(?=[#@0-9]))(?:(?:^| )#([A-Za-z_][A-Za-z0-9_.:-]*))?"
    r"(?:(?:^| )(?:([0-9]+)|@([0-9]+)))?"
)
_TOKEN = re.compile("token ([A-Za-z0-9]{1,64})")
_NUMBER = re.compile("from ([0-9]{1,15})(?:[.]([A-Za-z0-9]{1,16}))?")
_OUTCOME = re.compile("end (finished|stopped|truncated|failed|interrupted)")


@dataclass(frozen=True)
class Change:
    operation: str
    root: str = ""
    depth: int = 0
    child: int | None = None
    html: str = ""


@dataclass(frozen=True)
class Fragment:
    """The changes of one fragment, and the outcome if it is the last one."""

    changes: tuple[Change, ...]
    outcome: str = ""
    number: int = 0
    tag: str = ""


def token_of(content_type: str) -> str:
    found = re.search(r';\s*fragments=(?:([A-Za-z0-9]{1,64})|"([A-Za-z0-9]{1,64})")', content_type)
    return (found[1] or found[2]) if found else ""


class Decoder:
    """Decodes bytes to fragments. The bytes may be cut anywhere."""

    def __init__(self, token: str) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._begin = f"<!{token}"
        self._text = ""
        self._root = ""
        self._previous: Change | None = None
        self._waiting: list[Change] = []
        self.outcome = ""
        self.pings = 0
        self._number = 0
        self._tag = ""

    def feed(self, data: bytes) -> Iterator[Fragment]:
        self._text += self._utf8.decode(data)
        while True:
            html, begin, rest = self._text.partition(self._begin)
            mark, end, rest = rest.partition(">")
            if not begin or not end:
                return
            if self.outcome:
                raise ValueError("there is a mark after the end")
            self._text = rest
            more = mark.startswith("+")
            fragment = self._read(html, mark[1:] if more else mark, more)
            if fragment:
                yield fragment

    def _read(self, html: str, mark: str, more: bool) -> Fragment | None:
        if mark and mark[0] != " ":
            raise ValueError(f"there is no space before the operation: {mark!r}")
        operation = mark[1:]
        if changed := _TOKEN.fullmatch(operation):
            if html or more:
                raise ValueError("the mark that changes the token has HTML or a plus sign")
            self._begin = f"<!{changed[1]}"
            return None
        if numbered := _NUMBER.fullmatch(operation):
            if html or more or self._waiting:
                raise ValueError("there is a number inside a fragment")
            self._number, self._tag = int(numbered[1]), numbered[2] or self._tag
            if not self._tag:
                raise ValueError("the first number has no tag")
            return None
        if operation == "ping":
            if html or more or self._waiting:
                raise ValueError("there is a ping inside a fragment")
            self.pings += 1
            return None
        if ended := _OUTCOME.fullmatch(operation):
            if html or more:
                raise ValueError("the end has HTML or a plus sign")
            self.outcome = ended[1]
            return self._flush(self.outcome)
        self._previous = self._change(operation)
        self._waiting.append(replace(self._previous, html=html))
        return None if more else self._flush()

    def _change(self, operation: str) -> Change:
        if not operation:
            if self._previous is None:
                raise ValueError("the first operation is empty")
            return self._previous
        if operation in {"open", "swap"}:
            return Change(operation)
        found = _CHANGE.fullmatch(operation)
        if not found:
            raise ValueError(f"not an operation: {operation!r}")
        name, root, depth, child = found.groups()
        if not name:
            if self._previous is None or not self._previous.root:
                raise ValueError(f"there is a place without a change before it: {operation!r}")
            name = self._previous.operation
        self._root = root or self._root
        if not self._root:
            raise ValueError(f"the first change names no root: {operation!r}")
        return Change(name, self._root, int(depth or 0), None if child is None else int(child))

    def _flush(self, outcome: str = "") -> Fragment:
        changes, self._waiting = tuple(self._waiting), []
        self._number += 1
        return Fragment(changes, outcome, self._number - 1, self._tag)


class Page:
    """A page that asked for the answer at the end of its element #messages."""

    def __init__(self, html: str = '<div id="messages"></div>') -> None:
        self.document: Node = html5lib.parse(html, treebuilder="dom", namespaceHTMLElements=False)
        self._tails: dict[str, list[Node]] = {}

    def apply(self, fragment: Fragment) -> None:
        for change in fragment.changes:
            match change.operation:
                case "open":
                    self._append(self.find("messages"), change.html)
                case "swap":
                    self._swap(change.html)
                case _:
                    self._place(change)

    def _place(self, change: Change) -> None:
        for node in self._tails.pop(change.root, ()):
            if node.parentNode:
                node.parentNode.removeChild(node)
        element = self.find(change.root)
        for _ in range(change.depth):
            element = element and next(reversed(_elements(element)), None)
        if change.child is not None:
            children = _elements(element) if element else []
            element = children[change.child] if change.child < len(children) else None
        if element is None:
            return
        if change.operation == "replace":
            for node in self._parse(change.html, element.parentNode):
                element.parentNode.insertBefore(node, element)
            element.parentNode.removeChild(element)
        else:
            nodes = self._append(element, change.html)
            if change.operation == "tail":
                self._tails[change.root] = nodes

    def _swap(self, html: str) -> None:
        body = self.document.getElementsByTagName("body")[0]
        for new in self._parse(html, body):
            if new.nodeType == new.ELEMENT_NODE and (old := self.find(new.getAttribute("id"))):
                if new.hasAttribute("hx-swap-oob"):
                    new.removeAttribute("hx-swap-oob")
                old.parentNode.replaceChild(new, old)

    def _append(self, element: Node, html: str) -> list[Node]:
        nodes = self._parse(html, element)
        for node in nodes:
            element.appendChild(node)
        return nodes

    def _parse(self, html: str, context: Node) -> list[Node]:
        parsed = html5lib.parseFragment(
            html, container=context.tagName, treebuilder="dom", namespaceHTMLElements=False
        )
        return [self.document.importNode(node, True) for node in list(parsed.childNodes)]

    def find(self, element_id: str) -> Node | None:
        for element in self.document.getElementsByTagName("*"):
            if element_id and element.getAttribute("id") == element_id:
                return element
        return None

    def inner(self, element_id: str = "messages") -> str:
        """Return the HTML inside an element, normalised."""
        element = self.find(element_id)
        assert element is not None
        element.normalize()
        return "".join(_html(node) for node in element.childNodes)


def spelled(html: str) -> str:
    """Return HTML normalised as by ``Page.inner()``."""
    page = Page(f'<div id="messages">{html}</div>')
    return page.inner()


def _elements(element: Node) -> list[Node]:
    return [node for node in element.childNodes if node.nodeType == node.ELEMENT_NODE]


def _html(node: Node) -> str:
    return str(
        html5lib.serialize(node, tree="dom", omit_optional_tags=False, quote_attr_values="always")
    )
