"""htmx without our client: with one that swaps what it reads, and with none at all."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat import Chat
from tests.browser.recorded import Recorded, encode
from tests.browser.recordings import RECORDINGS
from tests.browser.replay import Answer, replaying
from tests.servers.process import demo

from streamhtml.demo._answers import tokens
from streamhtml.formats.htmx import HTMXFormat

pytestmark = pytest.mark.browser

READ_AND_SWAP = Path(__file__).with_name("read-and-swap.js")


@pytest.mark.parametrize("name", ["text", "failed", "template", "places", "punctuated"])
def test_the_htmx_format_is_swapped_as_it_is_read(name: str, page: Page) -> None:
    recording = RECORDINGS[name]()
    writes = encode(recording.fragments, HTMXFormat())
    with replaying() as replay:
        page.route("**/client.js", lambda route: route.fulfill(path=READ_AND_SWAP))
        recorded = Recorded(page, replay, "htmx2", form="")
        recorded.ask(Answer(HTMXFormat.media_type, tuple(writes), pace="taken"))
        recorded.wait_for("stream:end", "read")
        # A ping is a line break, and this client puts it where it puts everything.
        recorded.check(recording.html + "\n" * writes.count(b"\n"), joined=False)
        assert recorded.reads == len(writes)


@pytest.mark.parametrize("client", ["htmx2", "htmx4"])
def test_a_page_without_our_client_gets_the_finished_message(client: str, page: Page) -> None:
    with demo("starlette", client, rate=300) as server:
        page.route("**/streaming-html.js", lambda route: route.fulfill(body=""))
        chat = Chat(page, server.url)
        for number, prompt in enumerate(["<b>html</b>", "한국어"], 1):
            page.get_by_label("Message", exact=True).fill("")
            chat.send(prompt)
            expect(page.locator("#messages > article")).to_have_count(number)
            expect(page.locator("#messages")).not_to_have_class("htmx-request")
            assert chat.pairs[-1] == (prompt, "".join(tokens(prompt)))
            assert len(chat.growth(number - 1).texts) == 1
