"""Forms, buttons and fields as they are on real pages, whatever their names and places are."""

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import CLIENTS
from tests.browser.form_page import (
    ask,
    finish,
    form,
    pieces,
    remove_expected_abort,
    send,
    shell,
    show,
    usual_answer,
    wait_for,
)
from tests.browser.stepped_server import Answer, SteppedServer, streamed

pytestmark = pytest.mark.browser

STOP = '<button type="button" data-stream-stop="#ask">Stop</button>'
ONE_PLACE = """<style>#ask[data-streaming] #send { display: none }
button { position: fixed; left: 100px; top: 300px; width: 90px; height: 40px }</style>"""
NAMES = (
    *("action", "method", "reset", "submit", "id", "name", "length"),
    *("after", "dataset", "style", "lang"),
)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_second_click_on_stop_does_not_send(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    show(page, server, client, ONE_PLACE + form(client) + STOP)
    ask(page, server)
    page.mouse.move(140, 320)
    for count in (1, 2):  # The other button has taken its place between them.
        page.mouse.down(click_count=count)
        page.mouse.up(click_count=count)
        expect(page.locator("#send")).to_be_visible()
    wait_for(page, "stream:end", "aborted")
    finish(page, ask(page, server, 2))
    assert len(server.requests) == 2
    remove_expected_abort(client, problems)


@pytest.mark.parametrize("client", CLIENTS)
def test_buttons_outside_of_their_form(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    buttons = '<button form="ask">Ask</button>'
    buttons += '<button type="button" form="ask" data-stream-stop>Stop</button>'
    show(page, server, client, form(client) + buttons)
    stop = page.get_by_text("Stop")
    expect(stop).to_be_hidden()
    page.get_by_text("Ask").click()
    request = server.wait_for()
    wait_for(page, "stream:fragment", 0)
    stop.click()
    wait_for(page, "stream:end", "aborted")
    assert request.disconnected.wait(30)
    remove_expected_abort(client, problems)


def test_escape_stops_under_a_popover_that_it_does_not_close(
    page: Page, server: SteppedServer
) -> None:
    popovers = '<div popover id="menu">Menu</div><div popover="manual" id="toast">Saved</div>'
    show(page, server, "plain", form("plain", data_stream_escape="") + popovers)
    request = ask(page, server)
    page.evaluate("toast.showPopover()")
    page.evaluate("menu.showPopover()")
    page.keyboard.press("Escape")
    expect(page.locator("#menu")).to_be_hidden()
    assert not request.disconnected.is_set()
    page.keyboard.press("Escape")
    wait_for(page, "stream:end", "aborted")
    assert request.disconnected.wait(30)


@pytest.mark.parametrize("client", CLIENTS)
def test_fields_with_the_names_of_properties(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    server.answers["/reply"] = usual_answer
    fields = "".join(f'<input name="{name}" value="v" aria-label="{name}">' for name in NAMES)
    sync = {} if client == "plain" else {"hx_sync": "this:drop"}
    attributes = {"data_stream_retry": "", "data_stream_reset": "", "lang": "ko", **sync}
    show(page, server, client, form(client, fields, **attributes) + STOP)
    page.get_by_label("reset").fill("new")
    request = ask(page, server)
    expect(page.get_by_label("reset")).to_have_value("v")
    send(page)
    expect(page.locator("#ask + .streamhtml-notice-wait")).to_be_visible()
    page.get_by_text("Stop").click()
    page.get_by_text("Try again").click()
    again = server.wait_for(2)
    assert again.fields == request.fields == [(n, "new" if n == "reset" else "v") for n in NAMES]
    finish(page, again)
    remove_expected_abort(client, problems)


def test_a_button_that_only_closes_the_dialog(page: Page, server: SteppedServer) -> None:
    cancel = '<button formmethod="dialog" value="cancel">Cancel</button>'
    show(page, server, "plain", f"<dialog>{form('plain', cancel)}</dialog>")
    dialog = page.locator("dialog")
    dialog.evaluate("dialog => dialog.showModal()")
    page.get_by_text("Cancel").click()
    expect(dialog).to_be_hidden()
    assert dialog.evaluate("dialog => dialog.returnValue") == "cancel"
    dialog.evaluate("dialog => dialog.showModal()")
    request = ask(page, server)
    page.get_by_text("Cancel").click()
    # Timers fire in their order: by then, the reader would have been told to wait.
    page.evaluate("new Promise((done) => setTimeout(done, 50))")
    expect(page.locator(".streamhtml-notice")).to_have_count(0)
    finish(page, request)
    assert len(server.requests) == 1


def fresh(client: str, asking: str) -> tuple[str, str]:
    """Return the fragment that opens a message and replaces the form."""
    if client == "plain":
        return f"{shell(1)}", "open"
    return shell(1) + asking.replace("<form ", '<form hx-swap-oob="true" '), "open"


@pytest.mark.parametrize("client", CLIENTS)
def test_a_form_that_is_replaced_while_its_answer_streams(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    inside = '<input name="message"><button type="button" data-stream-stop>Stop</button>'
    asking = form(client, inside, data_stream_retry="", data_stream_reset="")
    server.answers["/reply"] = lambda request: streamed(
        *[fresh(client, asking), *pieces(1)[1:]] if request.number == 1 else pieces(request.number)
    )
    show(page, server, client, asking)
    page.evaluate("window.old = ask")
    page.locator("[name=message]").fill("first?")
    request = ask(page, server)
    if client == "plain":
        page.evaluate("html => { old.outerHTML = html }", asking)
    expect(page.locator("#ask")).to_have_attribute("data-streaming", "answering")
    assert page.evaluate("!old.isConnected")
    page.locator("[name=message]").fill("draft")

    page.get_by_text("Stop", exact=True).click()
    assert request.disconnected.wait(30)
    wait_for(page, "stream:end", "aborted")
    expect(page.locator("[data-streaming], [aria-busy]")).to_have_count(0)
    page.get_by_text("Try again").click()
    again = server.wait_for(2)
    assert again.fields == [("message", "first?")]
    finish(page, again)
    expect(page.locator("[name=message]")).to_have_value("draft")
    remove_expected_abort(client, problems)


# htmx reports a failure to the element that has sent the request.
@pytest.mark.parametrize("ending", [*CLIENTS, "503"])
def test_a_form_that_is_replaced_before_its_answer_begins(
    ending: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    client = "plain" if ending == "503" else ending
    server.answers["/reply"] = lambda _: Answer(("",), "text/html", status=503, waits=True)
    asking = form(client, '<input name="message">', data_stream_retry="")
    show(page, server, client, asking + STOP)
    page.locator("[name=message]").fill("first?")
    send(page)
    request = server.wait_for()
    page.evaluate("html => { ask.outerHTML = html; window.htmx?.process(document.body) }", asking)
    expect(page.locator("#ask")).to_have_attribute("data-streaming", "waiting")
    if ending == "503":
        request.finish()
    else:
        for _ in range(2):
            page.get_by_text("Stop", exact=True).click()
    server.answers["/reply"] = usual_answer
    page.get_by_text("Try again").click()
    again = server.wait_for(2)
    assert again.fields == [("message", "first?")]
    finish(page, again)
    problems.clear()  # Chromium and htmx 2 report the first request.


@pytest.mark.parametrize("client", CLIENTS)
def test_a_form_that_is_replaced_or_removed_after_its_answer(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    asking = form(client, '<input name="message" value="first?">', data_stream_retry="")
    show(page, server, client, asking + STOP)
    ask(page, server)
    page.get_by_text("Stop", exact=True).click()
    again = page.get_by_text("Try again")
    expect(again).to_be_visible()
    replace = "html => { ask.outerHTML = html; window.htmx?.process(document.body) }"
    page.evaluate(replace, asking.replace("first?", "draft"))
    again.click()
    assert server.wait_for(2).fields == [("message", "first?")]
    wait_for(page, "stream:fragment", 0, times=2)
    page.get_by_text("Stop", exact=True).click()
    expect(again).to_be_visible()
    page.evaluate("ask.remove()")
    expect(again).to_have_count(0)
    remove_expected_abort(client, problems)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_form_that_the_answer_removes(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    swap = {"data_stream": "#box innerHTML"} if client == "plain" else {"hx_swap": "innerHTML"}
    asking = form(client, data_stream_retry="", data_stream_escape="", hx_target="#box", **swap)
    show(page, server, client, f'<div id="box">{asking}</div>')
    request = ask(page, server)
    expect(page.locator("#ask")).to_have_count(0)
    page.keyboard.press("Escape")
    assert request.disconnected.wait(30)
    wait_for(page, "stream:end", "aborted")
    expect(page.locator("#ai_1_text")).to_have_text("You stopped this answer.")
    remove_expected_abort(client, problems)
