import pytest
from tests.markdown.spec_renderer import render_spec


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<div>", "<div>\n"),
        ("<div>\n*a*", "<div>\n*a*\n"),
        ("<!-- a\n\nb", "<!-- a\n\nb\n"),
        ("<!-- a -->", "<!-- a -->\n"),
        ("a\n<b>", "<p>a\n<b></p>"),
        ("<b>", "<b>\n"),
        ("<b", "<p>&lt;b</p>"),
    ],
)
def test_a_last_line_without_its_end(text: str, html: str) -> None:
    assert render_spec(text, gfm=False) == html
