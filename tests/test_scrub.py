"""Characters that a model should not send are removed or replaced, however the text is cut."""

import re
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.invisible import CHANGED, ENGLAND, KEPT

from streamhtml import _invisible
from streamhtml._invisible import CONTROLS, INVISIBLE, Characters, is_kept
from streamhtml._scrub import Scrubber, scrub_between

PAGE = Path(__file__).parent.parent / "docs/reference/characters.md"
# Mostly the characters that matter, so that they often stand side by side.
WHOLE = [*KEPT, *(text for text, _ in CHANGED)]
PIECES = sorted({*"".join(WHOLE), *"\r\ud83d\udc4b"})
TEXTS = (
    st.text(st.sampled_from(PIECES))
    | st.text(
        st.sampled_from(
            "ab .👩💻❤1\ufe0f\u200d\u200c\u200eم\u1820\u180b\u180e\u1100\u115f\u1160\u11a8"
        )
    )
    | st.lists(st.sampled_from([*WHOLE, *PIECES])).map("".join)
    | st.text(st.characters(exclude_categories=[]))
)


def scrub(*pieces: str) -> str:
    scrubber = Scrubber()
    return "".join(map(scrubber.feed, pieces)) + scrubber.close()


@pytest.mark.parametrize("text", KEPT, ids=ascii)
def test_what_a_reader_needs_is_kept(text: str) -> None:
    assert scrub(text) == scrub(*text) == text


@pytest.mark.parametrize(("text", "expected"), CHANGED, ids=ascii)
def test_what_nobody_needs_is_removed_or_replaced(text: str, expected: str) -> None:
    assert ascii(scrub(text)) == ascii(scrub(*text)) == ascii(expected)


@pytest.mark.parametrize("mark", ["\ufeff", "\ufeff\ufeff"])
@pytest.mark.parametrize("text", ["# a", "\u200f\u0633", "\u200fC++", "\n", ""])
def test_a_leading_byte_order_mark_changes_nothing(mark: str, text: str) -> None:
    assert scrub(mark + text) == scrub(*mark, *text) == scrub(mark, "", text) == text


def halves(text: str) -> str:
    """Return the text with a pair of surrogates instead of each character beyond U+FFFF."""
    units = text.encode("utf-16-be").hex(" ", 2).split()
    return "".join(chr(int(unit, 16)) for unit in units)


def test_line_breaks_and_surrogates() -> None:
    for text, expected in {
        "a\r\nb\rc\n\r\n\r": "a\nb\nc\n\n\n",
        "\ud83dx\udc4b\ud83d": "\ufffdx\ufffd\ufffd",
        halves("👋👨‍👩‍👧"): "👋👨‍👩‍👧",
        halves(f"a{ENGLAND}b"): f"a{ENGLAND}b",
    }.items():
        assert ascii(scrub(text)) == ascii(scrub(*text)) == ascii(expected)


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
def test_law_the_frequent_cases_that_are_passed_over_follow_the_rules(text: str) -> None:
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\r", "")
    expected = ""
    for index, character in enumerate(text):
        if character in CONTROLS:
            expected += "\ufffd"
        elif character not in INVISIBLE or is_kept(text, index):
            expected += character
    assert scrub(text) == expected


@given(TEXTS)
def test_no_more_than_half_a_flag_is_held_back(text: str) -> None:
    scrubber = Scrubber()
    scrubber.feed(text)
    assert len(scrubber.close()) <= 6


def test_scrubbing_starts_anew_after_the_end() -> None:
    scrubber = Scrubber()
    assert scrubber.feed("❤\u200d") + scrubber.close() + scrubber.feed("🔥") == "❤🔥"


def test_scrubbing_between_two_texts() -> None:
    assert scrub_between("م", "\u200c", "خ") == "\u200c"
    assert scrub_between("a", "\u200c", "b") == ""
    assert scrub_between("\ufe0f", "\u200d", "🔥") == "\u200d"
    assert scrub_between("\u200d", "\u200d", "🔥") == ""
    assert scrub_between("", "\u200d", "🔥") == ""
    assert scrub_between("🏴", ENGLAND[1:], "") == ENGLAND[1:]


# The documented table


ROW = re.compile(r"^\| (U\+[^|]+) \|[^|]+\| ([^|]+) \|", re.MULTILINE)


def documented() -> dict[str, list[tuple[int, int]]]:
    """Return the ranges in the table, by treatment."""
    found: dict[str, list[tuple[int, int]]] = {}
    for cell, treatment in ROW.findall(PAGE.read_text("utf-8")):
        for first, last in re.findall(r"U\+([0-9A-F]+)(?:–([0-9A-F]+))?", cell):
            found.setdefault(treatment, []).append((int(first, 16), int(last or first, 16)))
    return found


def codes(ranges: list[tuple[int, int]]) -> list[int]:
    return [code for first, last in ranges for code in range(first, last + 1)]


def test_the_table_lists_each_invisible_character_once() -> None:
    listed = [code for ranges in documented().values() for code in codes(ranges)]
    assert len(listed) == len(set(listed))
    python = {
        code
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    }
    assert python <= set(listed)
    assert set(listed) - python <= {*codes(INVISIBLE.ranges), *codes(CONTROLS.ranges), 0x2800} | {
        # Assigned after Unicode 14.
        *range(0x13439, 0x13440)
    }


def test_the_table_says_what_happens() -> None:
    table = documented()
    for code in codes(table["removed"]):
        for text in CONTEXTS:
            assert scrub(text.format(chr(code))) == text.format("")
    for code in codes(table["replaced"]):
        assert scrub(f"a{chr(code)}b") == ("a\nb" if code == 0x0D else "a\ufffdb")
    for code in codes(table["kept"]):
        assert scrub(f"a{chr(code)}b") == f"a{chr(code)}b"
    kept = {*"".join(KEPT)}
    for first, last in table["kept in places"]:
        assert scrub(f"a{chr(first)}b{chr(last)}c") == "abc"
        assert any(first <= ord(character) <= last for character in kept)


NOT_SHOWN = frozenset(map(chr, [*codes(INVISIBLE.ranges), *codes(CONTROLS.ranges)]))
CONTEXTS = (
    *("a{}b", "م{}خ", "👩{}💻", "一{}一", "ᠠ{}ᠠ", "ก{}ก", ".{} ", "𓀀{}𓀀", "🏴{}", "ᄀ{}ᆨ"),
    *("{}", "0{}", "\U0001bc00{}\U0001bc00", "\u05b8{}\u05bd"),
)


@given(st.text(st.characters(exclude_characters=NOT_SHOWN, exclude_categories=[])))
def test_law_a_text_without_invisible_characters_does_not_change(text: str) -> None:
    assert scrub(text) == scrub(*text) == text


def test_every_visible_character_is_kept() -> None:
    text = "".join(map(chr, range(sys.maxunicode + 1)))
    visible = [character for character in text if character not in NOT_SHOWN]
    assert scrub(*visible) == scrub("".join(visible)) == "".join(visible)


def test_no_neighbour_is_itself_invisible() -> None:
    # Otherwise a second scrubbing could change the text again.
    sets = [value for value in vars(_invisible).values() if isinstance(value, Characters)]
    neighbours = [value for value in sets if value not in (INVISIBLE, CONTROLS)]
    assert len(neighbours) > 10
    for code in codes(INVISIBLE.ranges):
        assert not any(chr(code) in value for value in neighbours)
