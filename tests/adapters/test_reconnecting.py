"""Every framework × a client that lost its event stream and reconnects by itself."""

from typing import Any

import pytest
from tests.adapters.calls import Answer
from tests.adapters.format_requests import (
    ASKED,
    EVENTS,
    LOST,
    OUTCOMES,
    Untouched,
    additions,
    streamed,
)
from tests.adapters.test_adapters import SHOWN, SOON, Call, Source, call, text_of
from tests.formats.test_events import read, triples

__all__ = ["call"]  # The fixture.


def reconnected(call: Call, name: str, last_event_id: str, **arguments: Any) -> Answer:
    """Reconnect with an id, check that no token is taken, and return the answer."""
    source = Untouched()
    ended: list[Any] = []

    def view(request: Any, response: Any) -> Any:
        tokens = source if last_event_id[0].isdigit() else source.sync()
        return streamed(request, response, tokens=tokens, on_end=ended.append, **arguments)

    answer = call(view, "GET", headers={**ASKED[name], "Last-Event-ID": last_event_id})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert source.closed.wait(SOON)
    assert ended == []
    return answer


ODD_IDS = ["-1", "9" * 5000, "²", "١", "+ 1", "é\x80", "Finished", "finished, I think"]


@pytest.mark.parametrize("last_event_id", ["0", "17", "nonsense", *ODD_IDS])
@pytest.mark.parametrize("name", EVENTS)
def test_a_client_that_lost_its_stream_gets_a_notice_and_no_token_is_taken(
    call: Call, name: str, last_event_id: str
) -> None:
    answer = reconnected(call, name, last_event_id)
    notice, end = triples(read(answer.chunks))
    said = "datastar-patch-elements" if name == "datastar" else "message"
    assert (notice[0], notice[2]) == (said, "0")
    assert end == ("end", "interrupted", "interrupted")
    ((where, html),) = additions(answer, name)
    assert where == "#messages"
    assert html.count(LOST) == 1
    assert 'role="alert"' in html


@pytest.mark.parametrize("name", EVENTS)
def test_into_may_begin_with_a_hash(call: Call, name: str) -> None:
    whole = call(
        lambda request, response: streamed(request, response, into="#messages"),
        headers=ASKED[name],
    )
    answer = reconnected(call, name, "3", into="#messages")
    assert additions(whole, name)[0][0] == additions(answer, name)[0][0] == "#messages"


def test_without_into_the_notice_goes_where_the_page_says(call: Call) -> None:
    answer = reconnected(call, "sse", "3", into=None, headers={"Content-Language": "ko"})
    notice, end = triples(read(answer.chunks))
    assert "답변이 도중에 끊겨 여기서 끝납니다." in notice[1]
    assert "hx-swap-oob" not in notice[1]
    assert end == ("end", "interrupted", "interrupted")


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("name", EVENTS)
def test_a_client_that_knows_the_outcome_gets_it_again(call: Call, name: str, outcome: str) -> None:
    answer = reconnected(call, name, outcome)
    (end,) = read(answer.chunks)
    assert (end.event, end.data, end.id) == ("end", outcome, outcome)
    assert end.retry is not None
    assert end.retry >= 3_600_000


@pytest.mark.parametrize("last_event_id", ["3", "finished"])
@pytest.mark.parametrize("name", EVENTS)
def test_a_post_request_asks_a_new_question(call: Call, name: str, last_event_id: str) -> None:
    answer = call(streamed, "POST", headers={**ASKED[name], "Last-Event-ID": last_event_id})
    assert "".join(html for _, html in additions(answer, name)[1:]) == SHOWN
    assert triples(read(answer.chunks))[-1] == ("end", "finished", "finished")


def test_an_empty_last_event_id_counts_as_none(call: Call) -> None:
    answer = call(streamed, "GET", headers={**ASKED["sse"], "Last-Event-ID": ""})
    assert "".join(html for _, html in additions(answer, "sse")[1:]) == SHOWN


@pytest.mark.parametrize("last_event_id", ["3", "finished"])
@pytest.mark.parametrize("name", ["html", "htmx", "turbo", "page", "whole"])
def test_formats_without_events_ignore_last_event_id(
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

    answer = call(view, "GET", headers={"Last-Event-ID": last_event_id})
    assert ended == ["finished"]
    assert LOST not in answer.text
    if name == "html":
        assert text_of(answer) == SHOWN
    elif name == "turbo":
        assert "".join(html for _, html in additions(answer, name)[1:]) == SHOWN
    else:
        assert "👋" in answer.text
