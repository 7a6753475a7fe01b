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
