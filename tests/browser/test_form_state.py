"""While its answer streams, a form shows so; the reader can stop it, and is told what happens."""

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import CLIENTS
from tests.browser.form_page import (
    ask,
    expect_html,
    finish,
    form,
    message,
    remove_expected_abort,
    send,
    shell,
    show,
    usual_answer,
    wait_for,
)
from tests.browser.stepped_server import Answer, SteppedServer

pytestmark = pytest.mark.browser

STOP = '<button type="button" data-stream-stop="#ask" hidden>Stop</button>'
FIELD = '<input name="message" value="Hello?">'
THINKING = '<span class="streamhtml-thinking">Thinking…</span>'


def expect_state(page: Page, state: str) -> None:
    asking = page.locator("#ask")
    if state:
        expect(asking).to_have_attribute("data-streaming", state)
        expect(asking).to_have_attribute("aria-busy", "true")
    else:
        expect(page.locator("[data-streaming], [aria-busy]")).to_have_count(0)
    expect(page.locator("[data-stream-stop]")).to_be_visible(visible=bool(state))


@pytest.mark.parametrize("client", CLIENTS)
def test_from_the_question_to_the_end(client: str, page: Page, server: SteppedServer) -> None:
    server.answers["/reply"] = lambda request: Answer(usual_answer(request).writes, waits=True)
    page.clock.install()
    sync = {} if client == "plain" else {"hx_sync": "this:drop"}
    # The page's own rule for buttons does not show the button.
    style = "<style>button { display: block }</style>"
    show(page, server, client, style + form(client, FIELD, **sync) + STOP)
    expect_state(page, "")

    send(page)
    request = server.wait_for()
    expect_state(page, "waiting")
    expect(page.locator(".streamhtml-thinking")).to_have_count(0)
    page.clock.fast_forward(2000)
    expect_html(page, "#messages", THINKING)

    request.write()
    wait_for(page, "stream:fragment", 0)
    expect_state(page, "answering")
    busy = shell(1).replace("></span>", f' aria-busy="true">{THINKING}</span>')
    expect_html(page, "#messages", busy)

    for _ in range(2):
        page.locator("[name=message]").press("Enter")
        notice = page.locator("#ask + .streamhtml-notice-wait[role=alert]")
        expect(notice).to_have_text("Please wait until the answer is complete.")
    request.write()
    wait_for(page, "stream:fragment", 1)
    expect_html(page, "#messages", busy.replace(THINKING, "Hel"))

    finish(page, request)
    expect_state(page, "")
    expect_html(page, "#messages", message(1))
    expect(page.locator(".streamhtml-notice")).to_have_count(0)
    assert len(server.requests) == 1
    late = '<button data-stream-stop="#ask">Late</button>'
    page.evaluate("late => document.body.insertAdjacentHTML('beforeend', late)", late)
    expect(page.locator("button", has_text="Late")).to_be_hidden()


@pytest.mark.parametrize("client", CLIENTS)
def test_escape_stops_where_asked_for(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    asking = form(client, FIELD, data_stream_retry="")
    show(page, server, client, asking + STOP + "<dialog>Help</dialog>")
    request = ask(page, server)
    field = page.locator("[name=message]")
    field.press("Escape")
    page.evaluate("document.body.dataset.streamEscape = ''")
    # The input method takes these keys.
    composing = "new KeyboardEvent('keydown', { key: 'Escape', keyCode: 229, bubbles: true })"
    field.evaluate(f"field => field.dispatchEvent({composing})")
    page.locator("dialog").evaluate("dialog => dialog.showModal()")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    expect_state(page, "answering")
    assert not request.disconnected.is_set()

    field.press("Escape")
    assert request.disconnected.wait(30)
    wait_for(page, "stream:end", "aborted")
    expect(page.locator("#ai_1_text")).to_have_text("You stopped this answer. Try again")
    field.press("Escape")  # Nothing streams.
    remove_expected_abort(client, problems)
