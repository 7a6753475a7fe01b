"""What a document has defined: link targets and footnotes, and what may be defined yet."""

import re
from typing import Final

from streamhtml.markdown._inline.links import Target, normalize
from streamhtml.markdown._output.output import Output

_LIKELY_FOOTNOTE: Final = re.compile(r"[\w-]+\Z")


class References:
    """The definitions of one document, in the order in which they come.

    While text may follow, a reference that is not defined is shown as what it will most likely
    be: ``[text][label]`` and ``[^1]`` as if they were, ``[text]`` as text. When all has been
    said, ``complete()`` is called, and what was shown otherwise than it is now is read anew.

    Args:
        prefix: what ids of footnotes begin with; ``""`` for none.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._targets: dict[str, Target] = {}
        self._footnotes: dict[str, Output] = {}
        self._numbers: dict[str, int] = {}
        self.is_complete = False

    def complete(self) -> None:
        """No definition follows. Footnotes are numbered anew, as their references are read."""
        self.is_complete = True
        self._numbers.clear()

    def define(self, label: str, target: Target) -> None:
        """Define a label; the first definition counts."""
        self._targets.setdefault(normalize(label), target)

    def target(self, label: str) -> Target | None:
        """Return what a label is defined as, so far."""
        return self._targets.get(normalize(label)) if self._targets else None

    def define_footnote(self, label: str, content: Output) -> None:
        """Define a footnote; the first definition counts."""
        self._footnotes.setdefault(normalize(label), content)

    def may_be_footnote(self, label: str) -> bool:
        """Return whether ``[^label]`` is a reference, or will most likely become one."""
        if normalize(label) in self._footnotes:
            return True
        return not self.is_complete and bool(_LIKELY_FOOTNOTE.match(label))

    def footnote_reference(self, label: str, ahead: dict[str, int] | None = None) -> str:
        """Return the HTML of a reference to a footnote, which numbers it if it is the first.

        Args:
            ahead: numbers that are given provisionally; the others are not touched then.
        """
        label = normalize(label)
        numbers = self._numbers
        number = numbers.get(label) or (ahead or {}).get(label)
        first = number is None
        if number is None:
            number = len(numbers) + 1 + len(ahead or ())
            (numbers if ahead is None else ahead)[label] = number
        if not self._prefix:
            return f'<sup class="footnote-ref">{number}</sup>'
        own = f' id="{self._prefix}-fnref-{number}"' if first else ""
        link = f'<a href="#{self._prefix}-fn-{number}"{own}>{number}</a>'
        return f'<sup class="footnote-ref">{link}</sup>'

    def footnotes_html(self) -> str:
        """Return the list of all footnotes that were referred to, in order; ``""`` for none."""
        items: list[str] = []
        while unread := list(self._numbers)[len(items) :]:
            for label in unread:
                items.append(self._footnote_item(len(items) + 1, self._footnotes[label]))
        return f"<ol>{''.join(items)}</ol>" if items else ""

    def _footnote_item(self, number: int, content: Output) -> str:
        if not self._prefix:
            return f"<li>{content.html()}</li>"
        back = f'<a href="#{self._prefix}-fnref-{number}" class="footnote-backref">↩</a>'
        return f'<li id="{self._prefix}-fn-{number}">{content.html(ending=" " + back)}</li>'
