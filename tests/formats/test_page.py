"""The page against a tree builder and the rules in it: what is visible is what a client shows."""

import random
import re
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import Markup
from tests.browser import sample_replies
from tests.markdown.cuts import at_random, like_tokens
from tests.markdown.dom import dom
from tests.markdown.grammar import document, soup
from tests.markdown.page import VOID, Page, canonical
from tests.markdown.test_laws import ANSWERS, CUTS, UNDECIDABLE, read

from streamhtml import Delta, Fragment, Patch, Reply
from streamhtml.demo._answers import LONG, tokens
from streamhtml.formats import FormatRequest
from streamhtml.formats.html import HTMLFormat
from streamhtml.formats.page import PageFormat
from streamhtml.markdown import render

BEFORE = "<!doctype html><title>T</title><body><h1>Chat</h1><main>"
AFTER = "</main><footer>End</footer></body>"
MARK = "data-streamhtml"


@pytest.fixture(scope="module", autouse=True)
def same_marks() -> Iterator[None]:
    """Let marks begin alike, so that pages can be compared."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("streamhtml.formats._spine.new_token", lambda: "")
        yield


# What a reader sees


def visible(html: str) -> Element:
    """Return the page's body, without our rules and what they hide."""
    body = html5lib.parse(html, namespaceHTMLElements=False).find("body")
    assert body is not None
    rules = [style for style in body.iter("style") if f"[{MARK}" in (style.text or "")]
    hidden: set[Element] = {*rules}
    by_mark = {mark: element for element in body.iter() if (mark := element.get(MARK))}
    for rule in rules:
        selectors = re.fullmatch(r"(.*)\{display:none!important\}", rule.text or "")
        assert selectors, rule.text
        for selector in selectors[1].split(","):
            hidden.update(selected(by_mark, selector))
    drop(body, hidden)
    return body


def selected(by_mark: dict[str, Element], selector: str) -> Iterable[Element]:
    """Return what a selector of ours finds, as Selectors level 3 says."""
    marked, *steps = selector.split(">")
    mark = re.fullmatch(rf'\[{MARK}="(\d+)"\]', marked)
    assert mark, selector
    found = [by_mark[mark[1]]]
    for step in steps:
        one = re.fullmatch(r":nth-child\((\d+)\)", step)
        range_ = re.fullmatch(r":nth-child\(n\+(\d+)\):nth-child\(-n\+(\d+)\)", step)
        match = one or range_
        assert match, selector
        first, last = int(match[1]), int(match[match.lastindex or 1])
        children = [[child for child in element if isinstance(child.tag, str)] for element in found]
        assert all(len(those) >= last for those in children), f"{selector} finds too little"
        found = [child for those in children for child in those[first - 1 : last]]
    return found


def drop(element: Element, hidden: set[Element]) -> None:
    before: Element | None = None
    for child in list(element):
        if child not in hidden:
            drop(child, hidden)
            before = child
            continue
        if before is None:
            element.text = (element.text or "") + (child.tail or "")
        else:
            before.tail = (before.tail or "") + (child.tail or "")
        element.remove(child)


def spelled(element: Element) -> str:
    """Return what is inside in the spelling of ``Page.html``; a tail without what holds it."""
    return "".join(pieces(element))


def pieces(element: Element) -> Iterator[str]:
    yield escaped(element.text)
    for child in element:
        if callable(child.tag):  # A ping.
            assert child.text == ""
        elif child.tag == "span" and not {*child.keys()} - {MARK}:
            yield from pieces(child)
        else:
            attributes = sorted(item for item in child.items() if item[0] != MARK)
            written = "".join(f' {name}="{escaped(value)}"' for name, value in attributes)
            yield f"<{child.tag}{written}>"
            yield from pieces(child)
            yield "" if child.tag in VOID else f"</{child.tag}>"
        yield escaped(child.tail)


def escaped(text: str | None) -> str:
    return str(Markup.escape(text or "")).replace("&#34;", "&quot;").replace("&#39;", "'")


def region(html: str, root: str = "m_text") -> str:
    (found,) = (element for element in visible(html).iter() if element.get("id") == root)
    return spelled(found)


def without_last_space(html: str) -> str:
    """Drop white space at the end, where end tags are kept back with what is between them."""
    return re.sub(
        r"(?:\s|</\w+>)+\Z", lambda match: re.sub(r"\s", "", match[0]), html.rstrip(" \t\n\f")
    )


# Markdown


def fragments(texts: Iterable[str]) -> Iterator[Fragment]:
    reply = Reply(context={"message_pair_id": "m"})
    yield reply.open()
    for text in texts:
        fragment = reply.feed([Delta(text)])
        if fragment.patches:
            yield fragment
    yield reply.close("finished")


def wire_of(before: str = BEFORE, after: str = AFTER, nonce: str = "") -> PageFormat:
    wire = PageFormat()
    wire.prepare(
        FormatRequest(nonce=nonce, render_page=lambda message: f"{before}{message}{after}")
    )
    return wire


def whole(texts: Iterable[str]) -> str:
    wire = wire_of()
    return "".join(map(wire.encode, fragments(texts)))


@pytest.mark.parametrize("cut", ["characters", "tokens", "lines"])
@pytest.mark.parametrize("path", [*ANSWERS, UNDECIDABLE], ids=lambda path: path.stem)
def test_the_page_ends_as_the_message(path: Path, cut: str) -> None:
    text = read(path)
    html = whole(CUTS[cut](text))
    assert html.startswith(BEFORE)
    assert html.endswith(AFTER)
    # White space between blocks may be there twice, where blocks are.
    assert dom(region(html)) == dom(canonical(render(text)))


def check_each_fragment(texts: list[str]) -> None:
    wire, shown, html = wire_of(), Page("m_text"), ""
    for fragment in fragments(texts):
        html += wire.encode(fragment)
        shown.apply(patch for patch in fragment.patches if patch.root)
        there, expected = region(html), shown.html
        if fragment.outcome:
            assert dom(there) == dom(canonical(render("".join(texts))))
        else:
            assert without_last_space(there) == without_last_space(expected)


@pytest.mark.parametrize("path", [*ANSWERS, UNDECIDABLE], ids=lambda path: path.stem)
def test_each_fragment_shows_what_a_client_shows(path: Path) -> None:
    text = read(path)[:600]
    check_each_fragment(like_tokens(text, len(text)))


@settings(deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([document, soup]))
def test_each_fragment_of_nasty_documents(seed: int, make: Callable[[random.Random], str]) -> None:
    text = make(random.Random(seed))[:300]
    check_each_fragment(at_random(text, seed))


# Any patches


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


@settings(deadline=None)
@given(st.lists(STEP, max_size=12))
def test_each_fragment_shows_what_changes_at_the_end(steps: list[tuple[str, int, str]]) -> None:
    wire, page = wire_of(), Page("a")
    html = wire.encode(Fragment(0, (Patch("append", Markup(SHELL)),)))
    for index, step in enumerate(steps, 1):
        patch = place(page, *step)
        page.apply([patch])
        html += wire.encode(Fragment(index, (patch,)))
        assert region(html, "a") == page.html
    html += wire.encode(Fragment(len(steps) + 1, (), "finished"))
    assert html.endswith(AFTER)
    assert region(html, "a") == page.html


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), STEP), max_size=16))
def test_in_the_end_all_that_has_changed_is_there(
    steps: list[tuple[str, tuple[str, int, str]]],
) -> None:
    wire, pages = wire_of(), {"a": Page("a"), "b": Page("b")}
    html = wire.encode(Fragment(0, (Patch("append", Markup(SHELL)),)))
    for index, (root, step) in enumerate(steps, 1):
        patch = place(pages[root], *step, any_child=True)
        pages[root].apply([patch])
        html += wire.encode(Fragment(index, (patch,)))
    html += wire.encode(Fragment(len(steps) + 1, (), "finished"))
    main = visible(html).find("main")
    assert main is not None
    assert spelled(main) == (
        f'<article>1<div class="streamhtml" id="a">{pages["a"].html}</div>2<b>3</b>'
        f'<i><div class="streamhtml" id="b">{pages["b"].html}</div>4</i></article>'
    )


@pytest.mark.parametrize("name", sample_replies.SAMPLE_REPLIES)
def test_recorded_replies(name: str) -> None:
    recording = sample_replies.SAMPLE_REPLIES[name]()
    wire = wire_of()
    main = visible("".join(map(wire.encode, recording.fragments))).find("main")
    assert main is not None
    expected = html5lib.parseFragment(recording.html, namespaceHTMLElements=False)
    without_swap = re.sub(' hx-swap-oob="true"', "", spelled(main))
    assert dom(without_swap) == dom(spelled(expected))


# The page around it


def shell(html: str) -> Fragment:
    return Fragment(0, (Patch("append", Markup(html)),))


def test_the_page_is_sent_up_to_where_the_answer_goes_and_the_rest_last() -> None:
    wire = wire_of("<title>T</title>", "<footer>")
    opened = "<article><p>Hi</p><div class='x streamhtml' id=r></div></article>"
    assert wire.encode(shell(opened)) == (
        '<title>T</title><article data-streamhtml="1"><p>Hi</p>'
        "<div data-streamhtml=\"2\" class='x streamhtml' id=r>"
    )
    assert wire.encode(Fragment(1, (Patch("append", Markup("<p>a"), "r"),))) == "<p>a"
    assert wire.encode(Fragment(2, (), "finished")) == "</div></article><footer>"


def test_a_ping_is_a_comment_wherever_the_answer_stands() -> None:
    wire = wire_of()
    html = wire.encode(Fragment(0))
    assert html == BEFORE
    html += wire.encode(shell('<div id="a" class="streamhtml"></div>'))
    for index, inside in enumerate(["<p>a</p>", "<pre>\nb</pre>", "<table><tr></tr></table>"], 1):
        html += wire.encode(Fragment(index, (Patch("append", Markup(inside), "a"),)))
        assert wire.encode(Fragment(index)) == "<!---->"
        html += "<!---->"
    html += wire.encode(Fragment(4, (), "finished"))
    assert region(html, "a") == "<p>a</p><pre>b</pre><table><tbody><tr></tr></tbody></table>"


def test_a_message_that_comes_whole() -> None:
    reply = Reply(context={"message_pair_id": "m"}, at_once=True)
    steps = [reply.open(), reply.feed([Delta("a *b*")]), reply.close("finished")]
    html = "".join(map(wire_of().encode, steps))
    assert region(html) == "<p>a <em>b</em></p>"
    assert html.endswith(AFTER)


@pytest.mark.parametrize("at_once", [False, True])
def test_where_rendering_has_failed_the_page_still_ends(at_once: bool) -> None:
    reply = Reply(context={"message_pair_id": "m"}, at_once=at_once)
    html = "".join(map(wire_of().encode, [reply.open(), reply.fail()]))
    assert html.endswith(AFTER)
    alerts = [element for element in visible(html).iter() if element.get("role") == "alert"]
    assert len(alerts) == 1


def test_each_version_of_a_rendered_message_takes_the_place_of_the_last() -> None:
    template = Environment(autoescape=True).from_string(
        '<article id="{{ message_pair_id }}"{% if chunk_index %} hx-swap-oob="true"{% endif %}>'
        "{{ ai_message }}<script>0</script></article>\n<!-- end -->"
    )
    reply = Reply(template.render, {"message_pair_id": "m"}, renderer="template")
    wire, html, text = wire_of(), "", ""
    steps = [reply.open(), *(reply.feed([Delta(letter)]) for letter in "abc"), reply.fail()]
    for fragment, letter in zip(steps, ["", *"abc", None], strict=True):
        html += wire.encode(fragment)
        if letter is not None:
            text += letter
            assert region(html, "m") == f"{text}<script>0</script>"
        html += wire.encode(Fragment(fragment.index)) if letter is not None else ""
    assert re.fullmatch("abc<script>0</script><span.*</span>", region(html, "m"))
    assert html.count(f"[{MARK}=") == html.count("<style") == len("abc")


def test_elements_are_swapped_at_once_wherever_they_are() -> None:
    wire = wire_of()
    html = wire.encode(shell('<i id="x">0</i><b id="y">0</b>'))
    for index in 1, 2, 3:
        swap = f'<i id="x">{index}</i><b id="y">{index}</b>'
        html += wire.encode(Fragment(index, (Patch("replace", Markup(swap)),)))
        main = visible(html).find("main")
        assert main is not None
        assert spelled(main) == swap


def test_what_is_elsewhere_on_the_page_cannot_be_swapped() -> None:
    wire = wire_of('<b id="total">1</b>', "")
    html = wire.encode(shell("<i id=m>a</i>"))
    swap = '<i id="m">b</i> <b id="total">2</b>'
    html += wire.encode(Fragment(1, (Patch("replace", Markup(swap)),), "finished"))
    assert spelled(visible(html)) == '<b id="total">1</b><i id="m">b</i>'


@pytest.mark.parametrize(
    ("template", "renderer", "shown"),
    [
        (
            "Thinking: {{ parts.reasoning }} Answer: {{ ai_message }}",
            "text",
            "Thinking: ac Answer: bd",
        ),
        ('<p id="{{ message_pair_id }}">{{ ai_message }}</p> by GPT', "template", "bd by GPT"),
    ],
)
def test_text_at_the_top_of_a_message_is_shown_once(
    template: str, renderer: str, shown: str
) -> None:
    render_template = Environment(autoescape=True).from_string(template).render
    reply = Reply(render_template, {"message_pair_id": "m"}, renderer=renderer)
    wire = wire_of()
    html = wire.encode(reply.open())
    for text, part in ("a", "reasoning"), ("b", "text"), ("c", "reasoning"), ("d", "text"):
        html += wire.encode(reply.feed([Delta(text, part)]))
    html += wire.encode(reply.close("finished"))
    assert shown in "".join(visible(html).itertext())


def test_the_marks_of_a_response_begin_with_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamhtml.formats._spine.new_token", lambda: "7q")
    html = whole(["a **b", "** c\n\nd"])
    marks = re.findall(f'{MARK}="(\\w+)"', html)
    assert marks
    assert all(mark.startswith("7q") for mark in marks)


def test_a_region_that_lies_behind_is_right_in_the_end() -> None:
    template = Environment(autoescape=True).from_string(
        "<article>{{ parts.reasoning }}<hr>{{ ai_message }}</article>"
    )
    reply = Reply(template.render, {"message_pair_id": "m"})
    wire, html = wire_of(), ""
    for fragment, *expected in [
        (reply.open(), "", None),
        (reply.feed([Delta("Hm.\n\n", "reasoning")]), "<p>Hm.</p>", None),
        (reply.feed([Delta("So.\n\n")]), "<p>Hm.</p>", "<p>So.</p>"),
        (reply.feed([Delta("But?\n\n", "reasoning")]), "<p>Hm.</p>", "<p>So.</p>"),
        (reply.feed([Delta("Yes\n\n")]), "<p>Hm.</p>", "<p>So.</p><p>Yes</p>"),
        (reply.close("finished"), "<p>Hm.</p><p>But?</p>", "<p>So.</p><p>Yes</p>"),
    ]:
        html += wire.encode(fragment)
        regions = [e for e in visible(html).iter() if "streamhtml" in e.get("class", "").split()]
        assert [spelled(each) for each in regions] == [one for one in expected if one is not None]


def steps_in(shell_html: str, *patches: Patch) -> tuple[list[str], str]:
    """Return what each patch writes, and the message in the end."""
    wire = wire_of()
    html = [wire.encode(shell(shell_html))]
    html += [wire.encode(Fragment(index, (patch,))) for index, patch in enumerate(patches, 1)]
    end = wire.encode(Fragment(len(html), (), "finished"))
    main = visible("".join(html) + end).find("main")
    assert main is not None
    return html[1:], spelled(main)


def append(html: str, root: str = "a", **where: int) -> Patch:
    return Patch("append", Markup(html), root, **where)


def test_what_waits_for_the_end_is_not_forgotten_with_its_region() -> None:
    a, b = ('<p id="a" class="streamhtml">', '<p id="b" class="streamhtml">')
    late = Patch("replace", Markup("<i>3</i>"), "a", child=0)
    patches = append("<i>1</i><i>2</i>"), late, append("4", "b")
    _, there = steps_in(f"{a}</p>{b}</p>", *patches)
    assert there == (
        '<p class="streamhtml" id="a"><i>3</i><i>2</i></p><p class="streamhtml" id="b">4</p>'
    )


def test_what_waits_for_the_end_may_change() -> None:
    region = '<div class="streamhtml" id="a">{}</div>'
    _, there = steps_in(
        region.format(""),
        append("<i>1</i><i>2</i>"),
        Patch("replace", Markup("<b></b>"), "a", child=0),
        append("3", child=0),
        Patch("replace", Markup("<u></u>"), "a", child=0),
        append("4", child=0),
    )
    assert there == region.format("<u>4</u><i>2</i>")


def test_cells_that_are_provisional_stand_in_their_row() -> None:
    region = '<div class="streamhtml" id="a">{}</div>'
    row = "<table><tbody><tr>{}</tr></tbody></table>"
    written, there = steps_in(
        region.format(""),
        append(row.format("")),
        Patch("tail", Markup("<td>1</td> <td>2</td>"), "a", 3),
        append("<td>3</td>", depth=3),
    )
    assert written[1] == '<td data-streamhtml="2">1</td> <td data-streamhtml="3">2</td>'
    assert there == region.format(row.format(" <td>3</td>"))


def test_what_waits_for_the_end_may_be_written_again_before() -> None:
    regions = '<p class="streamhtml" id="a">{}</p><p class="streamhtml" id="b">2</p>'
    swap = Patch("replace", Markup('<i id="x">4</i>'))
    _, there = steps_in(
        '<i id="x"></i>' + regions.format("").replace("2", ""),
        *(append("1"), append("2", "b"), append("3"), swap),
    )
    assert there == '<i id="x">4</i>' + regions.format("13")


def test_a_region_may_be_written_again_while_something_in_it_waits() -> None:
    region = '<div class="streamhtml" id="a">{}</div>'
    _, there = steps_in(
        '<i id="x"></i>' + region.format(""),
        append("<i>1</i>"),
        Patch("tail", Markup("?"), "a"),
        append("<i>2</i><b>3</b>"),
        Patch("replace", Markup("<i>4</i>"), "a", child=1),
        Patch("replace", Markup('<i id="x">5</i>')),
    )
    assert there == '<i id="x">5</i>' + region.format("<i>1</i><i>4</i><b>3</b>")


def test_white_space_after_an_element_does_not_close_it() -> None:
    written, there = steps_in(
        '<div id="a" class="streamhtml"></div>',
        *(append("<ul><li>1</li></ul>"), append("\n"), append("<li>2</li>", depth=1)),
    )
    assert written == ["<ul><li>1", "<!---->", "</li><li>2"]
    assert there == '<div class="streamhtml" id="a"><ul><li>1</li><li>2</li></ul>\n</div>'


@pytest.mark.parametrize(
    ("nonce", "attribute"),
    [("", ""), ("r4nd0m+/=", ' nonce="r4nd0m+/="'), ('"&', ' nonce="&quot;&amp;"')],
)
def test_a_rule_has_the_nonce_of_the_page(nonce: str, attribute: str) -> None:
    wire = wire_of(nonce=nonce)
    html = wire.encode(shell('<div id="a" class="streamhtml"></div>'))
    for index in 1, 2:
        html += wire.encode(Fragment(index, (Patch("tail", Markup(f"{index}"), "a"),)))
    assert region(html, "a") == "2"
    assert html.count("<style") == html.count(f"<style{attribute}>") == 1


def test_a_newline_stays_where_a_parser_drops_one() -> None:
    wire = wire_of()
    html = wire.encode(shell('<pre id="a" class="streamhtml"></pre>'))
    html += wire.encode(Fragment(1, (Patch("append", Markup("\n b"), "a"),)))
    assert region(html, "a") == "\n b"


@pytest.mark.parametrize("count", [1000, 5000])
@pytest.mark.parametrize("renderer", ["markdown", "text"])
def test_the_page_is_as_long_as_our_own_wire(renderer: str, count: int) -> None:
    source = (tokens(LONG) * (count // 100))[:count]
    assert len(source) == count
    page, ours = wire_of(), HTMLFormat()
    reply = Reply(renderer=renderer)
    steps = [reply.open(), *(reply.feed([Delta(token)]) for token in source)]
    steps = [step for step in steps if step.patches] + [reply.close("finished")]
    bodies = [sum(len(wire.encode(step).encode()) for step in steps) for wire in (page, ours)]
    print(f"{bodies[0]} bytes for {bodies[1]}: {bodies[0] / bodies[1]:.2f}")
    assert bodies[0] < 1.5 * bodies[1]
