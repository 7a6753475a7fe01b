"""A streamed document builds the same DOM in Chromium as the finished one, and re-creates nothing.

Each page shows many documents, through each client and format.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page
from tests.browser.chat_page import CLIENTS
from tests.browser.recorded_page import RecordedPage, body, encode
from tests.browser.recorded_server import Answer, RecordedServer
from tests.browser.regions import Document, compare, flush_by_flush, play, replied
from tests.browser.test_htmx import READ_AND_SWAP
from tests.markdown.corpora import commonmark, gfm
from tests.markdown.cuts import at_random, by_character, in_groups, like_tokens
from tests.markdown.grammar import document, soup
from tests.markdown.page import canonical

from streamhtml.formats.htmx import HTMXFormat
from streamhtml.markdown import render

pytestmark = pytest.mark.browser

ANSWERS: Final = sorted((Path(__file__).parents[1] / "markdown" / "answers").glob("*.md"))
DEEP: Final = {
    "bullets": "\n".join("  " * level + f"- {level}" for level in range(60)),
    "numbers": "\n".join("   " * level + f"1. {level}" for level in range(60)),
    "loose bullets": "\n\n".join("  " * level + f"- {level}" for level in range(60)),
    "bullets in one line": "- " * 60 + "x",
    "quotes": "> " * 100 + "x\n" + "> " * 100 + "y",
    "quotes that grow": "\n".join("> " * level + "x" for level in range(1, 100)),
    "quotes and lists": "> - " * 60 + "x",
    "emphasis": "*a " * 200 + "a* " * 200,
    "strong": "**a " * 200 + "a** " * 200,
    "both": "***a " * 200 + "a*** " * 200,
    "deleted": "~~a " * 200 + "a~~ " * 200,
    "all three": "~~***a " * 200 + "a***~~ " * 200,
    "emphasis in a link": "*a " * 150 + "[" + "**b " * 150 + "b** " * 150 + "](/u)" + " a*" * 150,
    "all at once": "> - " * 40 + "~~***a " * 200 + "a***~~ " * 200 + "[^1]\n\n[^1]: "
    "- > " * 40 + "**_a " * 200 + "a_** " * 200,
}
REMADE: Final = {
    **dict.fromkeys(("02-python-fences", "03-nested-lists", "07-emoji", "08-math"), "a loose list"),
    **dict.fromkeys(("12-tasks", "18-recipe", "21-nested-fences"), "a loose list"),
    **dict.fromkeys(("23-shell-and-log", "24-diff-review"), "a loose list"),
    "10-references": "definitions at its end",
    "15-images": "definitions at its end",
    "14-autolinks": "an address whose first part was shown as a word",
    "17-headings-and-rules": "headings that are underlined",
    "19-legal-outline": "loose lists, and an address",
    "29-long-guide": "loose lists, and definitions at its end",
}
"""Answers in which a node that was shown has to be created again, and the reason."""
DEEPEST: Final = 512
"""Chromium turns elements that are nested deeper into siblings."""


def texts(kind: str) -> list[str]:
    """Return the texts of one kind. They are the same in each run."""
    if kind == "answers":
        return [path.read_text("utf-8") for path in ANSWERS]
    if kind == "generated":
        return [make(random.Random(f"browser {n}")) for n in range(40) for make in (document, soup)]
    if kind == "examples":
        examples = [example.markdown for example in commonmark() + gfm()]
        return random.Random(1).sample(examples, 100)
    return list(DEEP.values())


KINDS: Final = ("answers", "generated", "examples", "deep")


@cache
def documents(kind: str) -> list[Document]:
    cuts = [like_tokens, at_random, lambda text, seed: by_character(text)]
    if kind == "answers":
        cuts = [like_tokens, lambda text, seed: in_groups(like_tokens(text, seed), 4)]
    return [
        Document(text, cuts[number % len(cuts)](text, number))
        for number, text in enumerate(texts(kind))
    ]


def check(results: Sequence[Any], documents: Sequence[Document]) -> None:
    """Fail if a region differs from the document rendered at once, or is nested too deeply."""
    assert len(results) == len(documents)
    pairs = list(zip(documents, results, strict=True))
    wrong = [(len(d.text), d, result) for d, result in pairs if not result["same"]]
    if wrong:
        _, shortest, result = min(wrong, key=lambda each: each[0])
        pytest.fail(
            f"{len(wrong)} of {len(results)} differ. The shortest:\n{shortest.text!r}\n"
            f"in the pieces  {list(shortest.pieces)!r}\n"
            f"gave           {result['there']!r}\ninstead of     {result['expected']!r}",
            pytrace=False,
        )
    assert max(result["deepest"] for result in results) < DEEPEST


# Through the clients ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("client", "kind"),
    [
        # What is nested deeply is shown by the reference in any run of the tests.
        pytest.param(
            client,
            kind,
            marks=[]
            if kind == "examples" or (client == "plain" and kind != "deep")
            else pytest.mark.slow,
        )
        for client in CLIENTS
        for kind in KINDS
    ],
)
def test_the_html_format(client: str, kind: str, page: Page) -> None:
    those = documents(kind)
    fragments = replied(those)
    media_type, data = body(fragments)
    with RecordedServer() as replay:
        recorded = RecordedPage(page, replay, client)
        assert recorded.play(Answer(media_type, (data,))) == "finished"
        check(compare(page, those), those)
        print(f"{len(those)} documents, {len(fragments)} fragments, {len(data)} bytes")


@pytest.mark.parametrize(
    ("client", "kind"),
    [
        pytest.param(client, kind, marks=[] if kind == "examples" else pytest.mark.slow)
        for client in ["htmx2", "htmx4"]
        for kind in KINDS
    ],
)
def test_the_htmx_format(client: str, kind: str, page: Page) -> None:
    # A place at a depth of 50 is a long selector, and what is written must be read at once.
    those = documents(kind)[:: 3 if kind == "deep" else 10]
    writes = tuple(encode(replied(those), HTMXFormat()))
    with RecordedServer() as replay:
        page.route("**/client.js", lambda route: route.fulfill(path=READ_AND_SWAP))
        recorded = RecordedPage(page, replay, client, form="")
        recorded.ask(Answer(HTMXFormat.media_type, writes, pace="taken"))
        recorded.wait_for("stream:end", "read")
        assert recorded.reads >= len(writes)  # The network may cut a write in two.
        check(compare(page, those), those)
        print(f"{len(those)} documents, {len(writes)} fragments, {sum(map(len, writes))} bytes")


# By the reference ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_by_the_reference(kind: str, page: Page) -> None:
    those = documents(kind)
    results = flush_by_flush(page, those)
    check(results, those)
    # So tests/markdown/page.py and Chromium agree.
    for each, result in zip(those, results, strict=True):
        html = result["there"].replace("&nbsp;", "\xa0")
        assert canonical(html) == canonical(render(each.text)), each.text
    if kind == "answers":
        check_nothing_is_made_anew(results)


def check_nothing_is_made_anew(results: Sequence[Any]) -> None:
    """Fail if a node that was shown vanished, except in tails and in the answers of REMADE."""
    found = {
        path.stem: result["vanished"]
        for path, result in zip(ANSWERS, results, strict=True)
        if result["vanished"]
    }
    unexpected = {name: nodes for name, nodes in found.items() if name not in REMADE}
    lines = [f"{name}: {len(nodes)} nodes, first {nodes[0]}" for name, nodes in unexpected.items()]
    assert not lines, "\n".join(lines)
    # REMADE has no answer that does not need to be there.
    assert found.keys() == REMADE.keys()


def test_the_comparison_sees_what_is_missing(page: Page) -> None:
    """The control: a missing patch, and a patch in the wrong place, are found."""
    text = "- a *b*\n- c\n\n| d | e |\n|---|---|\n| f | g |\n"
    those = [Document(text, by_character(text))]
    fragments = replied(those)
    media_type, data = body(fragments)
    with RecordedServer() as replay:
        for number, fragment in enumerate(fragments[1:], 1):
            last = [patch for patch in fragment.patches if patch.action != "tail"]
            if not last:
                continue
            recorded = RecordedPage(page, replay, "plain")
            without = tuple(patch for patch in fragment.patches if patch is not last[-1])
            broken = [
                *fragments[:number],
                replace(fragment, patches=without),
                *fragments[number + 1 :],
            ]
            media_type, data = body(broken)
            assert recorded.play(Answer(media_type, (data,))) == "finished"
            (result,) = compare(page, those)
            assert not result["same"], f"without {last[-1]}"
    flushes = [[("append", 0, None, "<ul><li>a</li></ul>")], [("replace", 1, None, "<p>b</p>")]]
    (result,) = play(page, [(flushes, "<p>b</p>")])
    assert result["same"]
    assert [name for _, name, _ in result["vanished"]] == ["UL", "LI", "#text"]
    flushes = [
        [("append", 0, None, "<p>a</p>"), ("tail", 1, None, "<b>c</b>")],
        [("tail", 1, None, "d")],
    ]
    (result,) = play(page, [(flushes, "<p>ad</p>")])
    assert result["same"]
    assert result["vanished"] == []
