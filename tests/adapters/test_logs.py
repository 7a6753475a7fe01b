"""Every framework × answers in a log: they are recorded, followed, resumed and stopped."""

import re
import threading
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import anyio.to_thread
import pytest
from tests.adapters.format_requests import ASKED, LOST
from tests.adapters.test_adapters import SHOWN, SOON, Call, Source, call, text_of
from tests.formats.test_events import read
from tests.recorded_source import RecordedSource

from streamhtml import Answer
from streamhtml.log import MemoryLog, wait

__all__ = ["call"]  # The fixture.

PAIR = "ai_1"
HTML = {"Streaming-HTML": "html"}


def test_an_answer_is_recorded_followed_and_resumed(call: Call) -> None:
    log, source, ended = MemoryLog(), Source(), list[Answer]()

    def record(request: Any, response: Any) -> Any:
        return response(
            request,
            log.record(PAIR, lambda: source, on_end=ended.append),
            renderer="text",
            interval=0,
            resume_url=f"/reply/{PAIR}",
            stop_url="/stöp",
        )

    def follow(request: Any, response: Any) -> Any:
        return response(request, log.follow(PAIR), renderer="text")

    first = call(record, headers=HTML)
    assert text_of(first) == SHOWN
    assert first.headers["Streaming-Html-Resume"] == f"/reply/{PAIR}"
    assert first.headers["Streaming-Html-Stop"] == "/st%C3%B6p"
    assert [(answer.text, answer.outcome) for answer in ended] == [
        ("Hello <b> 안녕 👋", "finished")
    ]
    late = call(follow, "GET", headers=HTML)
    assert SHOWN in late.text
    assert len(late.chunks) == 2
    assert PAIR in late.text
    rest = call(follow, "GET", headers={**HTML, "Last-Event-ID": "1"})
    assert rest.text.partition(" from ")[2].startswith("2.")
    assert SHOWN.endswith(text_of(rest))
    assert SHOWN in call(record, headers=HTML).text
    assert source.yielded == 7
    assert len(ended) == 1


def test_generation_goes_on_after_the_reader_has_left(call: Call) -> None:
    log, source, ended = MemoryLog(), Source(), threading.Event()

    def view(request: Any, response: Any) -> Any:
        recording = log.record(PAIR, lambda: source, on_end=lambda _: ended.set(), interval=0)
        return response(request, recording, renderer="text")

    call(view, headers=HTML, leave_after=1)
    assert ended.wait(SOON)
    shown = call(lambda request, response: response(request, log.follow(PAIR)), headers=HTML).text
    assert "안녕" in shown
    assert shown.endswith(" end finished>")


def test_the_response_stops_the_answer(call: Call) -> None:
    log = MemoryLog()
    source = RecordedSource("a", then="wait")

    def view(request: Any, response: Any) -> Any:
        made = response(request, log.record(PAIR, lambda: source))
        made.stop()
        return made

    assert call(view, headers=HTML).text.endswith(" end stopped>")
    assert not source.started
    assert wait(log.status(PAIR)).outcome == "stopped"  # type: ignore[union-attr]


def test_a_head_request_and_a_wrong_argument_read_no_token(call: Call) -> None:
    for method, arguments in ("HEAD", {}), ("POST", {"interval": -1}):
        log, source = MemoryLog(), RecordedSource("a")

        def view(
            request: Any,
            response: Any,
            log: MemoryLog = log,
            source: RecordedSource = source,
            arguments: Any = arguments,
        ) -> Any:
            try:
                return response(request, log.record(PAIR, source.sync()), **arguments)
            except ValueError:
                return response(request, ["refused"])

        call(view, method, headers=HTML)
        assert not source.started
        assert wait(log.status(PAIR)) is None


@pytest.mark.parametrize("name", ["sse", "datastar"])
def test_an_event_stream_goes_on_after_its_last_id(call: Call, name: str) -> None:
    log = MemoryLog()
    wait(log.record(PAIR, ["a", "b"], interval=0).run())

    def view(request: Any, response: Any) -> Any:
        return response(request, log.follow(PAIR), renderer="text", into="messages")

    first = read(call(view, "GET", headers=ASKED[name]).chunks)
    assert [event.event for event in first].count("end") == 1
    last_id = first[-2].id
    for header in "Last-Event-ID", "HX-Last-Part-ID":
        again = read(call(view, "GET", headers={**ASKED[name], header: last_id}).chunks)
        assert [event.event for event in again] == ["end"]
    (end,) = read(call(view, "GET", headers={**ASKED[name], "Last-Event-ID": "finished"}).chunks)
    assert (end.event, end.data) == ("end", "finished")


@pytest.mark.parametrize("name", ["page", "whole"])
def test_a_client_without_numbers_gets_everything(call: Call, name: str) -> None:
    log = MemoryLog()
    wait(log.record(PAIR, ["a", "b"], interval=0).run())
    headers = {**ASKED.get(name, {}), "Last-Event-ID": "1"}
    answer = call(
        lambda request, response: response(request, log.follow(PAIR), renderer="text"),
        "GET",
        headers=headers,
    )
    assert ">ab<" in answer.text


@pytest.mark.parametrize("pair", ["ai_unknown", "7", "../x", "a b", "é", "a" * 200])
def test_an_unknown_answer_shows_the_notice(call: Call, pair: str) -> None:
    log = MemoryLog()
    for headers in HTML, {**HTML, "Last-Event-ID": "3.0a0b0c0d"}, {}:
        answer = call(
            lambda request, response: response(request, log.follow(pair)), "GET", headers=headers
        )
        assert answer.status == 200
        assert answer.text.count(LOST) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"resume_url": 7}, "resume_url is an int, not a str; pass str"),
        ({"stop_url": b"/x"}, "stop_url is a bytes, not a str"),
        ({"resume_url": "//evil.example/x"}, "resume_url='//evil.example/x' must be a path"),
        ({"stop_url": "/\\evil.example"}, "must be a path"),
        ({"stop_url": "javascript:alert(1)"}, "must be a path"),
        ({"stop_url": "/x\r\nSet-Cookie: a=b"}, "must be a path"),
        ({"stop_url": ""}, "must be a path"),
    ],
)
def test_a_wrong_url_is_refused(arguments: dict[str, Any], message: str) -> None:
    from streamhtml.asgi import StreamingHTMLResponse

    log, source = MemoryLog(), RecordedSource("a")
    request = {"method": "POST", "headers": {}}
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        StreamingHTMLResponse(request, log.record(PAIR, source.sync()), **arguments)


def test_resume_url_needs_a_log() -> None:
    from streamhtml.asgi import StreamingHTMLResponse

    request = {"method": "POST", "headers": {}}
    with pytest.raises(ValueError, match=r"resume_url='/x' is given, but the answer is in no log"):
        StreamingHTMLResponse(request, ["a"], resume_url="/x")
    made = StreamingHTMLResponse(request, ["a"], stop_url="https://a.example/ä?b=%20 'c'&d=<e>")
    assert made.headers["Streaming-HTML-Stop"] == ("https://a.example/%C3%A4?b=%20%20'c'&d=%3Ce%3E")


def test_generation_sees_the_context_of_its_view_also_after_the_request(call: Call) -> None:
    log, has_left, ended = MemoryLog(), threading.Event(), threading.Event()
    user: ContextVar[str] = ContextVar("user", default="nobody")
    seen: list[str] = []

    async def tokens() -> AsyncIterator[str]:
        yield user.get()
        await anyio.to_thread.run_sync(has_left.wait, SOON)
        yield user.get()

    def on_end(answer: Answer) -> None:
        seen.extend([answer.text, user.get()])
        ended.set()

    def view(request: Any, response: Any) -> Any:
        user.set("Ada")
        source = log.record(PAIR, tokens, on_end=on_end, interval=0)
        return response(request, source, on_end=lambda _: has_left.set())

    call(view, headers=HTML, leave_after=1)
    assert ended.wait(SOON)
    assert seen == ["AdaAda", "Ada"]
