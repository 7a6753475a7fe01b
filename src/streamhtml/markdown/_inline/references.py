"""Keeps the link reference definitions of one document by label.

https://spec.commonmark.org/0.31.2/#link-reference-definitions
"""

from streamhtml.markdown._inline.link_syntax import Target, normalize_label


class LinkReferences:
    """Link targets by label.

    While more text may follow, ``[text][label]`` with an undefined label is shown as if it were
    defined, and ``[text]`` as text. At the end of the document ``finish()`` is called. Blocks that
    were shown differently are then read again.

    Attributes:
        is_final: whether no definition follows.
    """

    def __init__(self) -> None:
        self._targets: dict[str, Target] = {}
        self.is_final = False

    def finish(self) -> None:
        """Record that no definition follows."""
        self.is_final = True

    def define(self, label: str, target: Target) -> None:
        """Define a label, unless it is defined already."""
        self._targets.setdefault(normalize_label(label), target)

    def target(self, label: str) -> Target | None:
        """Return the target of a label, or None if it is not defined yet."""
        return self._targets.get(normalize_label(label)) if self._targets else None
