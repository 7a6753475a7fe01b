import pytest

from streamhtml.markdown._incomplete import INCOMPLETE
from streamhtml.markdown._inline.formulas import Formula, formula_at, looks_like_one


@pytest.mark.parametrize(
    ("text", "tex", "display"),
    [
        ("$x$", "x", False),
        ("$x y$", "x y", False),
        (r"$\$$", r"\$", False),
        (r"$a\\$", r"a\\", False),
        ("$1$", "1", False),
        (r"$\text{if you}$", r"\text{if you}", False),
        (r"$\sin x \cos y$", r"\sin x \cos y", False),
        ("$$x$$", "x", True),
        ("$$ x\ny $$", "x\ny", True),
        (r"$$\$x$$", r"\$x", True),
        ("$`two words`$", "two words", False),
    ],
)
def test_formulas(text: str, tex: str, display: bool) -> None:
    for pattern in "{}", "({})", " {}.", "글 {}-":
        whole = pattern.format(text)
        end = pattern.index("{") + len(text)
        found = formula_at(whole, pattern.index("{"), whole=True)
        assert found == Formula(tex, end, display)


@pytest.mark.parametrize(
    "text",
    ["$", "$$", "$`", "$`x", "$`x`", "$x", "$x y", "$x\\", "$$x", "$$x$", "$$x\\", "$$\\"],
)
def test_what_may_become_a_formula(text: str) -> None:
    assert formula_at(text, 0, whole=False) is INCOMPLETE
    assert formula_at(text, 0, whole=True) is INCOMPLETE


@pytest.mark.parametrize(
    "text",
    [
        "a$x$",
        "1$x$",
        "$ x$",
        "$x $",
        "$x$1",
        "$x$a",
        "$x$$",
        "$x\ny$",
        "$x`y$",
        "$$$",
        "$$ $$ ",
        "$$x$y$$",
    ],
)
def test_what_is_no_formula(text: str) -> None:
    assert formula_at(text, text.index("$"), whole=True) is None


@pytest.mark.parametrize(
    "text",
    ["$5 for me", "$1,000.50 or more", "$5K and", "$HOME is your", "$it is,"],
)
def test_prose_is_no_formula_after_two_words(text: str) -> None:
    assert formula_at(text, 0, whole=False) is None


def test_a_dollar_at_the_end_may_have_a_letter_behind_it() -> None:
    assert formula_at("$x$", 0, whole=False) is INCOMPLETE
    assert formula_at("$$x$$", 0, whole=False) == Formula("x", 5, display=True)


def test_what_looks_like_a_formula() -> None:
    assert all(map(looks_like_one, ["x^2", "\\a", "a_b", "1^", "f(x)"]))
    assert not any(map(looks_like_one, ["5", "x", "HOME", "{HOME}", "5,000.00", ""]))
