"""A page for tests: applies patches as docs/reference/html-format.md says, and checks everything.

The law: HTML that a browser would repair, drop or move raises an AssertionError here, and so does
an address that names no element. For this reason it reads only HTML that our renderer writes.
"""

import re
from collections.abc import Iterable
from typing import Final

from streamhtml import Patch

VOID: Final = frozenset({"br", "hr", "img", "input"})
PHRASING: Final = frozenset(
    {"a", "abbr", "b", "bdi", "br", "code", "del", "em", "i", "img", "input", "ins", "kbd"}
    | {"label", "mark", "math", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "u"}
)
LINE: Final = PHRASING | {"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "dt", "summary"}
"""Elements that contain only text and PHRASING; a block inside a ``p`` would close it."""
FLOW: Final = frozenset(
    {"aside", "blockquote", "details", "div", "dl", "figure", "footer", "h1", "h2", "h3", "h4"}
    | {"h5", "h6", "hr", "ol", "p", "pre", "section", "table", "ul"}
)
PARENTS: Final = {
    "li": {"ul", "ol"},
    "tr": {"thead", "tbody", "tfoot"},
    "td": {"tr"},
    "th": {"tr"},
    "thead": {"table"},
    "tbody": {"table"},
    "tfoot": {"table"},
    "caption": {"table"},
    "dt": {"dl"},
    "dd": {"dl"},
    "summary": {"details"},
    "figcaption": {"figure"},
}
"""Elements, and the only parents that they may have."""
MATH_TEXT: Final = frozenset({"mi", "mn", "mo", "mtext"})
MATH: Final = MATH_TEXT | frozenset(
    {"menclose", "mfrac", "mmultiscripts", "mover", "mpadded", "mphantom", "mprescripts", "mroot"}
    | {"mrow", "mspace", "msqrt", "msub", "msubsup", "msup", "mtable", "mtd", "mtr", "munder"}
    | {"munderover"}
)
"""Elements that only MathML contains."""
BARE: Final = frozenset({"ul", "ol", "dl", "table", "thead", "tbody", "tfoot", "tr"})
"""Elements that contain only elements of PARENTS, and no text."""
DEEPEST: Final = 500
"""Browsers turn elements that are nested deeper than about this into siblings."""

_SPLIT: Final = re.compile(r'(</?[a-z](?:[^<>"]|"[^"<]*")*>)').split
_WRONG: Final = re.compile("<|&(?!(?:amp|lt|gt|quot);)|[\0\r\ud800-\udfff]").search
_TAG: Final = re.compile(r'<([a-z][a-z0-9]*)((?: [a-z][a-z0-9-]*="[^"<]*"| checked| disabled)*)>')
_END: Final = re.compile(r"</([a-z][a-z0-9]*)>")
_ATTRIBUTE: Final = re.compile(r' ([a-z][a-z0-9-]*)(?:="([^"]*)")?')
_ACTIVE: Final = re.compile(r"[\0-\x20]*(?:javascript:|vbscript:|data:(?!image/))", re.IGNORECASE)


class Node:
    """An element. ``children`` holds nodes and, unescaped, text; ``last`` is the last node."""

    __slots__ = ("children", "last", "level", "linked", "name", "seen", "start")

    def __init__(self, name: str, start: str, level: int, linked: bool) -> None:
        self.name = name
        self.start = start
        self.level = level
        self.linked = linked
        self.children: list[Node | str] = []
        self.last: Node | None = None
        self.seen: str | None = None
        """The text content, until something inside changes."""

    def text(self) -> str:
        if self.seen is None:
            pieces = []
            for child in self.children:  # no comprehension: it would double the depth of the stack
                pieces.append(child if type(child) is str else child.text())  # noqa: PERF401
            self.seen = "".join(pieces)
        return self.seen


class Page:
    """One region of a page, empty at first.

    Args:
        root: the id of the region's element, which every patch must name.
        element: the name of that element, which determines what it may contain.
    """

    def __init__(self, root: str = "r", element: str = "div") -> None:
        self.root = root
        self._top = Node(element, f"<{element}>", 1, element == "a")
        self._tail: tuple[list[Node], int, Node | None] | None = None

    def apply(self, patches: Iterable[Patch]) -> None:
        """Apply the patches in order.

        Raises:
            AssertionError: a patch is not well-formed, does not fit its place, or names no place.
        """
        for patch in patches:
            assert patch.root == self.root, f"{patch} is not for the root {self.root!r}"
            if self._tail is not None:
                self._untail()
            path = self._find(patch)
            if patch.action == "replace":
                old = path.pop()
                assert path, f"{patch} replaces the root itself"
                _replace(path[-1], old, patch.html)
            else:
                node = path[-1]
                if patch.action == "tail":
                    self._tail = (path, len(node.children), node.last)
                _append(node, patch.html, apart=patch.action == "tail")
            for node in path:
                node.seen = None

    @property
    def html(self) -> str:
        """The region's content in the canonical spelling, tails included."""
        return _content(self._top)

    @property
    def text(self) -> str:
        """The region's ``textContent``, tails included."""
        return self._top.text()

    def _untail(self) -> None:
        assert self._tail is not None
        path, count, last = self._tail
        del path[-1].children[count:]
        path[-1].last = last
        for node in path:
            node.seen = None
        self._tail = None

    def _find(self, patch: Patch) -> list[Node]:
        """Return the elements from the root down to the one that the patch names."""
        node = self._top
        path = [node]
        if patch.child is not None:
            nodes = [child for child in node.children if type(child) is Node]
            assert patch.child < len(nodes), f"{patch}: the root has {len(nodes)} elements"
            path.append(nodes[patch.child])
        for depth in range(patch.depth):
            assert node.last is not None, f"{patch}: no element at depth {depth + 1}"
            node = node.last
            path.append(node)
        return path


def canonical(html: str, element: str = "div") -> str:
    """Return ``html`` in the spelling of ``Page.html``, in which equal trees are equal strings.

    Raises:
        AssertionError: it is not well-formed, or is not allowed in an ``element``.
    """
    node = Node(element, f"<{element}>", 1, element == "a")
    _append(node, html, apart=False)
    return _content(node)


def _append(node: Node, html: str, *, apart: bool) -> None:
    """Append ``html`` to ``node``; with ``apart``, do not join it with the text before it."""
    html = str(html)  # Markup would escape the strings that it is joined with
    assert node.name not in VOID, f"{html!r} would go into the void element {node.start}"
    if "<" not in html:
        if html:
            _append_text(node, html, html, apart)
        return
    above: list[Node] = []
    for index, piece in enumerate(_SPLIT(html)):
        if not piece:
            continue
        if not index % 2:
            _append_text(node, piece, html, apart and not above)
        elif piece[1] == "/":
            end = _END.fullmatch(piece)
            assert end is not None, f"{piece} is not spelled as our tags are"
            assert end[1] == node.name, f"{piece} ends {node.start} in {html!r}"
            assert above, f"{piece} ends what another patch began, in {html!r}"
            node = above.pop()
        else:
            child = _begin(node, piece, html)
            node.children.append(child)
            node.last = child
            if child.name not in VOID:
                above.append(node)
                node = child
    assert not above, f"{node.start} is not closed in {html!r}"


def _append_text(node: Node, text: str, html: str, apart: bool) -> None:
    if wrong := _WRONG(text):
        raise AssertionError(f"{wrong[0]!r} in text, at {text[wrong.start() :][:30]!r} of {html!r}")
    if "&" in text:
        text = _unescape(text)
    if node.name in BARE:
        assert not text.strip(" \t\n\f"), f"the text {text!r} directly in {node.start}: {html!r}"
    children = node.children
    if node.name == "pre" and not children:
        assert text[0] != "\n", f"a browser drops the newline after <pre>: {html!r}"
    if children and not apart:
        before = children[-1]
        if type(before) is str and len(before) < 4096:
            children[-1] = before + text
            return
    children.append(text)


def _begin(node: Node, tag: str, html: str) -> Node:
    """Return the element that ``tag`` begins, as a child of ``node`` if that is allowed."""
    name, start = _STARTS.get(tag) or _read(tag)
    inside = node.name
    if name in PARENTS:
        fits = inside in PARENTS[name]
    elif name in MATH or (inside in MATH and inside != "mtext"):
        fits = name in MATH and inside in (MATH - MATH_TEXT | {"math"})
    elif inside in BARE or inside == "math":
        fits = False
    else:
        fits = name in PHRASING or inside not in LINE
    assert fits, f"{start} directly in {node.start}: {html!r}"
    linked = node.linked
    if name == "a":
        assert not linked, f"{start} in another <a>: {html!r}"
        linked = True
    assert node.level < DEEPEST, f"{start} is deeper than {DEEPEST} elements"
    return Node(name, start, node.level + 1, linked)


_STARTS: Final[dict[str, tuple[str, str]]] = {}
"""The results of ``_read``, by tag."""


def _read(tag: str) -> tuple[str, str]:
    """Return the name of a start tag, and the tag with its attributes sorted by name."""
    match = _TAG.fullmatch(tag)
    assert match, f"{tag} is not spelled as our tags are"
    name = match[1]
    assert name in PHRASING or name in FLOW or name in PARENTS or name in MATH, (
        f"{tag}: <{name}> is not known; if it is meant, add it to PHRASING, FLOW, PARENTS or MATH"
    )
    attributes: dict[str, str] = {}
    for key, value in _ATTRIBUTE.findall(match[2]):
        assert key not in attributes, f"{tag} has the attribute {key} twice"
        assert not _WRONG(value), f"{tag} has a bare character in {key}"
        assert not key.startswith("on"), f"{tag} would run {key}"
        assert key not in {"href", "src"} or not _ACTIVE.match(value), f"{tag} would run {value}"
        attributes[key] = _escape(_unescape(value))
    written = "".join(f' {key}="{value}"' for key, value in sorted(attributes.items()))
    if len(_STARTS) > 5000:
        _STARTS.clear()
    _STARTS[tag] = name, f"<{name}{written}>"
    return _STARTS[tag]


def _replace(parent: Node, old: Node, html: str) -> None:
    """Put ``html`` where ``old`` is among the children of ``parent``."""
    new = Node(parent.name, parent.start, parent.level, parent.linked)
    _append(new, html, apart=False)
    children = parent.children
    # It is nearly always the last child, so search from the end.
    at = next(i for i in range(len(children) - 1, -1, -1) if children[i] is old)
    children[at : at + 1] = new.children
    if parent.last is old:
        nodes = (child for child in reversed(children) if type(child) is Node)
        parent.last = next(nodes, None)


def _content(node: Node) -> str:
    pieces: list[str] = []
    for child in node.children:
        if type(child) is str:
            pieces.append(_escape(child))
            continue
        assert type(child) is Node
        pieces.append(child.start)
        if child.name not in VOID:
            pieces.append(_content(child))
            pieces.append(f"</{child.name}>")
    return "".join(pieces)


def _escape(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;")


def _unescape(text: str) -> str:
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    return text.replace("&amp;", "&")
