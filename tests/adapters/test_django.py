"""What only Django has."""

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import jinja2
import pytest
from django.contrib.staticfiles import finders
from django.core.handlers.asgi import ASGIRequest
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.template import EngineHandler, Template, engines
from django.test import AsyncRequestFactory, RequestFactory, override_settings
from django.utils.translation import override
from tests.adapters.frameworks import _configure_django

from streamhtml.django import StreamingHTMLResponse

_configure_django()


def test_django_finds_the_client_file() -> None:
    found = finders.find("streamhtml/streaming-html.js")
    assert found is not None
    assert found.endswith("streaming-html.js")


@pytest.mark.parametrize("backend", ["django.DjangoTemplates", "jinja2.Jinja2"])
@pytest.mark.parametrize("escapes", [True, False])
def test_an_engine_that_does_not_escape_is_refused(backend: str, escapes: bool) -> None:
    engine = EngineHandler(
        [
            {
                "BACKEND": f"django.template.backends.{backend}",
                "OPTIONS": {"autoescape": escapes},
            }
        ]
    ).all()[0]
    template = engine.from_string("{{ ai_message }}")
    request = RequestFactory().get("/")
    if escapes:
        assert b"".join(StreamingHTMLResponse(request, ["<a"], template)).count(b"&lt;a") == 1
        return
    with pytest.raises(ValueError, match="does not escape"):
        StreamingHTMLResponse(request, ["<a"], template)


class Proxy:
    """A request around a request, as that of Django REST framework is."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def __getattr__(self, name: str) -> Any:
        return getattr(self._request, name)


@pytest.mark.parametrize("factory", [RequestFactory(), AsyncRequestFactory()])
def test_a_proxy_of_a_request_streams_as_the_request_does(factory: RequestFactory) -> None:
    request = factory.get("/")
    proxy: Any = Proxy(request)
    with closing(StreamingHTMLResponse(proxy, ["a"])) as response:
        assert response.is_async is isinstance(request, ASGIRequest)


@pytest.mark.parametrize(
    "template",
    [Template("{{ ai_message }}"), jinja2.Template("{{ ai_message }}"), HttpResponse(), {"a": "b"}],
)
def test_what_is_not_loaded_by_get_template_is_refused(template: object) -> None:
    says = f"^template is a .*{type(template).__name__}; pass its name, or what get_template"
    with pytest.raises(TypeError, match=says):
        StreamingHTMLResponse(RequestFactory().get("/"), [], template)


def test_the_template_tag() -> None:
    template = engines["django"].from_string(
        "{% load streamhtml %}{% streamhtml_script %}{% streamhtml_script nonce=csp_nonce %}"
    )
    assert template.render({"csp_nonce": "<n>"}) == (
        '<script src="/static/streamhtml/streaming-html.min.js" defer></script>'
        '<script src="/static/streamhtml/streaming-html.min.js" nonce="&lt;n&gt;" defer></script>'
    )
    with override("ko"):
        korean = template.render({"csp_nonce": "n"})
    assert korean.count(' data-stream-retry="다시 시도" ') == 2
    assert ' nonce="n" data-stream-complete="답변이 완료되었습니다." ' in korean


def test_the_template_tag_of_the_style_sheet() -> None:
    template = engines["django"].from_string(
        "{% load streamhtml %}{% streamhtml_style %}{% streamhtml_style nonce=csp_nonce %}"
    )
    assert template.render({"csp_nonce": "<n>"}) == (
        '<link rel="stylesheet" href="/static/streamhtml/streamhtml.css">'
        '<link rel="stylesheet" href="/static/streamhtml/streamhtml.css" nonce="&lt;n&gt;">'
    )


def test_the_template_tags_ask_the_storage_of_static_files_for_their_urls(tmp_path: Path) -> None:
    template = engines["django"].from_string(
        "{% load streamhtml %}{% streamhtml_script %}{% streamhtml_style %}"
    )
    storage = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    with override_settings(
        STATIC_ROOT=str(tmp_path), STORAGES={"staticfiles": {"BACKEND": storage}}, DEBUG=False
    ):
        call_command("collectstatic", interactive=False, verbosity=0)
        urls = re.findall(r'"/static/(.*?)"', template.render({}))
    script, style = urls
    assert re.fullmatch(r"streamhtml/streaming-html\.min\.\w{12}\.js", script)
    assert re.fullmatch(r"streamhtml/streamhtml\.\w{12}\.css", style)
    assert all((tmp_path / url).is_file() for url in urls)
