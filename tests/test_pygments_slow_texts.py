"""A text that is made to be slow is shown without colours after a while, and blocks nothing."""

import re
import time

import pytest

from streamhtml.pygments import _highlight, highlight


def whole(language: str, text: str) -> None:
    colors = highlight(language)
    assert colors
    colors.block(text)


def by_line(language: str, text: str) -> None:
    colors = highlight(language)
    assert colors
    for line in re.findall(r"[^\n]*\n", text):
        colors.line(line)


@pytest.mark.parametrize(
    ("language", "text"),
    [("c++", "\n"), ("java", "a b\n"), ("apacheconf", "<"), ("pycon", ">>> (\n")],
)
def test_a_text_made_to_be_slow_is_given_up(language: str, text: str) -> None:
    text = text * (9_000 // len(text)) + "\n"
    for read in whole, by_line:
        read(language, "")  # compiles the lexer
        begun = time.thread_time()
        read(language, text)
        assert time.thread_time() - begun < 3 * _highlight.MAX_SECONDS


@pytest.mark.parametrize(
    ("language", "text"), [("console", "a:"), ("matlab", "\n"), ("maple", "'")]
)
def test_where_a_token_can_be_slow_a_match_must_be_short(language: str, text: str) -> None:
    text = text * (_highlight.MAX_SLOW // len(text) - 1) + "\n"
    whole(language, "")
    begun = time.thread_time()
    whole(language, text)
    assert time.thread_time() - begun < 3 * _highlight.MAX_SECONDS
