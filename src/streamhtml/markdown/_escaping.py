"""Escapes text for HTML, and resolves Markdown's backslash escapes and entities."""

import re
from html.entities import html5
from typing import Final

from streamhtml._scrub import scrub_between

PUNCTUATION: Final = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
"""ASCII punctuation: the characters that a backslash can escape."""

ENTITY: Final = re.compile(r"&(?:#[xX][0-9a-fA-F]{1,6}|#[0-9]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});")
PARTIAL_ENTITY: Final = re.compile(
    r"&(?:#(?:[xX][0-9a-fA-F]{0,6}|[0-9]{0,7})|[A-Za-z][A-Za-z0-9]{0,31})?\Z"
)
_ESCAPED: Final = re.compile(rf"\\([!-/:-@\[-`{{-~])|{ENTITY.pattern}")


def escape(text: str) -> str:
    """Escape text for use between tags."""
    # Most texts are short and have none of these. The tests are faster than the calls.
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    return text


def escape_plain(text: str) -> str:
    """Escape text that contains neither ``&`` nor ``<``, for use between tags."""
    return text.replace(">", "&gt;") if ">" in text else text


def escape_attribute(text: str) -> str:
    """Escape text for use in a double-quoted attribute."""
    return escape(text).replace('"', "&quot;")


def resolve_entity(reference: str) -> str:
    """Return the characters that ``&amp;`` or ``&#38;`` stands for, not scrubbed.

    A reference with an unknown name is returned unchanged.
    https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references
    """
    if reference[1] != "#":
        return html5.get(reference[1:], reference)
    code = int(reference[3:-1], 16) if reference[2] in "xX" else int(reference[2:-1])
    is_character = 0 < code < 0xD800 or 0xE000 <= code < 0x110000
    return chr(code) if is_character else "\ufffd"


def unescape(text: str) -> str:
    """Resolve the backslash escapes and entities in a text, and scrub the result."""
    if "\\" not in text and "&" not in text:
        return text
    resolved = _ESCAPED.sub(lambda found: found[1] or resolve_entity(found[0]), text)
    return scrub_between("", resolved, "")
