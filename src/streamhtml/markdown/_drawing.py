"""Draws formulas with the function of ``Options(math=…)``, which belongs to the caller."""

import logging
from typing import Final

from markupsafe import Markup

from streamhtml.markdown._options import DrawFormula, OnFence
from streamhtml.markdown._returned_html import returned_html

logger = logging.getLogger("streamhtml")

SCROLLABLE: Final = ' aria-label="Formula" role="group" tabindex="0"'
"""The attributes of a display formula. It scrolls if it is wide, so the keyboard must reach it."""


def draw_formula(draw: DrawFormula, tex: str, *, display: bool) -> str | None:
    """Return the HTML of a formula; None if its TeX source stays."""
    try:
        return returned_html(draw(tex, display))
    except Exception:
        logger.exception("Options(math=…) failed for a formula")
        return None


def with_formulas(on_fence: OnFence | None, draw: DrawFormula | None) -> OnFence | None:
    """Return an ``on_fence`` that draws the formulas for which the given one returns None."""
    if draw is None:
        return on_fence

    def on_formula(language: str, text: str, info: str) -> Markup | None:
        html = on_fence(language, text, info) if on_fence else None
        if html is not None:
            return html
        drawn = draw_formula(draw, text.strip(), display=True)
        return (
            None
            if drawn is None
            else Markup(f'<div class="math-display"{SCROLLABLE}>{drawn}</div>')
        )

    return on_formula
