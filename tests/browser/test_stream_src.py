"""An element with ``data-stream-src`` shows an answer that another request has begun."""

import pytest
from playwright.sync_api import Page, expect
from tests.browser.form_page import (
    expect_html,
    form,
    message,
    remove_expected,
    shell,
    show,
    wait_for,
)
from tests.browser.stepped_server import STREAMED, TOKEN, Answer, SteppedServer, ordinary
from tests.browser.test_resuming import AT_ONCE, LOST

pytestmark = pytest.mark.browser

SOURCE = '<div data-stream-src="/reply" data-stream-form="#ask"><a href="/reply">Read on</a></div>'
STOP = '<button type="button" data-stream-stop="#ask" hidden>Stop</button>'


def mark(operation: str) -> str:
    return f"<!{TOKEN} {operation}>"


def so_far(number: int, tag: str = "a1") -> str:
    """Return the first fragment of an answer that has begun before, which says "Hel"."""
    begun = mark(f"from {number}.{tag}")
    return f"{begun}{shell(1)}<!{TOKEN}+ open>Hel{mark('append #ai_1_text')}"


REST = f"lo<!{TOKEN}>"
END = mark("end finished")


def open_page(page: Page, server: SteppedServer, *answers: Answer, source: str = SOURCE) -> None:
    """Open a page with an element that follows ``/reply``, which gives these answers."""
    left = iter(answers)
    server.answers["/reply"] = lambda _: next(left)
    page.add_init_script(script=AT_ONCE)
    messages = f'<div id="messages"><p>before</p>{source}<p>after</p></div>'
    show(page, server, "plain", form("plain", STOP, data_stream_reset=""), messages)


def expect_messages(page: Page, inside: str) -> None:
    expect_html(page, "#messages", f"<p>before</p>{inside}<p>after</p>")


def test_the_message_takes_the_place_of_the_element(page: Page, server: SteppedServer) -> None:
    # The element decides the place, also where the server names a container.
    opened = so_far(7).replace("open>", "append #messages>")
    open_page(page, server, Answer((opened, REST, END)))
    request = server.wait_for()
    assert (request.method, request.headers["streaming-html"]) == ("GET", "html")
    assert "last-event-id" not in request.headers
    wait_for(page, "stream:fragment", 7)
    source = page.locator("#ask")
    expect(source).to_have_attribute("data-streaming", "answering")
    expect(source).to_have_attribute("aria-busy", "true")
    expect(page.get_by_text("Stop", exact=True)).to_be_visible()
    request.finish()
    wait_for(page, "stream:end", "finished")
    expect_messages(page, message(1))
    names = [name for name, _ in page.evaluate("events")]
    assert names == ["stream:start", *["stream:fragment", "chunk"] * 3, "stream:end"]
    assert len(server.requests) == 1


def test_it_follows_once_when_it_is_inserted(page: Page, server: SteppedServer) -> None:
    elsewhere = SOURCE.replace("<div ", "<div id=late data-stream='#messages beforeend' ")
    open_page(page, server, Answer((so_far(1) + REST + END,)), source="")
    page.locator("#send").focus()
    page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", elsewhere)
    wait_for(page, "stream:end", "finished")
    page.evaluate("document.body.append(document.querySelector('#late'))")
    page.evaluate("new Promise(requestAnimationFrame)")
    expect_html(page, "#messages", f"<p>before</p><p>after</p>{message(1)}")
    assert len(server.requests) == 1


def test_the_form_is_not_reset(page: Page, server: SteppedServer) -> None:
    open_page(page, server, Answer((so_far(1), REST, END)), source="")
    page.evaluate("document.querySelector('#ask').innerHTML += '<input id=draft>'")
    page.locator("#draft").fill("a draft")
    page.evaluate("html => document.querySelector('#messages').innerHTML += html", SOURCE)
    wait_for(page, "stream:fragment", 1)
    server.wait_for().finish()
    wait_for(page, "stream:end", "finished")
    expect(page.locator("#draft")).to_have_value("a draft")


def test_it_is_resumed_with_the_number_and_the_tag(page: Page, server: SteppedServer) -> None:
    # The first body ends in the middle of a fragment, the second replaces all with less.
    replaced = message(1).replace("Hello", "Oh")[len('<p id="ai_1">') : -len("</p>")]
    open_page(
        page,
        server,
        Answer((so_far(41) + REST + "never" + f"<!{TOKEN}+>",)),
        Answer((f"{mark('from 42.a1')}!{mark('append #ai_1_text')}",)),
        Answer((f"{mark('from 3.b2')}{replaced}{mark('replace #ai_1_text')}",)),
        Answer((f"{mark('from 3.b2')}again{mark('append #ai_1_text')}, well<!{TOKEN}>{END}",)),
    )
    wait_for(page, "stream:end", "finished")
    expect_messages(page, message(1, "Oh, well"))
    ids = [request.headers.get("last-event-id") for request in server.requests]
    assert ids == [None, "42.a1", "42.a1", "3.b2"]


def test_numbers_without_a_tag_keep_it(page: Page, server: SteppedServer) -> None:
    body = f"{so_far(1)}{mark('from 5')}lo<!{TOKEN}>"
    open_page(page, server, Answer((body,)), Answer((f"{mark('from 6.a1')}{END}",)))
    wait_for(page, "stream:end", "finished")
    expect_messages(page, message(1))
    assert server.requests[1].headers["last-event-id"] == "5.a1"


def test_the_form_that_sends_to_its_place_shows_the_state(
    page: Page, server: SteppedServer
) -> None:
    # The first form sends to another place.
    other = '<form data-stream="#elsewhere"></form><div id="elsewhere"></div>'
    source = SOURCE.replace(' data-stream-form="#ask"', "")
    open_page(page, server, Answer((so_far(1), REST, END)), source=other + source)
    wait_for(page, "stream:fragment", 1)
    expect(page.locator("[data-streaming]")).to_have_id("ask")
    expect(page.get_by_text("Stop", exact=True)).to_be_visible()
    server.wait_for().finish()
    wait_for(page, "stream:end", "finished")
    expect_messages(page, other + message(1))


def test_an_answer_that_the_reader_may_not_follow(
    page: Page, server: SteppedServer, problems: list[str]
) -> None:
    # The notice and the event are those of a form. What the form has sent was another question.
    sent = Answer((f"{shell(1)}{mark('open')}", END))
    refused = ordinary("no", status=401)
    open_page(page, server, sent, refused, source="")
    page.locator("#ask").evaluate("form => form.dataset.streamRetry = ''")
    page.locator("#send").click()
    server.wait_for().finish()
    wait_for(page, "stream:end", "finished")
    page.evaluate("html => document.querySelector('#messages').innerHTML = html", SOURCE)
    wait_for(page, "stream:end", "incomplete")
    expect(page.locator("#messages").get_by_role("alert")).to_have_text(
        "Please sign in, and try again."
    )
    wait_for(page, "stream:error")
    assert len(server.requests) == 2
    remove_expected(problems, "401")


@pytest.mark.parametrize("client", ["htmx2", "htmx4"])
def test_the_headers_of_htmx_are_sent(client: str, page: Page, server: SteppedServer) -> None:
    server.answers |= {
        "/reply": lambda _: Answer((so_far(1), END), headers=(("Streaming-HTML-Stop", "/stop"),)),
        "/stop": lambda _: Answer((), status=204),
    }
    name = "hx-headers" if client == "htmx2" else "hx-headers:inherited"
    asking = form(client, STOP + '<input type="hidden" name="who" value="me">')
    body = f"""<div {name}='{{"X-Token": "t"}}'>{asking}</div>"""
    show(page, server, client, body, f'<div id="messages">{SOURCE}</div>')
    wait_for(page, "stream:fragment", 1)
    page.get_by_text("Stop", exact=True).click()
    stop = server.wait_for(2)
    server.requests[0].finish()
    wait_for(page, "stream:end", "finished")
    assert [request.headers["x-token"] for request in server.requests] == ["t", "t"]
    assert (stop.method, stop.fields) == ("POST", [("who", "me")])


@pytest.mark.parametrize("status", [204, 404])
def test_an_answer_that_is_gone(
    status: int, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    gone = Answer((), "text/html", status=204) if status == 204 else ordinary("no", status=404)
    open_page(page, server, gone)
    wait_for(page, "stream:end", "incomplete")
    expect(page.locator("#messages").get_by_role("alert")).to_have_text(LOST)
    expect(page.locator("[data-streaming], [aria-busy]")).to_have_count(0)
    assert len(server.requests) == 1
    if status == 404:  # Chromium itself reports it.
        remove_expected(problems, "404")


def test_a_whole_answer_is_inserted(page: Page, server: SteppedServer) -> None:
    open_page(page, server, ordinary("<p>stored</p>"))
    wait_for(page, "stream:end", "finished")
    expect_messages(page, "<p>stored</p>")


def test_what_is_not_html_is_not_inserted(page: Page, server: SteppedServer) -> None:
    open_page(page, server, Answer(('{"name": "<em>Kim</em>"}',), "application/json"))
    wait_for(page, "stream:end", "incomplete")
    expect(page.locator("#messages").get_by_role("alert")).to_have_text(LOST)
    expect(page.locator("em")).to_have_count(0)


def test_the_element_leaves_the_page(page: Page, server: SteppedServer) -> None:
    open_page(page, server, Answer((so_far(1), "never"), STREAMED, waits=True))
    request = server.wait_for()
    page.locator("[data-stream-form]").evaluate("element => element.remove()")
    wait_for(page, "stream:end", "aborted")
    assert request.disconnected.wait(30)


def test_the_reader_is_not_scrolled(page: Page, server: SteppedServer) -> None:
    long = "<div style='height: 3000px'>text</div>"
    open_page(page, server, Answer((so_far(1), REST, END)), source=long)
    page.evaluate("document.documentElement.dataset.streamPin = ''")
    page.mouse.move(300, 300)
    page.mouse.wheel(0, 400)
    page.wait_for_function("scrollY === 400")
    page.evaluate("html => document.querySelector('#messages').innerHTML += html", SOURCE)
    wait_for(page, "stream:fragment", 1)
    server.wait_for().finish()
    wait_for(page, "stream:end", "finished")
    assert page.evaluate("scrollY") == 400
