"""The tables of docs/reference/sdks.md: what arrives, for each way, as it was measured.

``make sdk-table`` writes them. Each environment has a table of its own.
"""

from pathlib import Path
from textwrap import fill
from typing import Final

from tests.sdks import environment
from tests.sdks.lab import Lab, aspects
from tests.sdks.way import ASPECTS, Way

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "sdks.md"
_BEGIN: Final = f"<!-- measured: {environment.NAME} -->\n"
_END: Final = "<!-- end -->"


def measure(lab: Lab) -> str:
    """Return the table of this environment, with the reasons for what is lost."""
    rows: list[list[str]] = []
    reasons: dict[str, int] = {}
    for way in environment.ways():
        cells = [_cell(lab, way, aspect, reasons) for aspect in ASPECTS]
        rows.append([way.sdk, way.call, *cells])
    head = ["SDK", "What you pass", *ASPECTS.values()]
    lines = [head, ["---"] * len(head), *rows]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    notes = "".join(f"{at}. {why[0].upper()}{why[1:]}.\n" for why, at in reasons.items())
    versions = fill(f"Measured with {', '.join(environment.versions())}.", 100)
    return f"\n{versions}\n\n{table}\n{notes}\n"


def _cell(lab: Lab, way: Way, aspect: str, reasons: dict[str, int]) -> str:
    if aspect not in aspects(way):
        return "–"
    if aspect in way.varies:
        return f"varies ({_number(reasons, way.varies[aspect])})"
    if lab.has(way, aspect):
        return "yes"
    return f"no ({_number(reasons, way.lost[aspect])})"


def _number(reasons: dict[str, int], why: str) -> int:
    """Return the number of a note, which is added if it is not there."""
    return reasons.setdefault(why, len(reasons) + 1)


def committed() -> str:
    """Return the table that the page has."""
    return PAGE.read_text("utf-8").partition(_BEGIN)[2].partition(_END)[0]


def write(table: str) -> None:
    """Replace the table that the page has."""
    before, begin, rest = PAGE.read_text("utf-8").partition(_BEGIN)
    assert begin, f"{PAGE} has no {_BEGIN}"
    PAGE.write_text(before + begin + table + _END + rest.partition(_END)[2], "utf-8")


if __name__ == "__main__":
    from tests.sdks import conftest  # noqa: F401 - it sets the environment variables of the SDKs

    with Lab() as opened:
        write(measure(opened))
