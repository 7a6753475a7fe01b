"""Find where a template shows each part of a message, and fill these places with HTML.

While the template is rendered, the value of a part is a random placeholder. So no text of the
template, the user or the model can be mistaken for the place of a part.
"""

import re
import secrets
from collections.abc import Mapping
from typing import Final

from markupsafe import Markup

from streamhtml._template import MessageTemplate

# Letters and digits only: no template engine escapes or changes them. The prefix has letters that
# are no hexadecimal digits, so that two placeholders side by side cannot be read as a third.
_PREFIX: Final = "streamhtml"
_PLACEHOLDER: Final = re.compile(f"{_PREFIX}[0-9a-f]{{32}}")
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

    def fill(self, content: Mapping[str, Markup]) -> Markup:
        """Return the message's HTML with ``content[part]`` in the place of each part."""

        def fill_one(found: re.Match[str]) -> str:
            part = self._parts.get(found[0])
            return found[0] if part is None else content[part]

        # A single pass does not search the content that it inserts.
        return Markup(_PLACEHOLDER.sub(fill_one, self._html))


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
    _check_surroundings(html, placeholders)
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


def _check_surroundings(html: str, placeholders: Mapping[str, str]) -> None:
    for piece in _NO_ELEMENT_INSIDE.finditer(html):
        for part, token in placeholders.items():
            if token in piece[0]:
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
