"""A source whose tokens repeat the text so far is shown once, and any other as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamhtml.sources._cumulative import RepeatedText

TEXT = "Hello there, this is a longer text."


def shown(*tokens: str) -> str:
    repeated = RepeatedText()
    pieces = [piece for token in tokens for piece in repeated.feed(token)] + repeated.close()
    return "".join(pieces)


@pytest.mark.parametrize(
    "tokens",
    [
        [TEXT[:end] for end in (3, 9, 15, 20, len(TEXT))],
        [TEXT[:end] for end in range(1, len(TEXT) + 1)],
        [TEXT[:3], TEXT[:3], TEXT[:3], TEXT[:20], TEXT],
        [TEXT[:20], TEXT],
        [TEXT[:20], TEXT[:20], TEXT],
        [TEXT[:3], TEXT[:11], TEXT],
    ],
)
def test_repeated_text_is_shown_once(tokens: list[str], caplog: pytest.LogCaptureFixture) -> None:
    assert shown(*tokens) == TEXT
    (message,) = caplog.messages
    assert "repeats the text so far" in message
    assert "Hello" not in message


@pytest.mark.parametrize(
    "tokens",
    [
        ["ha", "ha", "ha!"],
        ["a", "aa", "aaa"],
        ["1", "10", "100"],
        ["-", "--", "----", "--------", "-"],
        ["----"] * 4,
        ["It is the same line.\n"] * 3,
        ["Hel", "Hello"],
        ["Hello", "Hello"],
        ["Hello"],
        [],
    ],
)
def test_pieces_that_begin_alike_are_pieces(
    tokens: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert shown(*tokens) == "".join(tokens)
    assert caplog.messages == []


def test_usual_pieces_are_not_held_back() -> None:
    repeated = RepeatedText()
    assert [repeated.feed(token) for token in ("Hel", "lo", "l")] == [["Hel"], ["lo"], ["l"]]
    assert repeated.is_done


@given(st.lists(st.text("ab", min_size=1, max_size=4)))
def test_law_short_pieces_are_shown_as_they_are(tokens: list[str]) -> None:
    assert shown(*tokens) == "".join(tokens)
