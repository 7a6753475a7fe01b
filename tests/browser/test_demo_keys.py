"""The demo's form as people use it: keys, input methods, and asking the last question again."""

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import Chat
from tests.servers.process import demo

from streamhtml.demo._answers import SLEEP, SLEEP_TOKENS

pytestmark = pytest.mark.browser

CLIENTS = ["plain", *(pytest.param(name, marks=pytest.mark.slow) for name in ("htmx2", "htmx4"))]
# What Enter is while an input method composes: first in all browsers but Safari, and then there,
# where the composition has ended before the key.
COMPOSES = """message => {
    for (const what of [{ isComposing: true }, { keyCode: 229 }]) {
        const event = { key: "Enter", bubbles: true, cancelable: true, ...what };
        message.dispatchEvent(new KeyboardEvent("keydown", event));
    }
}"""


@pytest.mark.parametrize("client", CLIENTS)
def test_questions_are_sent_changed_and_asked_again(client: str, page: Page) -> None:
    page.set_viewport_size({"width": 900, "height": 600})
    with demo("starlette", client, rate=300, may_complain=True) as server:
        chat = Chat(page, server.url)
        message = page.get_by_label("Message", exact=True)
        humans = page.locator(".streamhtml-human")
        sends_when_the_word_is_complete(page)
        assert chat.wait_for_end() == "finished"

        stops_by_escape(page)
        assert chat.wait_for_end(2) in {"stopped", "aborted"}
        expect(page.get_by_text("You stopped this answer.")).to_have_count(1)
        expect(message).to_have_value("a draft")

        # The last question is changed. The draft is not lost by that.
        message.fill("")
        message.press("ArrowUp")
        expect(message).to_have_value(SLEEP)
        message.press("Escape")
        expect(message).to_have_value("")
        page.get_by_role("button", name="Edit").click()
        message.fill("fail")
        message.press("Enter")
        assert chat.wait_for_end(3) == "failed"
        expect(humans).to_have_text(["안녕", "fail"])

        # An answer that failed, or that the reader does not like, is replaced.
        page.get_by_role("button", name="Try again").click()
        assert chat.wait_for_end(4) == "failed"
        expect(humans).to_have_text(["안녕", "fail"])
        assert page.get_by_role("button", name="Regenerate").count() == 0
        message.press("ArrowUp")
        message.fill("quote")
        message.press("Enter")
        assert chat.wait_for_end(5) == "finished"
        first = page.locator(".streamhtml-message").last.get_attribute("id")
        message.fill("a draft")
        page.get_by_role("button", name="Regenerate").click()
        assert chat.wait_for_end(6) == "finished"
        expect(humans).to_have_text(["안녕", "quote"])
        assert page.locator(".streamhtml-message").last.get_attribute("id") != first
        expect(message).to_have_value("a draft")


def sends_when_the_word_is_complete(page: Page) -> None:
    message = page.get_by_label("Message", exact=True)
    message.fill("안녕")
    message.press("Shift+Enter")
    message.press("Backspace")
    message.evaluate(COMPOSES)
    expect(message).to_have_value("안녕")
    assert page.locator(".streamhtml-human").count() == 0
    message.press("Enter")


def stops_by_escape(page: Page) -> None:
    message = page.get_by_label("Message", exact=True)
    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_be_hidden()
    message.fill(SLEEP)
    message.press("Enter")
    expect(page.locator(".streamhtml-ai").last).to_contain_text("".join(SLEEP_TOKENS))
    expect(stop).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_hidden()
    # A second question has to wait, and the page says so.
    expect(page.locator(".streamhtml-notice-wait")).to_have_count(0)
    message.fill("a draft")
    message.press("Enter")
    expect(page.locator(".streamhtml-notice-wait")).to_be_visible()
    expect(message).to_have_value("a draft")
    message.press("Escape")
    expect(stop).to_be_hidden()
