"""Reads the fenced blocks and the links of our Markdown pages.

A block may have a title (```` ```python title="app.py" ````). It is then a whole file or a named
example. Blocks of Python without a title run in order, as the conftest.py of the root says.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])

_FENCE = re.compile(
    r"^(?P<fence>```+)(?P<language>[a-z]*)(?: title=\"(?P<title>[^\"]+)\")?\n"
    r"(?P<text>.*?)^(?P=fence)$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    language: str
    title: str
    text: str


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    return [
        Block(found["language"], found["title"] or "", found["text"])
        for found in _FENCE.finditer(page.read_text("utf-8"))
    ]


def titled(page: Path, title: str) -> str:
    """Return the text of the one block with this title."""
    (text,) = (block.text for block in blocks(page) if block.title == title)
    return text


def files(page: Path) -> dict[str, str]:
    """Return the files that a page shows; the first version if it shows several."""
    found: dict[str, str] = {}
    for block in blocks(page):
        if "." in block.title and ":" not in block.title:
            found.setdefault(block.title, block.text)
    return found


def prose(page: Path) -> str:
    """Return the page without its fenced blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))


def commands(page: Path) -> list[str]:
    """Return what a reader types, without the prompt."""
    return [
        line.removeprefix("$ ")
        for block in blocks(page)
        if block.language == "console"
        for line in block.text.splitlines()
        if line.startswith("$ ")
    ]
