"""The template contract: the names that a message's template is rendered with."""

from collections.abc import Mapping
from typing import Any

import jinja2
import pytest
from markupsafe import Markup

from streamhtml import Reply
from streamhtml._template import MessageTemplate

ENVIRONMENT = jinja2.Environment(autoescape=True)


@pytest.mark.parametrize("name", ["ai_message", "chunk_index", "parts"])
def test_a_reserved_name_in_the_context_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"the context has '{name}'"):
        MessageTemplate(str, {name: 1}, "ai_1")


def test_a_template_gets_the_callers_names_and_those_of_the_contract() -> None:
    seen: list[Mapping[str, Any]] = []

    def template(context: Mapping[str, Any]) -> str:
        seen.append(context)
        return "<p>"

    message = MessageTemplate(template, {"human_message": "hi", "message_pair_id": "x"}, "ai_1")
    assert message.render(3, lambda part: f"<{part}>") == Markup("<p>")
    (context,) = seen
    assert context["parts"]["reasoning"] == "<reasoning>"
    assert {**context, "parts": None} == {
        "human_message": "hi",
        "message_pair_id": "ai_1",
        "chunk_index": 3,
        "ai_message": "<text>",
        "parts": None,
    }


def test_a_loop_over_the_parts_raises_instead_of_running_forever() -> None:
    looping = ENVIRONMENT.from_string("{% for part in parts %}{{ part }}{% endfor %}").render
    with pytest.raises(TypeError, match="'Parts' object is not iterable"):
        Reply(looping).open()


@pytest.mark.parametrize(
    "use",
    [
        "{{ chunk_index }}",
        '{% if chunk_index > 0 %}hx-swap-oob="true"{% endif %}',
        "{% if not chunk_index %}{% endif %}",
        "{% if chunk_index == 0 %}{% endif %}",
        "{{ chunk_index + 1 }}",
    ],
)
@pytest.mark.parametrize("renderer", ["markdown", "text"])
def test_a_template_for_each_fragment_is_not_rendered_once(renderer: Any, use: str) -> None:
    template = ENVIRONMENT.from_string("<i>{{ ai_message }}</i>" + use).render
    with pytest.raises(ValueError, match=r"uses chunk_index.* pass this argument .* or remove"):
        Reply(template, renderer=renderer).open()
    Reply(template, renderer="template").open()


def test_a_template_that_passes_the_index_on_has_not_used_it() -> None:
    shown: list[str] = []

    def template(context: Mapping[str, Any]) -> str:
        shown.append(repr(context["chunk_index"]))  # as a tool for debugging does
        return f"<p>{context['ai_message']}</p>"

    Reply(template).open()
    assert shown == ["0"]
