import pytest
from tests.markdown.rendering import link, shown

from streamhtml.markdown._block.reference_definitions import Definition, read_definition
from streamhtml.markdown._incomplete import INCOMPLETE
from streamhtml.markdown._inline.link_syntax import (
    InlineTarget,
    Target,
    normalize_label,
    read_inline_target,
    read_label,
)

INLINE = {
    "()": ("", None),
    "( \n )": ("", None),
    "(<>)": ("", None),
    "(a)": ("a", None),
    "( a\n'b' )": ("a", "b"),
    "(<a b>)": ("a b", None),
    "(<a\\>b>)": ("a>b", None),
    "(a(b(c)))": ("a(b(c))", None),
    "(a\\))": ("a)", None),
    "(a\\b&amp;c)": ("a\\b&c", None),
    '(a "b\\"c&lt;")': ("a", 'b"c<'),
    "(a (b))": ("a", "b"),
    "(a 'b\nc')": ("a", "b\nc"),
    "(a'b')": ("a'b'", None),
    "(a '')": ("a", ""),
}


@pytest.mark.parametrize(("text", "target"), INLINE.items())
def test_a_target_in_parentheses(text: str, target: tuple[str, str | None]) -> None:
    assert read_inline_target(f"[x]{text} y", 3) == InlineTarget(Target(*target), 3 + len(text))
    for end in range(1, len(text)):
        assert read_inline_target(text[:end], 0) is INCOMPLETE


def test_images_nest_eight_deep() -> None:
    assert shown("![" * 8 + "a" + "](u)" * 8) == f"<p>{link('u', 'a')}</p>"
    assert shown("![" * 9 + "a" + "](u)" * 9) == f"<p>{link('u', '!a')}</p>"


@pytest.mark.parametrize(
    "text",
    [
        *("(a b)", "(<a\nb>)", "(<a>b)", "(<a<b>)", '(a "b" c)', "(a 'b'c)", "(a\n\nb)", "(\n\na)"),
        *("(a\x01)", "(a (b(c)))", "(a(b c)", f"({'(' * 9}a{')' * 9})"),
    ],
    ids=ascii,
)
def test_what_is_no_target(text: str) -> None:
    assert read_inline_target(text, 0) is None


def test_labels() -> None:
    assert read_label("x[a b]c", 1) == ("a b", 6)
    assert read_label("[]", 0) == ("", 2)
    assert read_label("[a\\]b]", 0) == ("a\\]b", 6)
    assert read_label(f"[{'a' * 999}]", 0) == ("a" * 999, 1001)
    for cut in "[", "[a", "[a\\", f"[{'a' * 999}":
        assert read_label(cut, 0) is INCOMPLETE
    for wrong in "[a[b]", f"[{'a' * 1000}]", f"[{'a' * 1000}":
        assert read_label(wrong, 0) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a]: b", ("a", "b", None, 6)),
        ("[a]:b\nc", ("a", "b", None, 6)),
        ("[a]: b 'c'\n[d]: e\n", ("a", "b", "c", 11)),
        ("[a]:\n  <b>\n  'c\nd'  \n", ("a", "b", "c\nd", 21)),
        ("[a]: b\n'c' d\n", ("a", "b", None, 7)),
        ("[a]: b\n'c\n", ("a", "b", None, 7)),
        ("[a]: <>\n", ("a", "", None, 8)),
        ("[a]: b 'c' d\n", None),
        ("[a]: b c\n", None),
        ("[a]: b 'c\n", None),
        ("[a] : b\n", None),
        ("[a]\n", None),
        ("[ ]: b\n", None),
        ("[a]: <b>c\n", None),
        ("[a[b]]: c\n", None),
    ],
)
def test_definitions(text: str, expected: tuple[str, str, str | None, int] | None) -> None:
    found = read_definition(text, final=True)
    if expected:
        label, url, title, end = expected
        assert found == Definition(label, Target(url, title), end)
    else:
        assert found is None


@pytest.mark.parametrize("text", ["[a", "[a]", "[a]:", "[a]: \n", "[a]: <b"])
def test_a_definition_that_may_go_on(text: str) -> None:
    assert read_definition(text, final=False) is INCOMPLETE
    assert read_definition(text, final=True) is INCOMPLETE


def test_a_title_that_may_go_on() -> None:
    assert read_definition("[a]: b\n'c\n", final=False) is INCOMPLETE


def test_labels_are_compared_without_case_and_blanks() -> None:
    assert normalize_label(" A\n \tb ") == normalize_label("a B")
    assert normalize_label("ẞ") == normalize_label("ss")
    assert normalize_label("a") != normalize_label("b")
