"""The request is htmx's own: headers, fields, confirmation, indicators, synchronisation."""

import re

import pytest
from playwright.sync_api import Dialog, Page, expect
from tests.browser.chat_page import CLIENTS
from tests.browser.form_page import (
    TIMEOUT,
    ask,
    expect_html,
    finish,
    form,
    message,
    remove_htmx_aborts,
    send,
    shell,
    show,
    wait_for,
)
from tests.browser.htmx_page import (
    HTMX,
)
from tests.browser.stepped_server import SteppedServer, streamed

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("client", HTMX)
def test_hx_headers(client: str, page: Page, server: SteppedServer) -> None:
    show(page, server, client, form(client, hx_headers='{"X-Room": "7", "X-CSRFToken": "t0"}'))
    request = ask(page, server)
    assert request.headers["x-room"] == "7"
    assert request.headers["x-csrftoken"] == "t0"
    assert request.headers["streaming-html"] == "html"
    assert request.headers["hx-request"] == "true"
    finish(page, request)


@pytest.mark.parametrize("client", CLIENTS)
def test_fields_keep_their_order(client: str, page: Page, server: SteppedServer) -> None:
    inside = '<input type="hidden" name="csrfmiddlewaretoken" value="t0">'
    inside += '<input name="message" value="&amp; 안녕"><input name="empty">'
    show(page, server, client, form(client, inside))
    request = ask(page, server)
    expected = [("csrfmiddlewaretoken", "t0"), ("message", "& 안녕"), ("empty", "")]
    assert (request.method, request.path, request.fields) == ("POST", "/reply", expected)
    finish(page, request)


@pytest.mark.parametrize("client", CLIENTS)
def test_by_get(client: str, page: Page, server: SteppedServer) -> None:
    show(page, server, client, form(client, '<input name="message" value="a b">', method="get"))
    if client != "plain":
        page.evaluate("""() => {
            const form = document.getElementById("ask");
            form.setAttribute("hx-get", form.getAttribute("hx-post"));
            form.removeAttribute("hx-post");
            htmx.process(form, true);
        }""")
    request = ask(page, server)
    assert (request.method, request.fields) == ("GET", [("message", "a b")])
    finish(page, request)
    expect_html(page, "#messages", message(1))


@pytest.mark.parametrize("client", HTMX)
def test_hx_vals(client: str, page: Page, server: SteppedServer) -> None:
    inside = '<input name="message" value="hi">'
    show(page, server, client, form(client, inside, hx_vals='{"room": "7"}'))
    request = ask(page, server)
    assert request.fields == [("message", "hi"), ("room", "7")]
    finish(page, request)


@pytest.mark.parametrize("client", HTMX)
def test_hx_include(client: str, page: Page, server: SteppedServer) -> None:
    extra = '<input id="extra" name="extra" value="1"><input name="not" value="2">'
    show(page, server, client, extra + form(client, hx_include="#extra"))
    request = ask(page, server)
    assert request.fields == [("extra", "1")]
    finish(page, request)


@pytest.mark.parametrize("client", HTMX)
def test_a_button_without_a_form(client: str, page: Page, server: SteppedServer) -> None:
    button = form(client, hx_trigger="dblclick", hx_vals='{"a": "1"}')
    button = re.sub(r"<form (.*?)>.*", r"<button type=button \1>Send</button>", button)
    show(page, server, client, button)
    page.locator("#ask").click()
    page.locator("#ask").dblclick()
    request = server.wait_for()
    wait_for(page, "stream:fragment", 0)
    finish(page, request)
    expect_html(page, "#messages", message(1))
    assert [each.fields for each in server.requests] == [[("a", "1")]]


@pytest.mark.parametrize("client", CLIENTS)
def test_the_form_is_validated(client: str, page: Page, server: SteppedServer) -> None:
    show(page, server, client, form(client, '<input name="message" required>'))
    send(page)
    assert page.evaluate("document.activeElement.name") == "message"
    assert page.evaluate("events") == []
    page.locator("[name=message]").fill("hi")
    request = ask(page, server)
    finish(page, request)
    assert [each.fields for each in server.requests] == [[("message", "hi")]]


@pytest.mark.parametrize("client", HTMX)
def test_hx_confirm(client: str, page: Page, server: SteppedServer) -> None:
    answers = [False, True]
    asked_of_the_user: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked_of_the_user.append(dialog.message)
        dialog.accept() if answers.pop(0) else dialog.dismiss()

    page.on("dialog", answer)
    show(page, server, client, form(client, '<input name="message">', hx_confirm="Really?"))
    page.locator("[name=message]").fill("no")
    send(page)
    page.locator("[name=message]").fill("yes")
    request = ask(page, server)
    finish(page, request)
    assert asked_of_the_user == ["Really?", "Really?"]
    assert [each.fields for each in server.requests] == [[("message", "yes")]]


def test_hx_prompt(page: Page, server: SteppedServer) -> None:
    page.on("dialog", lambda dialog: dialog.accept("seven"))
    show(page, server, "htmx2", form("htmx2", hx_prompt="Which room?"))
    request = ask(page, server)
    assert request.headers["hx-prompt"] == "seven"
    finish(page, request)


@pytest.mark.parametrize("client", CLIENTS)
def test_multipart(client: str, page: Page, server: SteppedServer) -> None:
    attribute = "enctype" if client == "plain" else "hx_encoding"
    inside = '<input name="message" value="hi">'
    show(page, server, client, form(client, inside, **{attribute: "multipart/form-data"}))
    request = ask(page, server)
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    finish(page, request)
    expect_html(page, "#messages", message(1))


@pytest.mark.parametrize("client", HTMX)
@pytest.mark.parametrize("where", ["#busy", "itself"])
def test_hx_indicator(client: str, where: str, page: Page, server: SteppedServer) -> None:
    attributes = {} if where == "itself" else {"hx_indicator": where}
    show(page, server, client, form(client, **attributes) + '<i id="busy">…</i>')
    busy = page.locator("#ask" if where == "itself" else where)
    expect(busy).not_to_have_class("htmx-request")
    request = ask(page, server)
    request.write()
    expect(page.locator("#ai_1_text")).to_have_text("Hel")
    assert busy.get_attribute("class") == "htmx-request"
    finish(page, request)
    assert not busy.get_attribute("class")


@pytest.mark.parametrize("client", HTMX)
def test_hx_disabled_elt(client: str, page: Page, server: SteppedServer) -> None:
    name = "hx_disabled_elt" if client == "htmx2" else "hx_disable"
    show(page, server, client, form(client, **{name: "#send"}))
    button = page.locator("#send")
    request = ask(page, server)
    request.write()
    expect(page.locator("#ai_1_text")).to_have_text("Hel")
    assert button.is_disabled()
    finish(page, request)
    expect(button).to_be_enabled()


@pytest.mark.parametrize("client", HTMX)
def test_hx_sync_replace(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    show(page, server, client, form(client, hx_sync="this:replace"))
    first = ask(page, server)
    first.write()
    expect(page.locator("#ai_1_text")).to_have_text("Hel")
    second = ask(page, server, 2)
    assert first.disconnected.wait(30)
    wait_for(page, "stream:end", "aborted")
    second.write()
    expect(page.locator("#ai_2_text")).to_have_text("Hel")
    finish(page, second)
    expect_html(page, "#messages", message(1, "Hel") + message(2))
    ends = page.evaluate("events.filter(([name]) => name === 'stream:end')")
    assert ends == [["stream:end", "aborted"], ["stream:end", "finished"]]
    assert not second.disconnected.is_set()
    remove_htmx_aborts(problems)


@pytest.mark.parametrize("client", HTMX)
def test_hx_sync_replace_can_be_stopped(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    stop = '<button id="stop" data-stream-stop="#ask">Stop</button>'
    show(page, server, client, form(client, hx_sync="this:replace") + stop)
    first = ask(page, server)
    second = ask(page, server, 2)
    assert first.disconnected.wait(30)
    wait_for(page, "stream:end", "aborted")
    page.locator("#stop").click()
    assert second.disconnected.wait(30)
    wait_for(page, "stream:end", "aborted", times=2)
    remove_htmx_aborts(problems)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_second_request_is_dropped(client: str, page: Page, server: SteppedServer) -> None:
    sync = {} if client == "plain" else {"hx_sync": "this:drop"}
    show(page, server, client, form(client, '<input name="message" value="one">', **sync))
    first = ask(page, server)
    page.locator("[name=message]").fill("two")
    send(page)
    finish(page, first)
    page.locator("[name=message]").fill("three")
    finish(page, ask(page, server, 2), times=2)
    said = [each.fields[0][1] for each in server.requests]
    assert (said, [each.others for each in server.requests]) == (["one", "three"], [0, 0])
    expect_html(page, "#messages", message(1) + message(2))


@pytest.mark.parametrize("sync", ["this:queue all", ""])
@pytest.mark.parametrize("client", HTMX)
def test_a_second_request_waits(client: str, sync: str, page: Page, server: SteppedServer) -> None:
    attributes = {"hx_sync": sync} if sync else {}  # Both wait without the attribute too.
    show(page, server, client, form(client, '<input name="message" value="one">', **attributes))
    first = ask(page, server)
    page.locator("[name=message]").fill("two")
    send(page)
    first.write()
    expect(page.locator("#ai_1_text")).to_have_text("Hel")
    first.finish()
    second = server.wait_for(2)
    assert second.others == 0
    finish(page, second, times=2)
    expect_html(page, "#messages", message(1) + message(2))


@pytest.mark.parametrize("client", HTMX)
def test_a_timeout_of_htmx_does_not_end_a_stream(
    client: str, page: Page, server: SteppedServer
) -> None:
    many = [(shell(1), "open"), *[(".", "append #ai_1_text")] * 400]
    server.answers["/reply"] = lambda _: streamed(*many)
    show(page, server, client, form(client))
    name = "timeout" if client == "htmx2" else "defaultTimeout"
    page.evaluate(f"htmx.config.{name} = 1500")
    request = ask(page, server)
    began, number = page.evaluate("performance.now()"), 0
    while page.evaluate("performance.now()") < began + 2000 and not request.disconnected.is_set():
        number += 1
        assert number < 400
        request.write()
        page.wait_for_function(
            "(number) => document.getElementById('ai_1_text').textContent.length >= number"
            " || events.some(([name]) => name === 'stream:end')",
            arg=number,
            timeout=TIMEOUT,
        )
        # A pause for each write, so that the writes do not run out before the timeout.
        page.evaluate("new Promise((done) => setTimeout(done, 10))")
    assert page.evaluate("events.filter(([name]) => name === 'stream:end')") == []
    finish(page, request)
    expect(page.locator("#ai_1_text")).to_have_text("." * 400)
