import pytest

from streamhtml.markdown._block.cursor import Cursor


def state(cursor: Cursor) -> tuple[str, int, int, bool]:
    return cursor.remainder, cursor.column, cursor.indent, cursor.blank


@pytest.mark.parametrize(
    ("line", "indent", "rest", "blank"),
    [
        ("", 0, "", True),
        ("a", 0, "a", False),
        ("  a b", 2, "a b", False),
        ("\ta", 4, "a", False),
        (" \ta", 4, "a", False),
        ("\t a", 5, "a", False),
        (" \t ", 5, "", True),
        ("\u00a0a", 0, "\u00a0a", False),
        ("\fa", 0, "\fa", False),
    ],
    ids=ascii,
)
def test_what_is_next(line: str, indent: int, rest: str, blank: bool) -> None:
    cursor = Cursor(line)
    assert (cursor.indent, cursor.rest, cursor.blank) == (indent, rest, blank)
    assert cursor.remainder == line


@pytest.mark.parametrize(
    ("line", "columns", "expected"),
    [
        ("    a", 2, ("  a", 2, 2, False)),
        ("    a", 4, ("a", 4, 0, False)),
        ("  a", 4, ("a", 2, 0, False)),
        ("a", 4, ("a", 0, 0, False)),
        ("\ta", 4, ("a", 4, 0, False)),
        ("\ta", 1, ("   a", 1, 3, False)),
        ("\ta", 3, (" a", 3, 1, False)),
        (" \ta", 2, ("  a", 2, 2, False)),
        ("\t\ta", 5, ("   a", 5, 3, False)),
        ("  ", 1, (" ", 1, 1, True)),
        ("\t", 2, ("  ", 2, 2, True)),
    ],
    ids=ascii,
)
def test_columns_are_skipped(line: str, columns: int, expected: tuple[str, int, int, bool]) -> None:
    cursor = Cursor(line)
    cursor.skip(columns)
    assert state(cursor) == expected
    again = Cursor(line)
    for _ in range(columns):
        again.skip(1)
    assert state(again) == expected


def test_a_tab_behind_a_marker_reaches_to_the_next_multiple_of_four() -> None:
    cursor = Cursor("  -\ta")
    cursor.skip_marker(1)
    assert state(cursor) == ("\ta", 3, 1, False)
    cursor.skip(1)
    assert state(cursor) == ("a", 4, 0, False)


def test_a_copy_moves_by_itself() -> None:
    cursor = Cursor(" \ta")
    copy = cursor.copy()
    copy.skip(2)
    assert state(cursor) == (" \ta", 0, 4, False)
    assert state(copy) == ("  a", 2, 2, False)
