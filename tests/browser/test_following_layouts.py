"""A conversation is followed however the page is laid out, and by what belongs to it alone."""

import pytest
from playwright.sync_api import Page
from tests.browser.conversation import Chromium, Conversation
from tests.browser.stepped_server import SteppedServer

pytestmark = pytest.mark.browser

OWN_BODY = "html { height: 100%; overflow: hidden } body { height: 100%; overflow: auto }"


def add_style(chat: Conversation, style: str) -> None:
    """Add a style sheet to the page."""
    chat.run(f"document.head.insertAdjacentHTML('beforeend', `<style>{style}</style>`)")


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
