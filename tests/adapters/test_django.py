"""What only Django has."""

from django.contrib.staticfiles import finders
from django.template import engines
from tests.adapters.frameworks import _configure_django

_configure_django()


def test_the_client_file_is_found_by_the_app() -> None:
    found = finders.find("streamhtml/streaming-html.js")
    assert found is not None
    assert found.endswith("streaming-html.js")


def test_the_template_tag() -> None:
    template = engines["django"].from_string(
        "{% load streamhtml %}{% streamhtml_script %}{% streamhtml_script nonce=csp_nonce %}"
    )
    assert template.render({"csp_nonce": "<n>"}) == (
        '<script src="/static/streamhtml/streaming-html.js" defer></script>'
        '<script src="/static/streamhtml/streaming-html.js" nonce="&lt;n&gt;" defer></script>'
    )
