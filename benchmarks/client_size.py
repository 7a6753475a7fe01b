"""Measures what each section of the client costs.

    python benchmarks/client_size.py

The source map says which section each character of the minified file comes from. Gzip compresses
all sections together, so the last column divides its size in proportion.
"""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

STATIC = Path(__file__).parents[1] / "src/streamhtml/static/streamhtml"
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def sections(source: str) -> list[str]:
    """Return the title of the section of each line."""
    titles = []
    title = "Constants and types"
    lines = source.splitlines()
    for before, line in pairwise(["", *lines]):
        found = re.match(r" *// (\w.*)", line)
        if found and re.fullmatch(r" *// -+", before):
            title = re.split(r"[:.,]", found[1])[0]
        titles.append(title)
    return titles


def numbers(segment: str) -> Iterator[int]:
    """Decode the numbers of one segment (https://tc39.es/ecma426/#sec-base64-vlq)."""
    value = shift = 0
    for digit in map(DIGITS.index, segment):
        value |= (digit & 31) << shift
        shift += 5
        if digit < 32:
            yield -(value >> 1) if value & 1 else value >> 1
            value = shift = 0


def characters(mappings: str, length: int, titles: list[str]) -> Counter[str]:
    """Return how many characters of the minified file, which is one line, each section has."""
    column = line = 0
    starts = []
    for segment in mappings.split(";", maxsplit=1)[0].split(","):
        moved, _, down, *_ = numbers(segment)
        column, line = column + moved, line + down
        starts.append((column, titles[line]))
    counts: Counter[str] = Counter()
    for (start, title), (end, _) in pairwise([*starts, (length, "")]):
        counts[title] += end - start
    return counts


def main() -> None:
    """Print the table."""
    minified = (STATIC / "streaming-html.min.js").read_text("utf-8")
    mappings = json.loads((STATIC / "streaming-html.min.js.map").read_text("utf-8"))["mappings"]
    titles = sections((STATIC / "streaming-html.js").read_text("utf-8"))
    counts = characters(mappings, len(minified.splitlines()[0]), titles)
    zipped, whole = len(gzip.compress(minified.encode(), 9)), sum(counts.values())
    print("| Section | minified, bytes | its part of the gzip, bytes |\n|---|---|---|")
    for title in dict.fromkeys(titles):
        print(f"| {title} | {counts[title]:,} | {counts[title] * zipped / whole:,.0f} |")
    print(f"| **All** | {whole:,} | {zipped:,} |")


if __name__ == "__main__":
    main()
