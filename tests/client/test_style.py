"""The style sheet stays small, and any rule of a page wins over it."""

import gzip
import re
from importlib.resources import files

SHEET = files("streamhtml").joinpath("static/streamhtml/streamhtml.css").read_bytes()
RULES = re.sub(r"/\*.*?\*/", "", SHEET.decode("utf-8"), flags=re.DOTALL)
LIMIT = 4096
"""Bytes of the file as it is shipped, gzipped. docs/how-to/styles.md names the size."""


def selectors() -> list[str]:
    """Return what stands before each ``{``, but the conditions and names of at-rules."""
    found = [text.strip() for text in re.findall(r"([^{};]+)\{", RULES)]
    frame = r"(from|to|[\d.]+%)(,\s*(from|to|[\d.]+%))*"
    return [text for text in found if text[0] != "@" and not re.fullmatch(frame, text)]


def without_where(selector: str) -> str:
    """Return a selector without its ``:where(…)``, which have no specificity."""
    innermost = re.compile(r"(?<!:where)\(([^()]*)\)")
    while innermost.search(selector):
        selector = innermost.sub(r"[\1]", selector)
    return re.sub(r":where\([^()]*\)", "", selector)


def test_the_sheet_is_small() -> None:
    size = len(gzip.compress(SHEET, 9, mtime=0))
    print(f"{len(SHEET)} bytes, gzipped {size}")
    assert size <= LIMIT


def test_every_selector_has_the_specificity_zero() -> None:
    """Only the name of a pseudo-element cannot stand in ``:where(…)``."""
    assert len(selectors()) > 100
    for selector in selectors():
        rest = re.sub(r"::(before|after|marker)\b", "", without_where(selector))
        assert not rest.strip(" ,>\n"), selector


def test_the_sheet_loads_nothing() -> None:
    assert not re.search(r"url\(|@import|@font-face|https?:", RULES)
