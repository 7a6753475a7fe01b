"""A conversation is followed however the page is laid out, and by what belongs to it alone."""

import pytest
from playwright.sync_api import Page
from tests.browser.conversation import Chromium, Conversation
from tests.browser.stepped_server import SteppedServer
from tests.browser.test_following import CHANGES

pytestmark = pytest.mark.browser

# As many pages have it, so that their content is higher than the element around it.
FULL_HEIGHT = {
    "page": "html, body, section { height: 100% }",
    "element": "main > div, #messages { height: 100% }",
}
OWN_BODY = "html { height: 100%; overflow: hidden } body { height: 100%; overflow: auto }"


def add_style(chat: Conversation, style: str) -> None:
    """Add a style sheet to the page."""
    chat.run(f"document.head.insertAdjacentHTML('beforeend', `<style>{style}</style>`)")


@pytest.mark.parametrize("layout", FULL_HEIGHT)
def test_content_that_is_higher_than_its_element(
    layout: str, page: Page, server: SteppedServer
) -> None:
    chat = Conversation(Chromium(page), server, layout)
    add_style(chat, FULL_HEIGHT[layout])
    chat.grow()
    for name in "a late picture", "a late picture above", "something opens", "larger text":
        CHANGES[name](chat)
        assert chat.below < 1, name


def test_a_body_that_scrolls_itself(page: Page, server: SteppedServer) -> None:
    chat = Conversation(Chromium(page), server, "body")
    add_style(chat, OWN_BODY)
    chat.run("window.scroller = () => document.body")
    chat.reach_the_end()
    chat.grow()
    assert chat.below < 1
    chat.wheel(-2)
    above, below = chat.place
    assert below > 1
    chat.grow()
    assert chat.above == above
