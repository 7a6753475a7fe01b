"""In each framework, a stored answer is shown again with the templates and options of the site."""

import asyncio
import json
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from starlette.requests import Request
from tests.adapters.calls import call_asgi, call_wsgi
from tests.adapters.frameworks import ASGI, WSGI, _configure_django

from streamhtml import Answer, Delta, ToolDelta, Truncated, render_message

MODULES = {
    "starlette": "streamhtml.starlette",
    "fastapi-sync-view": "streamhtml.starlette",
    "django-asgi": "streamhtml.django",
    "django-wsgi": "streamhtml.django",
    "flask": "streamhtml.flask",
}
OPTIONS: list[dict[str, Any]] = [
    {},
    {"renderer": "text", "context": {"human_message": "<hi>"}},
    {"template": "chat/_message.html", "headers": {"Content-Language": "ko"}},
    {"parts_templates": {"tool": "chat/_tool.html"}, "renderers": {"text": "text"}},
]


def source() -> Any:
    yield Delta("Hm", "reasoning")
    yield "It *is*"
    yield ToolDelta('{"a": 1}', id="1", name="look")
    yield "so."
    raise Truncated


@pytest.mark.parametrize("by_site", [False, True], ids=["by the view", "by the site"])
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", MODULES)
def test_a_reload_shows_what_was_streamed(
    name: str, options: dict[str, Any], by_site: bool
) -> None:
    context = options.get("context")
    passed = {} if by_site else {key: options[key] for key in options if key != "context"}
    site = {key: options[key] for key in options if key != "context"} if by_site else None
    stored: list[str] = []
    again: list[str] = []

    def set_options(request: Any) -> None:
        if isinstance(request, Request):
            request.app.state.streamhtml = site
        elif name == "flask":
            import flask

            flask.current_app.config["STREAMHTML"] = site
        else:
            settings.STREAMHTML = site

    def view(request: Any, response: Any) -> Any:
        set_options(request)
        if not stored:
            return response(
                request,
                source(),
                context=context,
                format="whole",
                on_end=lambda reply: stored.append(json.dumps(reply.answer.to_dict())),
                **passed,
            )
        answer = Answer.from_dict(json.loads(stored[0]))
        show = import_module(MODULES[name]).render_message
        again.append(str(show(request, answer, context=context, **passed)))
        return response(request, [])

    _configure_django()
    try:
        streamed = [
            asyncio.run(call_asgi(ASGI[name](view)))
            if name in ASGI
            else call_wsgi(WSGI[name](view))
            for _ in range(2)
        ]
    finally:
        settings.STREAMHTML = None
    assert streamed[0].text.strip() == again[0].strip()
    assert ("our" in again[0]) == ("template" in options)


def test_only_an_answer_can_be_shown() -> None:
    from streamhtml.asgi import StreamingHTMLResponse

    show = StreamingHTMLResponse.render_message
    scope: dict[str, Any] = {"method": "GET", "headers": []}
    with pytest.raises(TypeError, match=r"answer is a dict, not an Answer; pass Answer\.from_dict"):
        show(scope, {})  # type: ignore[arg-type]
    answer = Answer(message_pair_id="ai_1")
    assert show(scope, answer) == render_message(answer)
