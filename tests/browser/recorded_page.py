"""A page that is given recorded answers, and what it made of them."""

import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from tests.browser.recorded_server import Answer, RecordedServer

from streamhtml import Fragment
from streamhtml.formats import Format
from streamhtml.formats.html import HTMLFormat

RECORD = Path(__file__).with_name("record-events.js")
_TIMEOUT = 30_000  # ms

# Waits for htmx to take its classes off, which it does some milliseconds after a swap.
SETTLED = """async (expected) => {
    const texts = (root) => {
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), texts = [];
        while (walker.nextNode()) texts.push(walker.currentNode.data);
        return texts;
    };
    const container = document.getElementById("messages");
    const template = document.createElement("template");
    template.innerHTML = expected;
    const end = performance.now() + 10_000;
    while (container.innerHTML !== template.innerHTML && performance.now() < end)
        await new Promise((done) => setTimeout(done, 10));
    return [container.innerHTML, template.innerHTML, texts(container), texts(template.content)];
}"""


def encode(fragments: Sequence[Fragment], wire: Format) -> list[bytes]:
    """Return the fragments on the wire, one by one."""
    return [wire.encode(fragment).encode() for fragment in fragments]


def body(fragments: Sequence[Fragment]) -> tuple[str, bytes]:
    """Return the fragments on our own wire: the Content-Type and the bytes."""
    wire = HTMLFormat()
    return wire.media_type, b"".join(encode(fragments, wire))


def cut_at_random(data: bytes, seed: int) -> tuple[bytes, ...]:
    """Cut into some fifty pieces, many of them a byte or two."""
    source = random.Random(seed)
    places = {source.randrange(1, len(data)) for _ in range(25)}
    places |= {place + source.choice([1, 2]) for place in places}
    return tuple(data[a:b] for a, b in pairwise([0, *sorted(places), len(data)]) if data[a:b])


class RecordedPage:
    """A page on a RecordedServer server, for one client."""

    def __init__(
        self, page: Page, server: RecordedServer, client: str, form: str | None = None
    ) -> None:
        self.page = page
        self.server = server
        server.show(client, form)
        page.add_init_script(path=RECORD)
        page.goto(server.url)

    def ask(self, answer: Answer) -> None:
        """Let the page ask for the answer."""
        self.server.recorded = answer
        self.page.get_by_role("button").click()

    def wait_for(self, event: str, detail: object = None) -> None:
        """Wait for an event of the client, with a certain detail if that is given."""
        self.page.wait_for_function(
            "([name, detail]) => events.some((event) => event[0] === name"
            " && (detail === null || event[1] === detail))",
            arg=[event, detail],
            timeout=_TIMEOUT,
        )

    def play(self, answer: Answer) -> str:
        """Ask for the answer, wait for its end; return how it ended."""
        self.ask(answer)
        self.wait_for("stream:end")
        reason: str = self.events[-1][1]
        return reason

    @property
    def events(self) -> list[list[Any]]:
        """The client's events: their names, and the detail's index, count or reason."""
        events: list[list[Any]] = self.page.evaluate("events")
        return events

    @property
    def reads(self) -> int:
        """How often the client was given something."""
        count: int = self.page.evaluate("reads.length")
        return count

    def check(self, html: str, *, joined: bool = True) -> None:
        """Assert that the container has come to hold this HTML, each text of it in one node."""
        there, expected, texts, expected_texts = self.page.evaluate(SETTLED, html)
        assert there == expected, f"the page has\n{there}\nand not\n{expected}"
        assert texts == expected_texts or not joined, f"the page has the nodes\n{texts}"
