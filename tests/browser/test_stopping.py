"""A button stops an answer: the server ends it, or else the connection is closed."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import CLIENTS
from tests.browser.form_page import (
    ask,
    expect_html,
    form,
    message,
    pieces,
    remove_expected_abort,
    send,
    show,
    usual_answer,
    wait_for,
)
from tests.browser.stepped_server import Answer, Request, SteppedServer, streamed

pytestmark = pytest.mark.browser


STOP = '<button type="button" data-stream-stop="#ask">Stop</button>'
STOPPED = (
    '<span class="streamhtml-notice streamhtml-notice-stopped" role="status">'
    "You stopped this answer.</span>"
)
HIDDEN = '<input type="hidden" name="csrfmiddlewaretoken" value="t0">'


def stop(page: Page) -> None:
    page.get_by_text("Stop", exact=True).click()


@pytest.mark.parametrize("client", CLIENTS)
def test_the_connection_is_closed(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    show(page, server, client, form(client) + STOP)
    request = ask(page, server)
    page.get_by_text("Stop", exact=True).press("Enter")
    assert request.disconnected.wait(30)
    wait_for(page, "stream:end", "aborted")
    expect_html(page, "#messages", message(1, STOPPED))
    expect(page.locator("[aria-busy], [role=alert], .htmx-request")).to_have_count(0)
    expect(page.locator("#send")).to_be_focused()  # The other button has gone.
    ask(page, server, 2).finish()
    wait_for(page, "stream:end", "finished")
    expect_html(page, "#messages", message(1, STOPPED) + message(2))
    remove_expected_abort(client, problems)


def with_stop_url(request: Request) -> Answer:
    """Return the usual answer, which ends as stopped."""
    return streamed(
        *pieces(request.number), headers={"Streaming-HTML-Stop": "/stop"}, end="stopped"
    )


@pytest.mark.parametrize("client", CLIENTS)
def test_the_server_ends_an_answer_that_is_stopped(
    client: str, page: Page, server: SteppedServer
) -> None:
    server.answers |= {"/reply": with_stop_url, "/stop": lambda _: streamed()}
    inside = HIDDEN + '<input name="message">'
    attributes = {} if client == "plain" else {"hx_headers": '{"X-CSRFToken": "t1"}'}
    attributes["data_stream_reset"] = ""
    show(page, server, client, form(client, inside, **attributes) + STOP)
    page.locator("[name=message]").fill("Hello?")
    request = ask(page, server)
    # A request that is kept alive may have 64 KiB, and this one is longer.
    page.locator("[name=message]").evaluate("field => { field.value = 'x'.repeat(70_000); }")
    page.evaluate("""() => {
        window.changes = 0;
        new MutationObserver(() => changes++).observe(
            document.getElementById("ai_1_text"), { childList: true });
    }""")
    stop(page)
    called = server.wait_for(2)
    assert (called.method, called.path) == ("POST", "/stop")
    assert called.fields == [("csrfmiddlewaretoken", "t0"), ("message", "x" * 70_000)]
    assert called.headers.get("x-csrftoken") == (None if client == "plain" else "t1")
    request.write()  # It was on its way.
    page.wait_for_function("reads.length > 1")
    page.evaluate("new Promise((done) => setTimeout(done, 200))")
    assert page.evaluate("changes") == 0
    request.finish()
    wait_for(page, "stream:end", "stopped")
    expect_html(page, "#messages", message(1))
    assert not request.disconnected.is_set()
    expect(page.locator("[aria-busy], [role=alert], .htmx-request")).to_have_count(0)


def test_the_second_click_of_a_double_click_does_not_stop(
    page: Page, server: SteppedServer
) -> None:
    # The stop button may have taken the place of the button that sends.
    server.answers["/reply"] = usual_answer
    show(page, server, "plain", form("plain") + STOP)
    request = ask(page, server)
    click = (
        "(button, detail) => button.dispatchEvent(new MouseEvent('click', {bubbles: true, detail}))"
    )
    button = page.locator("[data-stream-stop]")
    button.evaluate(click, 2)
    assert page.locator("[data-streaming]").count() == 1
    button.evaluate(click, 1)
    wait_for(page, "stream:end", "aborted")
    assert request.disconnected.wait(30)


IMPATIENT = """
const { setTimeout: later } = window;
window.setTimeout = (then, ms = 0, ...rest) => later(then, ms === 5000 ? 50 : ms, ...rest);
"""


@pytest.mark.parametrize("how", ["an error", "no network", "no end", "a second click"])
@pytest.mark.parametrize("client", CLIENTS)
def test_without_the_server_the_connection_is_closed(
    client: str, how: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    status = 404 if how == "an error" else 200
    server.answers |= {"/reply": with_stop_url, "/stop": lambda _: streamed(status=status)}
    if how == "no end":
        page.add_init_script(script=IMPATIENT)
    show(page, server, client, form(client) + STOP)
    if how == "no network":
        page.route("**/stop", lambda route: route.abort())
    request = ask(page, server)
    stop(page)
    if how == "a second click":
        server.wait_for(2)
        stop(page)
    assert request.disconnected.wait(30)
    wait_for(page, "stream:end", "aborted")
    expect_html(page, "#messages", message(1, STOPPED))
    if how != "no network":
        server.wait_for(2)  # The request may be slower than the time limit.
    assert [each.path for each in server.requests[1:]] == ["/stop"] * (how != "no network")
    problems[:] = [each for each in problems if not re.search("404|fetch|ERR_FAILED", each)]
    remove_expected_abort(client, problems)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_request_without_a_response_can_be_stopped(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    server.answers["/reply"] = lambda request: Answer(
        usual_answer(request).writes, waits=request.number == 1
    )
    show(page, server, client, form(client) + STOP)
    send(page)
    request = server.wait_for()
    stop(page)
    assert request.disconnected.wait(30)
    expect_html(page, "#messages", STOPPED)
    send(page)
    server.wait_for(2).finish()
    wait_for(page, "stream:end", "finished")
    expect_html(page, "#messages", message(2))
    expect(page.locator("[aria-busy], [role=alert], .htmx-request")).to_have_count(0)
    remove_expected_abort(client, problems)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_stop_link_is_an_ordinary_link_while_nothing_streams(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    link = '<a href="#there" data-stream-stop>Stop</a>'
    show(page, server, client, form(client, link))
    request = ask(page, server)
    stop(page)
    assert request.disconnected.wait(30)
    wait_for(page, "stream:end", "aborted")
    assert not page.url.endswith("#there")
    stop(page)
    expect(page).to_have_url(f"{server.url}/#there")
    remove_expected_abort(client, problems)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_connection_without_a_byte_times_out(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    page.clock.install()
    show(page, server, client, form(client))
    request = ask(page, server)
    # The limit is 60 seconds. It counts from the last byte.
    page.clock.fast_forward(40_000)
    request.write()
    wait_for(page, "stream:fragment", 1)
    page.clock.fast_forward(40_000)
    assert page.locator("[aria-busy=true]").count()
    page.clock.fast_forward(40_000)
    wait_for(page, "stream:end", "timeout")
    assert request.disconnected.wait(30)
    expect(page.get_by_role("alert")).to_have_text(
        "The connection was lost, and the answer ends here."
    )
    assert page.locator("[aria-busy]").count() == 0
    remove_expected_abort(client, problems)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_status_announces_the_end_once(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    statuses = '<p role="status" data-stream-status></p><p data-stream-status="Fertig."></p>'
    show(page, server, client, form(client) + STOP + statuses)
    page.evaluate("""() => {
        window.said = [];
        new MutationObserver((all) => all.forEach(({ target }) => said.push(target.textContent)))
            .observe(document.querySelector("[role=status]"), { childList: true });
    }""")
    ask(page, server).finish()
    wait_for(page, "stream:end", "finished")
    expect(page.locator("[data-stream-status]")).to_have_text(["Reply complete.", "Fertig."])
    assert page.evaluate("said") == ["Reply complete."]
    ask(page, server, 2)
    expect(page.locator("[data-stream-status]").first).to_be_empty()
    stop(page)
    wait_for(page, "stream:end", "aborted")
    expect(page.locator("[data-stream-status]").first).to_be_empty()
    remove_expected_abort(client, problems)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_form_is_reset_and_keeps_the_focus(
    client: str, page: Page, server: SteppedServer
) -> None:
    inside = '<input name="reset" aria-label="Reset"><input name="message" aria-label="Message">'
    show(page, server, client, form(client, inside, data_stream_reset=""))
    field = page.get_by_label("Message")
    field.fill("Hello?")
    field.press("Enter")
    request = server.wait_for()
    wait_for(page, "stream:start")
    assert dict(request.fields)["message"] == "Hello?"
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    request.finish()
    wait_for(page, "stream:end", "finished")
    expect(field).to_be_focused()
