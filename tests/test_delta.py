"""Deltas as data: equal by value, and merged where neighbours belong to the same part."""

import dataclasses
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from streamhtml import Delta, Truncated
from streamhtml._delta import Replacement, merge_deltas

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


def test_a_replacement_takes_the_place_of_what_it_replaces() -> None:
    said = [Delta("a", "status"), Delta("b"), Delta.replace("c", "status"), Delta("d", "status")]
    assert merge_deltas(said) == [Delta.replace("c", "status"), Delta("b"), Delta("d", "status")]
    assert merge_deltas([*said, Delta.replace("", "status")]) == [
        Delta.replace("", "status"),
        Delta("b"),
    ]
    again = Delta.replace("c", "status")
    assert merge_deltas([again, Delta("b"), again])[-1] is again


def test_tool_calls_cannot_be_replaced() -> None:
    with pytest.raises(ValueError, match=r"part='tool' holds tool calls.*such as 'status'"):
        Delta.replace("a", part="tool")


STATES = st.lists(
    st.one_of(
        st.builds(Delta, st.text("ab", max_size=2), st.sampled_from(["text", "status", "step"])),
        st.builds(Delta.replace, st.text("cd", max_size=2), st.sampled_from(["text", "status"])),
    ),
    max_size=12,
)


def shown(deltas: Iterable[Delta]) -> dict[str, str]:
    """Return the text of each part, in the order in which the parts begin."""
    texts: dict[str, str] = {}
    for delta in deltas:
        before = "" if isinstance(delta, Replacement) else texts.get(delta.part, "")
        if delta.text or isinstance(delta, Replacement):
            texts[delta.part] = before + delta.text
    return texts


@given(STATES)
def test_law_merging_changes_nothing_that_is_shown(deltas: list[Delta]) -> None:
    merged = merge_deltas(deltas)
    assert list(shown(merged).items()) == list(shown(deltas).items())
    assert sum(isinstance(d, Replacement) for d in merged if d.part == "status") <= 1
    # Text around a tool call is two parts, so it is left as it is.
    assert [d for d in merged if type(d) is not Delta and d.part == "text"] == [
        d for d in deltas if type(d) is not Delta and d.part == "text"
    ]
