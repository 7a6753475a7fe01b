"""The conversation stays at the bottom if the reader is there, and lets the reader scroll."""

from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import CLIENTS, Chat
from tests.servers.process import demo

pytestmark = pytest.mark.browser

# Records after each fragment how far the view is from the top and from the bottom, in pixels.
FOLLOW = """() => {
    window.positions = [];
    const log = document.querySelector("[data-stream-pin]");
    document.addEventListener("stream:fragment", () => positions.push({
        top: log.scrollTop,
        below: log.scrollHeight - log.scrollTop - log.clientHeight,
        height: log.scrollHeight,
    }));
}"""
HAS_SCROLLED = """() => {
    const [before, now] = positions.slice(-2);
    return before && before.top === now.top && now.below > 200;
}"""
IS_LONG = "() => document.querySelector('.streamhtml-ai')?.offsetHeight > 1000"
HAS_GROWN = "() => positions.length > 10 && positions.at(-1).height > positions[0].height + 100"


# Records the height of the answer after each fragment and at the end, in pixels.
MEASURE = """() => {
    window.heights = [];
    const height = () => document.querySelector(".streamhtml-ai").getBoundingClientRect().height;
    const measure = () => heights.push(height());
    for (const name of ["stream:fragment", "stream:end"]) document.addEventListener(name, measure);
}"""


def test_an_answer_never_gets_shorter(page: Page) -> None:
    with demo("starlette", rate=300) as server:
        chat = Chat(page, server.url)
        page.evaluate(MEASURE)
        chat.ask("markdown")
        page.wait_for_function("() => document.querySelector('[aria-busy]') === null")
        heights = page.evaluate("heights")
        heights.append(page.locator(".streamhtml-ai").bounding_box()["height"])  # type: ignore[index]
        assert heights[0] > 0
        assert heights[-1] > 1000
        for before, after in pairwise(heights):
            assert after > before - 1


# In test_following.py, each client follows.
@pytest.mark.parametrize(
    "client", ["plain", *(pytest.param(each, marks=pytest.mark.slow) for each in CLIENTS[1:])]
)
def test_the_bottom_stays_in_view_only_if_it_was(client: str, page: Page) -> None:
    page.set_viewport_size({"width": 600, "height": 400})
    with demo("starlette", client, rate=300) as server:
        chat = Chat(page, server.url)
        page.evaluate(FOLLOW)
        chat.ask("explain")
        seen = page.evaluate("positions.splice(0)")
        assert seen[-1]["top"] > 100
        assert max(position["below"] for position in seen) < 8

        chat.send("long")  # This answer takes longer than the rest of the test.
        page.wait_for_function("() => positions.length > 2")
        page.get_by_label("Conversation").hover()
        page.mouse.wheel(0, -300)
        page.wait_for_function(HAS_SCROLLED)
        page.evaluate("positions.splice(0)")
        page.wait_for_function(HAS_GROWN)
        assert len({position["top"] for position in page.evaluate("positions")}) == 1
        page.close()


@pytest.mark.parametrize("height", [256, 700])
def test_the_button_to_the_latest_text_is_above_the_form(height: int, page: Page) -> None:
    """Also in the window of 1,280 pixels at 400 %, where all of the page scrolls."""
    page.set_viewport_size({"width": 320, "height": height})
    with demo("starlette", rate=300, may_complain=True) as server:
        chat = Chat(page, server.url)
        chat.send("long")
        page.wait_for_function(IS_LONG)
        page.locator(".streamhtml-human").evaluate("question => question.scrollIntoView()")
        latest = page.get_by_role("button", name="Latest").bounding_box()
        form = page.locator("#composer").bounding_box()
        assert latest
        assert form
        assert 0 < latest["y"] < form["y"] - latest["height"]
        page.get_by_role("button", name="Latest").click()
        expect(page.get_by_role("button", name="Latest")).to_be_hidden()
        page.close()
