"""Many Markdown documents on one page: a reply with a region for each of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, TypeAlias

from jinja2 import Environment
from playwright.sync_api import Page

from streamhtml import Delta, Fragment, Reply
from streamhtml.markdown import MarkdownRenderer, Options, render

Flush: TypeAlias = list[tuple[str, int, int | None, str]]

ID: Final = "ai_1"

_SCRIPT: Final = Path(__file__).with_name("regions.js").read_text("utf-8")
_USUAL: Final = Options()
_TEMPLATE: Final = Environment(autoescape=True).from_string(
    '<article id="{{ message_pair_id }}">'
    "{% for name in names %}{{ parts[name] }}{% endfor %}</article>"
)


@dataclass(frozen=True)
class Document:
    """A text, and the pieces in which it arrives."""

    text: str
    pieces: Sequence[str]


def replied(documents: Sequence[Document], options: Options = _USUAL) -> list[Fragment]:
    """Return a reply in which all documents grow, by one piece in each fragment."""
    names = [f"d{number}" for number in range(len(documents))]
    reply = Reply(
        _TEMPLATE.render,
        {"message_pair_id": ID, "names": names},
        renderer=lambda root: MarkdownRenderer(root, options),
    )
    fragments = [reply.open()]
    for pieces in zip_longest(*(document.pieces for document in documents)):
        deltas = [Delta(piece, name) for name, piece in zip(names, pieces, strict=True) if piece]
        fragment = reply.feed(deltas)
        if fragment.patches:
            fragments.append(fragment)
    return [*fragments, reply.close("finished")]


def compare(page: Page, documents: Sequence[Document], options: Options = _USUAL) -> list[Any]:
    """Compare each region of the reply with its document, rendered and parsed in one piece."""
    page.evaluate("() => {" + _SCRIPT + "}")
    whole = [
        [f"{ID}_d{number}", render(document.text, options)]
        for number, document in enumerate(documents)
    ]
    results: list[Any] = page.evaluate(
        "whole => whole.map(([id, html]) => compared(document.getElementById(id), html))", whole
    )
    return results


def flush_by_flush(page: Page, documents: Iterable[Document]) -> list[Any]:
    """Apply each document's patches as specified; the results also have "vanished"."""
    return play(page, [(_flushes(each.pieces), render(each.text)) for each in documents])


def play(page: Page, recorded: Sequence[tuple[list[Flush], str]]) -> list[Any]:
    """Apply recorded flushes as specified, and compare with the HTML that they must make."""
    page.evaluate("() => {" + _SCRIPT + "}")
    results: list[Any] = page.evaluate(
        "recorded => recorded.map(([flushes, html]) => flushed(flushes, html))", recorded
    )
    return results


def _flushes(pieces: Iterable[str]) -> list[Flush]:
    renderer = MarkdownRenderer("r")
    flushes = [renderer.feed(piece) for piece in pieces]
    flushes.append(renderer.close())
    return [
        [(patch.action, patch.depth, patch.child, str(patch.html)) for patch in patches]
        for patches in flushes
    ]
