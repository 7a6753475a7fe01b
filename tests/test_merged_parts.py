"""What a reader sees of several sources side by side, in every format and at every cut."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import Markup
from tests.formats.swapped_page import expected, shown
from tests.test_parts import FORMATS, fragments, whole

from streamhtml import Delta
from streamhtml._delta import PartEnd, ToolDelta

TEMPLATES = {
    "side by side": Environment(autoescape=True)
    .from_string(
        "<article><i>{{ parts.left }}</i><b>{{ parts.right }}</b>{{ parts.left_tool }}</article>"
    )
    .render,
    "one after the other": None,
}

PIECES = [
    *("a ", "*b", "*\n\n", "[x][1]", "- c\n", Markup("<u>d</u>")),
    Delta.replace("e *f*"),
    Delta("hm", "reasoning"),
    ToolDelta('{"q": 1}', id="1", name="search"),
    ToolDelta("found", id="1", field="result"),
]
OUTCOMES = ["finished", "truncated", "failed"]


def rename(name: str, pieces: list[Any], outcome: Any) -> list[Delta]:
    """Return what merge() makes of one source."""
    deltas = [Delta(piece) if isinstance(piece, str) else piece for piece in pieces]
    names = {"text": name}
    return [
        *(replace(each, part=names.get(each.part, f"{name}_{each.part}")) for each in deltas),
        PartEnd(part=name, outcome=outcome),
    ]


@st.composite
def merged(draw: st.DrawFn) -> list[Delta]:
    """Draw the Deltas of two sources in any order."""
    waiting = [
        rename(name, draw(st.lists(st.sampled_from(PIECES), max_size=6)), outcome)
        for name, outcome in zip(
            ("left", "right"), draw(st.tuples(*[st.sampled_from(OUTCOMES)] * 2)), strict=True
        )
    ]
    deltas: list[Delta] = []
    while any(waiting):
        deltas.append(draw(st.sampled_from([each for each in waiting if each])).pop(0))
    return deltas


@settings(max_examples=100)
@given(
    merged(),
    st.lists(st.integers(0, 14), max_size=6),
    st.sampled_from(FORMATS),
    st.sampled_from([*TEMPLATES]),
    st.sampled_from(["markdown", "text"]),
)
def test_law_the_page_is_the_finished_message_however_it_was_cut(
    deltas: list[Delta], cuts: list[int], name: str, template: str, renderer: str
) -> None:
    starts = [0, *sorted(min(cut, len(deltas)) for cut in cuts), len(deltas)]
    batches = [deltas[start:end] for start, end in pairwise(starts)]
    how = {"template": TEMPLATES[template], "renderer": renderer}
    assert shown(fragments(batches, **how), name) == expected(whole(batches, **how), name)


@pytest.mark.parametrize("name", FORMATS)
def test_each_notice_is_in_the_part_of_its_source(name: str) -> None:
    batches = [[each] for each in rename("left", ["a"], "failed")]
    batches += [[each] for each in rename("right", ["b"], "finished")]
    page = shown(fragments(batches, template=TEMPLATES["side by side"]), name)
    left, right = page.split("<b")[:2]
    assert "Something went wrong" in left
    assert "Something went wrong" not in right
