"""Under Turbo too, a stream has a timeout, is resumed, reports errors, and sets the status."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect
from tests.browser.form_page import message, remove_expected, send, shell, show, wait_for
from tests.browser.stepped_server import Answer, SteppedServer, ordinary

pytestmark = pytest.mark.browser

TOKEN = "7k"
LOST = "The connection was lost, and the answer ends here."
FAILED = "The server has a problem. Please try again later."
FORM = """<form id="ask" action="/reply" method="post" {attributes}><input type="hidden"
name="csrfmiddlewaretoken" value="t0"><button id="send">Send</button></form>
<button data-stream-stop="#ask">Stop</button><p role="status" data-stream-status></p>"""
# Skips the delay before an attempt to resume. It is random, and no whole number.
AT_ONCE = """
const { setTimeout: original } = window;
window.setTimeout = (callback, ms = 0, ...rest) =>
    original(callback, (ms > 240 && ms % 1) || ms === 5000 ? 0 : ms, ...rest);
"""


def element(action: str, target: str, html: str) -> str:
    template = f"<template>{html}</template>"
    return f'<turbo-stream action="{action}" target="{target}">{template}</turbo-stream>'


OPENED = element("append", "messages", shell(1))
HE, LLO = (element("append", "ai_1_text", text) for text in ("He", "llo"))
END = f"<!{TOKEN} end finished>"


def streamed(
    *fragments: str,
    headers: Sequence[tuple[str, str]] = (),
    start: int = 0,
    more: Sequence[str] = (),
) -> Answer:
    """Return an answer whose fragments are sent at once, and whose body then ends.

    Args:
        fragments: the elements of each, or a whole mark.
        headers: of the response.
        start: the number of the first fragment.
        more: each of these is written when the test says so.
    """
    whole = "".join(each if each.startswith("<!") else f"{each}<!{TOKEN}>" for each in fragments)
    numbered = f"<!{TOKEN} from {start}>" if start else ""
    content_type = f"text/vnd.turbo-stream.html; charset=utf-8; fragments={TOKEN}"
    return Answer((numbered + whole, *more), content_type, tuple(headers))


def open_form(page: Page, server: SteppedServer, attributes: str = "") -> None:
    page.add_init_script(script=AT_ONCE)
    show(page, server, "turbo", FORM.format(attributes=attributes))


def expect_nothing_busy(page: Page) -> None:
    expect(page.locator("[aria-busy]")).to_have_count(0)
    expect(page.locator("turbo-stream")).to_have_count(0)


def test_the_status_announces_the_end(page: Page, server: SteppedServer) -> None:
    server.answers["/reply"] = lambda _: streamed(OPENED, more=[f"{HE}{LLO}<!{TOKEN}>", END])
    open_form(page, server)
    status = page.get_by_role("status")
    for number in (1, 2):  # The second answer empties the status first.
        page.evaluate("document.getElementById('messages').replaceChildren()")
        send(page)
        request = server.wait_for(number)
        wait_for(page, "stream:fragment", 0, times=number)
        expect(status).to_have_text("")
        request.finish()
        wait_for(page, "stream:end", "finished", times=number)
        expect(status).to_have_text("Reply complete.")
        assert page.locator("#messages").inner_html() == message(1)
    expect_nothing_busy(page)


def test_a_connection_without_a_byte_times_out(page: Page, server: SteppedServer) -> None:
    server.answers["/reply"] = lambda _: streamed(OPENED, more=[f"{HE}<!{TOKEN}>", "never"])
    page.clock.install()
    open_form(page, server)
    send(page)
    wait_for(page, "stream:fragment", 0)
    server.wait_for().write()
    wait_for(page, "stream:fragment", 1)
    page.clock.fast_forward(70_000)
    wait_for(page, "stream:end", "timeout")
    assert server.wait_for().disconnected.wait(30)
    expect(page.get_by_role("alert")).to_have_text(LOST)
    expect(page.locator("#ai_1_text")).to_have_text("He" + LOST)
    expect_nothing_busy(page)


def test_a_long_answer_that_comes_at_once_ends_when_all_of_it_is_there(
    page: Page, server: SteppedServer
) -> None:
    """The client writes it in several steps, and Turbo takes many frames for the first of them."""
    words = element("append", "ai_1_text", "word " * 400)
    server.answers["/reply"] = lambda _: streamed(OPENED, *[words] * 20, END)
    open_form(page, server)
    page.evaluate(
        """() => {
            const stream = customElements.get("turbo-stream").prototype;
            const { render } = stream;
            const manyFrames = async () => {
                for (let frame = 0; frame < 60; frame++) await new Promise(requestAnimationFrame);
            };
            let first;
            stream.render = async function () {
                await (first ??= manyFrames());
                return render.call(this);
            };
            addEventListener("stream:end", () => {
                window.textAtEnd = document.getElementById("ai_1_text").textContent;
            });
        }"""
    )
    send(page)
    wait_for(page, "stream:end", "finished")
    assert page.evaluate("textAtEnd") == "word " * 8000
    expect_nothing_busy(page)


def test_an_answer_continues_where_it_was_cut(page: Page, server: SteppedServer) -> None:
    resume = [("Streaming-HTML-Resume", "/resume")]
    server.answers["/reply"] = lambda _: streamed(OPENED, HE, headers=resume)
    # The page already has the first of these.
    server.answers["/resume"] = lambda _: streamed(HE, LLO, END, start=1)
    open_form(page, server)
    send(page)
    wait_for(page, "stream:end", "finished")
    expect(page.locator("#messages")).to_have_text("Hello")
    request = server.wait_for(2)
    assert (request.method, request.path) == ("GET", "/resume")
    assert request.headers["last-event-id"] == "1"
    assert request.headers["streaming-html"] == "turbo"
    assert "text/vnd.turbo-stream.html" in request.headers["accept"]
    numbers = page.evaluate("events.filter(([name]) => name === 'stream:fragment')")
    assert [number for _, number in numbers] == [0, 1, 2, 3]
    expect(page.get_by_role("alert")).to_have_count(0)
    expect_nothing_busy(page)


def test_a_visit_ends_a_resumed_answer(page: Page, server: SteppedServer) -> None:
    resume = [("Streaming-HTML-Resume", "/resume")]
    server.answers["/reply"] = lambda _: streamed(OPENED, HE, headers=resume)
    server.answers["/resume"] = lambda _: streamed(LLO, start=2, more=["never"])
    open_form(page, server)
    send(page)
    wait_for(page, "stream:fragment", 2)
    page.evaluate("Turbo.visit('/another')")
    assert server.wait_for(2).disconnected.wait(30)
    wait_for(page, "stream:end", "aborted")


def test_the_stop_url_is_called(page: Page, server: SteppedServer) -> None:
    stop = [("Streaming-HTML-Stop", "/stop")]
    server.answers["/reply"] = lambda _: streamed(OPENED, headers=stop, more=["never"])
    server.answers["/stop"] = lambda _: Answer(("ok",), "text/plain")
    open_form(page, server)
    send(page)
    wait_for(page, "stream:fragment", 0)
    page.get_by_text("Stop", exact=True).click()
    wait_for(page, "stream:end", "aborted")
    assert server.wait_for(1).disconnected.wait(30)
    request = server.wait_for(2)
    assert (request.method, request.path) == ("POST", "/stop")
    assert ("csrfmiddlewaretoken", "t0") in request.fields
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_state_of_a_form_and_another_attempt(
    page: Page, server: SteppedServer, problems: list[str]
) -> None:
    answer = streamed(OPENED, more=[f"{HE}{LLO}<!{TOKEN}>", END])
    server.answers["/reply"] = lambda _: replace(answer, waits=True)
    open_form(page, server, "data-stream-reset data-stream-retry")
    asking, stop = page.locator("#ask"), page.get_by_text("Stop", exact=True)
    again = asking.get_by_text("Try again")
    expect(stop).to_be_hidden()
    send(page)
    server.wait_for()
    expect(asking).to_have_attribute("data-streaming", "waiting")
    expect(asking).to_have_attribute("aria-busy", "true")
    stop.click()
    expect(asking.get_by_role("status")).to_contain_text("You stopped this answer.")
    expect(stop).to_be_hidden()

    server.answers["/reply"] = lambda _: ordinary("<!doctype html><h1>Bad</h1>", status=502)
    again.click()
    expect(asking.get_by_role("alert")).to_contain_text(FAILED)
    expect(page.locator("h1, [data-streaming]")).to_have_count(0)

    server.answers["/reply"] = lambda _: answer
    again.click()
    request = server.wait_for(3)
    assert request.fields == [("csrfmiddlewaretoken", "t0")]
    wait_for(page, "stream:fragment", 0)
    expect(asking).to_have_attribute("data-streaming", "answering")
    expect(asking).to_have_attribute("aria-busy", "true")
    expect(page.locator(".streamhtml-notice")).to_have_count(0)
    send(page)
    wait = page.locator("#ask + .streamhtml-notice")
    expect(wait).to_have_text("Please wait until the answer is complete.")
    request.finish()
    wait_for(page, "stream:end", "finished")
    expect(page.locator("[data-streaming], .streamhtml-notice")).to_have_count(0)
    expect_nothing_busy(page)
    assert len(server.requests) == 3
    remove_expected(problems, "502")
    problems.clear()  # what Turbo itself says about the second response


def test_an_error_that_is_not_html(page: Page, server: SteppedServer, problems: list[str]) -> None:
    server.answers["/reply"] = lambda _: Answer(("Bad Gateway",), "text/plain", status=502)
    open_form(page, server, "data-stream-reset")
    send(page)
    wait_for(page, "stream:error")
    expect(page.locator("#ask").get_by_role("alert")).to_have_text(FAILED)
    remove_expected(problems, "502")

    server.answers["/reply"] = lambda _: streamed(OPENED, HE, LLO, END)
    send(page)
    wait_for(page, "stream:end", "finished")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator("#messages")).to_have_text("Hello")
    problems.clear()  # what Turbo itself says about the first response


def test_no_network(page: Page, server: SteppedServer, problems: list[str]) -> None:
    open_form(page, server, 'data-stream-error="Try later."')
    page.context.set_offline(True)
    send(page)
    wait_for(page, "stream:error")
    expect(page.locator("#ask").get_by_role("alert")).to_have_text("Try later.")
    remove_expected(problems, "net::ERR_INTERNET_DISCONNECTED")
    # Turbo throws the error as well.
    problems[:] = [each for each in problems if "Failed to fetch" not in each]


def test_a_form_without_our_attributes_is_left_to_turbo(
    page: Page, server: SteppedServer, problems: list[str]
) -> None:
    server.answers["/reply"] = lambda _: Answer(("Bad Gateway",), "text/plain", status=502)
    open_form(page, server)
    page.evaluate("addEventListener('turbo:submit-end', () => { window.ended = true; })")
    send(page)
    page.wait_for_function("window.ended")
    assert page.evaluate("events") == []
    expect(page.get_by_role("alert")).to_have_count(0)
    remove_expected(problems, "502")
    problems.clear()  # what Turbo itself says


def test_the_container_stays_at_the_bottom(page: Page, server: SteppedServer) -> None:
    lines = element("append", "ai_1_text", "<br>line" * 100)
    server.answers["/reply"] = lambda _: streamed(OPENED, more=[f"{lines}<!{TOKEN}>", END])
    style = "<style>#messages { height: 100px; overflow: auto }</style>"
    show(
        page,
        server,
        "turbo",
        style + FORM.format(attributes=""),
        '<div id="messages" data-stream-pin></div>',
    )
    send(page)
    server.wait_for().finish()
    wait_for(page, "stream:end", "finished")
    left = "({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight"
    assert page.locator("#messages").evaluate("element => element.scrollHeight") > 1000
    assert page.locator("#messages").evaluate(left) < 8
