"""Highlights code with Pygments, for ``Options(on_fence=highlight)``, and makes its style sheet.

The law: highlighting never changes the text of a block, writes classes but no inline styles, and
raises no exceptions. If Pygments fails or takes too long, the block has no colours.
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
"""Maximum length of a block in characters, about 300 lines. Pygments reads a block in one step, on
the event loop, and takes 10 ms for this length. With a text that is made to be slow, the time of
many lexers grows with the square of the length."""

MAX_SECONDS: Final = 0.25
"""Maximum CPU time for a block, in seconds of this thread. It is checked after each token."""

MAX_SLOW: Final = 2_000
"""Maximum length in characters for the lexers in ``_SLOW``, which then take at most 0.3 s."""

_SLOW: Final = frozenset({
    "Bash Session", "CSS+Genshi Text", "Devicetree", "FStar", "HTML + Angular2", "HTML+Evoque",
    "HTML+Handlebars", "Janet", "JavaScript+Genshi Text", "K", "LilyPond", "Maple", "Matlab",
    "Modelica", "Numba_IR", "OCaml", "Opa", "Q", "Ragel in C Host", "Ragel in CPP Host",
    "Ragel in D Host", "Ragel in Java Host", "Ragel in Objective C Host", "Ragel in Ruby Host",
    "ReasonML", "TypoScriptCssData", "urlencoded", "XML+Evoque", "XQuery", "Zeek",
})  # fmt: skip
"""Lexers that took more than half a second before the first token or for a single token, so that
``MAX_SECONDS`` did not help. The texts were 10,000 characters that repeat one of 60 short texts."""

_HANGING: Final = frozenset({"Easytrieve"})
"""Lexers that took more than a second for 1,000 characters. They are never used."""

_PLAIN: Final = {"", "w", "err"}
"""Classes that are left out. White space has no colour. Text that a lexer does not know, such as
the prompt before a command, is not an error that a reader should see."""

_NAME: Final = re.compile(r"[\w.+#-]+\Z")
"""The language names that the renderer writes as a class."""


def highlight(language: str, text: str) -> Markup | None:
    """Return a highlighted code block, for ``Options(on_fence=highlight)``.

    Args:
        language: one of Pygments' names for the language, such as "python" or "js", in any case.
        text: the text of the block, not escaped.

    Returns:
        ``<pre><code class="language-…">`` as without colours, with the text in elements that have
        Pygments' classes. None, which keeps the block, if the language is unknown, if the text has
        more than 10,000 characters (2,000 in some languages), if it takes too long, or if nothing
        in it has a colour.
    """
    name = _lexers().get(language.lower())
    if name is None or len(text) > (MAX_SLOW if name in _SLOW else MAX_LENGTH):
        return None
    try:
        html = _colored(name, text)
    except Exception as error:
        # The message of the exception is not logged, because it may quote the answer.
        logger.warning("the lexer %r of Pygments raised %s", name, type(error).__name__)
        return None
    if html is None:
        return None
    return Markup(f'<pre><code class="language-{escape(language)}">{html}</code></pre>')


def stylesheet(style: str = "default", dark: str | None = None) -> str:
    """Return the CSS for highlighted code. Save it as a file.

    Args:
        style: the name of one of Pygments' styles. All code blocks get its background, so that the
            background of a block does not change when the block is highlighted.
        dark: the name of another style, for readers whose system is set to dark.

    Raises:
        ValueError: there is no style of this name.
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
    """Return the names of Pygments' own lexers, by language name.

    Lexers that other packages have registered are left out, because a model should not be able to
    make the process import a package.
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
    # Some lexers keep state while they read, so each block gets a new one.
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
    """Yield the tokens until ``MAX_SECONDS`` is over, because some texts are made to be slow."""
    until = time.thread_time() + MAX_SECONDS
    for token in tokens:
        if time.thread_time() > until:
            return
        yield token


@cache
def _class(kind: _TokenType) -> str:
    """Return the class of a token type, or of its nearest ancestor that has one."""
    while kind not in STANDARD_TYPES:
        assert kind.parent is not None  # The root type is a standard type.
        kind = kind.parent
    name = STANDARD_TYPES[kind]
    return "" if name in _PLAIN else name


def _rules(style: str) -> str:
    try:
        found = get_style_by_name(style)
    except ClassNotFound:
        raise ValueError(
            f"{style!r} is not the name of a Pygments style; "
            "pygments.styles.get_all_styles() lists the names"
        ) from None
    # A style without a colour for text has a light background, and black text.
    text_color = found.style_for_token(Text)["color"] or "000000"
    blocks = ".streamhtml-markdown pre"
    # Classes with the same declarations share a rule.
    names: dict[str, list[str]] = {}
    for kind, styles in found:
        name = _class(kind)
        declarations = _declarations(styles, text_color)
        if declarations and STANDARD_TYPES.get(kind) == name != "":
            names.setdefault(declarations, []).append(f".{name}")
    rules = [f"{blocks} {{ background: {found.background_color}; color: #{text_color} }}"]
    for declarations, classes in names.items():
        selector = classes[0] if len(classes) == 1 else f":is({', '.join(sorted(classes))})"
        rules.append(f"{blocks} {selector} {{ {declarations} }}")
    return "".join(f"{rule}\n" for rule in rules)


def _declarations(styles: Mapping[str, Any], text_color: str) -> str:
    """Return the CSS declarations of one token type, as far as they differ from plain text."""
    color, background, border = styles["color"], styles["bgcolor"], styles["border"]
    return "; ".join(
        declaration
        for declaration, is_there in (
            (f"color: #{color}", color and color != text_color),
            (f"background: #{background}", background),
            (f"border: 1px solid #{border}", border),
            ("font-weight: bold", styles["bold"]),
            ("font-style: italic", styles["italic"]),
            ("text-decoration: underline", styles["underline"]),
        )
        if is_there
    )
