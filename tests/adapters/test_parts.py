"""The site's own templates of parts, found by each framework."""

from typing import Any

import pytest
from tests.adapters.test_adapters import Call, call

from streamhtml import Delta, ToolDelta

__all__ = ["call"]  # The fixture.

TOKENS = [
    Delta("half", "progress"),
    ToolDelta("{}", id="1", name="<look>"),
    ToolDelta("sunny", id="1", field="result"),
]


@pytest.mark.parametrize("headers", [{}, {"Streaming-HTML": "html"}], ids=["whole", "html"])
def test_a_template_of_the_site_shows_a_part(call: Call, headers: dict[str, str]) -> None:
    def view(request: Any, response: Any) -> Any:
        # The template of the message says where those of the parts are, in a framework without one.
        context = {"message_pair_id": "m"}
        source = "chat/_parts.html"
        return response(request, TOKENS, source, context, renderer="text", interval=0)

    answer = call(view, headers=headers)
    assert '<p class="progress">our &lt;site&gt;: <span id="m-p0-text"' in answer.text
    assert "&lt;look&gt;</span>" in answer.text
    assert ">sunny</span>" in answer.text or ">sunny<!" in answer.text
