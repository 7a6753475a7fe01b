"""The template of the whole page: it shows the message in exactly one place."""

from collections.abc import Mapping
from typing import Any

import jinja2
import pytest
from markupsafe import Markup, escape

from streamhtml._notice import Notice
from streamhtml._page_template import page_renderer
from streamhtml._request_headers import Headers

MESSAGE = Markup("<p>Hi</p>")


def render(
    source: str | None,
    context: Mapping[str, Any],
    language: str = "",
    headers: Mapping[str, str] | None = None,
) -> str:
    """Render a page with this source around the message; without a source, the built-in page."""
    environment = jinja2.Environment(autoescape=True)
    notice = Notice(language=language)
    return page_renderer(
        source,
        lambda page: environment.from_string(page).render,
        context,
        notice,
        nonce="n0",
        headers=Headers(headers or {}),
    )(MESSAGE)


def test_the_page_has_the_message_and_the_names_of_the_view() -> None:
    page = "{{ name }}|{{ language }}|{{ nonce }}|{{ streamed_message }}"
    assert render(page, {"name": "<b>"}, "pt_BR") == "&lt;b&gt;|pt-BR|n0|<p>Hi</p>"


def test_the_view_may_set_language_and_nonce_itself() -> None:
    page = "{{ language }}|{{ nonce }}|{{ streamed_message }}"
    assert render(page, {"language": "ko", "nonce": "own"}) == "ko|own|<p>Hi</p>"


def test_the_built_in_page_is_in_english_by_default() -> None:
    html = render(None, {})
    assert html.count(MESSAGE) == 1
    assert '<html lang="en">' in html


@pytest.mark.parametrize(
    ("url", "is_known"),
    [
        ("http://chat.test/?room=1&x=2", True),
        ("https://chat.test/", True),
        ("http://other.test/", False),
        ("javascript://chat.test/%0aalert(1)", False),
        ("//chat.test/", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_the_page_leads_back(url: str, is_known: bool) -> None:
    headers = {"referer": url, "host": "chat.test"} if url else {}
    link = str(escape(url)) if is_known else ""
    assert render("{{ back_url }}{{ streamed_message }}", {}, headers=headers) == link + str(
        MESSAGE
    )
    built_in = render(None, {}, "ko", headers)
    assert (f'<p><a href="{escape(url)}">돌아가기</a></p>' in built_in) == is_known
    assert ("<a" in built_in) == is_known


@pytest.mark.parametrize(
    ("page", "count"), [("<p></p>", 0), ("{{ streamed_message }}{{ streamed_message }}", 2)]
)
def test_a_page_that_does_not_show_the_message_once_is_refused(page: str, count: int) -> None:
    with pytest.raises(ValueError, match=rf"shows {{{{ streamed_message }}}} {count} times; show"):
        render(page, {})


def test_the_context_cannot_use_the_name_of_the_message() -> None:
    with pytest.raises(ValueError, match="the context has 'streamed_message', which the page"):
        render("{{ streamed_message }}", {"streamed_message": "x"})
