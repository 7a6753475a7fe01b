"""``Sec-CH-UA`` is read as a structured field, whatever a client sends."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streamhtml.formats import FormatRequest, Headers, create_format
from streamhtml.formats._client_hints import HEADER, chromium_version
from streamhtml.formats._in_place import InPlace
from streamhtml.formats.page import PageFormat

BRANDS = [
    ('"Not:A-Brand";v="8", "Chromium";v="156", "HeadlessChrome";v="156"', 156),
    ('"Chromium";v="150", "Google Chrome";v="150", "Not(A:Brand";v="99"', 150),
    ('"Microsoft Edge";v="151" ,\t"Chromium";v="151"', 151),
    ('" Not;A\\\\Brand\\"";v="99", "Chromium";v="149"', 149),
    ('"Chromium";v="1";v="160"', 160),
    ('"Chromium"; v="160";x;y=?1;z=-1.5;w=a/b;u=:YQ==:', 160),
    ('"Chromium";v="156.0.8078.108"', 156),
    (' "Chromium";v="156"  ', 156),
    ('"Not;A=Brand";v="150"', 0),
    ('"chromium";v="156"', 0),
    ('"Chromium";v=156', 0),
    ('"Chromium";V="156"', 0),
    ('"Chromium"', 0),
    ('"Chromium";v="1e9"', 0),
    ('"Chromium";v="156x"', 0),
    ('"Chromium";v="\u0661\u0665\u0666"', 0),
    ('"Chromium";v="' + "9" * 5000 + '"', 0),
    ("Chromium;v=156", 0),
    ('"Chromium";v="156",', 0),
    (',"Chromium";v="156"', 0),
    ('"Chromium";v="156" "x"', 0),
    ('"Chromium";v="156", ("x" "y")', 0),
    ('"Chromium";v="156", "x', 0),
    ('"Chromium" ;v="156"', 0),
    ('"Chrom\tium";v="156"', 0),
    ("", 0),
    (",", 0),
]


@pytest.mark.parametrize(("value", "version"), BRANDS)
def test_the_version_of_the_engine(value: str, version: int) -> None:
    assert chromium_version(value) == version


PIECES = st.sampled_from(['"Chromium"', ';v="156"', ";", ",", " ", '"', "\\", "v=", "a", "?1", ":"])


@given(st.text() | st.lists(PIECES).map("".join))
@example('"' * 10_000)
@example(";v" * 10_000)
@example('"a"' + ";v" * 10_000 + "!")
def test_no_value_is_an_error(value: str) -> None:
    assert chromium_version(value) in {0, 156}


def writer(headers: dict[str, str], before: str = "<main>", **options: bool) -> object:
    def render_page(message: str) -> str:
        return f"{before}{message}"

    one_format = create_format(
        lambda: PageFormat(**options), FormatRequest(Headers(headers), render_page=render_page)
    )
    assert isinstance(one_format, PageFormat)
    return one_format._writer


NATIVE = {HEADER: '"Chromium";v="150"', "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize(
    ("changed", "is_native"),
    [
        ({}, True),
        ({"Sec-Fetch-Dest": " IFRAME"}, True),
        ({"Sec-Fetch-Dest": "object"}, True),
        ({HEADER: '"Chromium";v="149"'}, False),
        ({HEADER: ""}, False),
        # A script will put the page somewhere.
        ({"Sec-Fetch-Dest": "empty"}, False),
        ({"Sec-Fetch-Dest": ""}, False),
    ],
)
def test_who_gets_the_native_page(changed: dict[str, str], is_native: bool) -> None:
    assert isinstance(writer({**NATIVE, **changed}), InPlace) == is_native


def test_a_site_can_turn_it_off() -> None:
    assert not isinstance(writer(NATIVE, native=False), InPlace)
    assert PageFormat(native=False).vary == ()
    assert PageFormat().vary == ("Sec-CH-UA", "Sec-Fetch-Dest")


@pytest.mark.parametrize(
    ("before", "is_native"),
    [
        ("<main>", True),
        ("<table><tr><td>", True),
        ("<svg><foreignObject><p>", True),
        ("<!doctype html><html><title>T</title><body>", True),
        ("<body><h1>A</h1>", True),
        ("<html><body></body>", False),
        ("<!doctype html><title>T</title>", False),
        ("", False),
        ("<table>", False),
        ("<main><table><tbody><tr>", False),
        ("<main><svg><g>", False),
        ("<main><select>", False),
        ("<main><textarea>", False),
        ("<main><title>", False),
        ("<main><script>", False),
        ("<main><!-- ", False),
        ('<main title="', False),
    ],
)
def test_where_no_marker_can_be_the_page_is_written_in_order(before: str, is_native: bool) -> None:
    assert isinstance(writer(NATIVE, before), InPlace) == is_native
