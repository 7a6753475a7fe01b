"""Characters that a model should not send are removed, however the text is cut."""

from hypothesis import given
from hypothesis import strategies as st

from streamhtml._scrub import Scrubber

FLAG = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"  # England
# Mostly the characters that matter, so that they often stand side by side.
TEXTS = st.text(
    st.sampled_from(
        "ab\0\x1b\r\n\t\x85\u2028\u202e\u2066\u200d\ud83d\udc4b\U0001f44b\U0001f3f4"
        "\U000e0067\U000e0001\U000e007f"
    )
) | st.text(st.characters())


def scrub(*pieces: str) -> str:
    scrubber = Scrubber()
    return "".join(map(scrubber.feed, pieces)) + scrubber.close()


def test_each_kind_of_character() -> None:
    for text, expected in {
        "plain 안녕 👩‍👩‍👧 🇰🇷": "plain 안녕 👩‍👩‍👧 🇰🇷",
        "a\0b\x1b\x7f": "a\ufffdb\ufffd\x7f",
        "a\r\nb\rc\n\r\n": "a\nb\nc\n\n",
        "\ttab": "\ttab",
        "\ud83d\udc4b": "👋",
        "\ud83dx\udc4b": "\ufffdx\ufffd",
        "a\u202eb\u2066c": "abc",
        "a\U000e0041\U000e0042b": "ab",
        FLAG: FLAG,
        FLAG[:-1]: FLAG[0],
        FLAG[0] + FLAG: FLAG[0] + FLAG,
        "\u2028\x85\u200d": "\u2028\x85\u200d",
    }.items():
        assert scrub(text) == expected, ascii(text)


@given(TEXTS, st.data())
def test_law_any_cut_gives_the_same_text(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)))))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert scrub(*pieces) == scrub(*text) == scrub(text)


@given(TEXTS)
def test_law_scrubbed_text_does_not_change_again_and_can_be_encoded(text: str) -> None:
    once = scrub(text)
    assert scrub(once) == once
    once.encode()


@given(TEXTS)
def test_no_more_than_a_flag_is_held_back(text: str) -> None:
    scrubber = Scrubber()
    scrubber.feed(text)
    assert len(scrubber.close()) <= 8
