"""Chromium's EventSource reads exactly the events that our event streams contain."""

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page
from tests.browser.stepped_server import Answer, SteppedServer
from tests.formats.test_events import PIECES, TEXTS, body_of, expected_of

from streamhtml.formats import _server_sent_events as events
from streamhtml.formats.sse import SSEFormat

pytestmark = pytest.mark.browser

# Each piece alone, around text, twice, and next to each other piece.
EVERY = [
    text
    for piece in PIECES
    for text in [
        piece,
        f"{piece}a",
        f"a{piece}",
        f"a{piece}b",
        *(piece + other for other in PIECES),
    ]
]

READ = """() => void (window.events = new Promise((done) => {
    const events = [];
    const source = new EventSource("/events");
    const note = (event) => events.push([event.type, event.data, event.lastEventId]);
    source.onmessage = note;
    source.onerror = () => { source.close(); done([...events, ["error", "", ""]]) };
    source.addEventListener("end", (event) => { note(event); source.close(); done(events) });
}))"""


@example([], 0, [])
@example(EVERY, 0, [])
@example(EVERY, 1, range(0, 60_000, 101))
@given(st.lists(TEXTS, max_size=80), st.integers(0, 2), st.lists(st.integers(0, 2000), max_size=20))
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_law_any_text_arrives_as_one_message(
    page: Page, server: SteppedServer, texts: list[str], pings: int, places: list[int]
) -> None:
    body = (events.PING * pings + body_of(texts, pings)).encode("utf-8", "replace").decode()
    starts = [0, *sorted({place for place in places if 0 < place < len(body)}), len(body)]
    writes = tuple(body[start:end] for start, end in pairwise(starts))
    server.answers["/events"] = lambda request: Answer(writes, SSEFormat.media_type)
    if page.url == "about:blank":
        page.goto(server.url)
    before = len(server.requests)
    page.evaluate(READ)
    server.wait_for(before + 1).finish()
    assert [tuple(event) for event in page.evaluate("events")] == expected_of(texts)
