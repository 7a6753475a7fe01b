"""Rendering the template again for each fragment; test_reply.py has the other ways to show it."""

from collections.abc import Mapping
from typing import Any

import jinja2
from markupsafe import Markup

from streamhtml import Delta, Notice, Patch, Reply

ENVIRONMENT = jinja2.Environment(autoescape=True)
TEMPLATE = ENVIRONMENT.from_string(
    '<div id="{{ message_pair_id }}"{% if chunk_index > 0 %} hx-swap-oob="true"{% endif %}>'
    "{{ human_message }}: {{ ai_message }}[{{ parts.reasoning }}]</div>"
)
NOTICE = Notice(lambda context: "<i>!</i>")


def make_reply(**arguments: Any) -> Reply:
    context = {"human_message": "hi", "message_pair_id": "ai_1"}
    return Reply(TEMPLATE.render, context, renderer="template", notice=NOTICE, **arguments)


def opened() -> Reply:
    reply = make_reply()
    reply.open()
    return reply


def fed(reply: Reply, *deltas: Delta) -> str:
    (patch,) = reply.feed(deltas).patches
    return patch.html


def test_the_first_patch_appends_the_message_and_later_ones_replace_it() -> None:
    reply = make_reply()
    assert reply.open().patches == (Patch("append", Markup('<div id="ai_1">hi: []</div>')),)
    assert reply.feed([Delta("<a")]).patches == (
        Patch("replace", Markup('<div id="ai_1" hx-swap-oob="true">hi: &lt;a[]</div>')),
    )
    assert fed(reply, Delta("why", "reasoning")).endswith("hi: &lt;a[why]</div>")
    deltas = Delta("b"), Delta("?", "status"), Delta("c")
    assert fed(reply, *deltas).endswith("hi: &lt;abc[why]</div>")
    assert reply.feed([]).patches == ()


def test_into_names_the_container_of_the_first_patch() -> None:
    (patch,) = make_reply(into="log").open().patches
    assert (patch.action, patch.root) == ("append", "log")


def test_markup_stays_markup_and_text_beside_it_is_escaped() -> None:
    deltas = [Delta("<1>"), Delta(Markup("<b>2</b>")), Delta("<3>")]
    assert fed(opened(), *deltas).endswith("hi: &lt;1&gt;<b>2</b>&lt;3&gt;[]</div>")


def test_close_renders_what_was_held_back_and_the_notice() -> None:
    reply = opened()
    assert fed(reply, Delta("a\r")).endswith("hi: a[]</div>")
    (patch,) = reply.close("stopped").patches
    assert patch.html.endswith("hi: a\n<i>!</i>[]</div>")


def test_the_template_is_rendered_once_for_each_fragment() -> None:
    seen: list[Mapping[str, Any]] = []

    def template(context: Mapping[str, Any]) -> str:
        seen.append(context)
        return ""

    reply = Reply(template, renderer="template")
    reply.open()
    for text in "a", "b":
        reply.feed([Delta(text)])
    assert [(c["chunk_index"], c["ai_message"]) for c in seen] == [(0, ""), (1, "a"), (2, "ab")]


def test_a_buffered_message_is_a_first_one_for_its_template() -> None:
    reply = make_reply(into="log", at_once=True)
    assert reply.open().patches == reply.feed([Delta("a")]).patches == ()
    assert reply.feed([Delta("why", "reasoning")]).patches == ()
    assert reply.close("stopped").patches == (
        Patch("append", Markup('<div id="ai_1">hi: a<i>!</i>[why]</div>'), "log"),
    )
