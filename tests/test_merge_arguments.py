"""What ``merge()`` refuses, before anything is read."""

from typing import Any

import pytest

from streamhtml import merge


@pytest.mark.parametrize(
    ("sources", "error", "message"),
    [
        ([["a"]], TypeError, "sources is a list, not a mapping; pass the sources by the names"),
        ({}, ValueError, "sources is empty; pass at least one, such as"),
        ({"a b": []}, ValueError, "'a b' cannot be the name of a part; use letters from a to z"),
        ({"_a": []}, ValueError, "'_a' cannot be the name of a part; use letters"),
        ({"왼쪽": []}, ValueError, "'왼쪽' cannot be the name of a part; use letters"),
        ({3: []}, ValueError, "3 cannot be the name of a part; use letters"),
        ({"tool": []}, ValueError, "'tool' is a part that each source may have; choose another"),
        (
            {"a_reasoning": [], "a": []},
            ValueError,
            "'a_reasoning' is the part 'reasoning' of the source 'a', and cannot be the name of",
        ),
        ({"a": 3}, TypeError, "the source 'a' cannot be merged: tokens is an int, which cannot be"),
        ({"a": "text"}, TypeError, "the source 'a' cannot be merged: tokens is one str, not an"),
    ],
)
def test_what_cannot_be_merged(sources: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        merge(sources)
    assert str(caught.value).startswith(message)
