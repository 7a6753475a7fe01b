"""The message is swapped in by htmx: place, style, selection, and what else the HTML contains."""

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
    shell,
    show,
    wait_for,
)
from tests.browser.htmx_page import HTMX, OLD
from tests.browser.stepped_server import SteppedServer, streamed

pytestmark = pytest.mark.browser


OF_OLD = '<div id="messages">{}</div>'
PLACES = {
    "innerHTML": OF_OLD.format("{}"),
    "outerHTML": "{}",
    "beforebegin": "{}" + OLD,
    "afterbegin": OF_OLD.format("{}<b>old</b>"),
    "beforeend": OF_OLD.format("<b>old</b>{}"),
    "afterend": OLD + "{}",
    "delete": "",
    "none": OLD,
}
MORE_PLACES = {  # of htmx 4
    "innerMorph": PLACES["innerHTML"],
    "outerMorph": PLACES["outerHTML"],
    "before": PLACES["beforebegin"],
    "prepend": PLACES["afterbegin"],
    "append": PLACES["beforeend"],
    "after": PLACES["afterend"],
    "textContent": OF_OLD.format(""),
}
PLAIN_PLACES = [place for place in PLACES if place not in {"delete", "none"}]


@pytest.mark.parametrize(
    ("client", "swap"),
    [
        *(("plain", swap) for swap in PLAIN_PLACES),
        *(("htmx2", swap) for swap in PLACES),
        *(("htmx4", swap) for swap in PLACES | MORE_PLACES),
    ],
)
def test_each_swap_style(client: str, swap: str, page: Page, server: SteppedServer) -> None:
    attribute = {"data_stream": f"#messages {swap}"} if client == "plain" else {"hx_swap": swap}
    area = f'<section id="area">{OLD}</section>'
    show(page, server, client, form(client, **attribute), area)
    request = ask(page, server)
    request.write()
    expected = (PLACES | MORE_PLACES)[swap]
    if "{}" in expected:
        expect(page.locator("#ai_1_text")).to_have_text("Hel")
        assert page.locator("#ai_1_text").get_attribute("aria-busy") == "true"
    finish(page, request)
    expect_html(page, "#area", expected.format(message(1)))


@pytest.mark.parametrize("swap", ["beforeend swap:50ms", "innerHTML settle:50ms"])
@pytest.mark.parametrize("client", HTMX)
def test_a_swap_with_a_delay(client: str, swap: str, page: Page, server: SteppedServer) -> None:
    show(page, server, client, form(client, hx_swap=swap))
    send(page)
    finish(page, server.wait_for())  # Everything arrives at once, and waits for the swap.
    expect_html(page, "#messages", message(1))


@pytest.mark.parametrize("client", HTMX)
def test_a_view_transition(client: str, page: Page, server: SteppedServer) -> None:
    show(page, server, client, form(client, hx_swap="beforeend transition:true"))
    finish(page, ask(page, server))
    expect_html(page, "#messages", message(1))


@pytest.mark.parametrize("client", HTMX)
def test_a_slow_transition_replaces_the_place(
    client: str, page: Page, server: SteppedServer
) -> None:
    # Longer than the time after which a place that is not there any more counts as gone.
    style = "<style>::view-transition-group(*) { animation-duration: 400ms }</style>"
    show(page, server, client, style + form(client, hx_swap="outerHTML transition:true"), OLD)
    finish(page, ask(page, server))
    expect(page.locator("#ai_1_text")).to_have_text("Hello")
    expect(page.locator("#messages")).to_have_count(0)


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("this", "#ask"),
        ("closest section", "#around"),
        ("next .log", "#messages"),
        ("previous .log", "#before"),
        ("find i", "#inside"),
        ("body", "body"),
    ],
)
@pytest.mark.parametrize("client", HTMX)
def test_each_target(
    client: str, target: str, place: str, page: Page, server: SteppedServer
) -> None:
    body = '<div id="before" class="log"></div>' + form(
        client, '<i id="inside"></i>', hx_target=target
    )
    log = '<div id="messages" class="log"></div>'
    show(page, server, client, f'<section id="around">{body}</section>', log)
    finish(page, ask(page, server))
    expect(page.locator(f"{place} > #ai_1:last-child")).to_have_text("Hello")


@pytest.mark.parametrize("client", HTMX)
def test_the_answer_replaces_the_form(client: str, page: Page, server: SteppedServer) -> None:
    show(page, server, client, form(client, hx_target="this", hx_swap="outerHTML"))
    request = ask(page, server)
    request.write()
    expect(page.locator("#ai_1_text")).to_have_text("Hel")
    assert page.locator("#ask").count() == 0
    finish(page, request)
    expect(page.locator("#ai_1_text")).to_have_text("Hello")


@pytest.mark.parametrize("client", HTMX)
def test_hx_select(client: str, page: Page, server: SteppedServer) -> None:
    page_html = f"<header>no</header><main>{shell(1)}</main>"
    server.answers["/reply"] = lambda _: streamed((page_html, "open"), *pieces(1)[1:])
    show(page, server, client, form(client, hx_select="#ai_1"))
    finish(page, ask(page, server))
    expect_html(page, "#messages", message(1))


@pytest.mark.parametrize("client", HTMX)
def test_hx_select_oob(client: str, page: Page, server: SteppedServer) -> None:
    more = '<b id="count">2</b>'
    server.answers["/reply"] = lambda _: streamed((more + shell(1), "open"), *pieces(1)[1:])
    show(page, server, client, form(client, hx_select_oob="#count") + '<b id="count">1</b>')
    finish(page, ask(page, server))
    expect_html(page, "#messages", message(1))
    expect(page.locator("#count")).to_have_text("2")


@pytest.mark.parametrize("client", HTMX)
def test_hx_preserve(client: str, page: Page, server: SteppedServer) -> None:
    kept = '<video id="keep" hx-preserve></video>'
    opened = shell(1) + kept
    server.answers["/reply"] = lambda _: streamed((opened, "open"), *pieces(1)[1:])
    messages = f'<div id="messages">{kept}</div>'
    show(page, server, client, form(client, hx_swap="innerHTML"), messages)
    page.evaluate("document.getElementById('keep').mine = true")
    finish(page, ask(page, server))
    expect(page.locator("#ai_1_text")).to_have_text("Hello")
    assert page.evaluate("[...document.querySelectorAll('#keep')].map((each) => each.mine)") == [
        True
    ]


@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("client", HTMX)
def test_out_of_band_in_the_first_fragment(
    client: str, where: str, page: Page, server: SteppedServer
) -> None:
    oob = '<b id="count" hx-swap-oob="true">2</b>'
    opened = oob + shell(1) if where == "before" else shell(1) + oob
    server.answers["/reply"] = lambda _: streamed((opened, "open"), *pieces(1)[1:])
    show(page, server, client, form(client) + '<b id="count">1</b>')
    request = ask(page, server)
    expect(page.locator("#count")).to_have_text("2")
    assert page.locator("#count").get_attribute("aria-busy") is None
    finish(page, request)
    expect_html(page, "#messages", message(1))


@pytest.mark.parametrize("client", HTMX)
def test_a_partial_in_the_first_fragment(client: str, page: Page, server: SteppedServer) -> None:
    partial = '<hx-partial hx-target="#count" hx-swap="innerHTML">2</hx-partial>'
    server.answers["/reply"] = lambda _: streamed((partial + shell(1), "open"), *pieces(1)[1:])
    show(page, server, client, form(client) + '<b id="count">1</b>')
    request = ask(page, server)
    expect(page.locator("#count")).to_have_text("2")
    finish(page, request)
    expect_html(page, "#messages", message(1))


@pytest.mark.parametrize("client", HTMX)
def test_out_of_band_in_a_later_fragment(client: str, page: Page, server: SteppedServer) -> None:
    partial = '<hx-partial hx-target="#rows" hx-swap="beforeend"><tr><td>2</td></tr></hx-partial>'
    server.answers["/reply"] = lambda _: streamed(
        *pieces(1)[:2],
        ('<b id="count" hx-swap-oob="true">2</b><b hx-swap-oob="beforeend:#log">, 2</b>', "swap"),
        (partial, "swap"),
        ("lo", "append #ai_1_text"),
    )
    places = '<b id="count">1</b><i id="log">1</i><table><tbody id="rows"></tbody></table>'
    show(page, server, client, form(client) + places)
    request = ask(page, server)
    for number in (1, 2, 3):
        request.write()
        wait_for(page, "stream:fragment", number)
    expect(page.locator("#count")).to_have_text("2")
    expect(page.locator("#log")).to_have_text("1, 2")
    expect(page.locator("#rows > tr > td")).to_have_text("2")
    finish(page, request)
    expect_html(page, "#messages", message(1))


@pytest.mark.parametrize("client", CLIENTS)
def test_a_swap(client: str, page: Page, server: SteppedServer) -> None:
    def article(text: str) -> str:
        return f'<article id="ai_1" hx-swap-oob="true"><p>{text}</p></article>'

    server.answers["/reply"] = lambda _: streamed(
        ('<article id="ai_1"></article>', "open"),
        (article("Hel"), "swap"),
        (article("Hello"), "swap"),
    )
    show(page, server, client, form(client))
    request = ask(page, server)
    request.write()
    expect_html(page, "#messages", '<article id="ai_1" aria-busy="true"><p>Hel</p></article>')
    assert page.locator("#ai_1").get_attribute("aria-busy") == "true"
    finish(page, request)
    expect_html(page, "#messages", '<article id="ai_1"><p>Hello</p></article>')


MORE = '<button id="{}" hx-get="/more" hx-target="#side" hx-vals=\'{{"by": "{}"}}\'>More</button>'


@pytest.mark.parametrize("way", ["open", "container", "swap"])
@pytest.mark.parametrize("client", HTMX)
def test_htmx_processes_the_messages_attributes(
    client: str, way: str, page: Page, server: SteppedServer
) -> None:
    opened = shell(1, inside=MORE.format("more", "message"))
    first = (opened, "append #messages" if way == "container" else "open")
    more = [(opened.replace("<p ", '<p hx-swap-oob="true" '), "swap")] if way == "swap" else []
    server.answers["/reply"] = lambda _: streamed(first, *more, *pieces(1)[1:])
    server.answers["/more"] = ordinary_answer("<em>more</em>")
    show(page, server, client, form(client) + '<div id="side"></div>')
    request = ask(page, server)
    if way == "swap":
        request.write()
        wait_for(page, "stream:fragment", 1)
    request.write()
    expect(page.locator("#ai_1_text")).to_have_text("Hel")
    page.locator("#more").click()
    expect(page.locator("#side > em")).to_have_text("more")
    assert server.wait_for(2).fields == [("by", "message")]
    finish(page, request)


@pytest.mark.parametrize("client", HTMX)
def test_htmx_ignores_the_answers_attributes(
    client: str, page: Page, server: SteppedServer
) -> None:
    inert = MORE.format("evil", "answer").replace("#side", "body")
    loads = '<i hx-get="/more" hx-trigger="load" hx-vals=\'{"by": "load"}\'></i>'
    links = f'<div hx-boost="true"><a id="link" href="#">x</a></div>{loads}'
    on = '<b id="on" hx-on:click="window.ran = true">on</b>'
    answer = (inert + links + on, "append #ai_1_text")
    opened = (shell(1, inside=MORE.format("more", "message")), "open")
    server.answers["/reply"] = lambda _: streamed(opened, answer)
    server.answers["/more"] = ordinary_answer("<em>more</em>")
    show(page, server, client, form(client) + '<div id="side"></div>')
    request = ask(page, server)
    finish(page, request)
    page.locator("#evil").click()
    page.evaluate("htmx.process(document.getElementById('messages'))")
    page.locator("#evil").click()
    page.locator("#on").click()
    assert not page.evaluate("window.ran")
    page.locator("#more").click()
    expect(page.locator("#side > em")).to_have_text("more")
    assert [each.fields for each in server.requests[1:]] == [[("by", "message")]]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [("append #notes", "one{}"), ("replace #notes @0", "{}")],
)
@pytest.mark.parametrize("client", HTMX)
def test_htmx_processes_later_fragments(
    client: str, operation: str, expected: str, page: Page, server: SteppedServer
) -> None:
    notes = '<div id="notes"><u>one</u></div>'
    later = (MORE.format("more", "later"), operation)
    server.answers["/reply"] = lambda _: streamed(*pieces(1), later, ("", "append #ai_1_text"))
    server.answers["/more"] = ordinary_answer("<em>more</em>")
    show(page, server, client, form(client) + notes + '<div id="side"></div>')
    request = ask(page, server)
    for _ in range(3):
        request.write()
    wait_for(page, "stream:fragment", 3)
    expect(page.locator("#notes")).to_have_text(expected.format("More"))
    page.locator("#more").click()
    expect(page.locator("#side > em")).to_have_text("more")
    assert server.wait_for(2).fields == [("by", "later")]
    finish(page, request)
