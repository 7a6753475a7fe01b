"""The page after each fragment: a reader sees what a client shows that applies the patches."""

import random
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from tests.browser import sample_replies
from tests.formats.visible_page import (
    AFTER,
    BEFORE,
    fragments,
    page_format,
    region,
    same_marks,
    spelled,
    visible,
    whole,
    without_last_space,
)
from tests.markdown.cuts import at_random, like_tokens
from tests.markdown.dom import dom
from tests.markdown.grammar import document, soup
from tests.markdown.page import VOID, Page, canonical
from tests.markdown.test_laws import ANSWERS, CUTS, UNDECIDABLE, read

from streamhtml import Fragment, Patch
from streamhtml.markdown import render

__all__ = ["same_marks"]  # The fixture.

pytestmark = pytest.mark.usefixtures("same_marks")


PATHS = [*ANSWERS, UNDECIDABLE]
# make test cuts each answer in one way, and make test-all in each of them.
CUT = [
    pytest.param(path, cut, id=f"{path.stem}-{cut}", marks=[] if is_its_own else pytest.mark.slow)
    for number, path in enumerate(PATHS)
    for way, cut in enumerate(["characters", "tokens", "lines"])
    for is_its_own in [number % 3 == way]
]


@pytest.mark.no_cover  # To trace html5lib takes twice as long, here and below.
@pytest.mark.parametrize(("path", "cut"), CUT)
def test_the_page_ends_as_the_message(path: Path, cut: str) -> None:
    text = read(path)
    html = whole(CUTS[cut](text))
    assert html.startswith(BEFORE)
    assert html.endswith(AFTER)
    # White space between blocks may be there twice, where blocks are.
    assert dom(region(html)) == dom(canonical(render(text)))


def check_fragments(texts: list[str], every: int = 1) -> None:
    one_format, shown, html = page_format(), Page("m_text"), ""
    for fragment in fragments(texts):
        html += one_format.encode(fragment)
        shown.apply(patch for patch in fragment.patches if patch.root)
        if fragment.index % every and not fragment.outcome:
            continue
        there, expected = region(html), shown.html
        if fragment.outcome:
            assert dom(there) == dom(canonical(render("".join(texts))))
        else:
            assert without_last_space(there) == without_last_space(expected)


# html5lib parses the whole page for each fragment that is checked, which takes nearly all the time.
@pytest.mark.no_cover
@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_each_fragment_shows_what_a_client_shows(path: Path, every: int) -> None:
    text = read(path)[:600]
    check_fragments(like_tokens(text, len(text)), every)


@given(st.integers(0, 2**32), st.sampled_from([document, soup]))
def test_each_fragment_of_nasty_documents(seed: int, make: Callable[[random.Random], str]) -> None:
    text = make(random.Random(seed))[:300]
    check_fragments(at_random(text, seed))


SHELL = (
    '<article>1<div id="a" class="streamhtml"></div>2<b>3</b>'
    '<i><div id="b" class="streamhtml"></div>4</i></article>'
)
HTML = st.sampled_from(["a", "b", "<hr>", "<div></div>", "<div>c</div>", "<div>d</div>e"]) | (
    st.sampled_from(["<div>h<section><div>i</div></section></div>", "<div>j</div><div><hr></div>"])
    | st.sampled_from(["<section><hr>f</section>g", ""])
)
ACTIONS = st.sampled_from(["append", "replace", "tail"])
STEP = st.tuples(ACTIONS, st.integers(0, 11), HTML)


def place(page: Page, action: str, number: int, html: str, *, any_child: bool = False) -> Patch:
    """Return a patch of a place that there is."""
    bare = deepcopy(page)
    bare.apply([Patch("tail", Markup(), page.root)])
    node = html5lib.parseFragment(bare.html, namespaceHTMLElements=False)
    children = [child for child in node if action == "replace" or child.tag not in VOID]
    where: dict[str, int] = {}
    if any_child and children and action != "tail" and number % 2:
        where["child"] = list(node).index(children[number % len(children)])
    else:
        depth = 0
        while len(node) and (action == "replace" or node[-1].tag not in VOID):
            node, depth = node[-1], depth + 1
        if action == "replace":
            where["depth"] = number % depth + 1 if depth else 0
            action = "replace" if depth else "append"
        else:
            where["depth"] = number % (depth + 1)
    return Patch(action, Markup(html), page.root, **where)  # type: ignore[arg-type]


@given(st.lists(STEP, max_size=12))
def test_each_fragment_shows_what_changes_at_the_end(steps: list[tuple[str, int, str]]) -> None:
    one_format, page = page_format(), Page("a")
    html = one_format.encode(Fragment(0, (Patch("append", Markup(SHELL)),)))
    for index, step in enumerate(steps, 1):
        patch = place(page, *step)
        page.apply([patch])
        html += one_format.encode(Fragment(index, (patch,)))
        assert region(html, "a") == page.html
    html += one_format.encode(Fragment(len(steps) + 1, (), "finished"))
    assert html.endswith(AFTER)
    assert region(html, "a") == page.html


@given(st.lists(st.tuples(st.sampled_from("ab"), STEP), max_size=16))
def test_in_the_end_all_that_has_changed_is_there(
    steps: list[tuple[str, tuple[str, int, str]]],
) -> None:
    one_format, pages = page_format(), {"a": Page("a"), "b": Page("b")}
    html = one_format.encode(Fragment(0, (Patch("append", Markup(SHELL)),)))
    for index, (root, step) in enumerate(steps, 1):
        patch = place(pages[root], *step, any_child=True)
        pages[root].apply([patch])
        html += one_format.encode(Fragment(index, (patch,)))
    html += one_format.encode(Fragment(len(steps) + 1, (), "finished"))
    main = visible(html).find("main")
    assert main is not None
    assert spelled(main) == (
        f'<article>1<div class="streamhtml" id="a">{pages["a"].html}</div>2<b>3</b>'
        f'<i><div class="streamhtml" id="b">{pages["b"].html}</div>4</i></article>'
    )


@pytest.mark.parametrize("name", sample_replies.SAMPLE_REPLIES)
def test_recorded_replies(name: str) -> None:
    recording = sample_replies.SAMPLE_REPLIES[name]()
    one_format = page_format()
    main = visible("".join(map(one_format.encode, recording.fragments))).find("main")
    assert main is not None
    expected = html5lib.parseFragment(recording.html, namespaceHTMLElements=False)
    without_swap = re.sub(' hx-swap-oob="true"', "", spelled(main))
    assert dom(without_swap) == dom(spelled(expected))
