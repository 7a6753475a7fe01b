"""Draws formulas with the function of ``Options(math=…)``, which belongs to the caller."""

import logging
from collections.abc import Callable
from functools import cache
from typing import Final, TypeAlias

from markupsafe import Markup

from streamhtml.markdown._options import DrawFormula, OnFence
from streamhtml.markdown._returned_html import returned_html

logger = logging.getLogger("streamhtml")

SCROLLABLE: Final = ' aria-label="Formula" role="group" tabindex="0"'
"""The attributes of a display formula. It scrolls if it is wide, so the keyboard must reach it."""


DrawnFormula: TypeAlias = Callable[[str, bool], str | None]
"""Returns the HTML of a formula; None if its TeX source stays. See ``DrawFormula``."""


def draw_once(draw: DrawFormula) -> DrawnFormula:
    """Return a function that calls ``draw`` once for each formula of a document.

    A formula in a tail is written at each flush.
    """

    @cache
    def drawn(tex: str, display: bool) -> str | None:
        try:
            return returned_html(draw(tex, display))
        except Exception:
            logger.exception("Options(math=…) failed for a formula")
            return None

    return drawn


def with_formulas(on_fence: OnFence | None, draw: DrawnFormula | None) -> OnFence | None:
    """Return an ``on_fence`` that draws the formulas for which the given one returns None."""
    if draw is None:
        return on_fence

    def on_formula(language: str, text: str, info: str) -> Markup | None:
        html = on_fence(language, text, info) if on_fence else None
        if html is not None:
            return html
        drawn = draw(text.strip(), True)
        return (
            None
            if drawn is None
            else Markup(f'<div class="math-display"{SCROLLABLE}>{drawn}</div>')
        )

    return on_formula
