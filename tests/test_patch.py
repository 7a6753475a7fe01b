"""Ids, and the places that a patch can name."""

import re
from typing import Any

import pytest
from markupsafe import Markup

from streamhtml import Patch, pair_id


def test_a_pair_id_is_a_prefix_and_128_random_bits() -> None:
    ids = {pair_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"ai_[0-9a-f]{32}", an_id) for an_id in ids)
    assert re.fullmatch(r"chat-[0-9a-f]{32}", pair_id("chat-"))


@pytest.mark.parametrize("prefix", ["", "1_", "a b", "é", "a>", '"', "a\n", "-a"])
def test_a_prefix_that_cannot_begin_an_id_is_refused(prefix: str) -> None:
    with pytest.raises(
        ValueError, match=re.escape(f"prefix={prefix!r} cannot be used as an element id")
    ):
        pair_id(prefix)


@pytest.mark.parametrize(
    "place",
    [
        {"depth": -1, "root": "r"},
        {"child": -1, "root": "r"},
        {"child": 1, "depth": 1, "root": "r"},
        {"depth": 1},
        {"child": 0},
    ],
)
def test_an_impossible_place_is_refused(place: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"name no element|needs a root"):
        Patch("replace", Markup(), **place)


def test_a_tail_needs_a_root() -> None:
    with pytest.raises(ValueError, match=r"^a tail, and .* needs a root"):
        Patch("tail", Markup("x"))


@pytest.mark.parametrize(
    ("patch", "selector"),
    [
        (Patch("append", Markup()), ""),
        (Patch("append", Markup(), "ai_1"), "#ai_1"),
        (Patch("append", Markup(), "ai_1", depth=2), "#ai_1 > :last-child > :last-child"),
        (Patch("replace", Markup(), "ai_1", child=0), "#ai_1 > :nth-child(1)"),
        (Patch("tail", Markup(), "a.b:c"), r"#a\.b\3a c"),
    ],
)
def test_a_place_becomes_a_css_selector(patch: Patch, selector: str) -> None:
    assert patch.selector == selector
