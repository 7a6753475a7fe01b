"""Keeps the footnotes of one document, numbers them and writes their HTML."""

import re
from typing import Final

from streamhtml.markdown._inline.link_syntax import normalize_label
from streamhtml.markdown._output.buffer import HTMLBuffer

# Not the beginning of a range in a regular expression: "[^a-z]", "[^0-9]".
_LIKELY_LABEL: Final = re.compile(r"(?!(?i:a-z)|\d-\d)[\w-]+\Z")
# A name is a label if it is attached to a word. Otherwise, it stands for itself: "the class [^ab]".
_UNLIKELY_BEFORE: Final = re.compile(r"[\s(\[{/\\^|]")


class Footnotes:
    """Footnotes by label, numbered in the order of their first references.

    While more text may follow, a reference to an undefined footnote is shown as if it were defined.

    Args:
        prefix: the text that the ids of footnotes begin with; ``""`` for no ids.
        dir_auto: whether their list finds its reading direction, see ``Options``.
    """

    def __init__(self, prefix: str, *, dir_auto: bool = False) -> None:
        self._prefix = prefix
        self._direction = ' dir="auto"' if dir_auto else ""
        self._contents: dict[str, HTMLBuffer] = {}
        self._numbers: dict[str, int] = {}
        self._order: list[str] = []  # the labels by number
        self._is_final = False

    def finish(self) -> None:
        """Record that no definition follows, and forget the numbers of footnotes.

        They are numbered again as the references are read again.
        """
        self._is_final = True
        self._numbers.clear()
        self._order.clear()

    def define(self, label: str, content: HTMLBuffer) -> None:
        """Define a footnote, unless its label is defined already."""
        self._contents.setdefault(normalize_label(label), content)

    def may_be_reference(self, label: str, before: str) -> bool:
        """Return whether ``[^label]`` is a reference, or will most likely become one.

        Args:
            label: the label.
            before: the character before the bracket, or ``""``.
        """
        if normalize_label(label) in self._contents:
            return True
        if self._is_final or not _LIKELY_LABEL.match(label):
            return False
        return label.isdecimal() or bool(before and not _UNLIKELY_BEFORE.match(before))

    def reference_html(
        self, label: str, provisional: dict[str, int] | None = None, *, in_link: bool = False
    ) -> str:
        """Return the HTML of a reference. The first reference to a footnote numbers it.

        Args:
            label: the footnote's label.
            provisional: receives new numbers instead of the document, because the reference is in
                a tail and may still change; None if the reference is certain.
            in_link: whether a link contains the reference, so that it cannot be a link itself.
        """
        label = normalize_label(label)
        numbers = self._numbers
        number = numbers.get(label) or (provisional or {}).get(label)
        is_first = number is None
        if number is None:
            number = len(numbers) + 1 + len(provisional or ())
            if provisional is None:
                numbers[label] = number
                self._order.append(label)
            else:
                provisional[label] = number
        if not self._prefix:
            return f'<sup class="footnote-ref">{number}</sup>'
        own_id = f' id="{self._prefix}-fnref-{number}"' if is_first else ""
        if in_link:
            return f'<sup class="footnote-ref"{own_id}>{number}</sup>'
        link = f'<a href="#{self._prefix}-fn-{number}"{own_id}>{number}</a>'
        return f'<sup class="footnote-ref">{link}</sup>'

    def list_html(self) -> str:
        """Return the list of all footnotes with a reference, in order; ``""`` if there are none."""
        items: list[str] = []
        # The content of a footnote may refer to further footnotes, which are added to the order.
        for number, label in enumerate(self._order, 1):
            items.append(self._item_html(number, self._contents[label]))
        return f"<ol{self._direction}>{''.join(items)}</ol>" if items else ""

    def _item_html(self, number: int, content: HTMLBuffer) -> str:
        if not self._prefix:
            return f"<li>{content.html()}</li>"
        back = f'<a href="#{self._prefix}-fnref-{number}" class="footnote-backref">↩</a>'
        return f'<li id="{self._prefix}-fn-{number}">{content.html(ending=" " + back)}</li>'
