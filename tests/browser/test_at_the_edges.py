"""Rare cases: broken bodies, sending again, requests from scripts, the history."""

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import CLIENTS
from tests.browser.form_page import (
    ask,
    expect_html,
    finish,
    form,
    message,
    pieces,
    remove_expected,
    remove_expected_abort,
    send,
    shell,
    show,
    usual_answer,
    wait_for,
)
from tests.browser.stepped_server import TOKEN, Answer, SteppedServer, streamed

pytestmark = pytest.mark.browser

OPENED = f"{shell(1)}<!{TOKEN} open>He<!{TOKEN} append #ai_1_text>"
LOST = "The connection was lost, and the answer ends here."


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("cut", [False, True], ids=["one write", "two writes"])
def test_what_arrived_before_a_broken_mark_is_shown(
    client: str, cut: bool, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    broken = f"llo<!{TOKEN} unknown>"
    writes = (OPENED, broken, "never") if cut else (OPENED + broken, "never")
    server.answers["/reply"] = lambda _: Answer(writes)
    show(page, server, client, form(client))
    send(page)
    request = server.wait_for()
    if cut:
        request.write()
    wait_for(page, "stream:end", "incomplete")
    assert request.disconnected.wait(30)
    expect(page.locator(".streamhtml")).to_have_text("He" + LOST)
    remove_expected(problems, "unknown")


@pytest.mark.parametrize("client", CLIENTS)
def test_a_form_is_sent_again_after_a_broken_mark_at_the_end(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    server.answers["/reply"] = lambda _: Answer((OPENED, f"llo<!{TOKEN} unknown>"))
    show(page, server, client, form(client))
    send(page)
    server.wait_for().finish()  # At once, so that the last event of the request's progress has it.
    wait_for(page, "stream:end", "incomplete")
    server.answers["/reply"] = usual_answer
    finish(page, ask(page, server, 2))
    expect(page.locator(".streamhtml")).to_have_text(["He" + LOST, "Hello"])
    remove_expected(problems, "unknown")


@pytest.mark.parametrize("client", CLIENTS)
def test_a_connection_that_stays_open_after_the_end(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    server.answers["/reply"] = lambda _: Answer(
        (f"{OPENED}llo<!{TOKEN}><!{TOKEN} end finished>", "never")
    )
    show(page, server, client, form(client, data_stream_idle="0"))
    send(page)
    wait_for(page, "stream:end", "finished")
    assert server.wait_for().disconnected.wait(30)
    expect_html(page, "#messages", message(1))
    remove_expected_abort(client, problems)


@pytest.mark.parametrize("depth", ["-1", "0.5"])
def test_an_invalid_depth_does_not_hang(
    depth: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    server.answers["/reply"] = lambda _: streamed(
        (shell(1), "open"), ("x", f"append #ai_1_text {depth}")
    )
    show(page, server, "plain", form("plain"))
    ask(page, server).finish()
    wait_for(page, "stream:end", "incomplete")
    assert problems == [f"exception: unknown mark: append #ai_1_text {depth}"]
    problems.clear()


@pytest.mark.parametrize("client", CLIENTS)
def test_a_swap_whose_text_mentions_htmx(client: str, page: Page, server: SteppedServer) -> None:
    said = '<p id="ai_1">Use hx-swap-oob, or hx-partial.</p>'
    server.answers["/reply"] = lambda _: streamed(('<p id="ai_1"></p>', "open"), (said, "swap"))
    show(page, server, client, form(client))
    ask(page, server).finish()
    wait_for(page, "stream:end", "finished")
    expect_html(page, "#messages", said)


def test_a_plain_form_is_sent_again_after_its_answer(page: Page, server: SteppedServer) -> None:
    server.answers["/reply"] = lambda request: (
        Answer((OPENED,)) if request.number == 1 else usual_answer(request)
    )
    stop = '<button type="button" data-stream-stop="#ask">Stop</button>'
    show(page, server, "plain", form("plain") + stop)
    page.evaluate("ask.addEventListener('stream:end', () => ask.requestSubmit(), { once: true })")
    send(page)
    again = server.wait_for(2)
    wait_for(page, "stream:fragment", 0, times=2)
    send(page)
    page.get_by_text("Stop", exact=True).click()
    wait_for(page, "stream:end", "aborted")
    assert again.disconnected.wait(30)
    assert len(server.requests) == 2
    expect(page.get_by_role("alert")).to_have_text([LOST])


@pytest.mark.parametrize("client", ["htmx2", "htmx4"])
def test_a_request_from_a_script_is_swapped_as_it_says(
    client: str, page: Page, server: SteppedServer
) -> None:
    source = '<div id="source" hx-ext="streaming-html"></div>'
    show(page, server, client, source, '<div id="messages"><b>old</b></div>')
    page.evaluate("""() => void htmx.ajax("POST", "/reply",
        { source: "#source", target: "#messages", swap: "beforeend" })""")
    server.wait_for().finish()
    wait_for(page, "stream:end", "finished")
    expect_html(page, "#messages", "<b>old</b>" + message(1))


def test_going_back_requests_the_page_and_not_a_stream(page: Page, server: SteppedServer) -> None:
    asks = form("htmx4", hx_push_url="/talk").replace("hx-post", "hx-get")
    show(page, server, "htmx4", asks)
    ask(page, server).finish()
    wait_for(page, "stream:end", "finished")
    expect(page).to_have_url(f"{server.url}/talk")
    server.answers["/talk"] = lambda _: streamed(*pieces(9))
    page.evaluate("history.pushState({ htmx: true }, '', '/elsewhere')")
    page.go_back()
    request = server.wait_for(2)
    assert "streaming-html" not in request.headers


@pytest.mark.parametrize(("client", "setting"), [("htmx2", "timeout"), ("htmx4", "defaultTimeout")])
def test_a_timeout_of_htmx_shows_a_notice(
    client: str, setting: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    limit = f"htmx.config.{setting} = 200"
    page.add_init_script(script=f"addEventListener('load', () => {{ {limit}; }});")
    show(page, server, client, form(client))
    page.route("**/reply", lambda route: None)
    send(page)
    expect(page.get_by_role("alert")).to_have_text("Something went wrong. Please try again.")
    remove_expected(problems, "timeout")
