"""Every framework × the formats for other clients: headers, content, and where it goes."""

import re
from typing import Any

import html5lib
import pytest
from tests.adapters.calls import Answer
from tests.adapters.format_requests import (
    ASKED,
    EVENTS,
    TYPES,
    Untouched,
    additions,
    streamed,
)
from tests.adapters.test_adapters import SHOWN, SOON, Call, call
from tests.formats.test_events import read, triples

from streamhtml.formats import VARY

__all__ = ["call"]  # The fixture.


@pytest.mark.parametrize("name", ASKED)
def test_the_format_that_the_client_asks_for_is_streamed(call: Call, name: str) -> None:
    answer = call(streamed, headers=ASKED[name])
    assert answer.status == 200
    assert re.fullmatch(TYPES[name], answer.headers["Content-Type"])
    assert set(VARY) <= set(re.split(", *", answer.headers["Vary"]))
    assert len(answer.chunks) >= 3
    if name == "page":
        page = html5lib.parse(answer.text, namespaceHTMLElements=False)
        (region,) = (element for element in page.iter() if element.get("id") == "ai_1_text")
        assert "".join(region.itertext()) == "Hello <b> 안녕 👋"
        assert page.findtext("head/title") == "<hi>"
        return
    (opened, *grown) = additions(answer, name)
    assert opened[0] == "#messages"
    assert 'id="ai_1"' in opened[1]
    assert "&lt;hi&gt;" in opened[1]
    assert {selector for selector, _ in grown} == {"#ai_1_text"}
    assert "".join(html for _, html in grown) == SHOWN


@pytest.mark.parametrize("name", EVENTS)
def test_events_are_numbered_and_end(call: Call, name: str) -> None:
    answer = call(streamed, headers=ASKED[name])
    assert "\r" not in answer.text
    *events, end = triples(read(answer.chunks))
    assert end == ("end", "finished", "finished")
    said = "datastar-patch-elements" if name == "datastar" else "message"
    assert [(event, number) for event, _, number in events] == [
        (said, str(number)) for number in range(len(events))
    ]


def test_turbo_marks_each_fragment_and_the_end(call: Call) -> None:
    answer = call(streamed, headers=ASKED["turbo"])
    token = answer.headers["Content-Type"].rpartition("=")[2]
    assert all(chunk.endswith(f"<!{token}>".encode()) for chunk in answer.chunks[:-1])
    assert answer.text.endswith(f"<!{token} end finished>")


@pytest.mark.parametrize("name", ["sse", "multipart", "turbo", "datastar", "page"])
def test_a_format_that_is_named_does_not_vary(call: Call, name: str) -> None:
    answer = call(
        lambda request, response: streamed(request, response, format=name),
        headers={"Streaming-HTML": "html", "HX-Request": "true"},
    )
    assert re.fullmatch(TYPES[name], answer.headers["Content-Type"])
    # The browser decides how a page is written.
    own = {"Sec-CH-UA", "Sec-Fetch-Dest"} if name == "page" else set()
    assert {*VARY, *own} & set(re.split(", *", answer.headers.get("Vary", ""))) == own


@pytest.mark.parametrize("name", ["sse", "multipart", "turbo", "datastar", "page"])
def test_the_markdown_of_each_says_all_of_the_answer(call: Call, name: str) -> None:
    def view(request: Any, response: Any) -> Any:
        tokens = ["## ", "Hello\n\n- **a", "**\n", "\n|a|\n|-|\n", "|b|\n", "\n```\nx\n```"]
        return streamed(request, response, tokens=tokens, renderer="markdown", format=name)

    answer = call(view)
    for said in "Hello", "<li>", "<td>b</td>", "x\n":
        assert said in re.sub(r"(^|\n)data: (elements )?", r"\1", answer.text)


@pytest.mark.parametrize("last_event_id", ["", "3", "finished"])
@pytest.mark.parametrize("name", ASKED)
def test_a_head_request_takes_no_token(call: Call, name: str, last_event_id: str) -> None:
    source = Untouched()
    answer = call(
        lambda request, response: streamed(request, response, tokens=source),
        "HEAD",
        headers={**ASKED[name], "Last-Event-ID": last_event_id},
    )
    assert answer.status == 200
    assert re.fullmatch(TYPES[name], answer.headers["Content-Type"])
    assert b"".join(answer.chunks) == b""
    assert source.closed.wait(SOON)


WHOLE = "text/html; charset=utf-8"
HOSTILE_FRAMES = [
    'x"><img src=x onerror=alert(1)>',
    "a b",
    "9",
    "a,body",
    "a>*",
    "é\x80\n",
    "#" * 9999,
]


def is_whole(answer: Answer) -> bool:
    """Return whether this is the finished message, as a client gets it that reads no fragments."""
    return (
        (answer.status, answer.headers["Content-Type"]) == (200, WHOLE)
        and f">{SHOWN}</" in answer.text
        and set(VARY) <= set(re.split(", *", answer.headers["Vary"]))
    )


@pytest.mark.parametrize("into", [None, ""])
@pytest.mark.parametrize("name", ["turbo", "turbo-events", "datastar"])
def test_without_into_a_client_that_names_no_place_gets_the_finished_message(
    call: Call, name: str, into: str | None
) -> None:
    answer = call(
        lambda request, response: streamed(request, response, into=into), headers=ASKED[name]
    )
    assert is_whole(answer)


@pytest.mark.parametrize("name", ["turbo", "datastar"])
def test_a_view_that_names_the_format_without_into_is_refused(call: Call, name: str) -> None:
    sources = [Untouched(), Untouched(), Untouched()]
    refused: list[str] = []

    def view(request: Any, response: Any) -> Any:
        tokens = [sources[0].for_this_thread(), sources[1].sync(), sources[2].for_this_thread()]
        for given, into in zip(tokens, [None, None, ""], strict=True):
            try:
                streamed(request, response, tokens=given, into=into, format=name)
            except ValueError as error:
                refused.append(str(error))
        return response(request, [], format="whole")

    assert call(view).status == 200
    assert len(refused) == 3
    for error in refused:
        assert re.match(f"into=.*, but a client of {name.title()}Format does not say where", error)
        assert "pass into=" in error
    assert all(source.closed.wait(SOON) for source in sources)


def test_the_message_goes_into_the_turbo_frame_that_asked(call: Call) -> None:
    name = "turbo"
    headers = {**ASKED[name], "Turbo-Frame": "frame.1"}
    answer = call(lambda request, response: streamed(request, response, into=None), headers=headers)
    assert additions(answer, name)[0][0] == r"#frame\.1"
    answer = call(streamed, headers=headers)
    assert additions(answer, name)[0][0] == "#messages"


@pytest.mark.parametrize("name", ["html", "htmx", "sse", "multipart", "page", "whole"])
def test_other_formats_ignore_a_turbo_frame(call: Call, name: str) -> None:
    answer = call(
        lambda request, response: streamed(request, response, into=None, format=name),
        headers={"Turbo-Frame": "frame_1"},
    )
    assert answer.status == 200
    assert "frame_1" not in answer.text


def test_datastar_ignores_a_turbo_frame(call: Call) -> None:
    answer = call(
        lambda request, response: streamed(request, response, into=None),
        headers={**ASKED["datastar"], "Turbo-Frame": "frame_1"},
    )
    assert is_whole(answer)
    assert "frame_1" not in answer.text


@pytest.mark.parametrize("frame", HOSTILE_FRAMES)
def test_a_hostile_turbo_frame_gets_the_finished_message(call: Call, frame: str) -> None:
    answer = call(
        lambda request, response: streamed(request, response, into=None),
        headers={**ASKED["turbo"], "Turbo-Frame": frame},
    )
    assert is_whole(answer)
    assert frame not in answer.text


def test_a_hostile_into_of_the_view_is_refused(call: Call) -> None:
    source = Untouched()
    refused: list[str] = []

    def view(request: Any, response: Any) -> Any:
        try:
            streamed(request, response, tokens=source.for_this_thread(), into="a b")
        except ValueError as error:
            refused.append(str(error))
        return response(request, [], format="whole")

    call(view, headers={**ASKED["turbo"], "Turbo-Frame": "frame_1"})
    assert len(refused) == 1
    assert refused[0].startswith("into='a b' cannot be used as an element id")
    assert source.closed.wait(SOON)
