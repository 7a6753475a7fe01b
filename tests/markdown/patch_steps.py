"""Feeds a text in pieces, and compares the patches of each piece with the expected ones."""

from collections.abc import Sequence
from typing import Any

import pytest
from tests.markdown.page import Page, canonical

from streamhtml.markdown import MarkdownRenderer, Options

REL = 'rel="noopener noreferrer nofollow ugc"'
TAB = 'target="_blank"'
MAIL = f'<a href="mailto:me@x.org" {REL}>me@x.org</a>'

FORMULA = (
    '<pre aria-label="Formula" role="group" tabindex="0">'
    '<code class="language-math math-display">{}\n</code></pre>'
)

LONG = "x" + "+1" * 100
"""A line of a formula that is shown before the formula is closed."""


def sent(pieces: Sequence[str], **options: Any) -> list[list[str]]:
    """Return the patches of each piece and of the end, written ``action depth html``.

    Where a patch names a child of the region, ``#`` and its index stand for the depth.
    """
    chosen = Options(**options)
    renderer = MarkdownRenderer("r", chosen)
    page = Page("r")
    steps = []
    for piece in (*pieces, None):
        patches = renderer.close() if piece is None else renderer.feed(piece)
        page.apply(patches)
        steps.append(
            [
                f"{p.action} {p.depth if p.child is None else f'#{p.child}'} {p.html}"
                for p in patches
            ]
        )
    assert page.html == canonical(MarkdownRenderer("r", chosen).render(*pieces))
    return steps


Step = tuple[str, ...]
"""A piece, and the patches that it makes."""


def streams(**cases: tuple[Step, ...]) -> Any:
    """Parametrize with texts in pieces. The last step's piece is ``END``."""
    return pytest.mark.parametrize("steps", cases.values(), ids=cases)


END = "the end"
ALERT = (
    '<div class="markdown-alert markdown-alert-note"><p class="markdown-alert-title">Note</p></div>'
)


def note(number: int) -> str:
    return f'<sup class="footnote-ref">{number}</sup>'


def notes(*items: str) -> str:
    inner = "".join(f"<li><p>{item}</p></li>" for item in items)
    return f'<section class="footnotes"><ol>{inner}</ol></section>'


def check(steps: tuple[Step, ...], **options: Any) -> None:
    *pieces, end = [step[0] for step in steps]
    assert end is END
    assert sent(pieces, **options) == [list(step[1:]) for step in steps]
