"""Colours for code, by Pygments: ``Options(on_fence=highlight)``, and a style sheet to save.

The laws: the text stays as it is, to the last line break; there are classes and no inline styles;
and nothing is raised. Where Pygments cannot do that, or not soon, a block stays without colours.
"""

import logging
import re
import time
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from itertools import groupby
from typing import Any, Final

from markupsafe import Markup
from pygments.lexers import find_lexer_class, get_all_lexers
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Text, _TokenType
from pygments.util import ClassNotFound

__all__ = ["highlight", "stylesheet"]

logger = logging.getLogger("streamhtml")

MAX_LENGTH: Final = 10_000
"""Characters of a block, about 300 lines. It is read at once, on the event loop, which takes 10 ms.
For a text made to be slow, many of Pygments' lexers take a time that grows with its square."""

MAX_SECONDS: Final = 0.25
"""CPU time of this thread after which a block stays as it is. It is looked at after each token."""

MAX_SLOW: Final = 2_000
"""Characters of a block where a single token can take so long: that takes 0.3 s at the most."""

_SLOW: Final = frozenset({
    "Bash Session", "CSS+Genshi Text", "Devicetree", "FStar", "HTML + Angular2", "HTML+Evoque",
    "HTML+Handlebars", "Janet", "JavaScript+Genshi Text", "K", "LilyPond", "Maple", "Matlab",
    "Modelica", "Numba_IR", "OCaml", "Opa", "Q", "Ragel in C Host", "Ragel in CPP Host",
    "Ragel in D Host", "Ragel in Java Host", "Ragel in Objective C Host", "Ragel in Ruby Host",
    "ReasonML", "TypoScriptCssData", "urlencoded", "XML+Evoque", "XQuery", "Zeek",
})  # fmt: skip
"""Lexers that took more than half a second in spite of that, in a single token or before the first:
for 10,000 characters that repeat one of 60 short texts."""

_HANGING: Final = frozenset({"Easytrieve"})
"""Lexers that took more than a second for 1,000 characters. They are not used."""

_PLAIN: Final = {"", "w", "err"}
"""Classes that are left out. White space has no colour; and what a lexer does not know, such as the
prompt before a command, is no error of the reader's."""

_NAME: Final = re.compile(r"[\w.+#-]+\Z")
"""Languages that the renderer makes a class of."""


def highlight(language: str, text: str) -> Markup | None:
    """Return a code block in colours, for ``Options(on_fence=highlight)``.

    Args:
        language: one of Pygments' names for it, such as "python" or "js"; upper case will do too.
        text: of the block, as it is.

    Returns:
        ``<pre><code class="language-…">`` as without colours, its text in elements with Pygments'
        classes. None, to leave the block as it is, where the language is unknown, the text has
        more than 10,000 characters (2,000 in some languages), takes too long, or has nothing to
        be coloured.
    """
    name = _lexers().get(language.lower())
    if name is None or len(text) > (MAX_SLOW if name in _SLOW else MAX_LENGTH):
        return None
    try:
        html = _colored(name, text)
    except Exception:
        logger.warning("Pygments failed for a block of %r", language, exc_info=True)
        return None
    if html is None:
        return None
    return Markup(f'<pre><code class="language-{escape(language)}">{html}</code></pre>')


def stylesheet(style: str = "default", dark: str | None = None) -> str:
    """Return the CSS for highlighted code, to be saved as a file.

    Args:
        style: one of Pygments' styles. All code blocks get its background, so that a block does
            not change it when it gets its colours.
        dark: another one, for readers whose system is set to dark.

    Raises:
        ValueError: there is no such style.
    """
    if dark is None:
        return _rules(style)
    schemes = {"light": style, "dark": dark}
    return "\n".join(
        f"@media (prefers-color-scheme: {scheme}) {{\n{_rules(name)}}}\n"
        for scheme, name in schemes.items()
    )


@cache
def _lexers() -> dict[str, str]:
    """Return the names of Pygments' own lexers by the names of their languages.

    Those that other packages have registered are left out: a model's word is no reason to import
    one.
    """
    return {
        alias: name
        for name, aliases, _, _ in get_all_lexers(plugins=False)
        for alias in aliases
        if _NAME.match(alias) and name not in _HANGING
    }


def _colored(name: str, text: str) -> str | None:
    found = find_lexer_class(name)
    assert found is not None
    # Made anew each time: some keep a state while they read.
    lexer = found(stripnl=False, ensurenl=False)
    pieces: list[str] = []
    shown: list[str] = []
    is_colored = False
    for kind, tokens in groupby(_timed(lexer.get_tokens(text)), lambda token: _class(token[0])):
        part = "".join(value for _, value in tokens)
        if not part:
            continue
        html = escape(part, quote=False)
        pieces.append(f'<span class="{kind}">{html}</span>' if kind else html)
        shown.append(part)
        is_colored = is_colored or bool(kind)
    return "".join(pieces) if is_colored and "".join(shown) == text else None


def _timed(tokens: Iterable[tuple[_TokenType, str]]) -> Iterable[tuple[_TokenType, str]]:
    """Yield the tokens as long as there is time: some texts are made to take more."""
    until = time.thread_time() + MAX_SECONDS
    for token in tokens:
        if time.thread_time() > until:
            return
        yield token


@cache
def _class(kind: _TokenType) -> str:
    """Return the class of a kind of token, or of the nearest one above it that has any."""
    while kind not in STANDARD_TYPES:
        assert kind.parent is not None  # the uppermost is there
        kind = kind.parent
    name = STANDARD_TYPES[kind]
    return "" if name in _PLAIN else name


def _rules(style: str) -> str:
    try:
        found = get_style_by_name(style)
    except ClassNotFound:
        raise ValueError(
            f"{style!r} is none of Pygments' styles; pygments.styles.get_all_styles() has them"
        ) from None
    # A style without a colour for text has a light background, and means black.
    ink = found.style_for_token(Text)["color"] or "000000"
    blocks = ".streamhtml-markdown pre"
    # Classes that look alike share a rule.
    names: dict[str, list[str]] = {}
    for kind, look in found:
        name = _class(kind)
        declarations = _declarations(look, ink)
        if declarations and STANDARD_TYPES.get(kind) == name != "":
            names.setdefault(declarations, []).append(f".{name}")
    rules = [f"{blocks} {{ background: {found.background_color}; color: #{ink} }}"]
    for declarations, those in names.items():
        selector = those[0] if len(those) == 1 else f":is({', '.join(sorted(those))})"
        rules.append(f"{blocks} {selector} {{ {declarations} }}")
    return "".join(f"{rule}\n" for rule in rules)


def _declarations(look: Mapping[str, Any], ink: str) -> str:
    """Return the CSS of one kind of token, where it differs from other text."""
    color, background, border = look["color"], look["bgcolor"], look["border"]
    return "; ".join(
        declaration
        for declaration, is_there in (
            (f"color: #{color}", color and color != ink),
            (f"background: #{background}", background),
            (f"border: 1px solid #{border}", border),
            ("font-weight: bold", look["bold"]),
            ("font-style: italic", look["italic"]),
            ("text-decoration: underline", look["underline"]),
        )
        if is_there
    )
