"""A request that fails is explained, and the reader can send it again."""

from email.utils import formatdate
from time import time

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import CLIENTS
from tests.browser.form_page import (
    ask,
    finish,
    form,
    ordinary_answer,
    send,
    shell,
    show,
    usual_answer,
    wait_for,
)
from tests.browser.stepped_server import Answer, SteppedServer, streamed

from streamhtml import client_words

pytestmark = pytest.mark.browser

PAGE = "<!doctype html><html><title>Bad Gateway</title><h1>Bad Gateway</h1>"
ERRORS = [
    (401, {}, "Please sign in, and try again."),
    (403, {}, "Something went wrong. Please try again."),
    (413, {}, "This is too large. Please shorten it."),
    (429, {}, "Too many requests. Please try again later."),
    (429, {"Retry-After": "30"}, "Too many requests. Please try again in 30 seconds."),
    (429, {"Retry-After": "soon"}, "Too many requests. Please try again later."),
    (500, {}, "The server has a problem. Please try again later."),
    (503, {"Retry-After": "600"}, "The server has a problem. Please try again in 10 minutes."),
    (502, {"Retry-After": "later"}, "The server has a problem. Please try again later."),
]
NOTICE = '<span class="streamhtml-notice" role="alert">It broke.</span>'
RECORD = """
window.failures = [];
document.addEventListener("stream:error", async ({ detail: { status, response, error } }) => {
  const text = await response?.text();
  failures.push([status, response?.headers.get("Retry-After"), text, !!error]);
});
"""


def remove_reports(problems: list[str]) -> None:
    """Remove what Chromium and htmx report about failed requests."""
    assert problems
    expected = (
        "Failed to load resource",
        "Response Status Error",
        "htmx:",
        "Failed to fetch",
        "AbortError",
    )
    problems[:] = [each for each in problems if not any(part in each for part in expected)]


@pytest.mark.parametrize("client", CLIENTS)
def test_each_error_has_its_words(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    page.add_init_script(script=RECORD)
    show(page, server, client, form(client))
    alert = page.locator("#messages > [role=alert]")
    for number, (status, headers, text) in enumerate(ERRORS, 1):
        server.answers["/reply"] = ordinary_answer(PAGE, headers, status)
        send(page)
        page.wait_for_function("number => failures.length === number", arg=number)
        expect(alert).to_have_text(text)  # There is only one.
        failure = page.evaluate("failures.at(-1)")
        assert failure == [status, headers.get("Retry-After"), PAGE, True]
        expect(page.locator("[data-streaming], h1")).to_have_count(0)

    page.evaluate("document.documentElement.lang = 'ko'")
    page.locator("#ask").evaluate("""form => {
        form.setAttribute("data-stream-error-5xx", "{time} 다시");
        form.parentElement.setAttribute("data-stream-error", "Farther.");
    }""")
    date = formatdate(time() + 7000, usegmt=True)
    server.answers["/reply"] = ordinary_answer("down", {"Retry-After": date}, 503)
    send(page)
    expect(alert).to_have_text("2시간 후 다시")

    page.evaluate("document.documentElement.lang = 'not a language'")
    page.context.set_offline(True)
    send(page)
    expect(alert).to_have_text("Farther.")
    page.evaluate("document.body.removeAttribute('data-stream-error')")
    send(page)
    expect(alert).to_have_text("The server cannot be reached. Please try again.")
    assert page.evaluate("failures.at(-1)") == [0, None, None, True]
    remove_reports(problems)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_script_element_has_the_texts(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    show(page, server, client, form(client) + '<p id="status" data-stream-status></p>')
    page.evaluate(
        """words => {
            const copy = document.createElement("div");
            copy.innerHTML = `<b ${words}>`;
            const script = document.querySelector("script[src*=client]");
            for (const { name, value } of copy.firstChild.attributes) {
                script.setAttribute(name, value);
            }
        }""",
        client_words("ko"),
    )
    server.answers["/reply"] = ordinary_answer("busy", status=503)
    send(page)
    alert = page.locator("#messages > [role=alert]")
    expect(alert).to_have_text("서버에 문제가 있습니다. 나중에 다시 시도해 주세요.")
    remove_reports(problems)

    # A text nearer to the form takes precedence, also one for more errors.
    page.locator("#ask").evaluate("form => form.setAttribute('data-stream-error', 'Near.')")
    send(page)
    expect(alert).to_have_text("Near.")
    remove_reports(problems)

    server.answers["/reply"] = usual_answer
    send(page)
    finish(page, server.wait_for(3))
    expect(page.locator("#status")).to_have_text("답변이 완료되었습니다.")


@pytest.mark.parametrize("content_type", ["application/json", "text/plain; charset=utf-8"])
def test_what_is_not_html_is_not_inserted(
    content_type: str, page: Page, server: SteppedServer
) -> None:
    page.add_init_script(script=RECORD)
    show(page, server, "plain", form("plain"))
    server.answers["/reply"] = lambda _: Answer(('{"name": "<em>Kim</em>"}',), content_type)
    send(page)
    page.wait_for_function("failures.length")
    alert = page.locator("#messages > [role=alert]")
    expect(alert).to_have_text("Something went wrong. Please try again.")
    assert page.evaluate("failures[0][0]") == 200
    expect(page.locator("em, [data-streaming]")).to_have_count(0)

    # A 204 has no body, and so no type. It is no failure, and the page stays as it is.
    page.route("**/reply", lambda route: route.fulfill(status=204), times=2)
    for place in "#messages", "#messages outerHTML":
        page.locator("#ask").evaluate("(form, place) => (form.dataset.stream = place)", place)
        send(page)
        expect(alert).to_have_count(0)
        expect(page.locator("[data-streaming]")).to_have_count(0)
        assert page.locator("#messages").count() == 1
    page.locator("#ask").evaluate("form => (form.dataset.stream = '#messages')")
    server.answers["/reply"] = ordinary_answer("<em>Kim</em>")
    send(page)
    expect(page.locator("#messages > em")).to_have_text("Kim")
    assert page.evaluate("failures.length") == 1


@pytest.mark.parametrize("client", [*CLIENTS, "inherited"])
def test_a_redirect_to_a_page_is_followed(client: str, page: Page, server: SteppedServer) -> None:
    server.answers["/reply"] = ordinary_answer("elsewhere", {"Location": "/login?next=1"}, 302)
    asking = form("htmx2" if client == "inherited" else client)
    if client == "inherited":  # The extension is that of an element around the form.
        client = "htmx2"
        asking = f"<main hx-ext='streaming-html'>{asking.replace('hx-ext', 'data-was')}</main>"
    show(page, server, client, asking)
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(f"{request.url} {request.failure}"))
    send(page)
    expect(page).to_have_url(f"{server.url}/login?next=1")
    assert failed == []


@pytest.mark.parametrize("client", CLIENTS)
def test_the_reader_tries_again(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    inside = (
        '<input name="message" required><button name="model" value="large" id="large">L</button>'
    )
    retry = form(client, inside, data_stream_reset="", data_stream_retry="Nochmal")
    page.clock.install()
    show(page, server, client, retry)
    field, again = page.locator("[name=message]"), page.get_by_role("button", name="Nochmal")
    expected = [("message", "first?"), ("model", "large")]

    # It failed on the way. The form is empty by now, but for a new text.
    server.answers["/reply"] = lambda _: streamed(
        (shell(1), "open"), (NOTICE, "append #ai_1_text"), end="failed"
    )
    field.fill("first?")
    page.locator("[name=model]").click()
    server.wait_for(1).finish()
    wait_for(page, "stream:end", "failed")
    expect(page.locator("#ai_1_text > .streamhtml-notice")).to_have_text("It broke. Nochmal")
    expect(field).to_have_value("")
    field.fill("draft")
    server.answers["/reply"] = ordinary_answer("busy", status=503)
    again.click()
    assert server.wait_for(2).fields == expected
    expect(page.locator("#messages > .streamhtml-notice")).to_contain_text("later. Nochmal")

    # Another attempt does not lose the new text, nor the focus.
    server.answers["/reply"] = usual_answer
    again.click()
    expect(page.locator("[name=model]")).to_be_focused()
    assert server.wait_for(3).fields == expected
    finish(page, server.wait_for(3))
    expect(page.locator("#ai_3_text")).to_have_text("Hello")
    expect(again).to_have_count(0)
    expect(field).to_have_value("draft")

    # It failed before it began: the form has its text until it is answered.
    server.answers["/reply"] = ordinary_answer("busy", {"Retry-After": "100"}, status=503)
    send(page)
    expect(again).to_be_disabled()
    page.clock.fast_forward(100_000)
    expect(again).to_be_enabled()
    expect(field).to_have_value("draft")
    server.answers["/reply"] = usual_answer
    again.click()
    request = server.wait_for(5)
    assert request.fields == [("message", "draft")]
    finish(page, request, times=2)
    expect(field).to_have_value("")
    remove_reports(problems)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_reader_has_written_a_new_text(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    inside = '<input name="message" required><button>Send</button>'
    show(
        page,
        server,
        client,
        form(client, inside, data_stream_reset="", data_stream_retry="Nochmal"),
    )
    field, again = page.locator("[name=message]"), page.get_by_role("button", name="Nochmal")

    # It is not what is asked again.
    server.answers["/reply"] = ordinary_answer("busy", status=503)
    field.fill("second?")
    send(page)
    expect(again).to_be_enabled()
    field.fill("draft")
    server.answers["/reply"] = usual_answer
    again.click()
    assert server.wait_for(2).fields == [("message", "second?")]
    finish(page, server.wait_for(2))
    expect(field).to_have_value("draft")

    # What is too large does not become smaller.
    server.answers["/reply"] = ordinary_answer("", status=413)
    field.fill("long")
    send(page)
    expect(page.locator("#messages > .streamhtml-notice")).to_be_visible()
    expect(again).to_have_count(0)
    remove_reports(problems)


@pytest.mark.parametrize("wait", ["a trigger", "a confirmation"])
@pytest.mark.parametrize("client", ["htmx2", "htmx4"])
def test_htmx_waits_before_it_sends_again(
    client: str, wait: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    trigger = {"hx_trigger": "submit delay:50ms"} if wait == "a trigger" else {}
    page.add_init_script("""addEventListener("htmx:confirm", (event) => {
        event.preventDefault();
        setTimeout(() => event.detail.issueRequest(true), 50);
    })""")
    asking = form(client, '<input name="message">', data_stream_retry="", **trigger)
    show(page, server, client, asking)
    field, again = page.locator("[name=message]"), page.get_by_role("button", name="Try again")
    server.answers["/reply"] = ordinary_answer("busy", status=503)
    field.fill("first?")
    send(page)
    expect(again).to_be_enabled()
    field.fill("draft")
    again.click()
    assert server.wait_for(2).fields == [("message", "first?")]
    expect(again).to_be_enabled()
    send(page)
    assert server.wait_for(3).fields == [("message", "draft")]
    expect(again).to_be_enabled()
    remove_reports(problems)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_button_that_was_refused_is_not_what_is_asked_again(
    client: str, page: Page, server: SteppedServer
) -> None:
    server.answers["/deep"] = lambda _: streamed(
        (shell(1), "open"), (NOTICE, "append #ai_1_text"), end="failed"
    )
    server.answers["/reply"] = usual_answer
    inside = '<button name="mode" value="deep" formaction="/deep">Deep</button>'
    sync = {} if client == "plain" else {"hx_sync": "this:drop"}
    show(page, server, client, form(client, inside, data_stream_retry="", **sync))
    if client == "htmx4":  # It does not read the attribute.
        server.answers["/reply"] = server.answers["/deep"]
    page.get_by_text("Deep").click()
    request = server.wait_for(1)
    wait_for(page, "stream:fragment", 0)
    send(page)
    expect(page.locator(".streamhtml-notice-wait")).to_be_visible()
    request.finish()
    wait_for(page, "stream:end", "failed")
    page.get_by_role("button", name="Try again").click()
    again = server.wait_for(2)
    assert (again.path, again.fields) == (request.path, [("mode", "deep")])
    again.finish()
    wait_for(page, "stream:end", "failed", times=2)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_new_file_stays(client: str, page: Page, server: SteppedServer) -> None:
    server.answers["/reply"] = lambda request: streamed(
        (shell(request.number), "open"), (NOTICE, f"append #ai_{request.number}_text"), end="failed"
    )
    encoded = {"enctype": "multipart/form-data", "hx_encoding": "multipart/form-data"}
    inside = '<input type="file" name="file">'
    show(
        page,
        server,
        client,
        form(client, inside, data_stream_reset="", data_stream_retry="", **encoded),
    )
    field = page.locator("[name=file]")
    field.set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"a"})
    ask(page, server).finish()
    wait_for(page, "stream:end", "failed")
    expect(field).to_have_value("")
    field.set_input_files({"name": "b.txt", "mimeType": "text/plain", "buffer": b"b"})
    page.get_by_role("button", name="Try again").click()
    server.wait_for(2).finish()
    wait_for(page, "stream:end", "failed", times=2)
    expect(field).to_have_value("C:\\fakepath\\b.txt")


def test_htmx_4_inserts_what_the_application_says(
    page: Page, server: SteppedServer, problems: list[str]
) -> None:
    show(page, server, "htmx4", form("htmx4") + '<div id="side"></div>')
    server.answers["/reply"] = ordinary_answer("<em>Not so.</em>", status=422)
    send(page)
    expect(page.locator("#messages > em")).to_have_text("Not so.")
    headers = {"HX-Retarget": "#side"}
    server.answers["/reply"] = ordinary_answer("<em>Too busy.</em>", headers, status=503)
    send(page)
    expect(page.locator("#side > em")).to_have_text("Too busy.")
    expect(page.locator(".streamhtml-notice")).to_have_count(0)
    remove_reports(problems)
    server.answers["/reply"] = usual_answer
    send(page)
    finish(page, server.wait_for(3))


@pytest.mark.parametrize("place", ["messages", "#messages append"])
def test_a_place_that_is_not_on_the_page_is_an_error_before_the_request(
    place: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    show(page, server, "plain", form("plain", '<input name="message">', data_stream=place))
    page.locator("[name=message]").fill("Hello?")
    with page.expect_event("pageerror") as raised:
        send(page)
    says = f'no element matches data-stream="{place}"; an id needs a #'
    assert str(raised.value) == says
    assert problems == [f"exception: {says}"]
    problems.clear()
    assert page.locator("[name=message]").input_value() == "Hello?"
    assert server.requests == []


@pytest.mark.parametrize("client", [*CLIENTS, "turbo"])
def test_an_error_without_words(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    if client == "turbo":
        asking = '<form action="/reply" method="post" data-stream-reset><button id="send">Send'
    else:
        asking = form(client)
    show(page, server, client, asking)
    empty = {"Content-Type": "text/html", "Content-Length": "0"}
    page.route("**/reply", lambda route: route.fulfill(status=400, headers=empty, body=""))
    send(page)
    wait_for(page, "stream:error")
    expect(page.get_by_role("alert")).to_have_text("Something went wrong. Please try again.")
    expect(page.locator("#send")).to_be_visible()
    remove_reports(problems)
