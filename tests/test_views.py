"""The view that renders the template again for each fragment; test_reply.py has the others."""

from collections.abc import Mapping
from typing import Any

import jinja2
from markupsafe import Markup

from streamhtml import Delta, Patch
from streamhtml._template import MessageTemplate
from streamhtml._views import BufferedView, RerenderView

TEMPLATE = jinja2.Environment(autoescape=True).from_string(
    '<div id="{{ message_pair_id }}"{% if chunk_index > 0 %} hx-swap-oob="true"{% endif %}>'
    "{{ human_message }}: {{ ai_message }}[{{ parts.reasoning }}]</div>"
)


def make_view(into: str = "") -> RerenderView:
    return RerenderView(MessageTemplate(TEMPLATE.render, {"human_message": "hi"}, "ai_1"), into)


def test_the_first_patch_appends_the_message_and_later_ones_replace_it() -> None:
    view = make_view()
    assert view.open() == [Patch("append", Markup('<div id="ai_1">hi: []</div>'))]
    assert view.feed([Delta("<a")]) == [
        Patch("replace", Markup('<div id="ai_1" hx-swap-oob="true">hi: &lt;a[]</div>'))
    ]
    assert view.feed([Delta("why", "reasoning")])[0].html.endswith("hi: &lt;a[why]</div>")
    assert view.feed([Delta("b"), Delta("?", "tool"), Delta("c")])[0].html.endswith(
        "hi: &lt;abc[why]</div>"
    )
    assert view.feed([]) == []


def test_into_names_the_container_of_the_first_patch() -> None:
    (patch,) = make_view("log").open()
    assert (patch.action, patch.root) == ("append", "log")


def test_markup_stays_markup_and_text_beside_it_is_escaped() -> None:
    view = make_view()
    deltas = [Delta("<1>"), Delta(Markup("<b>2</b>")), Delta("<3>")]
    assert view.feed(deltas)[0].html.endswith("hi: &lt;1&gt;<b>2</b>&lt;3&gt;[]</div>")


def test_close_renders_what_was_held_back_and_the_notice() -> None:
    view = make_view()
    assert view.feed([Delta("a\r")])[0].html.endswith("hi: a[]</div>")
    assert view.close(Markup("<i>!</i>"))[0].html.endswith("hi: a\n<i>!</i>[]</div>")


def test_the_template_is_rendered_once_for_each_fragment() -> None:
    seen: list[Mapping[str, Any]] = []

    def template(context: Mapping[str, Any]) -> str:
        seen.append(context)
        return ""

    view = RerenderView(MessageTemplate(template, {}, "ai_1"), "")
    view.open()
    for text in "a", "b":
        view.feed([Delta(text)])
    assert [(c["chunk_index"], c["ai_message"]) for c in seen] == [(0, ""), (1, "a"), (2, "ab")]


def test_a_buffered_message_is_a_first_one_for_its_template() -> None:
    view = BufferedView(make_view("log"))
    assert view.open() == view.feed([Delta("a")]) == view.feed([Delta("why", "reasoning")]) == []
    assert view.close(Markup("<i>!</i>")) == [
        Patch("append", Markup('<div id="ai_1">hi: a<i>!</i>[why]</div>'), "log")
    ]
