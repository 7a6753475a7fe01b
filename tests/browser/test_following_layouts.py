"""A conversation is followed however the page is laid out, and by what belongs to it alone."""

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conversation import Chromium, Conversation
from tests.browser.form_page import ask, finish, form, show, wait_for
from tests.browser.stepped_server import Answer, SteppedServer, streamed
from tests.browser.test_following import CHANGES, PARAGRAPHS

pytestmark = pytest.mark.browser

# As many pages have it, so that their content is higher than the element around it.
FULL_HEIGHT = {
    "page": "html, body, section { height: 100% }",
    "element": "main > div, #messages { height: 100% }",
}
OWN_BODY = "html { height: 100%; overflow: hidden } body { height: 100%; overflow: auto }"
LINE = "<p>A line of the reasoning.</p>"
BELOW_BOXES = """[...document.querySelectorAll("aside")].map(
    (box) => box.scrollHeight - box.scrollTop - box.clientHeight)"""


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


def test_a_zoom_after_which_the_rounded_range_is_the_same(
    page: Page, server: SteppedServer
) -> None:
    """The position, which is not rounded, is then lower by a fraction of a pixel."""
    chat = Conversation(Chromium(page), server, "element")
    for percent in range(100, 201, 5):
        chat.run(f"document.body.style.zoom = '{percent}%'")
        chat.grow()
        assert chat.below < 2, percent  # Heights are rounded, too.


def test_a_jump_that_does_not_reach_the_end(page: Page, server: SteppedServer) -> None:
    """As a search in the page and a screen reader do it: without an input."""
    chat = Conversation(Chromium(page), server, "element")
    chat.wheel(-500)
    for _ in range(20):
        chat.grow()
    chat.rest()
    chat.run("window.rested = performance.now()")
    chat.wait_until("performance.now() > rested + 1000")
    chat.run(f"[...{PARAGRAPHS}].at(-14).scrollIntoView()")
    above, below = chat.place
    assert 100 < below < 700
    chat.grow()
    assert chat.above == above


def test_a_key_that_goes_down_is_not_interrupted(page: Page, server: SteppedServer) -> None:
    """Else Chromium ends its own movement one pixel too high."""
    chat = Conversation(Chromium(page), server, "element")
    for key in "End", "PageDown":
        chat.run(f"""document.dispatchEvent(new KeyboardEvent("keydown", {{ key: "{key}" }}));
            messages.insertAdjacentHTML("beforeend", "<i>Another<br></i>".repeat(9));
            await null;
            window.belowAfterKey = where()[1];""")
        assert page.evaluate("belowAfterKey") > 100
        chat.wait_until("below < 1")


def test_a_page_that_shows_each_of_its_buttons(page: Page, server: SteppedServer) -> None:
    chat = Conversation(Chromium(page), server, "element")
    add_style(chat, "button { display: inline-flex }")
    button = page.get_by_role("button", name="Latest")
    expect(button).to_be_hidden()
    chat.wheel(-100)
    expect(button).to_be_visible()


def test_the_work_for_a_change_does_not_grow_with_the_conversation(
    page: Page, server: SteppedServer
) -> None:
    earlier = "<article>" + "<p>Text</p>" * 100 + "</article>"
    messages = f'<main data-stream-pin><div id="messages">{earlier}</div></main>'
    show(page, server, "plain", form("plain"), messages)
    page.evaluate("""() => {
        const { observe } = ResizeObserver.prototype;
        window.observed = 0;
        ResizeObserver.prototype.observe = function (element) {
            observed++;
            return observe.call(this, element);
        };
    }""")
    request = ask(page, server)
    assert page.evaluate("observed") > 100
    page.evaluate("observed = 0")
    request.write()
    wait_for(page, "stream:fragment", 1)
    assert 0 < page.evaluate("observed") < 10
    finish(page, request)


def answer_with_reasoning(number: int) -> Answer:
    """Return an answer whose reasoning is higher than its own pinned element."""
    regions = [f"ai_{number}_reasoning", f"ai_{number}_text"]
    box, text = (f'<div id="{region}" class="streamhtml"></div>' for region in regions)
    box = f'<aside data-stream-pin style="height: 90px; overflow: auto">{box}</aside>'
    return streamed(
        (f'<article id="ai_{number}">{box}{text}</article>', "open"),
        *[(LINE * 9, f"append #{regions[0]}")] * 4,
        *[(LINE * 9, f"append #{regions[1]}")] * 4,
    )


@pytest.mark.parametrize("layout", ["element", "page"])
def test_reasoning_that_scrolls_in_its_message(
    layout: str, page: Page, server: SteppedServer
) -> None:
    chat = Conversation(Chromium(page), server, layout)
    chat.end()
    server.answers["/reply"] = lambda request: answer_with_reasoning(request.number)
    chat.ask()
    assert page.evaluate(BELOW_BOXES) == [0]
    page.locator("aside").hover()
    page.mouse.wheel(0, -50)
    page.wait_for_function(f"() => {BELOW_BOXES}[0] > 40")
    chat.grow()
    assert page.evaluate(BELOW_BOXES)[0] > 50
    # The reader still follows the conversation.
    chat.wait_until("below < 1")
    expect(page.get_by_role("button", name="Latest")).to_be_hidden()
    # Neither a click nor the next question moves what belongs to this message only.
    above = page.evaluate("document.querySelector('aside').scrollTop")
    page.mouse.move(200, 20)
    page.mouse.wheel(0, -5)
    page.get_by_role("button", name="Latest").click()
    chat.wait_until("below < 1")
    chat.end()
    chat.ask()
    assert chat.below < 1
    assert page.evaluate("document.querySelector('aside').scrollTop") == above
