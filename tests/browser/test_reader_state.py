"""What the reader has opened, closed and focused, when a part is rendered again."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.form_page import RECORD, form, send, show, wait_for
from tests.browser.stepped_server import Answer, Request, SteppedServer

from streamhtml import Delta, Reply, ToolDelta
from streamhtml.formats.html import HTMLFormat
from streamhtml.formats.turbo import TurboFormat

pytestmark = pytest.mark.browser

CLIENTS = ["plain", "turbo"]
THOUGHTS = "".join(f"Thought {number}.\n\n" for number in range(60))
# After each of these, the test decides when the next one is sent.
BATCHES = [
    [Delta(THOUGHTS, "reasoning")],
    [ToolDelta("{}", id="1", name="look")],
    [ToolDelta("found", id="1", field="result")],
    [Delta("So.")],
]


def answer(client: str) -> Answer:
    """Return the answer: the empty message, each batch, the end."""
    chosen = TurboFormat() if client == "turbo" else HTMLFormat()
    reply = Reply(into="messages")
    fragments = [reply.open(), *map(reply.feed, BATCHES), reply.close("finished")]
    return Answer(tuple(map(chosen.encode, fragments)), chosen.media_type)


def begin(page: Page, server: SteppedServer, client: str, style: str = "") -> Request:
    """Ask, and wait for the reasoning."""
    server.answers["/reply"] = lambda _: answer(client)
    asked = form("plain")
    if client == "turbo":
        asked = asked.replace('data-stream="#messages"', "").replace(
            "data-stream='#messages'", "data-stream-reset"
        )
    messages = f"<style>{style}</style><main data-stream-pin><div id='messages'></div></main>"
    page.add_init_script(path=RECORD)
    show(page, server, client, asked, messages)
    send(page)
    request = server.wait_for()
    request.write()
    expect(page.locator(".streamhtml-reasoning")).to_contain_text("Thought 59.")
    return request


def state_of(page: Page) -> Any:
    """Return what is open, and what has the focus."""
    return page.evaluate(
        """() => [
            ...[...document.querySelectorAll("details")].map(({ open }) => open),
            document.activeElement.closest("details")?.className,
        ]"""
    )


@pytest.mark.parametrize("client", CLIENTS)
def test_a_reader_who_does_nothing_sees_the_template(
    client: str, page: Page, server: SteppedServer
) -> None:
    request = begin(page, server, client)
    assert state_of(page) == [True, None]
    request.write()
    expect(page.locator(".streamhtml-tool")).to_contain_text("Running…")
    assert state_of(page) == [False, True, None]
    request.finish()
    wait_for(page, "stream:end", "finished")
    assert state_of(page) == [False, False, None]


@pytest.mark.parametrize("client", CLIENTS)
def test_what_the_reader_has_opened_or_closed_stays(
    client: str, page: Page, server: SteppedServer
) -> None:
    request = begin(page, server, client)
    summary = page.locator(".streamhtml-reasoning > summary")
    summary.focus()
    for _ in range(2):  # Close it, and open it again.
        page.keyboard.press("Enter")
    request.write()
    expect(page.locator(".streamhtml-tool")).to_contain_text("Running…")
    assert state_of(page) == [True, True, "streamhtml-reasoning"]
    page.locator(".streamhtml-tool > summary").click()
    page.locator(".streamhtml-tool > summary").click()
    request.finish()
    wait_for(page, "stream:end", "finished")
    assert state_of(page) == [True, True, "streamhtml-tool"]


@pytest.mark.parametrize("client", CLIENTS)
def test_what_the_reader_has_scrolled_into_does_not_fold(
    client: str, page: Page, server: SteppedServer
) -> None:
    request = begin(page, server, client, "main { height: 300px; overflow: auto }")
    page.evaluate("() => { document.querySelector('main').scrollTop = 200; }")
    request.finish()
    wait_for(page, "stream:end", "finished")
    assert page.evaluate("document.querySelector('main').scrollTop") == 200
    assert state_of(page)[0] is True


def test_reasoning_folds_for_a_reader_who_follows_the_end(
    page: Page, server: SteppedServer
) -> None:
    request = begin(page, server, "plain", "main { height: 300px; overflow: auto }")
    assert page.evaluate("document.querySelector('main').scrollTop") > 200
    request.finish()
    wait_for(page, "stream:end", "finished")
    assert state_of(page)[0] is False
