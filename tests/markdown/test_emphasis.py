import random

import pytest
from tests.markdown.rendering import paragraph, shown

from streamhtml.markdown._dialect import Dialect
from streamhtml.markdown._inline.delimiters import DelimiterRun, DelimiterStack, new_run


def can(text: str, **options: bool) -> str:
    """Return what the run between the bars can do; ``|`` is taken out of the text first."""
    before, run, after = text.split("|")
    start, end = len(before), len(before) + len(run)
    found = new_run(before + run + after, start, end, 0, Dialect(**options))
    assert (found.character, found.count, found.html) == (run[0], len(run), run)
    return "opens " * found.opens + "closes" * found.closes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("|*|", ""),
        ("a |*| b", ""),
        ("|*|a", "opens "),
        ("a|*|", "closes"),
        ("a|*|b", "opens closes"),
        ("(|*|a", "opens "),
        ("a|*|(", "closes"),
        ("a |*|(", "opens "),
        (")|*| a", "closes"),
        (".|*|.", "opens closes"),
        ("a\u00a0|*|b", "opens "),
        ("€|*|a", "opens "),
        ("|_|a", "opens "),
        ("a|_|", "closes"),
        ("a|_|b", ""),
        (".|_|a", "opens "),
        ("a|_|.", "closes"),
        (".|_|.", "opens closes"),
        ("a|~|b", ""),
        ("|~|a", ""),
        ("a|~|", ""),
        ("a|~~|b", "opens closes"),
        ("|~~~|b", ""),
        ("글|**|'a", "opens closes"),
        ("%|**|를", "opens closes"),
        (")|~~|는", "opens closes"),
        ("글|__|를", ""),
        (")|_|는", "opens closes"),
        ("는|_|(", "closes"),
        ("는|_|「", "opens closes"),
        ("」|__|は", "opens closes"),
        ("。|_|가", "opens closes"),
        ("a|_|、", "closes"),
        ("、|_|a", "opens "),
        ("a|_|가", ""),
        ("）|_|（", "opens closes"),
        ("a~~|**|b", "opens closes"),
        ("a|**|~b", "opens closes"),
        ("|**|~~b", "opens "),
        ("a~~|**|", "closes"),
        ("~~|**|b", "opens "),
        ("a~~~|**|b", "opens "),
        ("a|**|~~~b", "closes"),
        ("a~~|_|b", "opens closes"),
        ("a**|_|b", "opens closes"),
        ("a|_|**b", "closes"),
        ("a|~~|**_b", "opens closes"),
        ("a_~~|**|b", "opens closes"),
        ("(**|~~|b", "opens "),
        ("a|**|_(", "closes"),
        ("a|~~|" + "*_" * 5 + "b", "closes"),
        ("😀|**|'a", "opens closes"),
        ("글\u3000|**|a", "opens "),
    ],
)
def test_what_a_run_can_do(text: str, expected: str) -> None:
    assert can(text) == expected


def test_chinese_japanese_and_korean_as_the_specification_has_them() -> None:
    assert can("%|**|를", cjk=False) == "opens "
    assert can("글|**|'a", cjk=False) == "closes"
    assert can(")|_|는", cjk=False) == "opens "
    assert can("a~~|**|b", strikethrough=False) == "opens "


def test_a_single_tilde_is_an_option() -> None:
    assert [can(text, single_tilde=True) for text in ("|~|a", "a|~|", "a|~|b", "|~~~|b")] == [
        *("opens ", "closes", "", ""),
    ]


def paired(*runs: tuple[str, bool, bool], until: int | None = None) -> list[str]:
    """Pair runs of these characters, that open and that close; return the HTML of each."""
    stack = DelimiterStack()
    made = []
    for index, (characters, opens, closes) in enumerate(runs):
        made.append(DelimiterRun(characters[0], len(characters), index, opens=opens, closes=closes))
        stack.add(made[-1])
    stack.pair(until=until)
    return [run.html for run in made]


def test_pairs() -> None:
    assert paired() == []
    assert paired(("*", True, False), ("*", False, True)) == ["<em>", "</em>"]
    assert paired(("***", True, False), ("***", False, True)) == [
        "<em><strong>",
        "</strong></em>",
    ]
    assert paired(("**", True, False), ("*", False, True)) == ["*<em>", "</em>"]
    assert paired(("*", True, False), ("_", False, True)) == ["*", "_"]
    assert paired(("~~", True, False), ("~", False, True)) == ["~~", "~"]
    assert paired(("*", True, False), ("**", True, True), ("*", False, True)) == [
        *("<em>", "**", "</em>"),
    ]


def test_pairs_up_to_a_piece() -> None:
    runs = (("*", True, False), ("*", False, True))
    assert paired(*runs, until=1) == ["*", "*"]
    assert paired(*runs, until=2) == ["<em>", "</em>"]


def test_what_is_behind_a_run_pairs_by_itself() -> None:
    stack = DelimiterStack()
    runs = [DelimiterRun("*", 1, index, opens=index < 2, closes=index == 2) for index in range(3)]
    for run in runs:
        stack.add(run)
    stack.pair(runs[0])
    assert [run.html for run in runs] == ["*", "<em>", "</em>"]
    assert stack.openers() == [runs[0]]
    assert runs[2].reach == 1
    stack.drop(None)
    assert stack.openers() == []


def test_law_tags_are_nested_whatever_the_runs() -> None:
    for seed in range(500):
        choose = random.Random(seed)
        runs = []
        for _ in range(12):
            characters = choose.choice(["*", "**", "***", "****", "_", "__", "___", "~", "~~"])
            runs.append((characters, choose.random() < 0.7, choose.random() < 0.7))
        html = paired(*runs)
        open_: list[str] = []
        for tag in "".join(html).replace("<", "\n<").replace(">", ">\n").split("\n"):
            if tag.startswith("</"):
                assert open_.pop() == tag[2:-1]
            elif tag.startswith("<"):
                open_.append(tag[1:-1])
        assert open_ == []


@paragraph(
    ("~~**a**~~b", "<del><strong>a</strong></del>b"),
    ("b~~*a*~~", "b<del><em>a</em></del>"),
    ("_**a**_b", "<em><strong>a</strong></em>b"),
    ("**_a_**b", "<strong><em>a</em></strong>b"),
    ("a*__b__*c", "a<em><strong>b</strong></em>c"),
    ("~~**_a_**~~b", "<del><strong><em>a</em></strong></del>b"),
    ("**a:**~~b~~", "<strong>a:</strong><del>b</del>"),
    ("**a ~~b~~**c", "<strong>a <del>b</del></strong>c"),
    ("~~a **b**~~c", "<del>a <strong>b</strong></del>c"),
    ("a**_b_ c**", "a<strong><em>b</em> c</strong>"),
    ("test_*.py and foo_*bar", "test_*.py and foo_*bar"),
    ("x_**2 and y_**3", "x_**2 and y_**3"),
    ("foo_*bar*_baz", "foo_<em>bar</em>_baz"),
    ("x**~~b and c**d", "x**~~b and c**d"),
    ("x~~**b and c~~d", "x~~**b and c~~d"),
)
def test_marks_inside_other_marks_work_beside_a_word(text: str, content: str) -> None:
    assert shown(text) == f"<p>{content}</p>"
