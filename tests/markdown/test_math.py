import pytest

from streamhtml.markdown._incomplete import INCOMPLETE
from streamhtml.markdown._inline.math import Formula, find_formula, looks_like_formula


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
        ("$$a = \\text{two words}$$", "a = \\text{two words}", True),
        ("$속도 = 거리/시간$", "속도 = 거리/시간", False),
        ("$.5$", ".5", False),
        ("$[0, 1)$", "[0, 1)", False),
        ("$A -> B$", "A -> B", False),
        ("$|x|$", "|x|", False),
        ("$_2F_1$", "_2F_1", False),
        ("$^{14}C$", "^{14}C", False),
    ],
)
def test_formulas(text: str, tex: str, display: bool) -> None:
    for pattern in "{}", "({})", " {}.", "글 {}-", "변수{}는", "其中{}是", "ค่า{}คือ", "و{}هو":
        whole = pattern.format(text)
        end = pattern.index("{") + len(text)
        found = find_formula(whole, pattern.index("{"), final=True)
        assert found == Formula(tex, end, display)


@pytest.mark.parametrize(
    "text",
    [
        "$",
        "$$",
        "$`",
        "$`x",
        "$`x`",
        "$x",
        "$x y",
        "$x\\",
        "$$x",
        "$$x$",
        "$$x\\",
        "$$\\",
        "$$a b c",
    ],
)
def test_what_may_become_a_formula(text: str) -> None:
    assert find_formula(text, 0, final=False) is INCOMPLETE
    assert find_formula(text, 0, final=True) is INCOMPLETE


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
        "$$x$$1",
        "$$x$$a",
        "$$ && kill $$",
        "$$ at one, and $$",
        "$$the price of all of them in our shop = 1$$",
        "$x_$",
        "$x${",
        "$x/$(y)",
        "$, x$",
        "$%x$",
        "$.a$",
        '$x": "$',
        "$5，而$",
        "$5는 10$",
        "$5** and **$",
        "$5](u) [6$",
        "$x =~ /y$",
        "$self->x = $",
        "$x->y(1)$",
        "$bits{$",
        "$f(x$",
        "$A::B$",
        "$[0-9]*$",
        "$x/$",
        "$i++$",
    ],
)
def test_what_is_no_formula(text: str) -> None:
    assert find_formula(text, text.index("$"), final=True) is None


@pytest.mark.parametrize(
    "text",
    ["$5 for me", "$1,000.50 or more", "$5K and", "$HOME is your", "$it is,"],
)
def test_prose_is_no_formula_after_two_words(text: str) -> None:
    assert find_formula(text, 0, final=False) is None


def test_a_dollar_at_the_end_may_have_a_letter_behind_it() -> None:
    for text in "$x$", "$$x$$":
        assert find_formula(text, 0, final=False) is INCOMPLETE
        assert isinstance(find_formula(text, 0, final=True), Formula)


def test_what_looks_like_a_formula() -> None:
    assert all(map(looks_like_formula, ["x^2", "\\a", "a_b", "1^", "f(x)"]))
    assert not any(map(looks_like_formula, ["5", "x", "HOME", "{HOME}", "5,000.00", ""]))
