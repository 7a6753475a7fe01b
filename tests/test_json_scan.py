"""The end of a JSON value is found at once, however it is cut."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streamhtml._json_scan import JSONScan

JSON = st.recursive(
    st.none() | st.integers() | st.text('{}[]"\\/a'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('{"\\'), inner, max_size=3),
)


@given(JSON.filter(lambda value: isinstance(value, dict | list)), st.data())
def test_law_a_json_value_is_complete_at_its_last_character(
    value: Any, data: st.DataObject
) -> None:
    text = json.dumps(value, ensure_ascii=data.draw(st.booleans()))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    scan = JSONScan()
    scan.feed(data.draw(st.sampled_from(["", " \n"])))
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        assert not scan.is_complete or start == len(text)
        scan.feed(text[start:end])
    assert scan.is_complete
    scan.feed("}")
    assert scan.is_complete


def test_a_text_that_is_no_json_is_never_complete() -> None:
    for text in "print({})", '"{}"', "7":
        scan = JSONScan()
        for character in text:
            scan.feed(character)
        assert not scan.is_complete
