"""What the HTML of an answer may contain, judged by an independent parser."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from xml.etree.ElementTree import Element

import html5lib
from tests.browser.attacks import IMAGES

ALLOWED: Final[dict[str, set[str]]] = {
    **{name: set() for name in ("ul", "li", "blockquote", "em", "strong", "del", "br", "hr")},
    **{name: set() for name in ("sub", "kbd")},
    **{name: set() for name in ("h1", "h2", "h3", "h4", "h5", "h6")},
    **{name: set() for name in ("thead", "tbody", "tr")},
    **{name: {"class"} for name in ("p", "code", "sup", "section")},
    **{name: {"class", "aria-label", "role", "tabindex"} for name in ("div", "span")},
    "pre": {"aria-label", "role", "tabindex"},
    "table": {"tabindex"},
    **{name: {"align"} for name in ("th", "td")},
    "a": {"href", "title", "target", "rel"},
    "ol": {"start"},
    "input": {"type", "checked", "disabled", "aria-label"},
    # MathML.
    **{name: set() for name in ("b", "i", "mi", "mn", "mroot", "msqrt", "msub", "msubsup", "msup")},
    **{name: set() for name in ("mtext", "mtr", "mpadded", "mphantom", "mprescripts")},
    "math": {"display", "data-tex"},
    "menclose": {"notation"},
    "mfrac": {"displaystyle", "linethickness", "scriptlevel"},
    "mi": {"mathvariant"},
    "mo": {"form", "lspace", "maxsize", "minsize", "rspace", "stretchy", "symmetric"},
    "mover": {"accent"},
    "mrow": {"displaystyle", "mathcolor", "scriptlevel"},
    "mspace": {"width"},
    "mtable": {"class", "displaystyle", "scriptlevel"},
    "mtd": {"class", "columnspan"},
    "munder": {"accentunder"},
    "munderover": set(),
    "mmultiscripts": set(),
}
"""The elements of an answer, and the attributes of each."""

IMG: Final = {"src", "alt", "title"}
"""The attributes of an image, if images are allowed."""

IDS: Final[dict[str, set[str]]] = {
    **{name: {"id"} for name in ("h1", "h2", "h3", "h4", "h5", "h6", "li")},
    "a": {"id", "class"},
}
"""The additional attributes if ids are enabled."""

VALUES: Final[dict[str, re.Pattern[str]]] = {
    "a href": re.compile(
        r"(?:https?:|mailto:|tel:|[^:]*(?:[/?#].*)?\Z)", re.IGNORECASE | re.DOTALL
    ),
    "a target": re.compile(r"_blank\Z"),
    "a rel": re.compile(r"noopener noreferrer nofollow ugc\Z"),
    "p class": re.compile(r"markdown-alert-title\Z"),
    "div class": re.compile(
        r"(?:markdown-alert markdown-alert-(?:note|tip|important|warning|caution)"
        r"|math-display|streamhtml-fence)\Z"
    ),
    "span class": re.compile(r"math-display\Z|[a-z][a-z0-9]{0,2}\Z"),  # or one of Pygments
    **{
        f"{name} {key}": re.compile(rf"{value}\Z")
        for name in ("div", "span", "pre")
        for key, value in {"aria-label": "Formula", "role": "group", "tabindex": "0"}.items()
    },
    **{
        f"{name} class": re.compile(r"(?:math-(?:tight-|line-)?[a-z]+ ?)+\Z")
        for name in ("mtable", "mtd")
    },
    "code class": re.compile(r"language-math math-(?:inline|display)\Z|language-[^\s\"'<>&`=]+\Z"),
    "sup class": re.compile(r"footnote-ref\Z"),
    "section class": re.compile(r"footnotes\Z"),
    "th align": re.compile(r"(?:left|center|right)\Z"),
    "td align": re.compile(r"(?:left|center|right)\Z"),
    "ol start": re.compile(r"\d{1,9}\Z"),
    "input type": re.compile(r"checkbox\Z"),
    "input checked": re.compile(r"\Z"),
    "input disabled": re.compile(r"\Z"),
    "input aria-label": re.compile(r"Task\Z"),
    "table tabindex": re.compile(r"0\Z"),
    # Only if ids are enabled:
    "id": re.compile(r"r-(?:h|fn-|fnref-)\d+\Z"),
    "a class": re.compile(r"footnote-backref\Z"),
    "img src": re.compile(rf"https?://{re.escape(IMAGES)}(?:[/?#]|\Z)", re.IGNORECASE),
}
"""Patterns for the values of attributes; alt, title and data-tex may be any text."""

_BEFORE_URL: Final = "".join(map(chr, range(0x21)))
_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\ud800-\udfff\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)
_FLAG: Final = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f")
_PARENTS: Final = {"td": "tr", "th": "tr", "tr": "tbody", "thead": "table", "tbody": "table"}
_FIRST_TAG: Final = re.compile(r"\s*<(\w+)")


@lru_cache(100_000)
def offences(html: str, *, images: bool = False, ids: bool = False) -> tuple[str, ...]:
    """Return what html5lib finds in the HTML that no answer may contain."""
    first = _FIRST_TAG.match(html)
    container = _PARENTS.get(first[1], "div") if first else "div"
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parseFragment(html, container=container)
    # Code points are text; _hidden() finds the unwanted ones.
    found = [name for _, name, _ in parser.errors if name != "invalid-codepoint"]
    return (*found, *_offences(tree, images, ids))


def _offences(parent: Element, images: bool, ids: bool) -> Iterator[str]:
    yield from _hidden(parent.text or "")
    for element in parent:
        yield from _hidden(element.tail or "")
        name = str(element.tag).removeprefix("{http://www.w3.org/1998/Math/MathML}")
        allowed = IMG if name == "img" and images else ALLOWED.get(name)
        if allowed is None:
            yield f"<{name}>"
            continue
        if ids:
            allowed = allowed | IDS.get(name, set())
        for key, value in element.items():
            rule = VALUES.get("id" if key == "id" else f"{name} {key}")
            if key == "href":  # https://url.spec.whatwg.org/#concept-basic-url-parser
                value = re.sub(r"[\t\n\r]", "", value.strip(_BEFORE_URL))
            if key not in allowed or (rule and not rule.match(value)):
                yield f"<{name} {key}={value!r}>"
            yield from _hidden(value)
        own = ids and re.match(r"#r-fn(?:ref)?-\d+\Z", element.get("href", ""))
        if name == "a" and not own and not {"href", "rel"} <= set(element.keys()):
            yield f"<a> with {element.keys()}"
        if name == "input" and not {"type", "disabled"} <= set(element.keys()):
            yield f"<input> with {element.keys()}"
        yield from _offences(element, images, ids)


def _hidden(text: str) -> Iterator[str]:
    if found := _HIDDEN.search(_FLAG.sub("", text)):
        yield f"the character {found[0]!r}"
