"""Every framework × what the formats that clients of others read need from the response."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import html5lib
import pytest
from tests.adapters.calls import Answer
from tests.adapters.test_adapters import SHOWN, SOON, TOKENS, Call, Source, call, text_of
from tests.formats.test_events import read, triples
from tests.formats.test_formats import NAVIGATION, TURBO

from streamhtml import Format, Fragment
from streamhtml.formats import VARY

__all__ = ["call"]  # The fixture.

ASKED = {
    "sse": {"Accept": "text/event-stream"},
    "turbo": {"Accept": TURBO},
    "turbo-events": {"Accept": "text/event-stream", "Streaming-HTML": "turbo"},
    "datastar": {"Accept": "text/event-stream, text/html", "Datastar-Request": "true"},
    "page": {"Accept": NAVIGATION, "Sec-Fetch-Dest": "document"},
}
EVENTS = ["sse", "turbo-events", "datastar"]
TYPES = {
    "sse": "text/event-stream",
    "turbo": r"text/vnd\.turbo-stream\.html; charset=utf-8; fragments=\w{2}",
    "turbo-events": "text/event-stream",
    "datastar": "text/event-stream",
    "page": "text/html; charset=utf-8",
}
CONTEXT = {"message_pair_id": "ai_1", "human_message": "<hi>"}
OUTCOMES = ["finished", "stopped", "truncated", "failed", "interrupted"]
LOST = "The connection was lost, and the answer ends here."


class Untouched:
    """A source that must not be iterated, and that says when it is closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def __aiter__(self) -> AsyncIterator[str]:
        raise AssertionError("not to be iterated")

    async def aclose(self) -> None:
        self.closed.set()

    def sync(self) -> "UntouchedIterator":
        return UntouchedIterator(self.closed)

    def here(self) -> Any:
        """Return what can be closed where this is called."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self.sync()
        return self


class UntouchedIterator(Iterator[str]):
    def __init__(self, closed: threading.Event) -> None:
        self.closed = closed

    def __next__(self) -> str:
        raise AssertionError("not to be iterated")

    def close(self) -> None:
        self.closed.set()


def streamed(request: Any, response: Any, **arguments: Any) -> Any:
    given = {"context": CONTEXT, "renderer": "text", "into": "messages", "interval": 0}
    return response(request, arguments.pop("tokens", TOKENS), **given | arguments)


def additions(answer: Answer, name: str) -> list[tuple[str, str]]:
    """Return what was appended where, as the format's client reads it."""
    texts = [answer.text]
    if name in EVENTS:
        texts = [event.data for event in read(answer.chunks) if event.event != "end"]
    pattern = {
        "sse": r'<div hx-swap-oob="beforeend:([^"]*)">(.*)</div>',
        "turbo": r'<turbo-stream action="append" targets="([^"]*)"><template>(.*?)</template>',
        "datastar": r"selector (.*?)\nmode append\nelements (.*)",
    }[name.removesuffix("-events")]
    return [
        (selector, html.replace("\nelements ", "\n"))
        for text in texts
        for selector, html in re.findall(pattern, text, re.DOTALL)
    ]


@pytest.mark.parametrize("name", ASKED)
def test_what_is_asked_for_is_streamed(call: Call, name: str) -> None:
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


@pytest.mark.parametrize("name", ["sse", "turbo", "datastar", "page"])
def test_a_format_that_is_named_does_not_vary(call: Call, name: str) -> None:
    answer = call(
        lambda request, response: streamed(request, response, format=name),
        headers={"Streaming-HTML": "html", "HX-Request": "true"},
    )
    assert re.fullmatch(TYPES[name], answer.headers["Content-Type"])
    assert not set(VARY) & set(re.split(", *", answer.headers.get("Vary", "")))


@pytest.mark.parametrize("name", ["sse", "turbo", "datastar", "page"])
def test_the_markdown_of_each_says_all_of_the_answer(call: Call, name: str) -> None:
    def view(request: Any, response: Any) -> Any:
        tokens = ["## He", "llo\n\n- **a", "**\n", "\n|a|\n|-|\n", "|b|\n", "\n```\nx\n```"]
        return streamed(request, response, tokens=tokens, renderer="markdown", format=name)

    answer = call(view)
    for said in "Hello", "<li>", "<td>b</td>", "x\n":
        assert said in re.sub(r"(^|\n)data: (elements )?", r"\1", answer.text)


@pytest.mark.parametrize("name", ["turbo", "turbo-events", "datastar"])
def test_a_client_that_must_be_told_where_is_refused_without(call: Call, name: str) -> None:
    sources = [Untouched(), Untouched(), Untouched()]
    refused: list[str] = []

    def view(request: Any, response: Any) -> Any:
        tokens = [sources[0].here(), sources[1].sync(), sources[2].here()]
        for given, into in zip(tokens, [None, None, ""], strict=True):
            try:
                streamed(request, response, tokens=given, into=into)
            except ValueError as error:
                refused.append(str(error))
        return response(request, [], format="whole")

    assert call(view, headers=ASKED[name]).status == 200
    client = name.removesuffix("-events").title()
    assert len(refused) == 3
    for error in refused:
        assert re.match(f"into=.*, but a client of {client}Format does not say where", error)
        assert "pass into=" in error
    assert all(source.closed.wait(SOON) for source in sources)


def test_a_turbo_frame_is_where_the_message_goes(call: Call) -> None:
    name = "turbo"
    headers = {**ASKED[name], "Turbo-Frame": "frame.1"}
    answer = call(lambda request, response: streamed(request, response, into=None), headers=headers)
    assert additions(answer, name)[0][0] == r"#frame\.1"
    answer = call(streamed, headers=headers)
    assert additions(answer, name)[0][0] == "#messages"


@pytest.mark.parametrize("name", ["html", "htmx", "sse", "page", "whole"])
def test_a_turbo_frame_is_nothing_to_other_formats(call: Call, name: str) -> None:
    answer = call(
        lambda request, response: streamed(request, response, into=None, format=name),
        headers={"Turbo-Frame": "frame_1"},
    )
    assert answer.status == 200
    assert "frame_1" not in answer.text


def test_a_turbo_frame_is_nothing_to_datastar(call: Call) -> None:
    refused: list[str] = []

    def view(request: Any, response: Any) -> Any:
        try:
            streamed(request, response, into=None)
        except ValueError as error:
            refused.append(str(error))
        return response(request, [], format="whole")

    call(view, headers={**ASKED["datastar"], "Turbo-Frame": "frame_1"})
    assert refused
    assert refused[0].startswith("into='', but a client of Datastar")


@pytest.mark.parametrize("frame", ['x"><img src=x onerror=alert(1)>', "a b", "1", "a,body", "a>*"])
def test_a_hostile_turbo_frame_is_refused(call: Call, frame: str) -> None:
    source = Untouched()
    refused: list[str] = []

    def view(request: Any, response: Any) -> Any:
        try:
            streamed(request, response, tokens=source.here(), into=None)
        except ValueError as error:
            refused.append(str(error))
        return response(request, [], format="whole")

    call(view, headers={**ASKED["turbo"], "Turbo-Frame": frame})
    assert refused
    assert refused[0].startswith(f"into={frame!r} cannot be used")
    assert source.closed.wait(SOON)


def resumed(call: Call, name: str, last_event_id: str, **arguments: Any) -> Answer:
    """Ask again with an id; return the answer, for which no token was taken."""
    source = Untouched()
    ended: list[Any] = []

    def view(request: Any, response: Any) -> Any:
        tokens = source if last_event_id < "a" else source.sync()
        return streamed(request, response, tokens=tokens, on_end=ended.append, **arguments)

    answer = call(view, headers={**ASKED[name], "Last-Event-ID": last_event_id})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert source.closed.wait(SOON)
    assert ended == []
    return answer


@pytest.mark.parametrize("last_event_id", ["0", "17", "nonsense", "Finished", "finished, I think"])
@pytest.mark.parametrize("name", EVENTS)
def test_who_lost_a_stream_is_told_so_and_no_token_is_taken(
    call: Call, name: str, last_event_id: str
) -> None:
    answer = resumed(call, name, last_event_id)
    notice, end = triples(read(answer.chunks))
    said = "datastar-patch-elements" if name == "datastar" else "message"
    assert (notice[0], notice[2]) == (said, "0")
    assert end == ("end", "interrupted", "interrupted")
    ((where, html),) = additions(answer, name)
    assert where == "#messages"
    assert html.count(LOST) == 1
    assert 'role="alert"' in html


@pytest.mark.parametrize("name", EVENTS)
def test_the_place_may_be_written_with_a_hash(call: Call, name: str) -> None:
    whole = call(
        lambda request, response: streamed(request, response, into="#messages"),
        headers=ASKED[name],
    )
    answer = resumed(call, name, "3", into="#messages")
    assert additions(whole, name)[0][0] == additions(answer, name)[0][0] == "#messages"


def test_who_lost_a_stream_is_told_in_the_place_of_the_request(call: Call) -> None:
    answer = resumed(call, "sse", "3", into=None, headers={"Content-Language": "ko"})
    notice, end = triples(read(answer.chunks))
    assert "연결이 끊겨 답변이 여기서 끝납니다." in notice[1]
    assert "hx-swap-oob" not in notice[1]
    assert end == ("end", "interrupted", "interrupted")


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("name", EVENTS)
def test_who_knows_the_end_is_told_it_again(call: Call, name: str, outcome: str) -> None:
    answer = resumed(call, name, outcome)
    (end,) = read(answer.chunks)
    assert (end.event, end.data, end.id) == ("end", outcome, outcome)
    assert end.retry is not None
    assert end.retry >= 3_600_000


def test_an_empty_id_is_none(call: Call) -> None:
    answer = call(streamed, headers={**ASKED["sse"], "Last-Event-ID": ""})
    assert "".join(html for _, html in additions(answer, "sse")[1:]) == SHOWN


@pytest.mark.parametrize("last_event_id", ["3", "finished"])
@pytest.mark.parametrize("name", ["html", "htmx", "turbo", "page", "whole"])
def test_an_id_is_nothing_to_what_is_no_event_stream(
    call: Call, name: str, last_event_id: str
) -> None:
    ended: list[str] = []

    def view(request: Any, response: Any) -> Any:
        source = Source()()
        return streamed(
            request,
            response,
            tokens=source,
            format=name,
            on_end=lambda reply: ended.append(reply.state),
        )

    answer = call(view, headers={"Last-Event-ID": last_event_id})
    assert ended == ["finished"]
    assert LOST not in answer.text
    if name == "html":
        assert text_of(answer) == SHOWN
    elif name == "turbo":
        assert "".join(html for _, html in additions(answer, name)[1:]) == SHOWN
    else:
        assert "👋" in answer.text


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


def template(request: Any, source: str) -> Any:
    """Return a template of the request's framework."""
    if type(request).__module__.startswith("django"):
        from django.template import engines

        return engines["django"].from_string(source)
    import jinja2

    return jinja2.Environment(autoescape=True).from_string(source)


def test_a_page_of_ones_own_is_around_the_message(call: Call) -> None:
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
            streamed(request, response, tokens=tokens.here(), page=template(request, source))
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
    assert len(styles) > (renderer == "template")  # That shows, and hides, one after the other.
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


def test_a_page_of_ones_own_has_the_nonce_and_the_context(call: Call) -> None:
    own = "<p>{{ nonce }} {{ human_message }}</p>{{ streamed_message }}"
    answer = call(
        lambda request, response: streamed(
            request, response, page=template(request, own), nonce="n0"
        ),
        headers=ASKED["page"],
    )
    assert answer.text.startswith("<p>n0 &lt;hi&gt;</p>")


def test_the_pages_own_name_is_not_for_the_context(call: Call) -> None:
    refused: list[str] = []

    def view(request: Any, response: Any) -> Any:
        with pytest.raises(ValueError, match="the context has 'streamed_message'") as caught:
            streamed(request, response, context={"streamed_message": "x"})
        refused.append(str(caught.value))
        return streamed(request, response)

    call(view, headers=ASKED["page"])
    assert refused


class Shouting(Format):
    media_type = "text/plain; charset=utf-8"

    def encode(self, fragment: Fragment) -> str:
        return "".join(patch.html.upper() for patch in fragment.patches)


def test_a_format_of_ones_own(call: Call) -> None:
    answer = call(lambda request, response: streamed(request, response, format=Shouting))
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text.endswith("HELLO &LT;B&GT; 안녕 👋")
