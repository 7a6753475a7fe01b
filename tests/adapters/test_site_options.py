"""The options of a site are set in one place. What a view passes comes first."""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
from django.apps import apps
from django.conf import settings
from django.test import override_settings
from starlette.requests import Request
from tests.adapters.calls import Answer, call_asgi, call_wsgi
from tests.adapters.frameworks import ASGI, WSGI, _configure_django

from streamhtml import Limits
from streamhtml._response import BaseStreamingResponse, checked_options
from streamhtml._site_options import _CHECKS, NO_SITE_OPTIONS, SiteOptions

PLACES = {
    "starlette": "app.state.streamhtml",
    "fastapi-sync-view": "app.state.streamhtml",
    "django-asgi": "settings.STREAMHTML",
    "django-wsgi": "settings.STREAMHTML",
    "flask": 'app.config["STREAMHTML"]',
}

Ask = Callable[..., Answer]


@pytest.fixture(params=PLACES)
def ask(request: pytest.FixtureRequest) -> Ask:
    """Ask a site with these options. The view passes ``arguments``."""

    def ask_site(options: Any, source: Any = ("*a*",), **arguments: Any) -> Answer:
        errors: list[Exception] = []

        def set_options(request: Any, options: Any) -> None:
            if isinstance(request, Request):
                request.app.state.streamhtml = options
            elif flask.has_app_context():
                flask.current_app.config["STREAMHTML"] = options
            else:
                settings.STREAMHTML = options

        def view(request: Any, response: Any) -> Any:
            set_options(request, options)
            try:
                return response(request, source, **arguments)
            except Exception as error:  # Each framework would make another answer of it.
                errors.append(error)
                set_options(request, None)
                return response(request, [])

        _configure_django()
        with override_settings():
            if request.param in ASGI:
                answer = asyncio.run(call_asgi(ASGI[request.param](view)))
            else:
                answer = call_wsgi(WSGI[request.param](view))
        if errors:
            raise errors[0]
        return answer

    ask_site.place = PLACES[request.param]  # type: ignore[attr-defined]
    return ask_site


def test_a_site_sets_what_a_view_does_not_pass(ask: Ask) -> None:
    ended: list[str] = []
    options = {
        "renderer": "text",
        "template": "chat/_message.html",
        "headers": {"X-Site": "ours"},
        "limits": Limits(characters=2),
        "on_end": lambda reply: ended.append(reply.text),
        "status": 203,
        "ping": None,
    }
    answer = ask(options)
    assert (answer.status, answer.headers["X-Site"]) == (203, "ours")
    assert "*a" in answer.text
    assert ended == ["*a"]
    answer = ask(options, renderer="markdown", status=200, limits=Limits(), template=None)
    assert answer.status == 200
    assert "<em>a</em>" in answer.text
    assert "<em>a</em>" in ask(None).text
    assert "<em>a</em>" in ask({}).text


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"rendrer": "text"}, ValueError, "['rendrer'] is not an option; use 'renderer'"),
        ({3: 4}, ValueError, "[3] is not an option; use one of 'compress', "),
        ({"tokens": []}, ValueError, "['tokens'] belongs to one response; pass it to each"),
        ({"nonce": "a"}, ValueError, "['nonce'] belongs to one response; pass it to each"),
        ({"renderer": "md"}, ValueError, "['renderer'] is not valid: renderer='md' is not known;"),
        ({"renderers": "text"}, TypeError, "['renderers'] is not valid: renderers is a str, not a"),
        (
            {"renderers": {"tool": "template"}},
            ValueError,
            "['renderers'] is not valid: renderers['tool']='template' is not known; use 'markdown'",
        ),
        ({"parts_templates": 3}, TypeError, "['parts_templates'] is not valid: parts_templates is"),
        ({"format": "xml"}, ValueError, "['format'] is not valid: format='xml' is not known; use"),
        ({"interval": -1}, ValueError, "['interval'] is not valid: interval=-1 must be 0 or more"),
        ({"ping": 0}, ValueError, "['ping'] is not valid: ping=0 must be more than 0 seconds"),
        ({"limits": 3}, TypeError, "['limits'] is not valid: limits=3 must be a Limits"),
        ({"compress": 1}, TypeError, "['compress'] is not valid: compress=1 must be True or"),
        ({"status": 700}, ValueError, "['status'] is not valid: status=700 must be an HTTP"),
        ({"headers": []}, TypeError, "['headers'] is not valid: headers is a list, not a mapping"),
        ({"into": 3}, TypeError, "['into'] is not valid: into=3 must be the id of an element"),
        ({"on_end": 3}, TypeError, "['on_end'] is not valid: on_end=3 cannot be called"),
        (["renderer"], TypeError, " is a list, not a mapping; set the options of"),
    ],
)
def test_a_mistake_names_the_place(options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        checked_options(SiteOptions("settings.STREAMHTML", options))
    assert str(caught.value).startswith(f"settings.STREAMHTML{message}")


class Opened:
    """A sync stream of an SDK, which holds a connection."""

    is_closed = False

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def close(self) -> None:
        self.is_closed = True


def test_a_mistake_closes_the_source(ask: Ask) -> None:
    source = Opened()
    with pytest.raises(ValueError, match="'rendrer'") as caught:
        ask({"rendrer": "text"}, source)
    assert source.is_closed
    place = ask.place  # type: ignore[attr-defined]
    assert str(caught.value) == f"{place}['rendrer'] is not an option; use 'renderer'"


def test_an_error_that_the_framework_finds_says_what_the_site_has_set(ask: Ask) -> None:
    with pytest.raises(Exception, match="missing") as caught:
        ask({"template": "missing.html", "renderer": "text"})
    place = ask.place  # type: ignore[attr-defined]
    assert caught.value.__notes__ == [f"{place} sets 'template', 'renderer'"]


def test_mistakes_are_found_when_the_app_is_created() -> None:
    from streamhtml.flask import blueprint

    app = flask.Flask(__name__)
    app.config["STREAMHTML"] = {"pong": 3}
    with pytest.raises(ValueError, match=r"app.config\[\"STREAMHTML\"\]\['pong'\].*'ping'"):
        app.register_blueprint(blueprint)
    _configure_django()
    with (
        override_settings(STREAMHTML={"intervall": 3}),
        pytest.raises(ValueError, match=r"settings.STREAMHTML\['intervall'\].*use 'interval'"),
    ):
        apps.get_app_config("streamhtml").ready()


def test_every_check_belongs_to_an_option_and_every_default_passes() -> None:
    parameters = inspect.signature(BaseStreamingResponse.__init__).parameters
    defaults = {name: parameters[name].default for name in _CHECKS}
    assert checked_options(SiteOptions("here", defaults)) == defaults
    assert checked_options(NO_SITE_OPTIONS) == {}


def test_too_many_arguments_are_refused_as_before() -> None:
    from streamhtml.asgi import StreamingHTMLResponse

    scope = {"method": "GET", "headers": []}
    with pytest.raises(TypeError, match="positional argument"):
        StreamingHTMLResponse(scope, [], None, None, "text")  # type: ignore[misc]
    response = StreamingHTMLResponse(request=scope, tokens=["a"], template=None)
    assert response.reply.text == ""
