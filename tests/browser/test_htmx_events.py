"""htmx dispatches the same events as for an ordinary response, and other requests are its own."""

import re
from collections import Counter
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import CLIENTS
from tests.browser.form_page import (
    ask,
    expect_html,
    finish,
    form,
    message,
    ordinary_answer,
    pieces,
    send,
    show,
)
from tests.browser.htmx_page import (
    EVENTS,
    HTMX,
    htmx_events,
    record_htmx_events,
    wait_for_htmx,
)
from tests.browser.stepped_server import SteppedServer, streamed

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def recording(page: Page) -> None:
    record_htmx_events(page)


LAST = {
    "htmx2": ["afterOnLoad", "afterRequest"],
    "htmx4": ["after:request", "finally:request"],
}


@pytest.mark.parametrize("client", HTMX)
def test_each_event_is_dispatched_as_often(client: str, page: Page, server: SteppedServer) -> None:
    counts = []
    show(page, server, client, form(client))
    # The same answer in two ways, each on a fresh page.
    for number, answer in enumerate(
        [ordinary_answer(message(1)), lambda _: streamed(*pieces(1))], 1
    ):
        server.answers["/reply"] = answer
        page.goto(server.url)
        send(page)
        server.wait_for(number).finish()
        expect(page.locator("#ai_1_text")).to_have_text("Hello")
        wait_for_htmx(page)
        counts.append(Counter(name for name, _ in htmx_events(page)))
    ordinarily, streaming = counts
    assert ordinarily.keys() == set(EVENTS[client])
    assert streaming == ordinarily


@pytest.mark.parametrize("client", HTMX)
@pytest.mark.parametrize("pace", ["slow", "at once"])
def test_the_answer_is_complete_in_the_last_events(
    client: str, pace: str, page: Page, server: SteppedServer
) -> None:
    show(page, server, client, form(client))
    if pace == "slow":
        request = ask(page, server)
    else:
        send(page)
        request = server.wait_for()
    finish(page, request)
    wait_for_htmx(page)
    last = [(name, whole) for name, whole in htmx_events(page) if name in LAST[client]]
    assert sorted(last) == [(name, True) for name in LAST[client]]


@pytest.mark.parametrize("client", HTMX)
def test_a_listener_can_prevent_the_request(client: str, page: Page, server: SteppedServer) -> None:
    show(page, server, client, form(client, '<input name="message" value="no">'))
    name = "htmx:beforeRequest" if client == "htmx2" else "htmx:before:request"
    page.evaluate(
        f"document.addEventListener('{name}', (event) => event.preventDefault(), {{once: true}})"
    )
    send(page)
    page.locator("[name=message]").fill("yes")
    finish(page, ask(page, server))
    assert [each.fields for each in server.requests] == [[("message", "yes")]]


@pytest.mark.parametrize("client", HTMX)
def test_a_listener_can_prevent_the_swap(client: str, page: Page, server: SteppedServer) -> None:
    show(page, server, client, form(client))
    name = "htmx:beforeSwap" if client == "htmx2" else "htmx:before:swap"
    page.evaluate(f"document.addEventListener('{name}', (event) => event.preventDefault())")
    request = ask(page, server)
    expect_html(page, "#messages", "")
    finish(page, request)
    expect_html(page, "#messages", "")


@pytest.mark.parametrize("client", HTMX)
def test_a_listener_can_move_the_swap(client: str, page: Page, server: SteppedServer) -> None:
    show(page, server, client, form(client) + '<div id="side"></div>')
    page.evaluate("""() => {
        const target = document.getElementById("side");
        document.addEventListener("htmx:beforeSwap", ({ detail }) => detail.target = target);
        document.addEventListener("htmx:before:swap", ({ detail }) =>
            Object.assign(detail.tasks[0], { target }));
    }""")
    request = ask(page, server)
    expect(page.locator("#side > #ai_1")).to_have_count(1)
    finish(page, request)
    expect_html(page, "#side", message(1))


@pytest.mark.parametrize("client", HTMX)
def test_the_events_keep_their_order(client: str, page: Page, server: SteppedServer) -> None:
    show(page, server, client, form(client))
    finish(page, ask(page, server))
    wait_for_htmx(page)
    names = [re.sub("[:-]", "", name.lower()) for name, _ in htmx_events(page)]
    assert names.index("beforerequest") < names.index("beforeswap") < names.index("afterswap")
    assert names.index("afterswap") < names.index("afterrequest")


@pytest.mark.parametrize("client", CLIENTS)
def test_a_plain_link_and_a_plain_form(client: str, page: Page, server: SteppedServer) -> None:
    server.answers["/reply"] = server.answers["/linked"] = ordinary_answer("<h1>Gone there</h1>")
    plain = '<form action="/reply" method="post"><button id="send">Send</button></form>'
    show(page, server, client, '<a href="/linked">Link</a>' + plain)
    for number, click in enumerate([page.get_by_role("link"), page.locator("#send")], 1):
        click.click()
        expect(page.locator("h1")).to_have_text("Gone there")
        request = server.wait_for(number)
        assert "streaming-html" not in request.headers
        page.go_back()


@pytest.mark.parametrize("client", HTMX)
def test_a_boosted_link(client: str, page: Page, server: SteppedServer) -> None:
    server.answers["/linked"] = ordinary_answer("<title>New</title><h1>Gone there</h1>")
    ext = 'hx-ext="streaming-html"'
    boost = "hx-boost" if client == "htmx2" else "hx-boost:inherited"
    show(page, server, client, f'<div {ext} {boost}="true"><a href="/linked">Link</a></div>')
    page.evaluate("window.before = true")
    page.get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("Gone there")
    expect(page).to_have_url(server.url + "/linked")
    expect(page).to_have_title("New")
    assert page.locator("a").count() == 0
    assert page.evaluate("window.before") is True
    assert page.evaluate("events") == []


@pytest.mark.parametrize("client", HTMX)
def test_a_boosted_form_streams(client: str, page: Page, server: SteppedServer) -> None:
    boost = "hx-boost" if client == "htmx2" else "hx-boost:inherited"
    target = "hx-target" if client == "htmx2" else "hx-target:inherited"
    swap = "hx-swap" if client == "htmx2" else "hx-swap:inherited"
    boosted = '<form id="ask" action="/reply" method="post"><button id="send">Send</button></form>'
    around = f'hx-ext="streaming-html" {boost}="true" {target}="#messages" {swap}="beforeend"'
    show(page, server, client, f"<div {around}>{boosted}</div>")
    before = page.evaluate("history.length")
    finish(page, ask(page, server))
    expect_html(page, "#messages", message(1))
    wait_for_htmx(page)
    assert urlsplit(page.url).path == "/reply"
    assert page.evaluate("history.length") == before + 1


def test_htmx_2_without_the_extension(page: Page, server: SteppedServer) -> None:
    server.answers["/reply"] = ordinary_answer("<em>Yes.</em>")
    show(page, server, "htmx2", form("htmx2", hx_ext=""))
    send(page)
    expect_html(page, "#messages", "<em>Yes.</em>")
    assert "streaming-html" not in server.wait_for().headers
