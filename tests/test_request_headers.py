"""The headers of a request: taken from any framework, found by name in any case."""

from typing import Any

import pytest

from streamhtml import Headers

SOURCES: dict[str, Any] = {
    "a mapping": {"Accept": "text/html", "X-Name": "é"},
    "pairs": [("Accept", "text/html"), ("X-Name", "é")],
    "pairs of bytes": [(b"accept", b"text/html"), (b"x-name", b"\xe9")],
    "a mapping of bytes": {b"ACCEPT": b"text/html", b"X-NAME": b"\xe9"},
    "lists": [["Accept", "text/html"], ["X-Name", "é"]],
    "an iterator": iter([("Accept", b"text/html"), (b"X-Name", "é")]),
    "itself": Headers({"Accept": "text/html", "X-Name": "é"}),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_any_source_gives_the_same_headers(kind: str) -> None:
    headers = Headers(SOURCES[kind])
    assert dict(headers) == {"accept": "text/html", "x-name": "é"}
    assert len(headers) == 2


@pytest.mark.parametrize("name", ["X-Name", "x-name", "X-NAME"])
def test_a_name_is_found_in_any_case(name: str) -> None:
    headers = Headers({"x-NAME": "1"})
    assert headers[name] == headers.get(name) == "1"
    assert name in headers


def test_a_header_that_was_not_sent_is_missing() -> None:
    headers = Headers()
    assert len(headers) == 0
    assert headers.get("Accept") is None
    assert "Accept" not in headers
    assert 1 not in headers
    with pytest.raises(KeyError, match="accept"):
        headers["Accept"]


def test_the_values_of_a_repeated_header_are_joined() -> None:
    headers = Headers([("Accept", "a/b"), (b"ACCEPT", b"c/d"), ("X", "1"), ("accept", "e/f")])
    assert dict(headers) == {"accept": "a/b, c/d, e/f", "x": "1"}


def test_the_text_form_shows_the_headers() -> None:
    assert repr(Headers({"Accept": "a/b"})) == "Headers({'accept': 'a/b'})"


@pytest.mark.parametrize("source", [7, None, "Accept", [("Accept",)], [("a", "b", "c")], [1]])
def test_what_is_neither_a_mapping_nor_pairs_is_refused(source: Any) -> None:
    kind = "None" if source is None else f"an? {type(source).__name__}"
    with pytest.raises(TypeError, match=f"^headers is {kind}, which is neither"):
        Headers(source)


@pytest.mark.parametrize(
    ("source", "wrong"),
    [({"X-Number": 7}, "an int"), ([(None, "a")], "None"), ({"X": ["a"]}, "a list")],
)
def test_a_name_or_a_value_that_is_no_text_is_refused(source: Any, wrong: str) -> None:
    says = f"^the name or the value of a request header is {wrong}; both are str or bytes"
    with pytest.raises(TypeError, match=says):
        Headers(source)


@pytest.mark.parametrize(
    ("accept", "accepted"),
    [
        ("text/html", {"text/html"}),
        ("Text/HTML;level=1, */*;q=0.1", {"text/html", "*/*"}),
        ("text/html;q=0, text/plain; q = 0.000, a/b;q=0.001", {"a/b"}),
        ("a/b;q=0;level=1", set()),
    ],
)
def test_the_accepted_media_types(accept: str, accepted: set[str]) -> None:
    assert Headers({"accept": accept}).accepted_media_types() == accepted
