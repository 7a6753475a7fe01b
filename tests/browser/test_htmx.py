"""htmx without our client: with one that swaps what it reads, and with none at all."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import Chat
from tests.browser.recorded_page import RecordedPage, encode
from tests.browser.recorded_server import Answer, RecordedServer
from tests.browser.sample_replies import SAMPLE_REPLIES
from tests.servers.process import demo

from streamhtml.demo._answers import tokens
from streamhtml.demo._demo import Demo
from streamhtml.formats._tails import Region
from streamhtml.formats.htmx import HTMXFormat

pytestmark = pytest.mark.browser

READ_AND_SWAP = Path(__file__).with_name("read-and-swap.js")
TABLES = ["table", "markdown_like"]
STRICT = "{allowNestedOobSwaps: false}"  # as in the demo
# Without "swaps": the htmx format cannot replace elements by id.
CASES = [
    pytest.param(
        client,
        config,
        name,
        joined,
        marks=[] if (config == STRICT and not joined) or name in TABLES else pytest.mark.slow,
    )
    for client, config in [("htmx2", "{}"), ("htmx2", STRICT), ("htmx4", "{}")]
    for name in SAMPLE_REPLIES
    if name != "swaps"
    for joined in (False, True)
]


@pytest.mark.parametrize(("client", "config", "name", "joined"), CASES)
def test_the_htmx_format_is_swapped_as_it_is_read(
    client: str, config: str, name: str, joined: bool, page: Page
) -> None:
    recording = SAMPLE_REPLIES[name]()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("streamhtml.formats._tails.new_key", lambda: "")
        opened, *rest = encode(recording.fragments, HTMXFormat())
    writes = (opened, b"".join(rest)) if joined else (opened, *rest)
    html = recording.html
    for tail in ["H", "G"] if name == "regions" else []:
        # A tail that no patch follows stays in its element.
        root = "ai_2_think" if tail == "H" else "ai_2_text"
        held = Region(root, "").tail_html("span", tail).replace("id=", 'id="').replace(">", '">', 1)
        html = html.replace(f"{tail}</", f"{held}</")
    with RecordedServer() as server:
        page.route("**/client.js", lambda route: route.fulfill(path=READ_AND_SWAP))
        recorded = RecordedPage(page, server, client, form="")
        page.evaluate(f"Object.assign(htmx.config, {config})")
        recorded.ask(Answer(HTMXFormat.media_type, writes, pace="taken"))
        recorded.wait_for("stream:end", "read")
        # A ping is a line break, which this client appends like anything else.
        recorded.check(html + "\n" * rest.count(b"\n"), joined=False)
        assert recorded.reads >= len(writes)


@pytest.mark.parametrize("client", ["htmx2", "htmx4"])
def test_a_page_without_our_client_gets_the_finished_message(client: str, page: Page) -> None:
    with demo("starlette", client, rate=300) as server:
        page.route("**/streaming-html.min.js", lambda route: route.fulfill(body=""))
        chat = Chat(page, server.url)
        for number, prompt in enumerate(["<b>html</b>", "한국어"], 1):
            page.get_by_label("Message", exact=True).fill("")
            chat.send(prompt)
            expect(page.locator("#messages > article")).to_have_count(number)
            expect(page.locator("#messages")).not_to_have_class("htmx-request")
            assert chat.pairs[-1][0] == prompt
            answer = Demo().renderer("").render(*tokens(prompt))
            assert chat.answers[-1] == chat.spelled(answer)
            assert len(chat.growth(number - 1).texts) == 1
