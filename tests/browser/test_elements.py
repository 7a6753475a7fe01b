"""Bodies without marks, with htmx: each element at the top level is shown when it is complete."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.browser.form_page import (
    expect_html,
    form,
    remove_expected_abort,
    send,
    show,
    wait_for,
)
from tests.browser.recorded_page import RecordedPage, cut_at_random, encode
from tests.browser.recorded_server import Answer, RecordedServer
from tests.browser.sample_replies import SAMPLE_REPLIES
from tests.browser.stepped_server import Answer as Steps
from tests.browser.stepped_server import SteppedServer

from streamhtml.formats.htmx import HTMXFormat

pytestmark = pytest.mark.browser

HTMX = ["htmx2", "htmx4"]
EVENT_STREAM = "text/event-stream"
HTML = "text/html; charset=utf-8"
# What could be mistaken for the end of an element, and what a template may contain between them.
INSIDE = """<!-- <p>a > b</p> --><b title="</div>" data-x='>'>&amp;lt; 한국어 👩‍💻</b><br>
    <pre>

 blank lines</pre><textarea>
</div> <p></textarea><ul><li>open<li>items</ul><svg><path d="M0"/></svg>
    <template><div>a</div></template><table><tr><td>1 &gt; 0</table><div><div>nested</div></div>"""
AROUND = "\n<!-- {} > a message -->\n"


def versions(count: int) -> list[str]:
    """Return what a view yields that renders the message again for each token."""
    texts = [f"{INSIDE}{'word ' * number}" for number in range(count)]
    return [
        AROUND.format(number) + f'<div id="m" {"hx-swap-oob=true" if number else ""}>{text}</div>\n'
        for number, text in enumerate(texts)
    ]


def shown(written: list[str], client: str) -> str:
    """Return what is on the page at the end. Only what is around the first message is inserted."""
    around = AROUND.format(0)
    html = around + written[-1].replace("hx-swap-oob=true", "")[len(around) : -1]
    return re.sub("<!--.*?-->", "", html) if client == "htmx2" else html  # htmx 2 drops comments


@pytest.mark.parametrize("client", HTMX)
@pytest.mark.parametrize("media_type", [HTML, EVENT_STREAM])
def test_any_cut_of_a_message_that_is_sent_again(media_type: str, client: str, page: Page) -> None:
    written = versions(6)
    body = "".join(written).encode()
    with RecordedServer() as server:
        recorded = RecordedPage(page, server, client)
        for seed, pieces in enumerate([(body,), cut_at_random(body, 1), cut_at_random(body, 2)]):
            page.evaluate("events.length = 0, messages.replaceChildren()")
            assert recorded.play(Answer(media_type, pieces, pace=0.004)) == "finished", seed
            recorded.check(shown(written, client), joined=False)
            counts = [detail for name, detail in recorded.events if name == "chunk"]
            assert counts == list(range(len(written)))


@pytest.mark.parametrize("name", ["text", "failed", "table", "markdown_like"])
@pytest.mark.parametrize("client", HTMX)
def test_the_htmx_format_in_any_pieces(client: str, name: str, page: Page) -> None:
    recording = SAMPLE_REPLIES[name]()
    body = b"".join(encode(recording.fragments, HTMXFormat()))
    with RecordedServer() as server:
        recorded = RecordedPage(page, server, client)
        for pieces in (body,), cut_at_random(body, 3):
            page.evaluate("events.length = 0, messages.replaceChildren()")
            assert recorded.play(Answer(HTML, pieces, pace=0.004)) == "finished"
            recorded.check(recording.html, joined=False)


def steps(*writes: str, **headers: str) -> Steps:
    return Steps(writes, HTML, tuple(headers.items()))


FIRST = '<p id="m">a</p>'


@pytest.mark.parametrize("client", HTMX)
def test_an_element_is_shown_when_it_is_complete(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    server.answers["/reply"] = lambda _: steps(
        FIRST + '<p id="m" hx-swap-', 'oob="true">ab', "</p>Text &am", "p; more", "<i>", "</i>"
    )
    stop = (
        '<input name="q" value="x"><button type="button" id="stop" data-stream-stop>Stop</button>'
    )
    show(page, server, client, form(client, stop, data_stream_reset=""))
    page.locator("[name=q]").fill("asked")
    send(page)
    request = server.wait_for()
    wait_for(page, "chunk", 0)
    expect_html(page, "#messages", '<p id="m" aria-busy="true">a</p>')
    expect(page.locator("[name=q]")).to_have_value("x")
    request.write()
    request.write()
    wait_for(page, "chunk", 1)
    expect_html(page, "#messages", '<p id="m" aria-busy="true">ab</p>')
    page.locator("#stop").click()
    wait_for(page, "stream:end", "aborted")
    assert request.disconnected.wait(30)
    expect(page.locator("#m:not([aria-busy])")).to_have_text("abYou stopped this answer.")

    page.evaluate("messages.replaceChildren()")
    send(page)
    server.wait_for(2).finish()
    wait_for(page, "stream:end", "finished")
    expect_html(page, "#messages", '<p id="m">ab</p>Text &amp; more<i></i>')
    remove_expected_abort(client, problems)


@pytest.mark.parametrize("client", HTMX)
def test_a_body_without_marks_that_is_cut_off(client: str, page: Page) -> None:
    unfinished = f'{FIRST}<p id="m" hx-swap-oob="true">ab'.encode()
    with RecordedServer() as server:
        recorded = RecordedPage(page, server, client)
        recorded.ask(Answer(HTML, (unfinished[:20], unfinished[20:]), pace=0.1))
        recorded.wait_for("stream:end", "incomplete")
        notice = "The connection was lost, and the answer ends here."
        expect(page.locator("#m > .streamhtml-notice")).to_have_text(notice)
        expect(page.locator("#m")).to_have_text(f"a{notice}")


ORDINARY = {
    "two elements": ('<i id="a">1</i><i id="b">2</i>', "{}"),
    "a toast": ('<i>1</i><i>2</i><b hx-swap-oob="beforeend:#toasts">3</b>', "<i>1</i><i>2</i>"),
    "a page": ("<!doctype html><title>x</title><body><i>1</i><i>2</i></body>", "<i>1</i><i>2</i>"),
    "text": ("some text", "{}"),
}


@pytest.mark.parametrize("client", HTMX)
@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_responses_are_left_to_htmx(
    client: str, name: str, page: Page, server: SteppedServer
) -> None:
    html, expected = ORDINARY[name]
    # A page may take its time; the others arrive at once.
    writes = (html[:40], html[40:]) if name == "a page" else (html,)
    server.answers["/reply"] = lambda _: steps(*writes)
    show(page, server, client, form(client, hx_swap="innerHTML") + '<div id="toasts"></div>')
    send(page)
    request = server.wait_for()
    if len(writes) > 1:
        page.wait_for_function("reads.length")
        page.evaluate("new Promise((done) => setTimeout(done, 60))")  # longer than the client waits
    request.finish()
    expect_html(page, "#messages", expected.format(html))
    assert page.evaluate("events") == []
