"""The page for a browser that knows ``<template for>``, read by a model of such a browser."""

import random
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import Markup
from tests.browser import sample_replies
from tests.formats.interleaved import INTERLEAVED
from tests.formats.template_for import Node, parse
from tests.formats.test_client_hints import NATIVE
from tests.formats.test_page import ACTIONS, HTML, SHELL, place
from tests.formats.visible_page import (
    AFTER,
    BEFORE,
    fragments,
    page_format,
    region,
    shell,
    spelled,
    without_last_space,
)
from tests.markdown.cuts import at_random, like_tokens
from tests.markdown.dom import dom
from tests.markdown.grammar import document, soup
from tests.markdown.page import Page
from tests.markdown.test_laws import ANSWERS, UNDECIDABLE, read

from streamhtml import Delta, Fragment, Patch, Reply, ToolDelta
from streamhtml.formats import FormatRequest, Headers
from streamhtml.formats import _open_path as open_path
from streamhtml.formats._in_place import InPlace
from streamhtml.formats.page import PageFormat
from streamhtml.markdown import render


def native_page(before: str = BEFORE, after: str = AFTER, **options: bool) -> PageFormat:
    one_format = PageFormat(**options)
    one_format.prepare(
        FormatRequest(Headers(NATIVE), render_page=lambda message: f"{before}{message}{after}")
    )
    return one_format


def encoded(those: Iterable[Fragment], **options: bool) -> str:
    return "".join(map(native_page(**options).encode, those))


def patched(*patches: Patch, before: str = BEFORE) -> str:
    """Return what is written for a shell, and then for each patch in a fragment of its own."""
    one_format = native_page(before)
    assert isinstance(one_format._writer, InPlace)
    html = one_format.encode(shell(SHELL)).removeprefix(before)
    steps = [Fragment(index, (patch,)) for index, patch in enumerate(patches, 1)]
    return html + "".join(map(one_format.encode, [*steps, Fragment(99, (), "finished")]))


def message(html: str) -> Node:
    """Return the element around the message."""
    page = parse(html)
    assert not [each for each in page.descendants() if each.name in ("template", "style")]
    (main,) = (each for each in page.descendants() if each.name == "main")
    return main


def in_shell(a: str, b: str) -> str:
    return (
        f'<article>1<div class="streamhtml" id="a">{a}</div>2<b>3</b>'
        f'<i><div class="streamhtml" id="b">{b}</div>4</i></article>'
    )


def append(html: str, root: str = "a", depth: int = 0) -> Patch:
    return Patch("append", Markup(html), root, depth)


def replace(html: str) -> Patch:
    return Patch("replace", Markup(html), "a", depth=1)


def tail(html: str, root: str = "a", depth: int = 0) -> Patch:
    return Patch("tail", Markup(html), root, depth)


SHOWN = (
    '<?start name="0"><article>1<?start name="1"><div id="a" class="streamhtml">'
    '<?marker name="2"></div><?end>2<b>3</b><i><?start name="3"><div id="b" class="streamhtml">'
    '<?marker name="4"></div><?end>4</i></article><?end>'
)


@pytest.mark.parametrize(
    ("patches", "written"),
    [
        # What grows at the end needs nothing.
        (
            [append("<p>a</p>"), append("b", depth=1), append("<hr>")],
            '<template for=2><?start name="5"><p>ab</p><?end><hr></template>',
        ),
        # A tail that grows, and then stays.
        (
            [
                append("<p>a</p>"),
                tail("<b>b</b>", depth=1),
                tail("<b>bc</b>", depth=1),
                append("<b>bcd</b>", depth=1),
            ],
            '<template for=2><?start name="5"><p>a<?start name="6"><b>bcd</b></p><?end></template>',
        ),
        # A tail that is taken back.
        (
            [append("<p>a</p>"), tail("<b>b</b>", depth=1), append("*b", depth=1)],
            (
                '<template for=2><?start name="5"><p>a<?start name="6"><b>b</b><template for=6>'
                "</template>*b</p><?end></template>"
            ),
        ),
        # Two regions take turns.
        (
            [append("<p>a</p>"), append("b", "b"), append("c", depth=1)],
            (
                '<template for=2><?start name="5"><p>a<?marker name="6"></p><?end>'
                '<?marker name="7"></template><template for=4>b<?marker name="2"></template>'
                "<template for=6>c</template>"
            ),
        ),
        # An element becomes another.
        (
            [
                append("<p>a</p>"),
                Patch("replace", Markup("<h1>a</h1>"), "a", 1),
                append("b", depth=1),
            ],
            (
                '<template for=2><?start name="5"><p>a</p><?end></template>'
                "<template for=5><h1>ab</h1></template>"
            ),
        ),
    ],
)
def test_what_is_written(patches: list[Patch], written: str) -> None:
    assert patched(*patches) == f"{SHOWN}{written}{AFTER}"


def test_a_ping_and_a_patch_that_shows_nothing_are_a_processing_instruction() -> None:
    one_format = native_page()
    one_format.encode(shell(SHELL))
    assert one_format.encode(Fragment(0)) == "<?ping>"
    assert one_format.encode(Fragment(1, (append("<p>a</p>"),))).endswith("<p>a")
    assert one_format.encode(Fragment(2, (append("\n"),))) == "<?ping>"


@pytest.mark.parametrize("page", ['<?marker name="0">', "<TEMPLATE for=0></template>"])
def test_the_markers_of_the_page_have_other_names(page: str) -> None:
    written = patched(append("<p>a</p>"), before=f"<main>{page}")
    names = re.findall(r'(?:name="|for=)(\w+)', written.partition("<article>")[2])
    assert len(names) > 4
    assert all(re.match("[0-9a-f]{16}[0-9]", name) for name in names)


@pytest.mark.parametrize(
    ("patches", "shown"),
    [
        # There is no range around a cell. It is compact when it can be written again.
        (
            [
                append("<table><tbody><tr><td>a</td></tr></tbody></table>"),
                Patch("replace", Markup("<td>b</td>"), "a", depth=4),
                append("<p>c</p>"),
            ],
            "<table><tbody><tr><td>b</td></tr></tbody></table><p>c</p>",
        ),
        ([append("<p>a</p>"), replace("")], ""),
        ([append("<p>a</p>"), replace(""), append("b")], "b"),
        ([append("<p>a</p><p>b</p>"), replace(""), append("c", depth=1)], "<p>ac</p>"),
        # What is replaced in an element that was not written yet.
        (
            [
                append("<div>a<section><p>b</p></section></div>"),
                replace("<div>a<section><p>b</p></section></div>"),
                Patch("replace", Markup("c"), "a", depth=3),
            ],
            "<div>a<section>c</section></div>",
        ),
        # A tail that stays, in an element that is written again.
        (
            [append("<h1>a</h1>b"), tail("c", depth=1), append("d", "b")],
            "<h1>ac</h1>b",
        ),
    ],
)
def test_what_is_shown_in_the_end(patches: list[Patch], shown: str) -> None:
    assert message(BEFORE + patched(*patches)).find("a").html() == shown


def test_a_region_before_another_is_replaced_where_it_is() -> None:
    region = '<p class="streamhtml" id="a">{}</p>'
    one_format = native_page()
    html = one_format.encode(shell(f"{region.format('')}<div class=streamhtml id=b></div>c"))
    steps = [append("d", "b"), append("1"), Patch("replace", Markup(region.format("2")), "a")]
    for index, patch in enumerate([*steps, append("3")], 1):
        html += one_format.encode(Fragment(index, (patch,)))
    html += one_format.encode(Fragment(9, (), "finished"))
    shown = '<p class="streamhtml" id="a">23</p><div class="streamhtml" id="b">d</div>c'
    assert message(html).html() == shown


def test_nothing_of_ours_is_written_into_a_noscript() -> None:
    # Its content is text where scripts run.
    noscript = "<noscript><p>a</p><ul><li>b</li></ul></noscript>"
    steps = append(noscript), append("c", "b"), append("<div>d</div>"), append(f"<i>{noscript}</i>")
    written = patched(*steps)
    assert written.count(noscript) == 2


def test_a_table_grows_where_no_table_can_be() -> None:
    # It would close the paragraph. So it becomes a <span>, and so does each part of it.
    texts = like_tokens("| a |\n|---|\n| 1 |\n| **2** |\n", 1)
    html = "".join(map(native_page("<main><p>", "</p></main>").encode, fragments(texts)))
    cell = "<span><span>{}</span></span>".format
    rows = f"<span>{cell('a')}</span><span>{cell('1')}{cell('<strong>2</strong>')}</span>"
    assert message(html).find("m_text").html() == f"<span>{rows}</span>"
    in_order = page_format("<!doctype html><main><p>", "</p></main>")
    assert region("".join(map(in_order.encode, fragments(texts)))) == "a1<strong>2</strong>"


def test_elements_with_an_id_are_swapped_at_once() -> None:
    one_format = native_page()
    html = one_format.encode(shell('<article id="m"><p>1<b id="x">2</b></p></article>'))
    for index, swap in enumerate(['<b id="x">3</b>', '<b id="x">4</b><i id="other">5</i>'], 1):
        html += one_format.encode(Fragment(index, (Patch("replace", Markup(swap)),)))
        assert message(html).find("x").html() == str(index + 2)
    html += one_format.encode(Fragment(3, (append("<p>6</p>", "m"),)))
    html += one_format.encode(Fragment(4, (), "finished"))
    assert message(html).find("m").html() == '<p>1<b id="x">4</b></p><p>6</p>'


STEPS = st.tuples(ACTIONS, st.integers(0, 11), HTML | st.sampled_from(["<div>x</div> ", " "]))


@given(
    st.lists(st.tuples(st.sampled_from("ab"), STEPS), max_size=16),
    st.sampled_from([(), ("div",), ("div", "section")]),
)
def test_in_the_end_all_that_has_changed_is_there(
    steps: list[tuple[str, tuple[str, int, str]]], replaced: tuple[str, ...]
) -> None:
    one_format, pages = native_page(), {"a": Page("a"), "b": Page("b")}
    html = one_format.encode(shell(SHELL))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(open_path, "_BLOCKS", {*replaced})
        patch.setattr(open_path, "_LISTS", {*replaced[1:]})
        for index, (root, step) in enumerate(steps, 1):
            change = place(pages[root], *step, any_child=True)
            pages[root].apply([change])
            html += one_format.encode(Fragment(index, (change,)))
            message(html)
        html += one_format.encode(Fragment(len(steps) + 1, (), "finished"))
    assert message(html).html() == in_shell(pages["a"].html, pages["b"].html)


@pytest.mark.no_cover
@pytest.mark.parametrize("size", [1, pytest.param(4, marks=pytest.mark.slow)])
@pytest.mark.parametrize("path", [*ANSWERS, UNDECIDABLE], ids=lambda path: path.stem)
def test_an_answer_is_exact_and_takes_fewer_bytes(path: Path, size: int) -> None:
    texts = like_tokens(read(path), 1)
    texts = ["".join(texts[at : at + size]) for at in range(0, len(texts), size)]
    those = [*fragments(texts)]
    html = encoded(those)
    assert dom(message(html).find("m_text").html()) == dom(render("".join(texts)))
    assert len(html) < len(encoded(those, native=False))


@given(st.integers(0, 2**32), st.sampled_from([document, soup]))
def test_each_fragment_shows_what_a_client_shows(
    seed: int, make: Callable[[random.Random], str]
) -> None:
    text = make(random.Random(seed))[:300]
    one_format, shown, html = native_page(), Page("m_text"), ""
    for fragment in fragments(at_random(text, seed)):
        html += one_format.encode(fragment)
        shown.apply(patch for patch in fragment.patches if patch.root)
        region = message(html).find("m_text").html()
        there = spelled(html5lib.parseFragment(region, namespaceHTMLElements=False))
        if not fragment.outcome:
            there, expected = without_last_space(there), without_last_space(shown.html)
            writer = one_format._writer
            assert isinstance(writer, InPlace)
            # What cannot be replaced in its place waits.
            assert there == expected or writer._changed
        else:
            assert there == shown.html


TEMPLATES = [
    None,
    "<article>{{ parts.reasoning }}<hr>{{ ai_message }}<p>{{ parts.status }}</p></article>",
    "Thinking: {{ parts.reasoning }} Answer: {{ ai_message }} by {{ parts.tool }}",
    "<table><tbody><tr><td>{{ parts.reasoning }}<td>{{ ai_message }}</td></tr></tbody></table>",
    "<svg><foreignObject>{{ parts.reasoning }}</foreignObject></svg>{{ ai_message }}",
]


def in_turns(
    texts: dict[str, str], seed: int, template: str | None, human_message: str = ""
) -> tuple[str, str]:
    """Return the page of an answer whose parts take turns, and that of the finished message.

    Args:
        texts: a text for each of some parts, besides those of ``INTERLEAVED``.
        seed: decides where the texts are cut, and whose turn it is.
        template: the template of the message; None for the built-in one.
        human_message: the question.
    """
    chance = random.Random(seed)
    sources = [[*INTERLEAVED]]
    for part, text in texts.items():
        sources.append([Delta(piece, part) for piece in at_random(text, seed)])
    context = {"message_pair_id": "m", "human_message": human_message}
    options: dict[str, Any] = {"context": context}
    if template:
        options["template"] = Environment(autoescape=True).from_string(template).render
    reply = Reply(**options)
    steps = [reply.open()]
    while any(sources):
        source = chance.choice([each for each in sources if each])
        steps.append(reply.feed(source[:3]))
        del source[:3]
    steps.append(reply.close("finished"))
    whole = Reply(**options, answer=reply.answer).render_whole()
    return encoded(steps), f"{BEFORE}{whole}{AFTER}"


@given(st.integers(0, 2**32), st.sampled_from(TEMPLATES))
def test_parts_that_take_turns(seed: int, template: str | None) -> None:
    chance = random.Random(seed)
    parts = "reasoning", "text"
    texts = {part: chance.choice([document, soup])(chance)[:200] for part in parts}
    page, whole = in_turns(texts, seed, template)
    assert message(page).html() == message(whole).html()


@pytest.mark.parametrize("name", sample_replies.SAMPLE_REPLIES)
def test_recorded_replies(name: str) -> None:
    recording = sample_replies.SAMPLE_REPLIES[name]()
    html = message(encoded(recording.fragments)).html()
    assert dom(html.replace(' hx-swap-oob="true"', "")) == dom(recording.html)


def test_a_part_changes_where_it_is() -> None:
    call = ToolDelta("{}", "tool", "a", "find")
    steps = [[call], [Delta("So. ")], [ToolDelta("found", "tool", "a", "find", "result")]]
    reply = Reply(context={"message_pair_id": "m"})
    one_format = native_page()
    html = one_format.encode(reply.open())
    shown = []
    for step in [*steps, [Delta("It is.")]]:
        html += one_format.encode(reply.feed(step))
        text = re.sub("<[^>]*>", " ", message(html).html())
        shown.append(re.findall(r"Running…|Done|found|So\.|It is\.", text))
    assert shown == [
        ["Running…"],
        ["Running…", "So."],
        ["Done", "found", "So."],
        ["Done", "found", "So.", "It is."],
    ]
    assert html.count("<details") == 2


@pytest.mark.parametrize("outcome", ["failed", "stopped", "interrupted"])
def test_a_notice_stands_at_the_end(outcome: Any) -> None:
    reply = Reply(context={"message_pair_id": "m"})
    steps = [reply.open(), reply.feed([Delta("a **b")]), reply.close(outcome)]
    html = message(encoded(steps)).html()
    assert html.count('role="alert"') == 1
    assert html.index(">a **b<") < html.index('role="alert"')


def test_where_rendering_has_failed_the_notice_is_shown() -> None:
    reply = Reply(context={"message_pair_id": "m"})
    steps = [reply.open(), reply.feed([Delta("a **b")]), reply.fail()]
    assert message(encoded(steps)).html().count('role="alert"') == 1
