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
    """What was seen on a page after its flushes.

    Args:
        flushes: how many there were.
        wrong: of these, how many left a page that does not begin the final one.
        raw: of these, how many where the two part at a mark of syntax.
        places: a line for each place where they part: a text that waits for a definition behind
            all else is one place, though many flushes show it.
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
    """Stream the pieces onto a page and look at it after each flush, white space normalised."""
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
