"""However the network cuts a reply, the page is the same, with each client."""

import pytest
from playwright.sync_api import Page
from tests.browser.chat_page import CLIENTS
from tests.browser.recorded_page import RecordedPage, body, cut_at_random
from tests.browser.recorded_server import Answer, RecordedServer
from tests.browser.sample_replies import SAMPLE_REPLIES

pytestmark = pytest.mark.browser

BY_BYTE, AT_RANDOM, WHOLE = "each byte alone", "at random", "whole"
SEED = 20
SECONDS = 0.6
# Each byte in a write of its own runs in make test; the other cuts find less.
CASES = [
    pytest.param(
        client, name, cut, marks=[] if cut == BY_BYTE or name == "places" else pytest.mark.slow
    )
    for client in CLIENTS
    for name in SAMPLE_REPLIES
    for cut in (BY_BYTE, AT_RANDOM, WHOLE)
]


def writes(data: bytes, cut: str) -> tuple[bytes, ...]:
    if cut == BY_BYTE:
        return tuple(bytes([byte]) for byte in data)
    return cut_at_random(data, SEED) if cut == AT_RANDOM else (data,)


@pytest.mark.parametrize(("client", "name", "cut"), CASES)
def test_the_page_is_the_same(client: str, name: str, cut: str, page: Page) -> None:
    recording = SAMPLE_REPLIES[name]()
    media_type, data = body(recording.fragments)
    with RecordedServer() as server:
        recorded = RecordedPage(page, server, client)
        pieces = writes(data, cut)
        # With pauses; otherwise the kernel or the browser would join the writes.
        answer = Answer(media_type, pieces, pace=SECONDS / len(pieces))
        assert recorded.play(answer) == recording.outcome
        recorded.check(recording.html)
        assert recorded.events == recording.events
        print(f"{len(data)} bytes, {len(pieces)} writes, {recorded.reads} reads")
        if cut == BY_BYTE:
            assert recorded.reads > 5


@pytest.mark.parametrize("name", SAMPLE_REPLIES)
@pytest.mark.parametrize(
    "client", ["plain", "htmx4"]
)  # With htmx 2, the browser joins what was read.
def test_the_client_may_read_single_bytes(client: str, name: str, page: Page) -> None:
    recording = SAMPLE_REPLIES[name]()
    media_type, data = body(recording.fragments)
    with RecordedServer() as server:
        recorded = RecordedPage(page, server, client)
        page.evaluate("window.bytewise = true")
        assert recorded.play(Answer(media_type, (data,))) == recording.outcome
        recorded.check(recording.html)
        assert recorded.reads >= len(data)
        assert recorded.events == recording.events
