"""Firefox and WebKit show replies as Chromium does (test_cuts.py, test_endings.py)."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.browser.chat_page import CLIENTS
from tests.browser.engines import Engine, Firefox, WebKit
from tests.browser.recorded_page import RECORD, SETTLED, body, cut_at_random
from tests.browser.recorded_server import Answer, RecordedServer
from tests.browser.sample_replies import SAMPLE_REPLIES
from tests.browser.test_cuts import AT_RANDOM, BY_BYTE, SECONDS, WHOLE, writes
from tests.browser.test_elements import shown, versions
from tests.browser.test_endings import LOST, three_fragments

pytestmark = pytest.mark.slow

_WAIT = """(async (name, detail) => {
    const end = performance.now() + 30_000;
    while (!events.some((event) => event[0] === name && (detail ?? event[1]) === event[1])) {
        if (performance.now() > end) return false;
        await new Promise((done) => setTimeout(done, 10));
    }
    return true;
})"""

_NOTICE = """({
    alerts: [...document.querySelectorAll("[role=alert]")].map((alert) => alert.textContent),
    text: document.querySelector(".streamhtml").textContent,
    busy: document.querySelectorAll("[aria-busy]").length,
})"""


class Played:
    """A page of a ``RecordedServer``, for one client, in one of the engines."""

    def __init__(self, engine: Engine, server: RecordedServer, client: str) -> None:
        self._engine = engine
        self._server = server
        server.show(client)
        engine.open(server.url)
        self.call(f"() => {{ {RECORD.read_text()} }}")
        self.call("""() => {
            window.problems = [];
            addEventListener("error", (event) => problems.push(event.message));
            addEventListener("unhandledrejection", (event) => problems.push(`${event.reason}`));
        }""")

    def call(self, function: str, *arguments: object) -> Any:
        """Call a JavaScript function on the page; return its result."""
        return self._engine.evaluate(f"({function})(...{json.dumps(arguments)})")

    def ask(self, answer: Answer) -> None:
        """Let the page request this answer."""
        self._server.recorded = answer
        self.call("() => document.querySelector('button').click()")

    def wait_for(self, event: str, detail: object = None) -> None:
        """Wait for an event of the client, with this detail unless it is None."""
        assert self.call(_WAIT, event, detail), f"no {event}, but {self.events}"

    @property
    def events(self) -> list[list[Any]]:
        """The client's events, and the detail's index, count or reason."""
        events: list[list[Any]] = self.call("() => events")
        return events


@pytest.fixture(scope="module", params=[Firefox, WebKit])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """One browser for the module, with one page."""
    engine: Engine = request.param()
    yield engine
    engine.close()


@pytest.mark.parametrize("cut", [BY_BYTE, AT_RANDOM, WHOLE])
@pytest.mark.parametrize("name", SAMPLE_REPLIES)
@pytest.mark.parametrize("client", CLIENTS)
def test_the_page_is_the_same(client: str, name: str, cut: str, engine: Engine) -> None:
    recording = SAMPLE_REPLIES[name]()
    media_type, data = body(recording.fragments)
    pieces = writes(data, cut)
    with RecordedServer() as server:
        played = Played(engine, server, client)
        played.ask(Answer(media_type, pieces, pace=SECONDS / len(pieces)))
        played.wait_for("stream:end")
        there, expected, texts, expected_texts = played.call(SETTLED, recording.html)
        assert there == expected
        assert texts == expected_texts
        assert played.events == recording.events
        assert played.call("() => problems") == []
        if cut == BY_BYTE:
            assert played.call("() => reads.length") > 5


@pytest.mark.parametrize("client", ["htmx2", "htmx4"])
def test_a_body_without_marks(client: str, engine: Engine) -> None:
    written = versions(4)
    pieces = cut_at_random("".join(written).encode(), 1)
    with RecordedServer() as server:
        played = Played(engine, server, client)
        played.ask(Answer("text/event-stream", pieces, pace=SECONDS / len(pieces)))
        played.wait_for("stream:end", "finished")
        # With htmx 2, only Chromium drops comments.
        there, expected, *_ = played.call(SETTLED, shown(written, "htmx4"))
        assert there == expected
        assert [detail for name, detail in played.events if name == "chunk"] == [0, 1, 2, 3]
        assert played.call("() => problems") == []


@pytest.mark.parametrize("end", ["cut", "reset"])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_body_that_was_cut(client: str, end: str, engine: Engine) -> None:
    media_type, (first, second, third) = three_fragments()
    with RecordedServer() as server:
        played = Played(engine, server, client)
        played.ask(Answer(media_type, (first, second, third[:-4]), end=end))  # type: ignore[arg-type]
        played.wait_for("stream:fragment", 1)
        server.release.set()
        played.wait_for("stream:end")
        assert played.call(f"() => {_NOTICE}") == {
            "alerts": [LOST],
            "text": "That much. " + LOST,
            "busy": 0,
        }
        names = [event for event in played.events if event[0] != "stream:error"]
        assert names == [
            ["stream:start", None],
            *([name, index] for index in (0, 1) for name in ("stream:fragment", "chunk")),
            ["stream:end", "incomplete"],
        ]
