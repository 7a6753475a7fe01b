"""Deltas as data: equal by value, and merged where neighbours belong to the same part."""

import dataclasses
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from streamhtml import Delta, Truncated
from streamhtml._delta import merge_deltas

DELTAS = st.lists(
    st.builds(
        Delta,
        st.text("ab<", max_size=2) | st.sampled_from([Markup(), Markup("<b>")]),
        st.sampled_from(["text", "reasoning"]),
    ),
    max_size=12,
)


def test_a_delta_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Delta("a").text = "b"  # type: ignore[misc]


def test_truncated_carries_its_reason() -> None:
    assert (str(Truncated("2,000 tokens")), str(Truncated())) == ("2,000 tokens", "")


def test_neighbours_of_the_same_part_are_merged() -> None:
    html = Markup("<b>")
    deltas = [Delta("a"), Delta(""), Delta("b"), Delta("x", "tool"), Delta("c"), Delta("d")]
    assert merge_deltas(deltas) == [Delta("ab"), Delta("x", "tool"), Delta("cd")]
    assert merge_deltas([Delta("a"), Delta(html), Delta(html), Delta("b"), Delta("c")]) == [
        Delta("a"),
        Delta(html),
        Delta(html),
        Delta("bc"),
    ]
    assert merge_deltas([]) == merge_deltas([Delta("")]) == []


@given(DELTAS)
def test_law_merging_keeps_the_text_of_each_part_and_merges_all_it_can(deltas: list[Delta]) -> None:
    merged = merge_deltas(deltas)
    for part in "text", "reasoning":
        assert "".join(d.text for d in merged if d.part == part) == "".join(
            d.text for d in deltas if d.part == part
        )
    for before, after in pairwise(merged):
        assert before.part != after.part or Markup in {type(before.text), type(after.text)}
    assert [d for d in merged if isinstance(d.text, Markup)] == [
        d for d in deltas if d.text and isinstance(d.text, Markup)
    ]
