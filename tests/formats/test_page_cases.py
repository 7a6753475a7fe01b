"""The ``page`` format, case by case: what it writes, and what a reader then sees."""

import re

import pytest
from jinja2 import Environment
from markupsafe import Markup
from tests.formats.visible_page import (
    AFTER,
    BEFORE,
    MARK,
    page_format,
    region,
    same_marks,
    shell,
    spelled,
    visible,
    whole,
)

from streamhtml import Delta, Fragment, Patch, Reply
from streamhtml.demo._answers import LONG, tokens
from streamhtml.formats.html import HTMLFormat

__all__ = ["same_marks"]  # The fixture.

pytestmark = pytest.mark.usefixtures("same_marks")


def test_the_page_is_sent_up_to_where_the_answer_goes_and_the_rest_last() -> None:
    one_format = page_format("<title>T</title>", "<footer>")
    opened = "<article><p>Hi</p><div class='x streamhtml' id=r></div></article>"
    assert one_format.encode(shell(opened)) == (
        '<title>T</title><article data-streamhtml="1"><p>Hi</p>'
        "<div data-streamhtml=\"2\" class='x streamhtml' id=r>"
    )
    assert one_format.encode(Fragment(1, (Patch("append", Markup("<p>a</p>"), "r"),))) == "<p>a"
    assert one_format.encode(Fragment(2, (), "finished")) == "</p></div></article><footer>"


def test_a_ping_is_a_comment_wherever_the_answer_stands() -> None:
    one_format = page_format()
    html = one_format.encode(Fragment(0))
    assert html == BEFORE
    html += one_format.encode(shell('<div id="a" class="streamhtml"></div>'))
    for index, inside in enumerate(["<p>a</p>", "<pre>\nb</pre>", "<table><tr></tr></table>"], 1):
        html += one_format.encode(Fragment(index, (Patch("append", Markup(inside), "a"),)))
        assert one_format.encode(Fragment(index)) == "<!---->"
        html += "<!---->"
    html += one_format.encode(Fragment(4, (), "finished"))
    assert region(html, "a") == "<p>a</p><pre>b</pre><table><tbody><tr></tr></tbody></table>"


def test_a_message_that_comes_whole() -> None:
    reply = Reply(context={"message_pair_id": "m"}, at_once=True)
    steps = [reply.open(), reply.feed([Delta("a *b*")]), reply.close("finished")]
    html = "".join(map(page_format().encode, steps))
    assert region(html, "m-p0-text") == "<p>a <em>b</em></p>"
    assert html.endswith(AFTER)


@pytest.mark.parametrize("at_once", [False, True])
def test_where_rendering_has_failed_the_page_still_ends(at_once: bool) -> None:
    reply = Reply(context={"message_pair_id": "m"}, at_once=at_once)
    html = "".join(map(page_format().encode, [reply.open(), reply.fail()]))
    assert html.endswith(AFTER)
    alerts = [element for element in visible(html).iter() if element.get("role") == "alert"]
    assert len(alerts) == 1


def test_each_version_of_a_rendered_message_takes_the_place_of_the_last() -> None:
    template = Environment(autoescape=True).from_string(
        '<article id="{{ message_pair_id }}"{% if chunk_index %} hx-swap-oob="true"{% endif %}>'
        "{{ ai_message }}<script>0</script></article>\n<!-- end -->"
    )
    reply = Reply(template.render, {"message_pair_id": "m"}, renderer="template")
    one_format, html, text = page_format(), "", ""
    steps = [reply.open(), *(reply.feed([Delta(letter)]) for letter in "abc"), reply.fail()]
    for fragment, letter in zip(steps, ["", *"abc", None], strict=True):
        html += one_format.encode(fragment)
        if letter is not None:
            text += letter
            assert region(html, "m") == f"{text}<script>0</script>"
        html += one_format.encode(Fragment(fragment.index)) if letter is not None else ""
    assert re.fullmatch("abc<script>0</script><span.*</span>", region(html, "m"))
    assert html.count(f"[{MARK}=") == html.count("<style") == len("abc")


def test_the_tree_of_a_long_answer_stays_small() -> None:
    one_format = page_format()
    one_format.encode(shell('<div id="a" class="streamhtml"></div>'))
    for index in range(1, 101):
        block = Markup("<ul><li><b>x</b> <i>y</i></li><li><em>z</em></li></ul>")
        one_format.encode(Fragment(index, (Patch("append", block, "a"),)))
    todo, count = [one_format._top], 0
    while todo:
        count += 1
        todo += todo.pop().elements()
    assert count < 110


def test_an_element_that_is_the_last_again_can_grow_again() -> None:
    one_format = page_format()
    html = one_format.encode(shell('<div id="a" class="streamhtml"></div>'))
    patches = [
        Patch("append", Markup("<p>1<b>2</b></p>"), "a"),
        Patch("append", Markup("<p>3</p>"), "a"),
        Patch("replace", Markup(), "a", depth=1),
        Patch("append", Markup("4"), "a", depth=2),
    ]
    for index, patch in enumerate(patches, 1):
        html += one_format.encode(Fragment(index, (patch,)))
    assert region(html, "a") == "<p>1<b>24</b></p>"


def test_an_element_with_an_id_can_be_swapped_after_others_were_appended() -> None:
    one_format = page_format()
    html = one_format.encode(shell('<article id="m"><p>1<b id="x">2</b></p></article>'))
    html += one_format.encode(Fragment(1, (Patch("append", Markup("<p>3</p>"), "m"),)))
    html += one_format.encode(Fragment(2, (Patch("replace", Markup('<b id="x">4</b>')),)))
    html += one_format.encode(Fragment(3, (), "finished"))
    assert region(html, "m") == '<p>1<b id="x">4</b></p><p>3</p>'


def test_elements_are_swapped_at_once_wherever_they_are() -> None:
    one_format = page_format()
    html = one_format.encode(shell('<i id="x">0</i><b id="y">0</b>'))
    for index in 1, 2, 3:
        swap = f'<i id="x">{index}</i><b id="y">{index}</b>'
        html += one_format.encode(Fragment(index, (Patch("replace", Markup(swap)),)))
        main = visible(html).find("main")
        assert main is not None
        assert spelled(main) == swap


def test_what_is_elsewhere_on_the_page_cannot_be_swapped() -> None:
    one_format = page_format('<b id="total">1</b>', "")
    html = one_format.encode(shell("<i id=m>a</i>"))
    swap = '<i id="m">b</i> <b id="total">2</b>'
    html += one_format.encode(Fragment(1, (Patch("replace", Markup(swap)),), "finished"))
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
    one_format = page_format()
    html = one_format.encode(reply.open())
    for text, part in ("a", "reasoning"), ("b", "text"), ("c", "reasoning"), ("d", "text"):
        html += one_format.encode(reply.feed([Delta(text, part)]))
    html += one_format.encode(reply.close("finished"))
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
    one_format, html = page_format(), ""
    for fragment, *expected in [
        (reply.open(), "", None),
        (reply.feed([Delta("Hm.\n\n", "reasoning")]), "<p>Hm.</p>", None),
        (reply.feed([Delta("So.\n\n")]), "<p>Hm.</p>", "<p>So.</p>"),
        (reply.feed([Delta("But?\n\n", "reasoning")]), "<p>Hm.</p>", "<p>So.</p>"),
        (reply.feed([Delta("Yes\n\n")]), "<p>Hm.</p>", "<p>So.</p><p>Yes</p>"),
        (reply.close("finished"), "<p>Hm.</p><p>But?</p>", "<p>So.</p><p>Yes</p>"),
    ]:
        html += one_format.encode(fragment)
        regions = [e for e in visible(html).iter() if "streamhtml" in e.get("class", "").split()]
        assert [spelled(each) for each in regions] == [one for one in expected if one is not None]


def steps_in(shell_html: str, *patches: Patch) -> tuple[list[str], str]:
    """Return what each patch writes, and the message in the end."""
    one_format = page_format()
    html = [one_format.encode(shell(shell_html))]
    html += [one_format.encode(Fragment(index, (patch,))) for index, patch in enumerate(patches, 1)]
    end = one_format.encode(Fragment(len(html), (), "finished"))
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


@pytest.mark.parametrize("tail", ["<td {}=x>1</td>", "<b {}=x>1</b>"])
def test_a_tail_has_no_marks_but_ours(tail: str) -> None:
    region = '<table><tbody><tr class="streamhtml" id="a"></tr></tbody></table>'
    written, _ = steps_in(region, Patch("tail", Markup(tail.format(MARK)), "a"))
    assert MARK + "=x" not in written[0]
    assert "data-streamhtm&#108;=x" in written[0]


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
    one_format = page_format(nonce=nonce)
    html = one_format.encode(shell('<div id="a" class="streamhtml"></div>'))
    for index in 1, 2:
        html += one_format.encode(Fragment(index, (Patch("tail", Markup(f"{index}"), "a"),)))
    assert region(html, "a") == "2"
    assert html.count("<style") == html.count(f"<style{attribute}>") == 1


def test_a_newline_stays_where_a_parser_drops_one() -> None:
    one_format = page_format()
    html = one_format.encode(shell('<pre id="a" class="streamhtml"></pre>'))
    html += one_format.encode(Fragment(1, (Patch("append", Markup("\n b"), "a"),)))
    assert region(html, "a") == "\n b"


@pytest.mark.parametrize("count", [1000, 5000])
@pytest.mark.parametrize("renderer", ["markdown", "text"])
def test_the_page_is_as_long_as_the_html_format(renderer: str, count: int) -> None:
    source = (tokens(LONG) * (count // 100))[:count]
    assert len(source) == count
    page, html = page_format(), HTMLFormat()
    reply = Reply(renderer=renderer)
    steps = [reply.open(), *(reply.feed([Delta(token)]) for token in source)]
    steps = [step for step in steps if step.patches] + [reply.close("finished")]
    bodies = [sum(len(each.encode(step).encode()) for step in steps) for each in (page, html)]
    print(f"{bodies[0]} bytes for {bodies[1]}: {bodies[0] / bodies[1]:.2f}")
    assert bodies[0] < 1.5 * bodies[1]
