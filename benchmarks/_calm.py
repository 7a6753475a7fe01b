"""Finds flushes after which a page shows text that is not there in the end."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from streamhtml.markdown import MarkdownRenderer

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.markdown.page import Page

_MARKS = re.compile(r"[*_`~<|$\\\[\]]|^#|&\w", re.MULTILINE)


@dataclass(slots=True)
class Seen:
    """What a page showed after its flushes.

    Args:
        flushes: the number of flushes.
        wrong: how many of them left a text that is not the beginning of the final one.
        raw: at how many of these the two texts diverge at raw syntax.
        places: a line for each place where they diverge. A text that waits for a late definition
            is one place, although many flushes show it.
    """

    flushes: int = 0
    wrong: int = 0
    raw: int = 0
    places: list[str] = field(default_factory=list)


def shared(text: str, other: str) -> int:
    """Return how many characters two different texts have in common at their beginnings."""
    pairs = enumerate(zip(text, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(text), len(other)))


def watch(name: str, pieces: Sequence[str], seen: Seen) -> None:
    """Stream the pieces onto a page, and check its text after each flush; ignore white space."""
    page, renderer = Page("r"), MarkdownRenderer("r")
    texts = []
    for piece in pieces:
        page.apply(renderer.feed(piece))
        texts.append(" ".join(page.text.split()))
    page.apply(renderer.close())
    final = " ".join(page.text.split())
    places = set()
    for text in texts:
        if final.startswith(text):
            continue
        seen.wrong += 1
        same = shared(text, final)
        seen.raw += _MARKS.search(text[max(0, same - 1) : same + 2]) is not None
        if same not in places:
            places.add(same)
            shown, later = text[same : same + 30], final[same : same + 30]
            seen.places.append(f"{name}: {text[:same][-20:]!r} {shown!r} became {later!r}")
    seen.flushes += len(texts)
