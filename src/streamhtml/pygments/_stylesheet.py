"""Makes the style sheet for highlighted code from one of Pygments' styles."""

from collections.abc import Mapping
from typing import Any

from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Text
from pygments.util import ClassNotFound

from streamhtml.pygments._classes import class_of


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
        name = class_of(kind)
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
