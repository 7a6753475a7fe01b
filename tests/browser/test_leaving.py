"""A message that leaves the page ends its stream, so that nothing is generated for nobody."""

import re
import time

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import CLIENTS
from tests.browser.form_page import (
    expect_html,
    form,
    message,
    ordinary_answer,
    pieces,
    remove_htmx_aborts,
    send,
    shell,
    show,
    usual_answer,
    wait_for,
)
from tests.browser.htmx_page import HTMX
from tests.browser.stepped_server import Answer, Request, SteppedServer, streamed
from tests.browser.test_at_the_edges import LOST
from tests.browser.test_same_id import named, press

pytestmark = pytest.mark.browser


def disconnect_time(request: Request) -> float:
    """Wait until the page has closed this connection; return the seconds."""
    began = time.monotonic()
    assert request.disconnected.wait(30), f"request {request.number} goes on"
    return time.monotonic() - began


@pytest.mark.parametrize("client", CLIENTS)
def test_a_script_removes_messages(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    kept = shell(3).replace("<p ", '<p data-stream-keep="" ')
    server.answers["/kept"] = lambda _: streamed((kept, "open"), *pieces(3)[1:])
    forms = [named("a", client), named("b", client), named("c", client, "/kept")]
    forms.append(named("d", client, data_stream_keep=""))
    show(page, server, client, "".join(forms) + '<div id="elsewhere"></div>')
    moved, removed, kept_message, kept_form = (press(page, server, name) for name in "abcd")
    page.evaluate("""() => {
        window.kept = [3, 4].map((number) => document.getElementById(`ai_${number}`));
        document.getElementById("elsewhere").append(document.getElementById("ai_1"));
        for (const element of [...kept, document.getElementById("ai_2")]) element.remove();
    }""")
    print(f"{client}: remove(): {disconnect_time(removed):.3f} s")
    wait_for(page, "stream:end", "aborted")
    # The others were looked at as often, and go on.
    for request in (moved, kept_message, kept_form):
        request.finish()
    wait_for(page, "stream:end", "finished", times=3)
    assert page.evaluate("kept.map((each) => each.textContent)") == ["Hello", "Hello"]
    expect_html(page, "#elsewhere", message(1))
    expect_html(page, "#messages", "")
    assert page.evaluate("events.filter(([name]) => name === 'stream:end').length") == 4
    expect(page.get_by_role("alert")).to_have_count(0)
    remove_htmx_aborts(problems)


@pytest.mark.parametrize("waits", [True, False])
def test_another_page_with_the_same_form_is_free(
    waits: bool, page: Page, server: SteppedServer
) -> None:
    server.answers["/reply"] = lambda request: Answer(usual_answer(request).writes, waits=waits)
    place = f'<main>{form("plain", data_stream_keep="")}<div id="messages"></div></main>'
    show(page, server, "plain", place, messages="")
    send(page)
    server.wait_for()
    if not waits:
        wait_for(page, "stream:fragment", 0)
    expect(page.locator("#ask")).to_have_attribute("data-streaming", re.compile("ing"))
    page.evaluate("html => { document.querySelector('main').outerHTML = html }", place)
    server.answers["/reply"] = usual_answer
    send(page)
    other = server.wait_for(2)
    expect(page.locator("#ai_2_text")).to_be_attached()
    for request in (server.requests[0], other):
        request.finish()
    wait_for(page, "stream:end", "finished", times=1 + (not waits))
    expect(page.locator("[data-streaming]")).to_have_count(0)
    expect_html(page, "#messages", message(2))


@pytest.mark.parametrize("client", HTMX)
def test_htmx_takes_the_page_or_the_message_away(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    boost = "hx-boost" if client == "htmx2" else "hx-boost:inherited"
    server.answers |= {
        "/linked": ordinary_answer("<h1>Gone there</h1><div id='messages'></div>"),
        "/clear": ordinary_answer("<em>cleared</em>"),
        "/slow": lambda request: Answer(usual_answer(request).writes, waits=True),
    }
    stop = "<button type='button' data-stream-stop>Stop</button>"
    # A page with htmx may have forms of both kinds.
    forms = [named("a", client), named("b", "plain"), named("slow", client, "/slow")]
    forms.append(named("stopped", client, inside=stop, data_stream_retry=""))
    forms.append(named("plain-slow", "plain", "/slow"))
    forms.append(named("old", client, hx_target="#old"))
    clear = '<button hx-post="/clear" hx-target="#old" hx-swap="innerHTML">Clear</button>'
    link = f'<div {boost}="true"><a href="/linked">Link</a></div><div id="old"></div>'
    page.clock.install()
    show(page, server, client, "".join(forms) + clear + link)

    swapped = press(page, server, "old")
    page.get_by_text("Clear").click()
    print(f"{client}: a swap: {disconnect_time(swapped):.3f} s")
    wait_for(page, "stream:end", "aborted")

    streams = [press(page, server, name) for name in ("a", "b")]
    press(page, server, "stopped")
    page.get_by_text("Stop").click()
    expect(page.get_by_text("Try again")).to_be_visible()
    for name in ("slow", "plain-slow"):  # These have no headers yet.
        number = len(server.requests) + 1
        page.locator(f"#send-{name}").click()
        streams.append(server.wait_for(number))
    page.clock.fast_forward(2000)
    expect(page.locator(".streamhtml-thinking")).to_have_count(4)
    page.get_by_text("Link").click()
    expect(page.locator("h1")).to_have_text("Gone there")
    for request in streams:
        print(f"{client}: hx-boost, {request.path}: {disconnect_time(request):.3f} s")
    wait_for(page, "stream:end", "aborted", times=4)
    expect_html(page, "#messages", "")
    page.go_back()
    if client == "htmx2":  # htmx 4 loads the page again.
        expect(page.locator("#ai_3")).to_have_count(1)
        # It is a copy, in which nothing streams.
        expect(page.locator("[aria-busy], [data-streaming], .streamhtml-thinking")).to_have_count(0)
        expect(page.locator("[data-stream-stop]:not([hidden]), .streamhtml-retry")).to_have_count(0)
        expect(page.get_by_text("You stopped this answer.")).to_be_visible()
        # Those that were not complete, or had not begun.
        expect(page.get_by_role("alert")).to_have_text([LOST] * 4)
    remove_htmx_aborts(problems)


@pytest.mark.parametrize("event", ["turbo:before-cache", "htmx:beforeHistorySave"])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_copy_says_that_its_answer_is_not_complete(
    client: str, event: str, page: Page, server: SteppedServer
) -> None:
    show(page, server, client, named("a", client))
    request = press(page, server, "a")
    request.write()
    wait_for(page, "stream:fragment", 1)
    copy = page.evaluate(
        "name => document.dispatchEvent(new Event(name)) && messages.innerHTML", event
    )
    assert LOST in copy
    assert "aria-busy" not in copy
    # On this page, the answer goes on.
    expect(page.get_by_role("alert")).to_have_count(0)
    request.finish()
    wait_for(page, "stream:end", "finished")
    expect_html(page, "#messages", message(1))


@pytest.mark.parametrize("client", CLIENTS)
def test_the_browser_keeps_the_page_in_its_history(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    server.answers["/slow"] = lambda request: Answer(usual_answer(request).writes, waits=True)
    forms = [named("a", client, data_stream_retry=""), named("b", client, data_stream_keep="")]
    forms.append(named("slow", client, "/slow", data_stream_retry=""))
    show(page, server, client, "".join(forms))
    streamed, kept = (press(page, server, name) for name in "ab")
    page.locator("#send-slow").click()
    slow = server.wait_for(3)
    # With a driver, Chromium does not use this cache.
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    for request in (streamed, slow):
        assert request.disconnected.wait(30)
    wait_for(page, "stream:end", "incomplete")
    # The reader sees it when they come back, also if the answer had not begun.
    expect(page.get_by_role("alert")).to_have_text([f"{LOST} Try again"] * 2)
    kept.finish()
    wait_for(page, "stream:end", "finished")
    expect(page.locator("[data-streaming]")).to_have_count(0)
    remove_htmx_aborts(problems)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_place_has_left_before_the_message_comes(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    server.answers["/reply"] = lambda request: Answer(
        (*usual_answer(request).writes[:1], "never"), waits=True
    )
    show(page, server, client, named("a", client))
    page.locator("#send-a").click()
    request = server.wait_for()
    page.evaluate("document.getElementById('messages').remove()")
    request.write()
    print(f"{client}: no place: {disconnect_time(request):.3f} s")
    wait_for(page, "stream:end", "aborted")
    remove_htmx_aborts(problems)
