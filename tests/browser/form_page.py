"""Helpers for tests of a page with a form, on a server whose answers the test controls."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect
from tests.browser.stepped_server import Answer, Request, SteppedServer, ordinary, streamed

TIMEOUT = 30_000  # ms
RECORD = Path(__file__).with_name("record-events.js")
# htmx removes its classes some milliseconds after a swap.
HTML_IS = """([selector, expected]) => {
    const copy = document.querySelector(selector).cloneNode(true);
    for (const element of copy.querySelectorAll("*")) {
        if (!element.className) element.removeAttribute("class");
        element.removeAttribute("data-htmx-powered");
    }
    window.html = copy.innerHTML;
    return html === expected;
}"""


def shell(number: int, *, inside: str = "") -> str:
    """Return the HTML of the message before any text has arrived."""
    region = f'<span id="ai_{number}_text" class="streamhtml" hx-ignore="" hx-disable=""></span>'
    return f'<p id="ai_{number}">{region}{inside}</p>'


def message(number: int, text: str = "Hello") -> str:
    """Return the HTML of the message with its text."""
    return shell(number).replace("></span>", f">{text}</span>")


def pieces(number: int) -> list[tuple[str, str]]:
    """Return the fragments of the usual answer: the HTML and operation of each."""
    return [(shell(number), "open"), ("Hel", f"append #ai_{number}_text"), ("lo", "")]


def usual_answer(request: Request) -> Answer:
    """Return the usual answer."""
    return streamed(*pieces(request.number))


def usual_answer_with(
    headers: dict[str, str] | None = None, status: int = 200
) -> Callable[[Request], Answer]:
    """Return a function that answers as usual, with these headers and status."""
    return lambda request: streamed(*pieces(request.number), headers=headers, status=status)


def ordinary_answer(html: str, headers: dict[str, str] | None = None, status: int = 200) -> Any:
    """Return a function that answers without fragments."""
    return lambda _: ordinary(html, headers, status)


def form(client: str, inside: str = "", **attributes: str) -> str:
    """Return a form for this client. Underscores in the names of attributes become dashes."""
    if client == "plain":
        base = {"action": "/reply", "method": "post", "data-stream": "#messages"}
    else:
        base = {"hx-ext": "streaming-html", "hx-post": "/reply"}
        base |= {"hx-target": "#messages", "hx-swap": "beforeend"}
    base |= {name.replace("_", "-"): value for name, value in attributes.items()}
    written = " ".join(f"{name}='{value}'" for name, value in base.items())
    return f'<form id="ask" {written}>{inside}<button id="send">Send</button></form>'


def show(
    page: Page,
    server: SteppedServer,
    client: str,
    body: str,
    messages: str = '<div id="messages"></div>',
) -> None:
    """Open the page with this client and body; ``messages`` is the container of the answers."""
    server.client, server.body = client, body + messages
    page.add_init_script(path=RECORD)
    page.goto(server.url)


def send(page: Page) -> None:
    """Press the button."""
    page.locator("#send").click()


def wait_for(page: Page, event: str, detail: object = None, times: int = 1) -> None:
    page.wait_for_function(
        "([name, detail, times]) => times <= events.filter((event) => event[0] === name"
        " && (detail === null || event[1] === detail)).length",
        arg=[event, detail, times],
        timeout=TIMEOUT,
    )


def ask(page: Page, server: SteppedServer, number: int = 1) -> Request:
    """Press the button, and wait until the first fragment is shown."""
    send(page)
    request = server.wait_for(number)
    wait_for(page, "stream:fragment", 0, times=number)
    return request


def finish(page: Page, request: Request, times: int = 1) -> None:
    """Let the rest of the answer arrive, and wait until it is shown."""
    request.finish()
    wait_for(page, "stream:end", "finished", times)
    expect(page.locator(".htmx-request")).to_have_count(0)


def expect_html(page: Page, selector: str, html: str) -> None:
    """Wait until the element has this HTML."""
    try:
        page.wait_for_function(HTML_IS, arg=[selector, html], timeout=TIMEOUT)
    except Exception:
        assert page.evaluate("html") == html
        raise


def remove_expected(problems: list[str], expected: str) -> None:
    """Remove Chromium's report of a failed request, which must be there, and htmx's about it."""
    assert any(expected in problem for problem in problems), problems
    problems[:] = [each for each in problems if expected not in each and "htmx:" not in each]


def remove_htmx_aborts(problems: list[str]) -> None:
    """Remove htmx's reports of requests that it has aborted itself."""
    problems[:] = [each for each in problems if not re.search("AbortError|htmx:", each)]


def remove_expected_abort(client: str, problems: list[str]) -> None:
    """Remove htmx 2's report of an aborted request."""
    if client == "htmx2":
        remove_expected(problems, "htmx:sendAbort")
