"""A page that receives recorded answers, and checks of what it shows."""

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

# Waits until htmx has removed its classes, some milliseconds after a swap.
SETTLED = """async (expected) => {
    const texts = (root) => {
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), texts = [];
        while (walker.nextNode()) texts.push(walker.currentNode.data);
        return texts;
    };
    const container = document.getElementById("messages");
    const template = document.createElement("template");
    template.innerHTML = expected;
    const end = performance.now() + 30_000;
    while (container.innerHTML !== template.innerHTML && performance.now() < end)
        await new Promise((done) => setTimeout(done, 10));
    return [container.innerHTML, template.innerHTML, texts(container), texts(template.content)];
}"""


def encode(fragments: Sequence[Fragment], response_format: Format) -> list[bytes]:
    """Return the bytes of each fragment in this format."""
    return [response_format.encode(fragment).encode() for fragment in fragments]


def body(fragments: Sequence[Fragment]) -> tuple[str, bytes]:
    """Return the Content-Type and the bytes of the fragments in the html format."""
    response_format = HTMLFormat()
    return response_format.media_type, b"".join(encode(fragments, response_format))


def cut_at_random(data: bytes, seed: int) -> tuple[bytes, ...]:
    """Cut into about fifty pieces, many of one or two bytes."""
    source = random.Random(seed)
    places = {source.randrange(1, len(data)) for _ in range(25)}
    places |= {place + source.choice([1, 2]) for place in places}
    return tuple(data[a:b] for a, b in pairwise([0, *sorted(places), len(data)]) if data[a:b])


class RecordedPage:
    """A page of a ``RecordedServer``, for one client."""

    def __init__(
        self, page: Page, server: RecordedServer, client: str, form: str | None = None
    ) -> None:
        self.page = page
        self.server = server
        server.show(client, form)
        page.add_init_script(path=RECORD)
        page.goto(server.url)

    def ask(self, answer: Answer) -> None:
        """Let the page request this answer."""
        self.server.recorded = answer
        self.page.get_by_role("button").click()

    def wait_for(self, event: str, detail: object = None) -> None:
        """Wait for an event of the client, with this detail unless it is None."""
        self.page.wait_for_function(
            "([name, detail]) => events.some((event) => event[0] === name"
            " && (detail === null || event[1] === detail))",
            arg=[event, detail],
            timeout=_TIMEOUT,
        )

    def play(self, answer: Answer) -> str:
        """Request this answer, wait for its end, and return how it ended."""
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
        """How many reads have given the client something."""
        count: int = self.page.evaluate("reads.length")
        return count

    def check(self, html: str, *, joined: bool = True) -> None:
        """Wait until the container has this HTML; assert that each text in it is one node."""
        there, expected, texts, expected_texts = self.page.evaluate(SETTLED, html)
        assert there == expected, f"the page has\n{there}\nand not\n{expected}"
        assert texts == expected_texts or not joined, f"the page has the nodes\n{texts}"
