"""Every framework × the template of the whole page, for browsers without JavaScript."""

import re
from typing import Any

import html5lib
import pytest
from tests.adapters.format_requests import (
    ASKED,
    Untouched,
    streamed,
    template,
)
from tests.adapters.test_adapters import SOON, Call, call

__all__ = ["call"]  # The fixture.


def test_the_views_own_page_is_around_the_message(call: Call) -> None:
    own = "<!doctype html><h1>{{ human_message }}</h1>{{ streamed_message }}<footer>end</footer>"
    answer = call(
        lambda request, response: streamed(request, response, page=template(request, own)),
        headers=ASKED["page"],
    )
    assert answer.text.startswith("<!doctype html><h1>&lt;hi&gt;</h1>")
    assert answer.text.endswith("<footer>end</footer>")
    assert answer.chunks[0].count(b'id="ai_1"') == 1
    assert b"<footer>" not in b"".join(answer.chunks[:-1])
    page = html5lib.parse(answer.text, namespaceHTMLElements=False)
    (region,) = (element for element in page.iter() if element.get("id") == "ai_1_text")
    assert "".join(region.itertext()) == "Hello <b> 안녕 👋"


@pytest.mark.parametrize(
    ("source", "times"),
    [("<p></p>", 0), ("{{ streamed_message }}<p>{{ streamed_message }}</p>", 2)],
)
def test_a_page_without_one_place_for_the_message_is_refused(
    call: Call, source: str, times: int
) -> None:
    tokens = Untouched()
    refused: list[str] = []

    def view(request: Any, response: Any) -> Any:
        try:
            streamed(
                request, response, tokens=tokens.for_this_thread(), page=template(request, source)
            )
        except ValueError as error:
            refused.append(str(error))
        return response(request, [], format="whole")

    assert call(view, headers=ASKED["page"]).status == 200
    assert refused
    assert f"shows {{{{ streamed_message }}}} {times} times" in refused[0]
    assert tokens.closed.wait(SOON)


MARKDOWN = [
    "*a",
    " b* c",
    "\n\n- d",
    " e\n",
    "\n| f |\n",
    "|---|\n",
    "| g |\n",
    "\n`h",
    "` [i](/u)",
]


@pytest.mark.parametrize("renderer", ["markdown", "text", "template"])
@pytest.mark.parametrize("nonce", ["R4nd0m+/=", ""])
def test_the_nonce_of_the_page_is_on_each_of_its_styles(
    call: Call, renderer: str, nonce: str
) -> None:
    def view(request: Any, response: Any) -> Any:
        return streamed(request, response, tokens=MARKDOWN, renderer=renderer, nonce=nonce)

    styles = re.findall(r"<style\b[^>]*>", call(view, headers=ASKED["page"]).text)
    assert len(styles) > (
        renderer == "template"
    )  # A template hides each version when it shows the next.
    assert set(styles) == {f'<style nonce="{nonce}">' if nonce else "<style>"}


def test_a_hostile_nonce_stays_in_its_attribute(call: Call) -> None:
    def view(request: Any, response: Any) -> Any:
        nonce = '"><script>alert(1)</script>'
        return streamed(request, response, tokens=MARKDOWN, renderer="markdown", nonce=nonce)

    answer = call(view, headers=ASKED["page"])
    assert "<style" in answer.text
    assert "<script" not in answer.text


def test_the_bare_page_has_a_language(call: Call) -> None:
    for given, language in [({"Content-Language": "ko"}, "ko"), ({}, "en")]:
        answer = call(
            lambda request, response, given=given: streamed(request, response, headers=given),
            headers=ASKED["page"],
        )
        assert re.search(f'<html lang="{language}(-us)?">', answer.text)  # Django's is en-us.


def test_the_views_own_page_has_the_nonce_and_the_context(call: Call) -> None:
    own = "<p>{{ nonce }} {{ human_message }}</p>{{ streamed_message }}"
    answer = call(
        lambda request, response: streamed(
            request, response, page=template(request, own), nonce="n0"
        ),
        headers=ASKED["page"],
    )
    assert answer.text.startswith("<p>n0 &lt;hi&gt;</p>")


def test_the_context_cannot_use_the_name_streamed_message(call: Call) -> None:
    refused: list[str] = []

    def view(request: Any, response: Any) -> Any:
        with pytest.raises(ValueError, match="the context has 'streamed_message'") as caught:
            streamed(request, response, context={"streamed_message": "x"})
        refused.append(str(caught.value))
        return streamed(request, response)

    call(view, headers=ASKED["page"])
    assert refused
