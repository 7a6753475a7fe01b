"""Draws formulas as MathML with math-core, for ``Options(math=mathml)``.

The law: only elements, attributes and values that are listed here reach the page, written by this
module. There are no links, no ids and no inline styles. A formula that cannot be read, or that is
too large, keeps its TeX source. No formula raises an exception or exhausts the stack.
"""

import re
from functools import lru_cache
from html import escape, unescape
from typing import Final

from markupsafe import Markup
from math_core import LatexError, LatexToMathML

__all__ = ["mathml"]

MAX_LENGTH: Final = 2_000
"""Maximum length of a formula in characters. Formulas of models have up to 500."""

MAX_COMMANDS: Final = 200
"""Maximum number of commands and scripts. math-core calls itself for each argument without braces,
as in ``\\sqrt\\sqrt x``, and a stack that overflows ends the process. Twice this number still fits
into half a megabyte."""

MAX_NESTING: Final = 20
"""Maximum nesting of groups and environments in TeX, for the same reason."""

MAX_DEPTH: Final = 60
"""Maximum nesting of elements. Browsers flatten what is nested too deeply."""

MAX_GROWTH: Final = 30
"""Maximum characters of MathML for each character of TeX. Most formulas need 10 to 15."""

_COMMAND: Final = re.compile(r"\\[A-Za-z]|[\^_']")
# Commands that define commands: a short text could then stand for a very long or deep one.
_DEFINITION: Final = re.compile(
    r"\\(?:[gex]?def|let|global|(?:new|renew|provide)command)(?![A-Za-z])"
)
_GROUP: Final = re.compile(r"\\(left|begin|right|end)(?![A-Za-z])|\\.|[\[\]{}]", re.DOTALL)
_OPENS: Final = {"{": "}", "[": "]", "left": "right", "begin": "end"}
_CLOSES: Final = {end: start for start, end in _OPENS.items()}
_NUMBERED: Final = re.compile(r"\\begin\{(?:align|alignat|gather|equation|multline|flalign)\*?\}")

_TOKEN: Final = re.compile(r'<(/?)([a-z]+)((?: [a-z]+="[^"<>]*")*)(/?)>|([^<>]+)')
_ATTRIBUTE: Final = re.compile(r' ([a-z]+)="([^"]*)"')

_LENGTH: Final = r"0|\d{0,2}(?:\.\d+)?em"
_BOOLEAN: Final = "true|false"
_ATTRIBUTES: Final = {
    name: re.compile(values)
    for name, values in {
        "accent": _BOOLEAN,
        "accentunder": _BOOLEAN,
        "columnspan": r"\d{1,2}",
        "display": "block",
        "displaystyle": _BOOLEAN,
        "form": "prefix|infix|postfix",
        "largeop": _BOOLEAN,
        "linethickness": _LENGTH,
        "lspace": _LENGTH,
        "mathvariant": "normal",
        "maxsize": _LENGTH,
        "minsize": _LENGTH,
        "movablelimits": _BOOLEAN,
        "notation": "actuarial|box|(?:(?:up|down)diagonalstrike ?)+",
        "rspace": _LENGTH,
        "scriptlevel": r"[+-]?\d",
        "stretchy": _BOOLEAN,
        "symmetric": _BOOLEAN,
        "width": _LENGTH,
    }.items()
}
"""The attributes, and their values. Others are left out: they only change how a formula looks."""

_CLASSES: Final = {
    "text-align:left": "math-left",
    "text-align:right": "math-right",
    "padding-left:0": "math-tight-left",
    "padding-right:0": "math-tight-right",
    "padding-left:1em": "math-gap",
    "width:100%": "math-wide",
    "width:50%": "math-half",
    **{
        f"border-{side}:0.05em{line}currentcolor": f"math-line-{side}"
        for side in ("left", "right", "top", "bottom")
        for line in ("solid", "dashed")
    },
}
"""The classes that replace inline styles, which a strict policy forbids."""
_CONTROL: Final = re.compile("[\0-\x09\x0b-\x1f\x7f\ud800-\udfff]+")
_COLOR: Final = re.compile(r"color:(#[0-9A-Fa-f]{6})")

_TEXTS: Final = frozenset({"mi", "mn", "mo", "mtext"})
"""The elements that contain text."""
_ELEMENTS: Final = _TEXTS | {
    "math", "menclose", "mfrac", "mmultiscripts", "mover", "mpadded", "mphantom", "mprescripts",
    "mroot", "mrow", "mspace", "msqrt", "msub", "msubsup", "msup", "mtable", "mtd", "mtr", "munder",
    "munderover",
}  # fmt: skip
_FONTS: Final = frozenset({"b", "i"})
_PLAIN: Final = frozenset({"code", "em", "span", "u"})
"""Elements in texts whose tags are left out."""


@lru_cache(maxsize=256)
def mathml(tex: str, display: bool) -> Markup | None:
    """Return a formula as MathML, for ``Options(math=mathml)``.

    Args:
        tex: the TeX source, not escaped. It may come from an untrusted source.
        display: whether the formula is on a line of its own.

    Returns:
        A ``<math>`` element, whose attribute ``data-tex`` is the source. None, which keeps the TeX
        source, if the formula cannot be read, if it has more than 2,000 characters or 200 commands,
        if it is nested too deeply, or if it defines commands.
    """
    if len(tex) > MAX_LENGTH or _DEFINITION.search(tex) or not _is_flat(tex):
        return None
    source = tex.replace("\u00a0", " ")
    if display and "\\tag" in tex and not _NUMBERED.search(tex):
        source = rf"\begin{{equation*}}{source}\end{{equation*}}"
    try:
        html = _converter().convert_with_local_state(source, displaystyle=display)
    except (LatexError, UnicodeEncodeError):  # A lone surrogate is no character.
        return None
    if len(html) > MAX_GROWTH * len(tex) + 1000:
        return None
    checked = _checked(html)
    if checked is None:
        return None
    source = escape(_CONTROL.sub(" ", tex), quote=False).replace('"', "&quot;")
    return Markup(checked.replace("<math", f'<math data-tex="{source}"', 1))


@lru_cache(maxsize=1)
def _converter() -> LatexToMathML:
    return LatexToMathML(fancy_error=False, max_expansions=20)


def _is_flat(tex: str) -> bool:
    """Return whether a formula is small enough for math-core to read it with recursion."""
    if len(_COMMAND.findall(tex)) > MAX_COMMANDS:
        return False
    depths = dict.fromkeys(_OPENS, 0)
    for found in _GROUP.finditer(tex):
        mark = found[1] or found[0]
        if mark in _OPENS:
            depths[mark] += 1
            if sum(depths.values()) > MAX_NESTING:
                return False
        elif mark in _CLOSES:
            depths[_CLOSES[mark]] = max(depths[_CLOSES[mark]] - 1, 0)
    return True


def _checked(html: str) -> str | None:
    """Return MathML that was written again from what is allowed; None if an element is not."""
    pieces: list[str] = []
    stack: list[str] = []
    pos = 0
    for found in _TOKEN.finditer(html):
        if found.start() != pos:
            return None
        pos = found.end()
        end, name, attributes, is_empty, text = found.groups()
        if text is not None:
            if not stack or stack[-1] not in _TEXTS | _FONTS | _PLAIN:
                return None
            pieces.append(escape(unescape(text), quote=False))
        elif end:
            if not stack or stack.pop() != name:
                return None
            pieces.append("" if name in _PLAIN else f"</{name}>")
        elif not _is_allowed(name, stack):
            return None
        else:
            pieces.append("" if name in _PLAIN else f"<{name}{_attributes(name, attributes)}>")
            if is_empty:
                pieces.append(f"</{name}>")
            else:
                stack.append(name)
    return "".join(pieces) if pos == len(html) and not stack else None


def _is_allowed(name: str, stack: list[str]) -> bool:
    if name in _FONTS or name in _PLAIN:
        return bool(stack) and (stack[-1] == "mtext" or stack[-1] in _FONTS | _PLAIN)
    if not stack:
        return name == "math"
    is_element = name in _ELEMENTS and name != "math"
    return is_element and stack[-1] in _ELEMENTS - _TEXTS and len(stack) < MAX_DEPTH


def _attributes(name: str, attributes: str) -> str:
    """Return the attributes that are allowed, with classes instead of styles."""
    # A padded element could be moved out of its answer.
    if not attributes or name == "mpadded" or name in _FONTS:
        return ""
    kept: list[str] = []
    for key, value in _ATTRIBUTE.findall(attributes):
        if key == "style":
            styles = value.replace(" ", "").split(";")
            classes = [_CLASSES[style] for style in styles if style in _CLASSES]
            kept += [f'class="{" ".join(classes)}"'] if classes else []
            kept += [
                f'mathcolor="{found[1]}"' for style in styles if (found := _COLOR.fullmatch(style))
            ]
        elif key in _ATTRIBUTES and _ATTRIBUTES[key].fullmatch(value):
            kept.append(f'{key}="{value}"')
    return "".join(f" {attribute}" for attribute in kept)
