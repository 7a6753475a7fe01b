"""Finds where a template shows the parts of a message, and fills these places with HTML.

While the template is rendered, the value of a part is a random placeholder. So no text of the
template, the user or the model can be mistaken for the place of a part.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Final

from markupsafe import Markup

from streamhtml._closed_html import closed, open_elements
from streamhtml._nesting import Names
from streamhtml._template import SEQUENCE

# Letters and digits only: no template engine escapes or changes them. The prefix has letters that
# are no hexadecimal digits, so that two placeholders side by side cannot be read as a third.
_PREFIX: Final = "streamhtml"
_PLACEHOLDER: Final = re.compile(f"({_PREFIX}[0-9a-f]{{32}})")
# An element that can be in every other element, even in a table, but not in text.
_SLOT: Final = re.compile(f'<template id="{_PLACEHOLDER.pattern}"></template>')
_LOSES_PLACES: Final = re.compile("<(?:select|template)", re.IGNORECASE)
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
    """A rendered template whose places are still empty.

    Attributes:
        parts: the names of the places that the template shows.
    """

    def __init__(
        self, html: str, places: Mapping[str, str], expression: Callable[[str], str]
    ) -> None:
        self._html = html
        self._places = places  # The name of the place of each placeholder.
        self._expression = expression
        self.parts = tuple(places.values())

    def put_regions(self, regions: Mapping[str, tuple[str, str]]) -> None:
        """Put elements in the places, and close what the template leaves open.

        Args:
            regions: the start tag and the end tag of each place's element.

        Raises:
            ValueError: the template has a place in a tag, a comment or an element that does not
                end, so that the element cannot be there, or in a ``<template>`` or ``<select>``, so
                that clients do not find it.
        """

        def region(placeholder: str) -> str:
            start, end = regions[self._places[placeholder]]
            return f'{start}<template id="{placeholder}"></template>{end}'

        is_lost_somewhere = _LOSES_PLACES.search(self._html)
        self._html = closed(self._replace(_PLACEHOLDER, region))
        found = {slot[1]: self._html[: slot.start()] for slot in _SLOT.finditer(self._html)}
        for placeholder, place in self._places.items():
            if placeholder not in found:
                raise ValueError(
                    f"the template has {self._expression(place)} inside of a tag, a comment or an "
                    "element that does not end; add its end, or move the part out"
                )
            if is_lost_somewhere:
                self._check_reach(place, open_elements(found[placeholder])[1])

    def _check_reach(self, place: str, around: Names) -> None:
        if "template" in around:
            raise ValueError(
                f"the template has {self._expression(place)} inside of <template>, whose content "
                "is not part of the page, so the part cannot grow there; move it out (for a "
                "shadow root, into a <slot>)"
            )
        if "select" in around:
            raise ValueError(
                f"the template has {self._expression(place)} inside of <select>, where some "
                "browsers drop its element; move it out"
            )

    def fill(self, content: Mapping[str, Markup]) -> Markup:
        """Return the HTML, which is closed, with ``content[name]`` in each region.

        Args:
            content: HTML that is closed.
        """
        return Markup(self._replace(_SLOT, lambda placeholder: content[self._places[placeholder]]))

    def _replace(self, pattern: re.Pattern[str], new: Callable[[str], str]) -> str:
        """Replace our placeholders. A single pass does not search what it inserts."""
        return pattern.sub(
            lambda found: new(found[1]) if found[1] in self._places else found[0], self._html
        )


class OnlyPlace(Shell):
    """The shell of a template that shows one place and nothing else.

    Nothing has to be found in it, and nothing has to be closed.

    Args:
        place: the name of the place.
    """

    def __init__(self, place: str) -> None:
        self.parts = (place,)
        self._tags = ("", "")

    def put_regions(self, regions: Mapping[str, tuple[str, str]]) -> None:
        self._tags = regions[self.parts[0]]

    def fill(self, content: Mapping[str, Markup]) -> Markup:
        start, end = self._tags
        return Markup(f"{start}{content[self.parts[0]]}{end}")


def part_expression(part: str) -> str:
    """Return how a message's template shows a part."""
    if part == SEQUENCE:
        return "{{ parts }}"
    return "{{ ai_message }}" if part == "text" else f"{{{{ parts.{part} }}}}"


def render_shell(
    render: Callable[[Callable[[str], Markup]], str],
    expression: Callable[[str], str] = part_expression,
) -> Shell:
    """Render a template once and find the places in it.

    Args:
        render: renders the template. Its argument returns the value of a place by its name.
        expression: returns how the template shows a place, for the text of an error.

    Raises:
        ValueError: the template shows a place more than once, changes the value of one with a
            filter, or shows one where no element can be, for example in an attribute.
    """
    html, placeholders = _render_with_placeholders(render)
    _check_surroundings(html, placeholders, expression)
    found = _PLACEHOLDER.findall(html)
    remaining = _PLACEHOLDER.sub("", html).lower()
    for place, token in placeholders.items():
        if found.count(token) > 1:
            raise ValueError(
                f"the template shows {expression(place)} more than once, but a part can grow "
                "in one place only; remove the others"
            )
        if token not in found and token[:_RECOGNISABLE] in remaining:
            raise ValueError(
                f"the template changes the value of {expression(place)}, but this only marks the "
                "place of the part; show it without a filter that changes text"
            )
    places = {token: place for place, token in placeholders.items() if token in found}
    return Shell(html, places, expression)


def shown_places(render: Callable[[Callable[[str], Markup]], str]) -> frozenset[str]:
    """Return the places that a template shows, wherever they are."""
    html, placeholders = _render_with_placeholders(render)
    return frozenset(place for place, token in placeholders.items() if token in html)


def _render_with_placeholders(
    render: Callable[[Callable[[str], Markup]], str],
) -> tuple[str, dict[str, str]]:
    """Return the HTML, and the placeholder of each place that the template has asked for."""
    placeholders: dict[str, str] = {}

    def placeholder(place: str) -> Markup:
        return Markup(placeholders.setdefault(place, _PREFIX + secrets.token_hex(16)))

    return str(render(placeholder)), placeholders


def _check_surroundings(
    html: str, placeholders: Mapping[str, str], expression: Callable[[str], str]
) -> None:
    for piece in _NO_ELEMENT_INSIDE.finditer(html):
        for place, placeholder in placeholders.items():
            if placeholder in piece[0]:
                raise ValueError(
                    f"the template has {expression(place)} inside of {_kind(piece)}, where no "
                    "element can be; move it out"
                )


def _kind(piece: re.Match[str]) -> str:
    """Describe a piece without quoting its text, which may be what a user wrote."""
    if piece[1]:
        return f"<{piece[1].lower()}>"
    name = re.match("</?[a-z][a-z0-9-]*", piece[0], re.IGNORECASE)
    return f"the tag {name[0]} …>" if name else "a comment or a declaration"
