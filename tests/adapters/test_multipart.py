"""Every framework × hx-multipart of htmx 4: what it gets at first, and when it connects again."""

from typing import Any

import pytest
from tests.adapters.calls import Answer
from tests.adapters.format_requests import ASKED, LOST, Untouched, streamed
from tests.adapters.test_adapters import SHOWN, SOON, Call, call
from tests.adapters.test_compress import read as decompressed
from tests.formats.multipart_body import Part, by_email, by_htmx

from streamhtml.log import MemoryLog, wait

__all__ = ["call"]  # The fixture.

PAIR = "ai_0123"


def parts(answer: Answer) -> list[Part]:
    """Return the parts. Every reader must find the same."""
    media_type = answer.headers["Content-Type"]
    found = by_htmx(media_type, answer.text.encode())
    assert found == by_email(media_type, answer.text.encode())
    return found


def connect(call: Call, view: Any, last_id: str = "", method: str = "GET") -> list[Part]:
    headers = ASKED["multipart"] | ({"HX-Last-Part-ID": last_id} if last_id else {})
    answer = call(view, method, headers=headers)
    assert answer.status == 200
    return parts(answer)


@pytest.mark.parametrize("last_id", ["17", "7.0a1b2c3d", "é\x80"])
def test_who_lost_the_connection_gets_a_notice_and_no_token_is_taken(
    call: Call, last_id: str
) -> None:
    source = Untouched()
    notice, end = connect(
        call,
        lambda request, response: streamed(request, response, tokens=source.for_this_thread()),
        last_id,
    )
    assert notice.headers == {"hx-part-id": "0", "hx-retarget": "#messages"}
    assert notice.html.count(LOST) == 1
    assert end.headers["hx-trigger"] == "stream:interrupted,stream:end"
    assert source.closed.wait(SOON)


@pytest.mark.parametrize("outcome", ["finished", "failed"])
def test_who_knows_the_outcome_gets_it_again(call: Call, outcome: str) -> None:
    (end,) = connect(
        call,
        lambda request, response: streamed(request, response, tokens=Untouched().for_this_thread()),
        outcome,
    )
    assert end.headers["hx-part-id"] == outcome
    assert end.headers["hx-trigger"] == f"stream:{outcome},stream:end"


def test_a_post_request_asks_a_new_question(call: Call) -> None:
    opened, *grown, end = connect(call, streamed, "3", "POST")
    assert 'id="ai_1"' in opened.html
    assert "".join(part.html for part in grown) == SHOWN
    assert end.headers["hx-part-id"] == "finished"


def test_a_part_can_be_read_when_its_chunk_has_arrived_also_compressed(call: Call) -> None:
    answer = call(
        lambda request, response: streamed(request, response, compress=True),
        headers={**ASKED["multipart"], "Accept-Encoding": "gzip"},
    )
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Hx-Reswap"] == "append"
    media_type, body, counts = answer.headers["Content-Type"], b"", [0]
    for piece in filter(None, decompressed(answer)):
        body += piece.encode()
        counts.append(len(by_htmx(media_type, body)))
    assert counts == sorted(set(counts))
    assert "".join(part.html for part in by_email(media_type, body)[1:]) == SHOWN


def test_an_answer_in_a_log_goes_on_after_the_last_part(call: Call) -> None:
    log = MemoryLog()
    wait(log.record(PAIR, ["a", "b"], interval=0).run())

    def view(request: Any, response: Any) -> Any:
        return response(request, log.follow(PAIR), renderer="text", into="messages")

    first, end = connect(call, view)
    assert ">ab<" in first.html
    last_id = first.headers["hx-part-id"]
    number, _, tag = last_id.partition(".")
    assert connect(call, view, last_id) == [end]
    for lost in f"{number}.0", f"{number}.{tag[::-1]}":
        *_, replaced, last = connect(call, view, lost)
        assert ">ab<" in replaced.html
        assert last == end
    assert connect(call, view, "finished") == [end]
