"""The laws of the Markdown renderer, over answers and generated documents, cut in many ways."""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path
from typing import Any

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from tests.markdown.cuts import at_random, by_character, by_lines, in_groups, like_tokens
from tests.markdown.grammar import SOUP, document, soup
from tests.markdown.page import VOID, Page, canonical
from tests.markdown.promise import Promise

from streamhtml import Patch
from streamhtml.markdown import MarkdownRenderer, render

Cut = Callable[[str], list[str]]

ANSWERS = sorted((Path(__file__).parent / "answers").glob("*.md"))
UNDECIDABLE = Path(__file__).parent / "undecidable.md"
"""Text that only its end disambiguates, so that the law of calm cannot hold for it."""
CUTS: dict[str, Cut] = {
    "characters": by_character,
    "lines": by_lines,
    "random": lambda text: at_random(text, len(text)),
    "tokens": lambda text: like_tokens(text, len(text)),
    "four tokens": lambda text: in_groups(like_tokens(text, len(text)), 4),
}
SHRINKING_SECONDS = 20.0


def read(path: Path) -> str:
    return path.read_text("utf-8")


# Exact


def streamed(pieces: Iterable[str]) -> Page:
    page = Page("r")
    renderer = MarkdownRenderer("r")
    for piece in pieces:
        page.apply(renderer.feed(piece))
    page.apply(renderer.close())
    return page


def at_once(text: str) -> str:
    return canonical(render(text))


def attempt(make: Callable[[], str]) -> str:
    """Return what ``make`` returns, or the type and message of its error."""
    try:
        return make()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def difference(text: str, cuts: Iterable[Cut]) -> tuple[list[str], str, str] | None:
    """Return the first pieces whose page is wrong, that page, and the expected page; else None."""
    try:
        expected = at_once(text)
    except Exception as error:
        return [text], f"{type(error).__name__}: {error}", "some HTML, at once"
    for cut in cuts:
        pieces = cut(text)
        actual = attempt(lambda pieces=pieces: streamed(pieces).html)  # type: ignore[misc]
        if actual != expected:
            return pieces, actual, expected
    return None


def shrunk(text: str, fails: Callable[[str], bool]) -> str:
    """Return a short text that still fails, by removing smaller and smaller stretches of it."""
    end = time.monotonic() + SHRINKING_SECONDS
    size = len(text) // 2
    while size:
        at = 0
        helped = False
        while at < len(text) and time.monotonic() < end:
            without = text[:at] + text[at + size :]
            if fails(without):
                text = without
                helped = True
            else:
                at += size
        if not helped or size > 1:
            size //= 2
    return text


def report(failing: list[str], count: int, cuts: Iterable[Cut]) -> None:
    """Fail if any text did, and show the shortest one, shrunk further."""
    if not failing:
        return
    cuts = list(cuts)
    shortest = min(failing, key=len)
    small = shrunk(shortest, lambda text: difference(text, cuts) is not None)
    found = difference(small, cuts)
    assert found is not None
    pieces, actual, expected = found
    shown = pieces if len(pieces) < 100 else f"{len(pieces)} pieces"
    pytest.fail(
        f"{len(failing)} of {count} texts differ. The shortest, shrunk:\n{small!r}\n"
        f"in the pieces  {shown!r}\n"
        f"gave           {actual!r}\n"
        f"instead of     {expected!r}",
        pytrace=False,
    )


def test_law_exact_answers() -> None:
    assert len(ANSWERS) >= 30
    texts = [read(path) for path in (*ANSWERS, UNDECIDABLE)]
    cuts = list(CUTS.values())
    report([text for text in texts if difference(text, cuts)], len(texts), cuts)


@pytest.mark.parametrize(
    "pieces",
    [
        ["[[]()", " http://c]"],
        ["[[]_@", "http://c];"],
        ["*[_****[]_*](u)"],
        ["**_~[_**(___**", "][]"],
        ["*[~~*~~*]()"],
        ["a@b.c d", "_e@f.g"],
        ["a@b.c HTTP:", "//d"],
        ["a._@", " b_"],
        ["mail", "to:a@b.c"],
        ["[:", "]$$1\n$$\n|$$"],
        ["mailto:mailto:", "a@b.c"],
        ["*~~*a*~", "~**b*"],
    ],
    ids="".join,
)
def test_law_exact_where_it_once_was_not(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert streamed(pieces).html == streamed(text).html == at_once(text)


@pytest.mark.parametrize("make", [document, soup])
def test_law_exact_generated(make: Callable[[random.Random], str]) -> None:
    report(*differing(make, range(150)), CUTS.values())


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("make", [document, soup])
def test_law_exact_generated_all(make: Callable[[random.Random], str]) -> None:
    failing, count = [], 0
    for found, size in spread(partial(differing, make), 10_000, 250):
        failing += found
        count += size
    report(failing, count, CUTS.values())


def differing(make: Callable[[random.Random], str], seeds: range) -> tuple[list[str], int]:
    """Return the texts of these seeds that differ for some cut, and the number of texts."""
    cuts = CUTS.values()
    texts = [make(random.Random(seed)) for seed in seeds]
    return [text for text in texts if difference(text, cuts)], len(texts)


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(SOUP) | st.sampled_from(SOUP) | st.characters(), max_size=60).map(
        "".join
    ),
    st.lists(st.integers(0, 200), max_size=8),
)
def test_law_exact_anything(text: str, cuts: list[int]) -> None:
    stops = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[start:end] for start, end in pairwise(stops)]
    assert streamed(pieces).html == at_once(text), pieces


# Calm


def shown(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the visible text after each flush."""
    page = Page("r")
    renderer = MarkdownRenderer("r")
    for piece in pieces:
        page.apply(renderer.feed(piece))
        yield page.text
    page.apply(renderer.close())
    yield page.text


def restless(text: str, cut: Cut) -> tuple[int, int, str]:
    """Return the number of flushes and of violations, and describe the first violation."""
    page = Page("r")
    page.apply([Patch("append", render(text), "r")])
    promise = Promise(page.text)
    pieces = cut(text)
    violations, first = 0, ""
    for number, visible in enumerate(shown(pieces)):
        if promise.holds(visible):
            continue
        violations += 1
        if not first:
            words = " ".join(visible.split())
            same = 0
            while words[: same + 1] == promise.final[: same + 1] and same < len(words):
                same += 1
            before = "".join(pieces[: number + 1])
            first = (
                f"flush {number}, behind {before[-40:]!r}: after {words[:same][-30:]!r} "
                f"it shows {words[same:][:40]!r}, and finally {promise.final[same:][:40]!r}"
            )
    return len(pieces) + 1, violations, first


@pytest.mark.parametrize("name", ["characters", "tokens", "four tokens"])
def test_law_calm(name: str) -> None:
    flushes = violations = 0
    lines = []
    for path in ANSWERS:
        count, bad, first = restless(read(path), CUTS[name])
        flushes += count
        violations += bad
        if bad:
            lines.append(f"{path.name}: {bad} of {count}; {first}")
    if lines:
        found = "\n".join(lines)
        pytest.fail(f"{violations} of {flushes} flushes take text back\n{found}", pytrace=False)


@pytest.mark.parametrize(
    "text",
    [
        "See [2][3] there, and [1] here.",
        "| Plan | Price |\n|---|---|\n| Pro | $0/mo |\n| Max | **$5/mo** |",
        "about $50/day, ~$1,250 (a month), $2.50+, or $100 = 1e2",
        "Run $(pwd) and ${HOME}, or $HOME/bin.",
        'Set $env:PATH = "C:\\x" now, {$_.Length -gt 5} or $.ajax({}) and $.get("x") too.',
        "awk '{print $2}' and '{sum += $1} END {print sum}', $this->name, $5_000, $10+tax.",
        "for i in [0, n). For x in [a, b) and (-1, 2].",
        "text [[1]](https://a.b/c) and more",
        "2*3*4 = 24, 2**10 = 1024, _a_name and __init__, *.py",
        'Between 10~20 and ~5, arr[0][i], {"a": ["b"]}.',
        "H<sub>2</sub>O, **x<sup>*n*</sup> <kbd>Ctrl</kbd>** [a <sub>b</sub>](u) <SUB>c</SUB>.",
        "The <sub> tag, and the <sup>, <kbd>: all **are <b>**",
        "| a |\n|---|\n| one<br>two<br/>three<br />four |\n\n# a<br>b",
        'Use <a href="https://x.com/a">b</a>, <img src="a*b*c"> and <b>, a < b, a <b c, List<T>.',
        "(~55–65B to N), ~5 (~10), ~~삭제(괄호)~~는 _강조(괄호)_는 **~~a~~**b",
        "https://a.com/x를 (www.a.com)에서 https://a.com/글，mailto:me@x.org, a@1.2.3",
        "Dear [Your Name], **[카페 이름]**에서 [메뉴 이름]를, [Insert a picture of it] there.",
        "a [doc1][doc2] b, [Source 1][Source 2]. Tick [x] or [ ]. [A][B] is a matrix.",
        'Lists: [apple, banana, cherry] and ["a", "b", "c"] and [x2 - x1, y2 - y1] here.',
        "∫_0^1 x dx, Σ_{i=1}^n i, \\mathbf{x}_i, |x|_2, and the _id of an a._b is a name here.",
        "(3/4)*0 = 0, (a+b)/c, (1+x)**2, 2 *3. And then 单价*数量 is also a product.",
        "Regular: [a-z][A-Za-z0-9_]* and [^0-9]+, not the class [^abc].",
        "A [link, with a comma](https://a.b/c) and [![b](/b)](https://a.b/c), so[^1].\n\n[^1]: x",
    ],
)
def test_law_calm_where_it_once_was_not(text: str) -> None:
    *_, last = shown([text])
    promise = Promise(last)
    assert [seen for seen in shown(by_character(text)) if not promise.holds(seen)] == []


# Never an error


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_law_a_million_small_texts() -> None:
    failing, count = [], 0
    for found, size in spread(small, 1_000_000, 5_000):
        failing += found
        count += size
    report(failing, count, [by_character, *(partial(_halved, part=n / 8) for n in range(9))])


def small(seeds: range) -> tuple[list[str], int]:
    """Return the texts of these seeds that raise, or differ when cut in two; and their number."""
    failing = []
    for seed in seeds:
        choose = random.Random(seed)
        text = "".join(choose.choices(SOUP, k=choose.randint(1, 10)))
        if difference(text, [partial(_halved, part=choose.randint(0, 8) / 8)]):
            failing.append(text)
    return failing, len(seeds)


def _halved(text: str, part: float) -> list[str]:
    at = int(len(text) * part)
    return [text[:at], text[at:]]


def spread(
    work: Callable[[range], tuple[list[str], int]], count: int, size: int
) -> Iterator[tuple[list[str], int]]:
    """Yield what ``work`` returns for the seeds up to ``count``, ``size`` at a time.

    It runs on all processors, in new processes that share no thread with the test.
    """
    parts = [range(start, min(start + size, count)) for start in range(0, count, size)]
    with ProcessPoolExecutor(cpu_count(), get_context("spawn")) as pool:
        yield from pool.map(work, parts)


# The strict page


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
def test_the_page_reads_as_html5lib_does(path: Path) -> None:
    html = render(read(path))
    tree = html5lib.parseFragment(html, container="div", namespaceHTMLElements=False)
    assert canonical(html) == written(tree)


def written(element: Any) -> str:
    """Return the content of an ElementTree element in the canonical spelling."""
    pieces = [quoted(element.text)]
    for child in element:
        attributes = "".join(f' {k}="{quoted(v)}"' for k, v in sorted(child.attrib.items()))
        end = "" if child.tag in VOID else f"{written(child)}</{child.tag}>"
        pieces.append(f"<{child.tag}{attributes}>{end}{quoted(child.tail)}")
    return "".join(pieces)


def quoted(text: str | None) -> str:
    return str(Markup.escape(text or "")).replace("&#34;", "&quot;").replace("&#39;", "'")


@pytest.mark.parametrize(
    "html",
    [
        *("<p>", "</p>", "<p></em>", "<p><em></p></em>", "<blink></blink>", "<br></br>", "<BR>"),
        *("a < b", "a & b", "&copy;", "&#39;", "a\rb", "a\0b", "\ud83d", '<a href="&">x</a>'),
        *("<p><p>x</p></p>", "<p><ul></ul></p>", "<em><p>x</p></em>", "<h2><hr></h2>"),
        *("<li>x</li>", "<ul>x</ul>", "<ul><p>x</p></ul>", "<td>x</td>", "<tr></tr>"),
        *("<table><tr></tr></table>", "<table>x</table>", "<table><tbody>x</tbody></table>"),
        *('<a href="u">a<em><a href="v">b</a></em></a>', "<pre>\nx</pre>", "<p a=b>x</p>"),
        *('<p id="a" id="a">x</p>', '<a href="javascript:x">x</a>', '<p onclick="x">x</p>'),
    ],
)
def test_the_page_refuses(html: str) -> None:
    with pytest.raises(AssertionError):
        canonical(html)


def test_the_page_finds_places_and_drops_tails() -> None:
    page = Page("r")
    change = partial(change_of, page)
    change("append", "<h2>Lis</h2><ul><li>one</li></ul>")
    change("append", "<li>two</li>", depth=1)
    change("tail", " and <b>thr</b>", depth=2)
    assert page.text == "Lisonetwo and thr"
    change("append", " and <b>three</b>", depth=2)
    change("tail", "<p>more</p>")
    change("replace", "<h2>List</h2>", child=0)
    assert page.html == ("<h2>List</h2><ul><li>one</li><li>two and <b>three</b></li></ul>")
    change("replace", "<li>2</li><li>3</li>", depth=2)
    change("append", "!", depth=2)
    assert page.text == "Listone23!"
    for place in {"depth": 3}, {"child": 2}, {"root": "q"}:
        with pytest.raises(AssertionError):
            change("append", "x", **place)
    with pytest.raises(AssertionError):
        change("replace", "<p>x</p>")
    with pytest.raises(AssertionError):
        change("append", "<p>x</p>", depth=1)


def change_of(page: Page, action: Any, html: str, root: str = "r", **place: int) -> None:
    page.apply([Patch(action, Markup(html), root, **place)])
