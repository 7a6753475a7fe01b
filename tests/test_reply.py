"""A message from its shell to its end: fragments, states, parts and notices."""

from collections.abc import Mapping
from typing import Any

import html5lib
import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from tests.markdown.page import Page, canonical

from streamhtml import Delta, Fragment, Notice, Patch, Reply, TextRenderer
from streamhtml.markdown import Options

ENVIRONMENT = jinja2.Environment(autoescape=True)
TWO_REGIONS = ENVIRONMENT.from_string("{{ parts.reasoning }}<!---->{{ ai_message }}").render
BOTH_PARTS = ENVIRONMENT.from_string("<p>{{ parts.reasoning }}</p><p>{{ ai_message }}</p>").render
EACH_TIME = ENVIRONMENT.from_string(
    '<p id="{{ message_pair_id }}"{{ " hx-swap-oob=true" if chunk_index }}>{{ ai_message }}</p>'
).render


def html(fragment: Fragment) -> str:
    return "".join(patch.html for patch in fragment.patches)


@given(st.lists(st.text(st.characters())))
def test_the_text_of_a_reply_is_what_was_said(tokens: list[str]) -> None:
    reply = Reply(renderer="text")
    reply.open()
    for token in [*tokens, "\ud83d", "\ude00"]:  # Half of an emoji is a token, too.
        reply.feed([Delta(token)])
    said = "".join([*tokens, "\ud83d\ude00"]).encode("utf-16", "surrogatepass")
    assert reply.text == said.decode("utf-16", "surrogatepass")


def test_a_message_from_its_shell_to_its_end() -> None:
    context = {"human_message": "<hi>", "message_pair_id": "ai_1"}
    reply = Reply(context=context, renderer="text")
    assert reply.state == "new"
    shell = reply.open()
    assert (shell.index, reply.state) == (0, "streaming")
    assert "&lt;hi&gt;" in html(shell)
    assert '<div id="ai_1-parts" class="streamhtml streamhtml-parts">' in html(shell)
    assert (shell.patches[0].action, shell.patches[0].root) == ("append", "")

    first = reply.feed([Delta("a"), Delta("<")])
    assert (first.index, first.patches[0].root) == (1, "ai_1-parts")
    assert html(first) == (
        '<div class="streamhtml-part"><span id="ai_1-p0-text" class="streamhtml streamhtml-text" '
        'hx-ignore hx-disable data-turbo="false" data-ignore data-star-ignore x-ignore></span>'
        "</div>a&lt;"
    )
    assert first.patches[1] == Patch("append", Markup("a&lt;"), "ai_1-p0-text")
    assert reply.feed([]) == reply.feed([Delta("\u202e")]) == Fragment(1)
    assert reply.feed([Delta("b\r")]).index == 2
    assert reply.close("finished") == Fragment(
        3, (Patch("append", Markup("\n"), "ai_1-p0-text"),), "finished"
    )
    assert (reply.state, reply.text) == ("finished", "a<\u202eb\r")


def test_an_end_without_text_has_the_outcome_only() -> None:
    reply = Reply()
    reply.open()
    assert reply.close("finished") == Fragment(1, (), "finished")


@pytest.mark.parametrize("outcome", ["stopped", "truncated", "failed", "interrupted"])
@pytest.mark.parametrize("renderer", ["markdown", "text", "template"])
@pytest.mark.parametrize("at_once", [False, True])
def test_a_notice_follows_the_text_unless_all_went_well(
    outcome: Any, renderer: str, at_once: bool
) -> None:
    template = EACH_TIME if renderer == "template" else None
    reply = Reply(template, renderer=renderer, at_once=at_once)
    reply.open()
    shown = html(reply.feed([Delta("so far")]))
    end = reply.close(outcome)
    assert end.outcome == outcome
    if at_once or renderer == "template":
        shown = html(end)
    else:
        shown += html(end)
    text = "".join(html5lib.parseFragment(shown).itertext())
    assert text.startswith("so far")
    assert len(text) > len("so far")
    assert 'role="alert"' in shown


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("renderer", ["markdown", "text", "template"])
def test_fail_shows_the_notice_without_the_template(renderer: str, at_once: bool) -> None:
    template = EACH_TIME if renderer == "template" else BOTH_PARTS
    reply = Reply(template, {"message_pair_id": "ai_1"}, renderer=renderer, at_once=at_once)
    reply.open()
    end = reply.fail()
    assert (end.outcome, reply.state) == ("failed", "failed")
    assert 'role="alert"' in html(end)
    root = "ai_1" if renderer == "template" else "ai_1_text"
    assert end.patches[0].root == ("" if at_once else root)


NOTICE = ENVIRONMENT.from_string("<u>{{ outcome }} {{ who }} {{ message_pair_id }}</u>").render


@pytest.mark.parametrize("renderer", ["markdown", "text", "template"])
@pytest.mark.parametrize("at_once", [False, True])
def test_a_custom_notice_gets_the_context_of_the_message(renderer: str, at_once: bool) -> None:
    def ended(outcome: Any) -> str:
        reply = Reply(
            EACH_TIME if renderer == "template" else BOTH_PARTS,
            {"who": "<me>", "message_pair_id": "ai_1"},
            renderer=renderer,
            at_once=at_once,
            notice=Notice(NOTICE),
        )
        reply.open()
        reply.feed([Delta("so far")])
        render_end = reply.closing(outcome)
        assert reply.may_wait_at_end == (outcome != "finished" or renderer == "template")
        return html(render_end())

    assert "<u>truncated &lt;me&gt; ai_1</u>" in ended("truncated")
    assert "<u>" not in ended("finished")


def test_a_notice_template_that_raises_is_replaced_by_the_built_in_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(context: Mapping[str, Any]) -> str:
        raise ZeroDivisionError

    reply = Reply(notice=Notice(broken, language="ko"))
    reply.open()
    end = reply.close("stopped")
    assert (end.outcome, reply.state) == ("stopped", "stopped")
    assert "답변을 중지했습니다." in html(end)
    assert len(caplog.records) == 1


def test_fail_does_not_use_the_custom_notice_template() -> None:
    reply = Reply(notice=Notice(NOTICE, language="ko"))
    reply.open()
    assert html(reply.fail()) == (
        '<span class="streamhtml-notice streamhtml-notice-failed" role="alert">'
        "문제가 생겨 답변이 여기서 끝납니다.</span>"
    )


def test_abandon_interrupts_the_reply_without_a_fragment() -> None:
    reply = Reply()
    reply.open()
    reply.abandon()
    assert reply.state == "interrupted"


def test_the_template_is_rendered_once() -> None:
    rendered = []

    def template(context: Mapping[str, Any]) -> str:
        rendered.append(True)
        return str(BOTH_PARTS(context))

    for at_once in False, True:
        reply = Reply(template, at_once=at_once)
        reply.open()
        reply.feed([Delta("a")])
        reply.close("failed")
        assert rendered == [True]
        rendered.clear()


def test_parts_have_regions_of_their_own() -> None:
    reply = Reply(BOTH_PARTS, {"message_pair_id": "ai_1"}, renderer="text")
    reply.open()
    deltas = [Delta("a"), Delta("x", "reasoning"), Delta("y", "reasoning"), Delta("?", "status")]
    assert reply.feed(deltas).patches == (
        Patch("append", Markup("a"), "ai_1_text"),
        Patch("append", Markup("xy"), "ai_1_reasoning"),
    )
    assert reply.part("reasoning") == "xy"
    assert reply.part("status") == "?"
    assert reply.part("unseen") == ""


def test_the_notice_goes_to_another_part_if_there_is_no_answer() -> None:
    reply = Reply(ENVIRONMENT.from_string("<p>{{ parts.reasoning }}</p>").render)
    reply.open()
    (patch,) = reply.close("failed").patches
    assert patch.root.endswith("_reasoning")


def test_the_template_is_rendered_for_each_fragment_if_asked() -> None:
    reply = Reply(EACH_TIME, {"message_pair_id": "ai_1"}, renderer="template")
    assert html(reply.open()) == '<p id="ai_1"></p>'
    assert reply.feed([]) == Fragment(0)
    assert reply.feed([Delta("a"), Delta("?", "status"), Delta("<")]) == Fragment(
        1, (Patch("replace", Markup('<p id="ai_1" hx-swap-oob=true>a&lt;</p>')),)
    )
    assert html(reply.close("finished")) == '<p id="ai_1" hx-swap-oob=true>a&lt;</p>'


def test_at_once_returns_one_fragment_at_the_end() -> None:
    context = {"message_pair_id": "ai_1"}
    reply = Reply(BOTH_PARTS, context, renderer="text", at_once=True, into="log")
    assert reply.open() == reply.feed([Delta("<a"), Delta("why", "reasoning")]) == Fragment(0)
    end = reply.close("finished")
    assert (end.index, len(end.patches), end.patches[0].root) == (0, 1, "log")
    page = html5lib.parseFragment(html(end), namespaceHTMLElements=False)
    assert ["".join(p.itertext()) for p in page.findall("p")] == ["why", "<a"]

    rendered = Reply(EACH_TIME, {"message_pair_id": "ai_1"}, renderer="template", at_once=True)
    rendered.open()
    rendered.feed([Delta("a")])
    assert html(rendered.close("finished")) == '<p id="ai_1">a</p>'


@given(
    st.lists(
        st.builds(
            Delta,
            st.text(max_size=4) | st.text(max_size=4).map(Markup.escape),
            st.sampled_from(["text", "reasoning"]),
        ),
        max_size=12,
    ),
    st.data(),
)
def test_law_the_page_is_the_same_however_the_text_was_cut(
    deltas: list[Delta], data: st.DataObject
) -> None:
    context = {"message_pair_id": "ai_1"}
    whole = Reply(BOTH_PARTS, context, renderer="text", at_once=True)
    whole.open()
    whole.feed(deltas)
    expected = html(whole.close("failed"))

    reply = Reply(BOTH_PARTS, context, renderer="text")
    page = html(reply.open())
    cuts = sorted(data.draw(st.lists(st.integers(0, len(deltas)), max_size=4)))
    fragments = [
        reply.feed(deltas[a:b]) for a, b in zip([0, *cuts], [*cuts, len(deltas)], strict=True)
    ]
    for fragment in [*fragments, reply.close("failed")]:
        for patch in fragment.patches:
            start = page.index(f'id="{patch.root}"')
            end = page.index("</span></p>", start)
            page = f"{page[:end]}{patch.html}{page[end:]}"
    assert page == expected


# Definitions, footnotes and blocks that continue across pieces of text and HTML.
MARKDOWN = ["a", " ", "\n", "\n\n", "# ", "- ", "> ", "*", "**", "`", "```\n", "|a|\n|-|\n", "\r"]
MARKDOWN += ["[x]", "[x]: /u\n", "[^1]", "[^1]: b\n", "---\n", "<b>", "&", "\u202e", "https://a.b"]


@given(
    st.lists(
        st.builds(
            Delta,
            st.sampled_from([*MARKDOWN, Markup(), Markup("<em>x</em>")]),
            st.sampled_from(["text", "text", "reasoning"]),
        ),
        max_size=24,
    ),
    st.data(),
)
def test_law_the_page_of_markdown_is_the_same_however_it_was_cut(
    deltas: list[Delta], data: st.DataObject
) -> None:
    context = {"message_pair_id": "ai_1"}
    whole = Reply(TWO_REGIONS, context, at_once=True)
    whole.open()
    whole.feed(deltas)
    expected = [
        canonical(region.partition(">")[2].removesuffix("</div>"))
        for region in html(whole.close("stopped")).split("<!---->")
    ]

    reply = Reply(TWO_REGIONS, context)
    assert html(reply.open()).count('class="streamhtml streamhtml-markdown"') == 2
    pages = {root: Page(root) for root in ("ai_1_reasoning", "ai_1_text")}
    cuts = sorted(data.draw(st.lists(st.integers(0, len(deltas)), max_size=8)))
    fragments = [
        reply.feed(deltas[a:b]) for a, b in zip([0, *cuts], [*cuts, len(deltas)], strict=True)
    ]
    for fragment in [*fragments, reply.close("stopped")]:
        for patch in fragment.patches:
            pages[patch.root].apply([patch])
    assert [page.html for page in pages.values()] == expected


def test_at_once_renders_text_in_pieces_as_one_text() -> None:
    reply = Reply(BOTH_PARTS, at_once=True)
    reply.open()
    reply.feed([Delta("[x] **a"), Delta("Hm", "reasoning"), Delta("**"), Delta(Markup("<hr>"))])
    reply.feed([Delta(Markup("<hr>")), Delta("\n[x]: /u")])
    whole = html(reply.close("finished"))
    assert '<p><a href="/u" ' in whole
    assert ">x</a> <strong>a</strong></p>" in whole
    assert whole.count('<div class="streamhtml-html"><hr></div>') == 2


class Shouting(TextRenderer):
    element = "b"
    css_class = "shouting <loud>"

    def feed(self, text: str) -> list[Patch]:
        return super().feed(text.upper())


class WithoutClass:
    """A renderer as it was written before ``css_class`` was part of the protocol."""

    element = "i"

    def __init__(self, root: str) -> None:
        self._renderer = TextRenderer(root)
        self.feed = self._renderer.feed
        self.close = self._renderer.close
        self.render = self._renderer.render


def test_a_custom_renderer_declares_its_element_and_its_class() -> None:
    reply = Reply(renderer=Shouting, context={"message_pair_id": "m"})
    reply.open()
    shell, patch = reply.feed([Delta("a")]).patches
    assert '<b id="m-p0-text" class="streamhtml shouting &lt;loud&gt;" hx-' in shell.html
    assert patch.html == "A"


def test_a_renderer_without_a_class_has_ours_only() -> None:
    without: Any = WithoutClass
    for at_once in False, True:
        reply = Reply(renderer=without, context={"message_pair_id": "m"}, at_once=at_once)
        shown = html(reply.open()) + html(reply.feed([Delta("a")])) + html(reply.close("finished"))
        assert '<i id="m-p0-text" class="streamhtml" hx-' in shown


def test_into_is_an_id_with_or_without_a_hash_sign() -> None:
    for into in "log", "#log":
        assert Reply(into=into).open().patches[0].root == "log"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"renderer": "markdwon"},
            "renderer='markdwon' is not known; use 'markdown', 'text', 'template'",
        ),
        (
            {"renderer": Options()},
            r"use 'markdown', .*, such as partial.MarkdownRenderer, options=",
        ),
        ({"renderer": {"tool": "text"}}, "renderer={'tool': 'text'} is not known; use 'markdown'"),
        ({"into": ".log"}, "into='.log' cannot be used as an element id"),
        ({"context": {"message_pair_id": "1a"}}, "message_pair_id='1a' cannot be used"),
        ({"context": {"ai_message": "x"}}, "the context has 'ai_message'"),
        ({"context": {"parts": {}}, "renderer": "template"}, "the context has 'parts'"),
    ],
)
def test_invalid_arguments_are_refused(arguments: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Reply(**arguments)


def test_steps_in_the_wrong_order_are_refused() -> None:
    reply = Reply()
    for step in (lambda: reply.feed([]), lambda: reply.close("finished")):
        with pytest.raises(RuntimeError, match="the reply is 'new', not 'streaming'"):
            step()
    reply.open()
    with pytest.raises(RuntimeError, match="the reply is 'streaming', not 'new'"):
        reply.open()
    reply.close("finished")
    with pytest.raises(RuntimeError, match="the reply is 'finished', not 'streaming'"):
        reply.feed([])


def test_lists_of_the_built_in_message_find_their_direction() -> None:
    for template, expected in (None, '<ul dir="auto">'), (BOTH_PARTS, "<ul>"):
        reply = Reply(template)
        reply.open()
        *_, patch = reply.feed([Delta("- a")]).patches
        assert patch.html.startswith(expected)
