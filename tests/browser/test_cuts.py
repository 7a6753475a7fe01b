"""However the network cuts a reply, the page is the same, with each client."""

from itertools import product

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
NAMES = list(SAMPLE_REPLIES)


def is_slow(client: str, name: str, cut: str) -> bool:
    """Return whether only make test-all takes this case.

    Each byte in a write of its own finds the most. The client reads and applies fragments in the
    same way with htmx 2 and htmx 4. So make test takes half of the replies with each, and reads the
    other half of htmx 4's byte by byte (below).
    """
    if cut != BY_BYTE:
        return name != "places"
    return client != "plain" and (NAMES.index(name) % 2 == 0) == (client == "htmx4")


CASES = [
    pytest.param(*case, marks=[pytest.mark.slow] if is_slow(*case) else [])
    for case in product(CLIENTS, NAMES, (BY_BYTE, AT_RANDOM, WHOLE))
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


# With htmx 2, the browser joins what was read.
BYTEWISE = [
    pytest.param(client, name, marks=marks)
    for client, name in product(["plain", "htmx4"], NAMES)
    for marks in [[] if client == "plain" or is_slow(client, name, BY_BYTE) else pytest.mark.slow]
]


@pytest.mark.parametrize(("client", "name"), BYTEWISE)
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
