"""Find where a template shows each part of a message, and fill these places with HTML.

While the template is rendered, the value of a part is a random placeholder. So no text of the
template, the user or the model can be mistaken for the place of a part.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Final

from markupsafe import Markup

from streamhtml._closed_html import closed
from streamhtml._template import MessageTemplate

# Letters and digits only: no template engine escapes or changes them. The prefix has letters that
# are no hexadecimal digits, so that two placeholders side by side cannot be read as a third.
_PREFIX: Final = "streamhtml"
_PLACEHOLDER: Final = re.compile(f"({_PREFIX}[0-9a-f]{{32}})")
# An element that can be in every other element, even in a table, but not in text.
_SLOT: Final = re.compile(f'<template id="{_PLACEHOLDER.pattern}"></template>')
_RECOGNISABLE: Final = len(_PREFIX) + 4  # Characters by which a changed placeholder is recognised.

# The pieces of HTML inside which no element can be: comments; elements that hold only text; tags.
# As in the HTML standard, a quote counts in a tag only after "=". "*+" does not backtrack.
_NO_ELEMENT_INSIDE: Final = re.compile(
    r"<!--(?:-?>|.*?--!?>)"
    r"|<(script|style|textarea|title)(?=[\s/>]).*?</\1(?=[\s/>])[^>]*+>"
    r"""|<[a-z/!?][^>=]*+(?:=(?:\s*+(?:"[^"]*+"|'[^']*+'))?+[^>=]*+)*+>""",
    re.DOTALL | re.IGNORECASE,
)


class Shell:
    """A rendered message whose parts are still empty.

    Attributes:
        parts: the parts that the template shows, "text" first.
    """

    def __init__(self, html: str, parts: Mapping[str, str]) -> None:
        self._html = html
        self._parts = parts  # The name of the part of each placeholder.
        self.parts = tuple(parts.values())

    def put_regions(self, regions: Mapping[str, tuple[str, str]]) -> None:
        """Put elements in the places of the parts, and close what the template leaves open.

        Args:
            regions: the start tag and the end tag of each part's element.

        Raises:
            ValueError: the template shows a part in a tag, a comment or an element that does not
                end, so that the part's element cannot be there.
        """

        def region(placeholder: str) -> str:
            start, end = regions[self._parts[placeholder]]
            return f'{start}<template id="{placeholder}"></template>{end}'

        self._html = closed(self._replace(_PLACEHOLDER, region))
        found = _SLOT.findall(self._html)
        for placeholder, part in self._parts.items():
            if placeholder not in found:
                raise ValueError(
                    f"the template has {_expression(part)} inside of a tag, a comment or an "
                    "element that does not end; add its end, or move the part out"
                )

    def fill(self, content: Mapping[str, Markup]) -> Markup:
        """Return the message's HTML, which is closed, with ``content[part]`` in each region.

        Args:
            content: HTML that is closed.
        """
        return Markup(self._replace(_SLOT, lambda placeholder: content[self._parts[placeholder]]))

    def _replace(self, pattern: re.Pattern[str], new: Callable[[str], str]) -> str:
        """Replace the places of our parts. A single pass does not search what it inserts."""
        return pattern.sub(
            lambda found: new(found[1]) if found[1] in self._parts else found[0], self._html
        )


def render_shell(message: MessageTemplate) -> Shell:
    """Render the template once and find the parts in it.

    Raises:
        ValueError: the template shows no part, shows one more than once, changes the value of one
            with a filter, or shows one where no element can be, for example in an attribute.
    """
    placeholders: dict[str, str] = {}

    def placeholder(part: str) -> Markup:
        return Markup(placeholders.setdefault(part, _PREFIX + secrets.token_hex(16)))

    html = str(message.render(0, placeholder))
    _check_surroundings(html, {token: part for part, token in placeholders.items()})
    found = _PLACEHOLDER.findall(html)
    remaining = _PLACEHOLDER.sub("", html).lower()
    for part, token in placeholders.items():
        if found.count(token) > 1:
            raise ValueError(
                f"the template shows the part {part!r} more than once, but a part can grow "
                "in one place only; remove the others"
            )
        if token not in found and token[:_RECOGNISABLE] in remaining:
            raise ValueError(
                f"the template changes the value of {_expression(part)}, but this only marks the "
                "place of the part; show it without a filter that changes text"
            )
    shell = Shell(html, {token: part for part, token in placeholders.items() if token in found})
    if not shell.parts:
        raise ValueError(
            "the template shows neither {{ ai_message }} nor one of {{ parts }}, so there is no "
            "place for the answer; add {{ ai_message }} where it belongs"
        )
    return shell


def _check_surroundings(html: str, parts: Mapping[str, str]) -> None:
    for piece in _NO_ELEMENT_INSIDE.finditer(html):
        for placeholder, part in parts.items():
            if placeholder in piece[0]:
                raise ValueError(
                    f"the template has {_expression(part)} inside of {_kind(piece)}, where no "
                    "element can be; move it out"
                )


def _kind(piece: re.Match[str]) -> str:
    """Describe a piece without quoting its text, which may be what a user wrote."""
    if piece[1]:
        return f"<{piece[1].lower()}>"
    name = re.match("</?[a-z][a-z0-9-]*", piece[0], re.IGNORECASE)
    return f"the tag {name[0]} …>" if name else "a comment or a declaration"


def _expression(part: str) -> str:
    return "{{ ai_message }}" if part == "text" else f"{{{{ parts.{part} }}}}"
