from collections.abc import Mapping
from typing import Any

import jinja2
import pytest
from markupsafe import Markup

from streamhtml import Patch, TemplateRenderer

TEMPLATE = jinja2.Environment(autoescape=True).from_string(
    '<div id="{{ message_pair_id }}"{% if chunk_index > 0 %} hx-swap-oob="true"{% endif %}>'
    "{{ human_message }}: {{ ai_message }}[{{ parts.reasoning }}]</div>"
)


def renderer(**context: Any) -> TemplateRenderer:
    return TemplateRenderer(TEMPLATE.render, {"human_message": "hi", **context}, "ai_1")


def test_the_first_is_appended_and_the_later_ones_replace_it() -> None:
    this = renderer()
    assert this.feed("") == [Patch("append", Markup('<div id="ai_1">hi: []</div>'))]
    assert this.feed("<a") == [
        Patch("replace", Markup('<div id="ai_1" hx-swap-oob="true">hi: &lt;a[]</div>'))
    ]
    assert this.feed("why", "reasoning")[0].html.endswith("hi: &lt;a[why]</div>")
    this.add("b")
    assert this.feed("c")[0].html.endswith("hi: &lt;abc[why]</div>")


def test_into_names_the_container_of_the_first() -> None:
    (patch,) = TemplateRenderer(TEMPLATE.render, {}, "ai_1", "log").feed("")
    assert (patch.action, patch.root) == ("append", "log")


def test_markup_stays_markup_and_text_beside_it_is_escaped() -> None:
    this = renderer()
    this.add("<1>")
    this.add(Markup("<b>2</b>"))
    assert this.feed("<3>")[0].html.endswith("hi: &lt;1&gt;<b>2</b>&lt;3&gt;[]</div>")


def test_close_renders_what_was_held_back_and_the_notice() -> None:
    this = renderer()
    assert this.feed("a\r")[0].html.endswith("hi: a[]</div>")
    assert this.close(Markup("<i>!</i>"))[0].html.endswith("hi: a\n<i>!</i>[]</div>")


@pytest.mark.parametrize("name", ["ai_message", "chunk_index", "parts"])
def test_a_context_with_a_name_of_the_contract_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"the context has '{name}'"):
        renderer(**{name: 1})


def test_the_template_is_rendered_once_for_each_fragment() -> None:
    seen: list[Mapping[str, Any]] = []

    def template(context: Mapping[str, Any]) -> str:
        seen.append(context)
        return ""

    this = TemplateRenderer(template, {}, "ai_1")
    for text in "", "a", "b":
        this.feed(text)
    assert [(c["chunk_index"], c["ai_message"]) for c in seen] == [(0, ""), (1, "a"), (2, "ab")]
