"""The client beside hx-multipart of htmx 4: the state of the form, stopping, endings and events."""

from collections.abc import Iterator
from typing import Any

import pytest
from markupsafe import Markup
from playwright.sync_api import Page, expect
from tests.browser.form_page import expect_html, form, send, show, wait_for
from tests.browser.format_clients import SCRIPTS
from tests.browser.stepped_server import Answer, Request, SteppedServer
from tests.scripted_server import PATIENCE

from streamhtml import Fragment, Patch
from streamhtml._patch import Outcome
from streamhtml.formats import FormatRequest
from streamhtml.formats.multipart import MultipartFormat

pytestmark = pytest.mark.browser

MESSAGE = '<p id="m"><span id="m_text" class="streamhtml">{}</span></p>'
STOP = '<button type="button" id="stop" data-stream-stop hidden>Stop</button>'
HEADERS = '{"Streaming-HTML": "multipart"}'
FORM = form("htmx4", STOP, hx_headers=HEADERS, data_stream_reset="")
COUNT = """() => {
    window.counts = {};
    for (const name of ["error", "close"]) {
        addEventListener("htmx:multipart:" + name, () => counts[name] = (counts[name] ?? 0) + 1);
    }
    addEventListener("stream:failed", ({ target }) => counts.failed = target.id);
}"""


def answer(
    outcome: Outcome | None = "finished",
    first: int = 0,
    id: str = "m",
    tag: str = "",
    **options: Any,
) -> Answer:
    """Return an answer of three parts, or the rest; without an outcome, it has no last boundary."""
    one_format = MultipartFormat()
    message = Markup(MESSAGE.format("").replace('"m', f'"{id}'))
    fragments = [
        Fragment(0, (Patch("append", message),), tag=tag),
        Fragment(1, (Patch("append", Markup("Hello"), f"{id}_text"),), tag=tag),
        *([Fragment(2, (), outcome, tag)] if outcome else []),
    ]
    writes = [*map(one_format.encode, fragments[first:]), "\r\n"]
    return Answer(tuple(writes), one_format.media_type, **options)


@pytest.fixture(autouse=True)
def _extended(page: Page) -> None:
    """Let the page load hx-multipart with htmx."""
    script = "\n".join(SCRIPTS[name].read_text("utf-8") for name in ("htmx4", "multipart"))
    page.route("**/htmx4.js", lambda route: route.fulfill(body=script))


def begin(page: Page, server: SteppedServer, reply: Answer, body: str = FORM) -> Request:
    """Open the page, send the form, and wait until the first part is shown."""
    server.answers["/reply"] = lambda _: reply
    show(page, server, "htmx4", body)
    page.evaluate(COUNT)
    send(page)
    request = server.wait_for()
    if reply.waits:
        expect(page.locator(".streamhtml-thinking")).to_have_text("Thinking…")
        request.write()
    wait_for(page, "chunk", 0)
    return request


def expect_ended(page: Page, reason: str, text: str, errors: int = 0) -> None:
    """Wait for the end, of which the page must have been told once."""
    wait_for(page, "stream:end", reason)
    expect(page.locator("[data-streaming], [aria-busy], .htmx-request")).to_have_count(0)
    expect(page.locator("#stop")).to_be_hidden()
    expect(page.locator("#m_text")).to_have_text(text)
    page.wait_for_function("counts.close === 1")
    assert page.evaluate("counts.error ?? 0") == errors
    assert page.evaluate("events.filter(([name]) => name === 'stream:end')") == [
        ["stream:end", reason]
    ]


@pytest.mark.parametrize("outcome", ["finished", "failed"])
def test_an_answer(
    outcome: Outcome, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    request = begin(page, server, answer(outcome))
    ask = page.locator("#ask")
    expect(ask).to_have_attribute("data-streaming", "answering")
    expect(page.locator("#stop")).to_be_visible()
    expect(page.locator("#m_text")).to_have_attribute("aria-busy", "true")
    request.write()
    wait_for(page, "chunk", 1)
    request.finish()
    expect_ended(page, outcome, "Hello")
    assert page.evaluate("counts.failed ?? ''") == ("ask" if outcome == "failed" else "")
    expect_html(page, "#messages", MESSAGE.format("Hello"))
    assert problems == []


def test_a_part_of_an_answer_in_a_log_whose_id_ends_like_an_outcome(
    page: Page, server: SteppedServer
) -> None:
    request = begin(page, server, answer(tag="c0ffeeed"))
    request.write()
    wait_for(page, "chunk", 1)
    expect(page.locator("#ask")).to_have_attribute("data-streaming", "answering")
    request.finish()
    expect_ended(page, "finished", "Hello")


def test_a_swap_of_the_page_itself_is_no_part(
    page: Page, server: SteppedServer, problems: list[str]
) -> None:
    request = begin(page, server, answer())
    swap = {"target": "#messages", "swap": "beforebegin", "text": MESSAGE.replace('"m', '"n')}
    page.evaluate("swap => htmx.swap({ sourceElement: ask, ...swap })", swap)
    expect(page.locator("#n")).to_be_attached()
    request.finish()
    expect_ended(page, "finished", "Hello")
    assert page.evaluate("events.filter(([name]) => name === 'chunk').length") == 2
    assert problems == []


def test_no_part_is_searched_for_what_the_page_selects(
    page: Page, server: SteppedServer, problems: list[str]
) -> None:
    """An ``hx-select`` for whole pages finds nothing in the parts of a message."""
    one_format = MultipartFormat()
    one_format.prepare(FormatRequest())
    reply = answer(headers=tuple(one_format.headers.items()))
    selecting = form("htmx4", STOP, hx_headers=HEADERS, hx_select="#main")
    begin(page, server, reply, selecting).finish()
    expect_ended(page, "finished", "Hello")
    assert problems == []


def test_stop_closes_the_connection(page: Page, server: SteppedServer, problems: list[str]) -> None:
    request = begin(page, server, answer())
    page.locator("#stop").click()
    assert request.disconnected.wait(PATIENCE)
    expect_ended(page, "aborted", "You stopped this answer.")
    assert problems == []


def test_stop_before_the_answer_begins(page: Page, server: SteppedServer) -> None:
    server.answers["/reply"] = lambda _: answer(waits=True)
    show(page, server, "htmx4", FORM)
    page.evaluate(COUNT)
    send(page)
    request = server.wait_for()
    page.locator("#stop").click()
    request.write()
    assert request.disconnected.wait(PATIENCE)
    wait_for(page, "stream:end", "aborted")
    expect(page.locator(".streamhtml-notice")).to_have_text("You stopped this answer.")
    expect(page.locator("[data-streaming], [aria-busy], .htmx-request")).to_have_count(0)


def test_two_forms_at_once(page: Page, server: SteppedServer) -> None:
    forms = [FORM.replace("/reply", f"/{name}").replace("'ask'", name) for name in "ab"]
    forms = [each.replace('id="ask"', f"id={name}") for each, name in zip(forms, "ab", strict=True)]
    for name in "ab":
        reply = answer("failed" if name == "b" else "finished", id=f"m{name}")
        server.answers[f"/{name}"] = lambda _, reply=reply: reply
    show(page, server, "htmx4", "".join(forms))
    for number, name in enumerate("ab", 1):
        page.locator(f"#{name} #send").click()
        server.wait_for(number)
        expect(page.locator(f"#{name}")).to_have_attribute("data-streaming", "answering")
    expect(page.locator("[data-streaming]")).to_have_count(2)
    for number, reason in [(2, "failed"), (1, "finished")]:
        server.requests[number - 1].finish()
        wait_for(page, "stream:end", reason)
        expect(page.locator("[data-streaming]")).to_have_count(number - 1)
    html = "".join(MESSAGE.format("Hello").replace('"m', f'"m{name}') for name in "ab")
    expect_html(page, "#messages", html)


def test_a_form_that_is_replaced_while_its_answer_streams(
    page: Page, server: SteppedServer
) -> None:
    request = begin(page, server, answer())
    page.evaluate("html => { ask.outerHTML = html; }", FORM)
    expect(page.locator("#ask")).to_have_attribute("data-streaming", "answering")
    expect(page.locator("#stop")).to_be_visible()
    request.finish()
    expect_ended(page, "finished", "Hello")


def test_a_lost_connection(page: Page, server: SteppedServer, problems: list[str]) -> None:
    request = begin(page, server, answer(None))
    request.finish()
    expect_ended(page, "incomplete", "HelloThe connection was lost, and the answer ends here.", 1)
    problems.clear()  # htmx reports the error.


def test_the_first_line_goes_when_the_answer_begins(page: Page, server: SteppedServer) -> None:
    request = begin(page, server, answer(waits=True))
    expect(page.locator(".streamhtml-thinking")).to_have_count(0)
    request.finish()
    expect_ended(page, "finished", "Hello")


def test_a_response_after_a_redirect(page: Page, server: SteppedServer) -> None:
    server.answers["/moved"] = lambda _: Answer(
        ("",), headers=(("Location", "/reply"),), status=303
    )
    body = FORM.replace('"/reply"', '"/moved"').replace("'/reply'", "'/moved'")
    server.answers["/reply"] = lambda _: answer()
    show(page, server, "htmx4", body)
    page.evaluate(COUNT)
    send(page)
    request = server.wait_for(2)
    wait_for(page, "chunk", 0)
    request.finish()
    expect_ended(page, "finished", "Hello")
    assert server.page_loads == 1


def test_parts_of_another_server_are_left_alone(page: Page, server: SteppedServer) -> None:
    body = "--b\r\nHX-Part-ID:finished\r\nHX-Trigger:stream:end\r\n\r\n<i>a</i>\r\n--b--\r\n"
    server.answers["/reply"] = lambda _: Answer((body,), "multipart/mixed; boundary=b")
    show(page, server, "htmx4", FORM)
    send(page)
    expect_html(page, "#messages", "<i>a</i>")
    expect(page.locator("[data-streaming]")).to_have_count(0)
    assert page.evaluate("events") == [["stream:end", None]]


def test_an_element_that_connects_is_closed_with_the_answer_of_a_form(
    page: Page, server: SteppedServer, problems: list[str]
) -> None:
    replies: Iterator[Answer] = iter([answer(None), answer(first=2, waits=True)])
    server.answers["/reply"] = lambda _: next(replies)
    show(page, server, "htmx4", FORM + "<div id=follow></div>")
    page.evaluate(COUNT)
    page.evaluate(
        """() => {
            follow.innerHTML = `<div hx-multipart:connect="/reply" data-stream-form="#ask"
                hx-headers='{"Streaming-HTML": "multipart"}' hx-target="#messages"
                hx-config="multipart.reconnectDelay:10ms"></div>`;
            htmx.process(follow);
        }"""
    )
    first = server.wait_for(1)
    wait_for(page, "chunk", 0)
    expect(page.locator("#ask")).to_have_attribute("data-streaming", "answering")
    first.finish()
    second = server.wait_for(2)
    assert second.headers["hx-last-part-id"] == "1"
    assert page.evaluate("counts.error") == 1
    expect(page.locator("#ask")).to_have_attribute("data-streaming", "answering")
    second.finish()
    expect_ended(page, "finished", "Hello", 1)
    assert len(server.requests) == 2
    problems.clear()  # htmx reports the error.
