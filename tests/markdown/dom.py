"""Writes the DOM of an HTML fragment as text that can be compared and printed.

The law: two fragments give the same text if, and only if, their DOMs differ at most in white space
between blocks. No page shows that, and the specifications do not prescribe it.
"""

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element

import html5lib

# Unlike str.strip(), this does not include the no-break space, which is text.
_SPACE: Final = " \t\n\f\r"

# Elements that contain blocks, and the other blocks.
_FLOW: Final = frozenset({
    "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog", "div", "dl",
    "fieldset", "figure", "footer", "form", "header", "li", "main", "menu", "nav", "ol", "section",
    "table", "tbody", "tfoot", "thead", "tr", "ul",
})  # fmt: skip
_BLOCK: Final = _FLOW | {
    "address", "caption", "col", "colgroup", "dt", "figcaption", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "legend", "p", "pre", "summary", "td", "th",
}  # fmt: skip
_EXACT: Final = frozenset({"listing", "pre", "textarea"})


def dom(html: str) -> str:
    r"""Return the DOM of a fragment, one node per line.

    White space is dropped next to a block, and at both ends of the fragment and of an element that
    contains a block. It is also dropped if it is all that an element for blocks contains. All other
    text is exact, and text in ``pre`` always is.

    >>> print(dom('<ul>\n<li title=b class="a">x &lt;<p>y</p>\n</li></ul>'))
    <ul>
      <li class='a' title='b'>
        'x <'
        <p>
          'y'
    """
    root = html5lib.parseFragment(html, namespaceHTMLElements=False)
    root.tag = "body"
    return "\n".join(_children(root, "", exact=False))


def _children(parent: Element, indent: str, *, exact: bool) -> Iterator[str]:
    exact = exact or parent.tag in _EXACT
    edge = parent.tag == "body" or any(child.tag in _BLOCK for child in parent)
    before = edge
    text = parent.text or ""
    for child in parent:
        block = child.tag in _BLOCK
        yield from _text(text, indent, before and not exact, block and not exact)
        if callable(child.tag):  # a comment
            yield f"{indent}<!--{child.text!r}-->"
        else:
            attributes = "".join(f" {name}={value!r}" for name, value in sorted(child.items()))
            yield f"{indent}<{child.tag}{attributes}>"
            yield from _children(child, indent + "  ", exact=exact)
        before = block
        text = child.tail or ""
    if not len(parent) and parent.tag in _FLOW and not text.strip(_SPACE):
        text = ""
    yield from _text(text, indent, before and not exact, edge and not exact)


def _text(text: str, indent: str, strip_left: bool, strip_right: bool) -> Iterator[str]:
    if strip_left:
        text = text.lstrip(_SPACE)
    if strip_right:
        text = text.rstrip(_SPACE)
    if text:
        yield f"{indent}{text!r}"
