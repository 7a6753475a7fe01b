"""Citations: which texts are citations, when the caller is asked, and how late answers arrive."""

import logging
import random
from collections.abc import Callable

import pytest
from markupsafe import Markup
from tests.markdown.cuts import by_character, like_tokens
from tests.markdown.grammar import document, soup
from tests.markdown.page import Page, canonical
from tests.markdown.patch_steps import END, REL, Step, check, note, notes, streams
from tests.markdown.rendering import link, paragraph, shown

from streamhtml.markdown import MarkdownRenderer, Options, render


def card(label: str) -> Markup:
    return Markup("<q>{}</q>").format(label)


class Sources:
    """A function for ``on_citation`` that remembers the labels; ``known`` may grow."""

    def __init__(self, *known: str) -> None:
        self.known = set(known)
        self.asked: list[str] = []

    def __call__(self, label: str) -> Markup | None:
        self.asked.append(label)
        return card(label) if label in self.known else None


@paragraph(
    ("a [1].", "a <q>1</q>."),
    ("a [^1^].", "a <q>1</q>."),
    ("a [^1].", "a <q>1</q>."),
    ("a【1†source】b", "a<q>1</q>b"),
    ("a【4:0†my_file_v2.pdf】", "a<q>4:0</q>"),
    ("a【1】", "a<q>1</q>"),
    ("a [doc1][doc2][3] b", "a <q>doc1</q><q>doc2</q><q>3</q> b"),
    ("a [Smith, 2020] b", "a <q>Smith, 2020</q> b"),
    ("a [my_file_v2.pdf]", "a <q>my_file_v2.pdf</q>"),
    ("a![1]", "a!<q>1</q>"),
    ("**a [1]** *[2]*", "<strong>a <q>1</q></strong> <em><q>2</q></em>"),
    ("[see [1], [2]]", "[see <q>1</q>, <q>2</q>]"),
    ("[1] (see there)", "<q>1</q> (see there)"),
    ("[1](see there)", "<q>1</q>(see there)"),
    ("[1][]", "<q>1</q>[]"),
    ("https://a.b/c[1][doc2].", f"{link('https://a.b/c', 'https://a.b/c')}<q>1</q><q>doc2</q>."),
    ("(www.a.b[^1^])", f"({link('http://www.a.b', 'www.a.b')}<q>1</q>)"),
)
def test_a_citation(text: str, content: str) -> None:
    assert shown(text, on_citation=card) == f"<p>{content}</p>"


@paragraph(
    ("[1](u)", link("u", "1")),
    ("![1](u)", link("u", "1")),
    ("[a [1] b](u)", link("u", "a [1] b")),
    ("![a [1] 【1†s】 b](u)", link("u", "a [1] 【1†s】 b")),
    ("[a](u) 【x y†s】 【", link("u", "a") + " 【x y†s】 【"),
    (
        "`[1]` $[1]$ \\[1]",
        '<code>[1]</code> <code class="language-math math-inline">[1]</code> [1]',
    ),
    ("[x] [X] [] [ ]", "[x] [X] [] [ ]"),
    ("[*1*] [a\nb] [!a]", "[<em>1</em>] [a\nb] [!a]"),
    ("[a_ _b_]", "[a_ <em>b</em>]"),
    ("[https://a.b]", f"[{link('https://a.b', 'https://a.b')}]"),
    (f"[{'a' * 101}]", f"[{'a' * 101}]"),
)
def test_no_citation(text: str, content: str) -> None:
    sources = Sources()
    assert shown(text, on_citation=sources) == f"<p>{content}</p>"
    assert sources.asked == []


def test_checkboxes_definitions_and_footnotes_are_no_citations() -> None:
    sources = Sources()
    text = "- [x] a\n- [ ] b[^1]\n\n[a][2] [2]\n\n[2]: /u\n[^1]: c"
    html = shown("[2]: /u\n\n" + text, on_citation=sources)
    assert f"b{note(1)}" in html
    assert f"<p>{link('/u', 'a')} {link('/u', '2')}</p>{notes('c')}" in html
    assert sources.asked == []


def test_without_the_option_nothing_changes() -> None:
    text = "a [1] [^1^] 【1†s】 ![2]"
    assert shown(text) == f"<p>{text}</p>"


def test_a_plain_string_is_escaped() -> None:
    assert shown("[1]", on_citation=lambda _: "<b>") == "<p>&lt;b&gt;</p>"  # type: ignore[arg-type,return-value]


@streams(
    when_certain=(
        ("a [1", "append 0 <p>a </p>"),
        ("]",),
        (" b", "append 1 <q>1</q> b"),
        (END,),
    ),
    in_open_emphasis=(
        ("a **b [1] c", "append 0 <p>a </p>", "tail 1 <strong>b <q>1</q> c</strong>"),
        ("**.", "append 1 <strong>b <q>1</q> c</strong>."),
        (END,),
    ),
    lenticular=(
        ("a【1†so", "append 0 <p>a</p>"),
        ("urce】", "append 1 <q>1</q>"),
        (END,),
    ),
    a_link_after_all=(
        ("a [1] b", "append 0 <p>a <q>1</q> b</p>"),
        ("\n\n[1]: /u",),
        (END, f'replace #0 <p>a <a href="/u" {REL}>1</a> b</p>'),
    ),
)
def test_a_citation_is_replaced_once_it_is_certain(steps: tuple[Step, ...]) -> None:
    check(steps, on_citation=card)


def test_each_label_is_asked_for_once() -> None:
    sources = Sources("1", "2")
    renderer = MarkdownRenderer("r", Options(on_citation=sources))
    for piece in by_character(
        "a [1] **b [2]** [see [1]](u) [3] and [1]【2†s】\n\n| [1] |\n|---|\n"
    ):
        renderer.feed(piece)
    assert sources.asked == ["1", "2", "3"]
    renderer.close()
    assert sources.asked == ["1", "2", "3", "3"]


def test_a_label_in_an_open_bracket_is_not_asked_for() -> None:
    sources = Sources("1")
    renderer = MarkdownRenderer("r", Options(on_citation=sources))
    renderer.feed("[see [1] and [1] ")
    assert sources.asked == []
    renderer.feed("there] b")
    assert sources.asked == ["1"]


def test_late_sources_arrive_with_the_end() -> None:
    sources = Sources("1")
    renderer = MarkdownRenderer("r", Options(on_citation=sources))
    page = Page("r")
    page.apply(renderer.feed("a [1]\n\nb 【2†s】\n\nc [3]\n\nd [^4]\n\n"))
    assert page.html == f"<p>a <q>1</q></p><p>b 【2†s】</p><p>c [3]</p><p>d {note(1)}</p>"
    sources.known |= {"2", "4"}
    patches = renderer.close()
    assert [(patch.action, patch.child) for patch in patches] == [("replace", 1), ("replace", 3)]
    page.apply(patches)
    assert page.html == "<p>a <q>1</q></p><p>b <q>2</q></p><p>c [3]</p><p>d <q>4</q></p>"


def test_what_on_citation_raises_is_logged_without_text_and_leaves_the_citation(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = []

    def on_citation(label: str) -> Markup:
        asked.append(label)
        raise KeyError(label)

    renderer = MarkdownRenderer("r", Options(on_citation=on_citation))
    with caplog.at_level(logging.ERROR, "streamhtml"):
        renderer.feed("a [secret] b\n\n")
        renderer.close()
    assert asked == ["secret"]
    (record,) = caplog.records
    assert "on_citation raised KeyError" in caplog.text
    assert "raise KeyError(label)" in caplog.text
    assert "secret" not in caplog.text
    assert record.exc_info is None


# Exact


def of(late: bool) -> Callable[[str], Markup | None]:
    """Return a function that answers a third of the labels, and later another third."""

    def on_citation(label: str) -> Markup | None:
        kind = sum(map(ord, label)) % 3
        return Markup("<sup>{}</sup>").format(kind) if kind == 0 or (kind == 1 and late) else None

    return on_citation


@pytest.mark.parametrize("make", [document, soup])
def test_law_exact_with_citations(make: Callable[[random.Random], str]) -> None:
    for seed in range(150):
        text = make(random.Random(seed))
        expected = canonical(render(text, Options(on_citation=of(late=True))))
        for pieces in by_character(text), like_tokens(text, seed):
            late = False
            renderer = MarkdownRenderer(
                "r",
                Options(on_citation=lambda label: of(late=late)(label)),  # noqa: B023
            )
            page = Page("r")
            for piece in pieces:
                page.apply(renderer.feed(piece))
            late = True
            page.apply(renderer.close())
            assert page.html == expected, pieces
