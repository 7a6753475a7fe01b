"""The demo with clients that are not ours: the answer grows, and is complete at the end."""

import time

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from tests.scripted_server import PATIENCE
from tests.servers.process import demo

from streamhtml.demo._answers import tokens
from streamhtml.demo._demo import Demo

pytestmark = pytest.mark.browser

PROMPT = "Show me Markdown: a recipe for bread"
ONCE_EACH = [("starlette", "page"), ("django", "sse2"), ("flask", "turbo"), ("flask", "sse4")]
ONCE_EACH += [("django", "multipart")]
OTHERS = [("starlette", "sse2"), ("starlette", "sse4"), ("starlette", "turbo"), ("django", "page")]
OTHERS += [("starlette", "multipart"), ("flask", "multipart")]
PAIRS = [*ONCE_EACH, *(pytest.param(*pair, marks=pytest.mark.slow) for pair in OTHERS)]


# Records the length of the answer at each frame.
RECORD = """
window.lengths = [];
const look = () => {
    const region = document.querySelector("#messages .streamhtml-ai > .streamhtml");
    const length = region?.innerText.length;
    const waits = region?.querySelector(".streamhtml-thinking");
    if (region && !waits && length !== lengths.at(-1)) lengths.push(length);
    requestAnimationFrame(look);
};
look();
"""


@pytest.mark.parametrize(("framework", "client"), PAIRS)
def test_an_answer_grows(framework: str, client: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=client != "page")
    page = context.new_page()
    page.add_init_script(RECORD)
    console: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        console.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: console.append(str(error)))
    with demo(framework, client, rate=300) as server:
        page.goto(server.url)
        page.get_by_label("Message", exact=True).fill(PROMPT)
        page.get_by_role("button", name="Send").click(no_wait_after=True)
        parsed = browser.new_page()
        parsed.set_content(Demo().renderer("").render("".join(tokens(PROMPT))))
        lengths = grow(page, parsed.locator("body").inner_text().split())
        if client != "page":  # Without scripts, the test looks less often than each frame.
            lengths = page.evaluate("lengths")
            assert len(lengths) > 5, lengths
        assert len(lengths) > 1, lengths
        assert lengths == sorted(lengths), lengths
        expect(page.locator("#messages .streamhtml-human")).to_have_text([PROMPT])
        parsed.close()
    context.close()
    assert console == []


def grow(page: Page, words: list[str]) -> list[int]:
    """Wait until the answer has these words; return the lengths of the text until then."""
    lengths: list[int] = []
    deadline = time.monotonic() + PATIENCE
    region = page.locator("#messages .streamhtml-ai > .streamhtml")
    expect(region).to_be_attached()
    while True:
        text = region.inner_text()
        if not lengths or len(text) != lengths[-1]:
            lengths.append(len(text))
        if text.split() == words:
            return lengths
        assert time.monotonic() < deadline, text
        page.wait_for_timeout(20)
