"""The demo by the clients that are not ours: the answer grows, and is the whole in the end."""

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from tests.servers.process import demo

from streamhtml.demo._answers import tokens
from streamhtml.demo._demo import Demo

pytestmark = pytest.mark.browser

PROMPT = "Show me Markdown: a recipe for bread"
PAIRS = [
    ("starlette", "sse2"),
    ("starlette", "sse4"),
    ("starlette", "turbo"),
    ("starlette", "page"),
    ("django", "sse2"),
    ("django", "page"),
    ("flask", "turbo"),
    ("flask", "sse4"),
]


@pytest.mark.parametrize(("framework", "client"), PAIRS)
def test_an_answer_grows(framework: str, client: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=client != "page")
    page = context.new_page()
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        said.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    with demo(framework, client, rate=300) as server:
        page.goto(server.url)
        page.get_by_label("Message", exact=True).fill(PROMPT)
        page.get_by_role("button", name="Send").click(no_wait_after=True)
        lengths = grow(page)
        assert len(lengths) > 5, lengths
        assert lengths == sorted(lengths), lengths
        expect(page.locator("#messages .human")).to_have_text([PROMPT])
        region = page.locator("#messages .ai > .streamhtml")
        parsed = context.browser.new_page()
        parsed.set_content(Demo().renderer("").render("".join(tokens(PROMPT))))
        assert region.inner_text().split() == parsed.locator("body").inner_text().split()
    context.close()
    assert said == []


def grow(page: Page) -> list[int]:
    """Return the lengths of the text that were seen, until the last words are there."""
    last = "".join(tokens(PROMPT)).rstrip().split()[-1].strip("*.`")
    lengths: list[int] = []
    region = page.locator("#messages .ai > .streamhtml")
    expect(region).to_be_attached()
    while True:
        text = region.inner_text()
        if not lengths or len(text) != lengths[-1]:
            lengths.append(len(text))
        if last in text:
            return lengths
