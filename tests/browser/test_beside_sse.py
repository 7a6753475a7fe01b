"""The client beside a library that reads the answer: hx-sse, hx-multipart, Datastar and others."""

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import Chat
from tests.browser.form_page import expect_html, show, wait_for
from tests.browser.npm_files import HTMX, NODE_MODULES
from tests.browser.stepped_server import SteppedServer
from tests.scripted_server import PATIENCE
from tests.servers.process import demo

pytestmark = pytest.mark.browser

SENDS = 3
PROMPT = "Show me Markdown: a recipe for bread"
# Notes whether something of an answer is busy: at its first change, and at its end.
WATCH = """() => {
    window.busy = [];
    const isBusy = () => !!document.querySelector("#messages .streamhtml[aria-busy=true]");
    const isAny = () => !!document.querySelector("#messages [aria-busy]");
    addEventListener("chunk", ({ detail }) => detail.count || busy.push([isBusy()]));
    addEventListener("stream:end", () => busy.at(-1).push(isAny()));
}"""


# The demo's htmx 4 is django-htmx's, which spells the events in another way than 4.0.1.
@pytest.mark.parametrize("client", ["sse2", "sse4", "sse4 of npm", "multipart"])
def test_the_page_has_what_other_pages_have(client: str, page: Page) -> None:
    if client == "sse4 of npm":
        page.route("**/htmx-4.min.js", lambda route: route.fulfill(path=HTMX["htmx4"]))
        sse = NODE_MODULES / "htmx4/dist/ext/hx-sse.min.js"
        page.route("**/hx-sse-4.min.js", lambda route: route.fulfill(path=sse))
    with demo("starlette", client.removesuffix(" of npm"), rate=600) as server:
        chat = Chat(page, server.url)
        page.evaluate(WATCH)
        message = page.get_by_label("Message", exact=True)
        stop = page.get_by_role("button", name="Stop")
        status = page.locator("[data-stream-status]")
        for number in range(1, SENDS + 1):
            expect(stop).to_be_hidden()
            chat.send("sleep" if number == 1 else PROMPT)
            page.wait_for_function("number => busy.length === number", arg=number)
            expect(message).to_have_value("")
            if number == 1:
                stop.click()
                # An EventSource does not show the headers, which have the stop URL.
                assert chat.wait_for_end(number) == ("aborted" if client == "sse2" else "stopped")
                server.wait_for("the source was closed", PATIENCE)
                expect(page.locator(".streamhtml-notice")).to_contain_text(["You stopped this"])
            else:
                assert chat.wait_for_end(number) == "finished"
                expect(status).to_have_text("Reply complete.")
        assert page.evaluate("busy") == [[True, False]] * SENDS
        assert len(chat.pairs) == SENDS


FORM = """
<form id="ask" action="/reply" data-stream-reset><input name="q" value="old">
    <button type="button" id="stop" data-stream-stop>Stop</button></form>
<p role="status" data-stream-status></p>
"""
MESSAGE = '<p id="m"><span id="m_text" class="streamhtml">a</span></p>'


def datastar(page: Page, element: str, kind: str, elements: str = "") -> None:
    """Report an event of the request of this element, as Datastar does."""
    page.evaluate(
        """([id, type, elements]) => document.dispatchEvent(new CustomEvent("datastar-fetch", {
            detail: {
                type, el: document.getElementById(id), argsRaw: elements ? { elements } : {},
            },
        }))""",
        [element, kind, elements],
    )


def test_two_answers_of_datastar(page: Page, server: SteppedServer) -> None:
    two = "".join(f'<form id="ask{n}"></form><div id="to{n}"></div>' for n in "12")
    show(page, server, "plain", two + '<p role="status" data-stream-status></p>')
    for n in "12":
        answer = MESSAGE.replace('"m', f'"m{n}')
        page.locator(f"#to{n}").evaluate("(place, html) => { place.innerHTML = html; }", answer)
        datastar(page, f"ask{n}", "started")
        datastar(page, f"ask{n}", "datastar-patch-elements", answer)
    wait_for(page, "chunk", 0, times=2)
    datastar(page, "ask1", "datastar-patch-elements", '<i class="streamhtml-notice-failed"></i>')
    datastar(page, "ask1", "finished")
    wait_for(page, "stream:end", "failed")
    text = '<b>&lt;i class="streamhtml-notice-failed"&gt;</b>'  # What a model has written.
    datastar(page, "ask2", "datastar-patch-elements", text)
    datastar(page, "ask2", "finished")
    wait_for(page, "stream:end", "finished")
    expect(page.locator("[role=status]")).to_have_text("Reply complete.")


def test_datastar(page: Page, server: SteppedServer) -> None:
    # Its bundle is in no registry. These are the events that its documentation describes.
    show(page, server, "plain", FORM)

    def report(kind: str, elements: str = "") -> None:
        datastar(page, "ask", kind, elements)

    def begin(message: str = MESSAGE) -> None:
        page.locator("[name=q]").fill("new")
        page.evaluate("html => { events.length = 0; messages.innerHTML = html; }", message)
        report("started")
        report("datastar-patch-elements", message)

    begin('<p id="other">not from this library</p>')
    report("finished")
    assert page.evaluate("events") == []

    for last, reason in [("b", "finished"), ('<i class="streamhtml-notice-failed">', "failed")]:
        begin()
        wait_for(page, "chunk", 0)
        expect(page.locator("#m_text")).to_have_attribute("aria-busy", "true")
        expect(page.locator("[name=q]")).to_have_value("old")
        report("datastar-patch-elements", last)
        report("finished")
        wait_for(page, "stream:end", reason)
        expect_html(page, "#messages", MESSAGE)
        complete = "Reply complete." if reason == "finished" else ""
        expect(page.locator("[role=status]")).to_have_text(complete)

    begin()
    wait_for(page, "chunk", 0)
    # A library may replace a region long before it reports that.
    page.evaluate("""() => {
        m_text.outerHTML = m_text.outerHTML;
        return new Promise((then) => requestAnimationFrame(() => setTimeout(then, 300)));
    }""")
    assert page.evaluate("events.at(-1)[0]") == "chunk"
    page.evaluate("m.remove()")
    wait_for(page, "stream:end", "aborted")
    report("finished")

    begin()
    report("retries-failed")
    wait_for(page, "stream:end", "incomplete")
    expect(page.locator("#m_text > .streamhtml-notice")).to_contain_text("The connection was lost")

    begin()
    page.evaluate("ask.streamController = new AbortController()")
    page.locator("#stop").click()
    wait_for(page, "stream:end", "aborted")
    assert page.evaluate("ask.streamController.signal.aborted")
