import pytest
from markupsafe import Markup

from streamhtml import Fragment, Patch
from streamhtml.formats import FORMATS, negotiate
from streamhtml.formats.whole import WholeFormat


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_that_is_named_wins_over_the_request(name: str) -> None:
    for accepted in None, "html", "nonsense":
        assert type(negotiate(name, accepted)) is FORMATS[name]


@pytest.mark.parametrize(
    ("accepted", "name"),
    [
        ("html", "html"),
        (" HTML ", "html"),
        ("htmx", "htmx"),
        ("whole", "whole"),
        (None, "whole"),
        ("", "whole"),
        ("of-the-future", "whole"),
    ],
)
def test_auto_is_what_the_client_reads_and_else_the_finished_message(
    accepted: str | None, name: str
) -> None:
    assert type(negotiate("auto", accepted)) is FORMATS[name]


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="format='sse' is not known; use one of 'auto', 'html'"):
        negotiate("sse", "html")


def test_whole_is_plain_html() -> None:
    wire = WholeFormat()
    assert wire.at_once
    assert wire.encode(Fragment(0)) == "\n"
    assert wire.encode(Fragment(0, (Patch("append", Markup("<p>")),), "finished")) == "<p>"
