"""The headers of a response: the defaults, and what the view may change."""

import pytest

from streamhtml._response_headers import DEFAULTS, build_headers


def test_the_defaults_and_the_media_type() -> None:
    assert build_headers({}, "text/x", vary=(), gzip=None) == {**DEFAULTS, "Content-Type": "text/x"}


def test_the_view_replaces_a_default_in_any_case_and_adds_its_own() -> None:
    headers = build_headers({"CACHE-control": "private", "x-own": "1"}, "a/b", vary=(), gzip=None)
    assert headers["Cache-Control"] == "private"
    assert headers["X-Own"] == "1"
    assert len(headers) == len(DEFAULTS) + 2


@pytest.mark.parametrize(
    ("given", "vary", "gzip", "expected"),
    [
        ({}, (), None, None),
        ({}, ("Accept",), None, "Accept"),
        ({"vary": "Cookie"}, ("Accept", "X"), None, "Cookie, Accept, X"),
        ({}, ("Accept",), False, "Accept, Accept-Encoding"),
        ({"Vary": "Cookie"}, (), True, "Cookie, Accept-Encoding"),
    ],
)
def test_vary_names_the_headers_that_decided(
    given: dict[str, str], vary: tuple[str, ...], gzip: bool | None, expected: str | None
) -> None:
    assert build_headers(given, "a/b", vary=vary, gzip=gzip).get("Vary") == expected


@pytest.mark.parametrize(("gzip", "encoding"), [(True, "gzip"), (False, None), (None, None)])
def test_the_encoding_is_that_of_the_body(gzip: bool | None, encoding: str | None) -> None:
    assert build_headers({}, "a/b", vary=(), gzip=gzip).get("Content-Encoding") == encoding


def test_the_view_may_set_an_encoding_where_we_do_not_compress() -> None:
    headers = build_headers({"Content-Encoding": "identity"}, "a/b", vary=(), gzip=None)
    assert headers["Content-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("given", "gzip", "says"),
    [
        ({"content-type": "a/b"}, None, "'content-type', but the format decides it; leave it out$"),
        ({"Content-Encoding": "br"}, False, "but compress=True decides it; leave it out$"),
    ],
)
def test_what_the_view_cannot_set_is_refused(
    given: dict[str, str], gzip: bool | None, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        build_headers(given, "a/b", vary=(), gzip=gzip)
