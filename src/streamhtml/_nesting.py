"""Where an HTML parser would not leave an element: the rules of the HTML standard (13.2.6) by which
a start tag closes elements that are open, is ignored, or moves to another place.

An open element is in reach of a start tag if a parser would find it from there. For example, an
``<li>`` finds the ``<li>`` that it is in, but not if a ``<ul>`` is in between.

These tables may close more than a parser does, but never less: an end tag that we write must never
close an element that somebody else has opened.
"""

from functools import lru_cache
from typing import Final

Names = frozenset[str]
_NONE: Final = Names()

VOID: Final[Names] = frozenset(
    {"area", "base", "basefont", "bgsound", "br", "col", "embed", "hr", "image", "img", "input"}
    | {"keygen", "link", "meta", "param", "source", "track", "wbr"}
)
"""The elements without an end tag."""

RAW: Final[Names] = frozenset({"iframe", "noembed", "noframes", "script", "style", "xmp"})
"""The elements whose content is neither tags nor character references."""

RCDATA: Final[Names] = frozenset({"textarea", "title"})
"""The elements whose content is text with character references, without tags."""

FOREIGN: Final[Names] = frozenset({"math", "svg"})
"""The elements in which other rules apply."""

TABLE_PARTS: Final[Names] = frozenset(
    {"caption", "col", "colgroup", "tbody", "td", "tfoot", "th", "thead", "tr"}
)
"""The elements whose tags a parser ignores, except in the right part of a table."""

ONLY_TABLE_PARTS: Final[dict[str, Names]] = {
    "table": frozenset({"caption", "colgroup", "tbody", "tfoot", "thead"}),
    "tbody": frozenset({"tr"}),
    "tfoot": frozenset({"tr"}),
    "thead": frozenset({"tr"}),
    "tr": frozenset({"td", "th"}),
    "colgroup": frozenset({"col"}),
}
"""What these elements can contain, besides ``INVISIBLE``. A parser moves everything else out."""

INVISIBLE: Final[Names] = frozenset({"script", "style", "template"})
"""The elements that a parser leaves in every part of a table."""

_HEADINGS: Final[Names] = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_RUBY: Final[Names] = frozenset({"rb", "rp", "rt", "rtc"})
_CELLS: Final[Names] = frozenset({"caption", "td", "th"})
_ROWS: Final[Names] = _CELLS | {"colgroup", "tr"}

_ENDS_P: Final = (
    *("address", "article", "aside", "blockquote", "center", "dd", "details", "dialog", "dir"),
    *("div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup"),
    *("hr", "li", "listing", "main", "menu", "nav", "ol", "p", "pre", "search", "section"),
    *("summary", "table", "ul", "xmp", *_HEADINGS),
)
_ENDS_FOREIGN: Final = (
    *("b", "big", "blockquote", "br", "center", "code", "dd", "div", "dl", "dt", "em", "embed"),
    *("font", "hr", "i", "img", "li", "listing", "menu", "meta", "nobr", "ol", "p", "pre", "ruby"),
    *("s", "small", "span", "strike", "strong", "sub", "sup", "table", "tt", "u", "ul", "var"),
    *_HEADINGS,
)
_ENDS_ITSELF: Final[dict[str, Names]] = {
    "a": frozenset({"a"}),
    "button": frozenset({"button"}),
    "dd": frozenset({"dd", "dt"}),
    "dt": frozenset({"dd", "dt"}),
    "hr": frozenset({"optgroup", "option"}),
    "li": frozenset({"li"}),
    "nobr": frozenset({"nobr"}),
    "optgroup": frozenset({"optgroup", "option"}),
    "option": frozenset({"option"}),
    "rb": _RUBY,
    "rp": _RUBY - {"rtc"},
    "rt": _RUBY - {"rtc"},
    "rtc": _RUBY,
    "table": frozenset({"table"}),
    **dict.fromkeys(_HEADINGS, _HEADINGS),
    "caption": TABLE_PARTS,
    "col": TABLE_PARTS - {"colgroup"},
    "colgroup": TABLE_PARTS,
    "tbody": TABLE_PARTS,
    "tfoot": TABLE_PARTS,
    "thead": TABLE_PARTS,
    "tr": _ROWS,
    "td": _CELLS | {"colgroup"},
    "th": _CELLS | {"colgroup"},
}

CLOSES: Final[dict[str, Names]] = {
    name: _ENDS_ITSELF.get(name, _NONE)
    | (frozenset({"p"}) if name in _ENDS_P else _NONE)
    | (FOREIGN if name in _ENDS_FOREIGN else _NONE)
    for name in {*_ENDS_ITSELF, *_ENDS_P, *_ENDS_FOREIGN}
}
"""The open elements that a start tag closes, and everything in them, if they are in reach."""

IGNORED_IN: Final[dict[str, Names]] = {
    "form": frozenset({"form"}),
    "input": frozenset({"select"}),
    "keygen": frozenset({"select"}),
    "math": FOREIGN,
    "noscript": frozenset({"noscript"}),
    "select": frozenset({"select"}),
    "svg": frozenset({"math"}),
    "textarea": frozenset({"select"}),
}
"""A tag is ignored, or does harm, if one of these elements is in reach."""

CONFLICTS: Final[dict[str, Names]] = {
    name: CLOSES.get(name, _NONE) | IGNORED_IN.get(name, _NONE) for name in {*CLOSES, *IGNORED_IN}
}
"""The elements that must not be in reach if a start tag is to have no other effect."""

# The elements whose being open matters. There are no conflicts with a template, but no client finds
# what is inside.
_MATTERS: Final[Names] = frozenset({"template"}).union(*CONFLICTS.values())

_IN_SCOPE: Final[Names] = (
    frozenset({"button", "dd", "dt", "li", "nobr", "optgroup", "option", "p"}) | _HEADINGS | _RUBY
)
_PUTS_OUT_OF_REACH: Final[dict[str, Names]] = {
    **dict.fromkeys(("applet", "marquee", "object"), _IN_SCOPE | {"a"}),
    **dict.fromkeys(_CELLS, _IN_SCOPE | {"a", "table"}),
    "table": _IN_SCOPE | TABLE_PARTS,
    # Not every parser knows a template inside of these.
    "template": _MATTERS - {"math", "noscript", "select", "svg"},
    "button": frozenset({"p"}),
    "div": _HEADINGS,
    **dict.fromkeys(("menu", "ol", "ul"), frozenset({"li"})),
    "dl": frozenset({"dd", "dt"}),
    **dict.fromkeys(("datalist", "select"), frozenset({"optgroup", "option"})),
    "ruby": _RUBY,
}
# These contain HTML again.
_IN_FOREIGN: Final[dict[str, Names]] = {
    **dict.fromkeys(("desc", "foreignobject", "title"), frozenset({"svg"})),
    **dict.fromkeys(("mi", "mn", "mo", "ms", "mtext"), frozenset({"math"})),
}
CHANGES_REACH: Final[Names] = _MATTERS | {*_PUTS_OUT_OF_REACH, *_IN_FOREIGN}
"""The elements that change which open elements a start tag inside of them can reach."""


def is_ignored(name: str, parent: str) -> bool:
    """Return whether a parser ignores a tag because the element is a part of a table, and is not
    directly in its usual parent.

    Args:
        name: the name of the element.
        parent: the name of the element around it; ``""`` if it is not known.
    """
    if name not in TABLE_PARTS or not parent or name in ONLY_TABLE_PARTS.get(parent, ()):
        return False
    # htmx makes templates of the last ones.
    return parent != "template" and not parent.startswith("hx-")


@lru_cache(1024)
def reach_inside(name: str, reach: Names) -> Names:
    """Return which open elements a start tag inside of an element can reach.

    Args:
        name: the name of the element.
        reach: what the start tag of the element itself could reach. Outside of everything, it is
            the empty set.
    """
    hidden = _PUTS_OUT_OF_REACH.get(name, _NONE)
    if name in _CELLS and "table" not in reach:
        hidden = _NONE  # Perhaps it is no cell.
    if not _IN_FOREIGN.get(name, _NONE).isdisjoint(reach):
        hidden = _IN_SCOPE | FOREIGN
    return (reach - hidden) | (_MATTERS & {name})


def stays(name: str, reach: Names) -> bool:
    """Return whether a parser leaves a start tag where it is, and all open elements open."""
    return CONFLICTS.get(name, _NONE).isdisjoint(reach)
