"""Every framework × a user's own format, which can do all that the built-in ones can."""

import json
import re
from typing import Any

import pytest
from markupsafe import Markup
from tests.adapters.format_requests import (
    LOST,
    Untouched,
    streamed,
    template,
)
from tests.adapters.test_adapters import SHOWN, SOON, Call, call

from streamhtml import Format, FormatRequest, Fragment
from streamhtml.formats import FORMATS, VARY

__all__ = ["call"]  # The fixture.


class Upper(Format):
    """Shows the answer in upper case."""

    media_type = "text/plain; charset=utf-8"

    def encode(self, fragment: Fragment) -> str:
        return "".join(patch.html.upper() for patch in fragment.patches)


class Framed(Format):
    """Reads a header, as ``turbo`` does: the message goes into the frame that the client names."""

    media_type = "text/plain; charset=utf-8"
    needs_into = True

    def prepare(self, request: FormatRequest) -> None:
        self.into = request.into or request.headers.get("X-Frame", "")

    def encode(self, fragment: Fragment) -> str:
        return "".join(f"{patch.selector}|{patch.html}\n" for patch in fragment.patches)


class Printed(Format):
    """Renders the page around the message, as ``page`` does; the message comes at the end."""

    media_type = "text/html; charset=utf-8"
    at_once = True

    def prepare(self, request: FormatRequest) -> None:
        super().prepare(request)
        self.page, self.nonce = request.render_page(Markup("[message]")), request.nonce

    def encode(self, fragment: Fragment) -> str:
        if not fragment.patches:
            return ""
        message = "".join(patch.html for patch in fragment.patches)
        return self.page.replace("[message]", f'<main data-nonce="{self.nonce}">{message}</main>')


class Lines(Format):
    """Answers a client that reconnects, as ``sse`` does, by a header of its own."""

    media_type = "text/plain; charset=utf-8"
    last_id_header = "X-Last"

    def encode(self, fragment: Fragment) -> str:
        html = "".join(patch.html for patch in fragment.patches)
        return json.dumps([fragment.index, html, fragment.outcome]) + "\n"


def test_the_class_is_passed_to_the_response(call: Call) -> None:
    answer = call(lambda request, response: streamed(request, response, format=Upper))
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text.endswith("HELLO &LT;B&GT; 안녕 👋")


def test_a_client_asks_for_a_format_that_has_a_name(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FORMATS, "upper", Upper)
    answer = call(streamed, headers={"Streaming-HTML": "upper"})
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert set(VARY) <= set(re.split(", *", answer.headers["Vary"]))
    assert answer.text.endswith("HELLO &LT;B&GT; 안녕 👋")


@pytest.mark.parametrize(("into", "place"), [(None, "#frame_1"), ("messages", "#messages")])
def test_a_format_reads_a_header(call: Call, into: str | None, place: str) -> None:
    answer = call(
        lambda request, response: streamed(request, response, format=Framed, into=into),
        headers={"X-FRAME": "frame_1"},
    )
    assert answer.text.startswith(f"{place}|")
    assert "#ai_1_text|" in answer.text


def test_a_format_that_finds_no_place_is_refused(call: Call) -> None:
    source = Untouched()
    refused: list[str] = []

    def view(request: Any, response: Any) -> Any:
        try:
            streamed(request, response, tokens=source.for_this_thread(), format=Framed, into=None)
        except ValueError as error:
            refused.append(str(error))
        return response(request, [], format="whole")

    assert call(view).status == 200
    assert len(refused) == 1
    assert refused[0].startswith("into='', but a client of Framed does not say where")
    assert source.closed.wait(SOON)


def test_a_format_renders_the_page_around_the_message(call: Call) -> None:
    own = "<h1>{{ human_message }}</h1>{{ streamed_message }}<footer>end</footer>"

    def view(request: Any, response: Any) -> Any:
        page = template(request, own)
        return streamed(request, response, format=Printed, page=page, nonce="n0")

    answer = call(view)
    assert answer.text.startswith('<h1>&lt;hi&gt;</h1><main data-nonce="n0">')
    assert answer.text.endswith("</main><footer>end</footer>")
    assert SHOWN in answer.text


@pytest.mark.parametrize(
    ("last_id", "outcomes"), [("7", ["interrupted"]), ("finished", ["finished"])]
)
def test_a_format_answers_a_client_that_reconnects(
    call: Call, last_id: str, outcomes: list[str]
) -> None:
    source = Untouched()

    def view(request: Any, response: Any) -> Any:
        return streamed(request, response, tokens=source.sync(), format=Lines)

    answer = call(view, "GET", headers={"X-Last": last_id})
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [outcome for *_, outcome in lines] == outcomes
    assert (LOST in answer.text) == (last_id == "7")
    assert source.closed.wait(SOON)


def test_without_the_header_the_client_gets_the_answer(call: Call) -> None:
    answer = call(lambda request, response: streamed(request, response, format=Lines))
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[-1][2] == "finished"
    assert "".join(html for _, html, _ in lines[1:]) == SHOWN
