"""A page of forms and a server that is told what to answer, and when: what tests of both share."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect
from tests.browser.stepped_server import Answer, Request, SteppedServer, ordinary, streamed

TIMEOUT = 30_000  # ms
RECORD = Path(__file__).with_name("record-events.js")
# htmx takes its classes off some milliseconds after a swap.
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
    """Return the message that an answer begins with."""
    region = f'<span id="ai_{number}_text" class="streamhtml" hx-ignore="" hx-disable=""></span>'
    return f'<p id="ai_{number}">{region}{inside}</p>'


def message(number: int, text: str = "Hello") -> str:
    """Return what a message has become."""
    return shell(number).replace("></span>", f">{text}</span>")


def pieces(number: int) -> list[tuple[str, str]]:
    """Return the fragments of the usual answer: HTML and operation."""
    return [(shell(number), "open"), ("Hel", f"append #ai_{number}_text"), ("lo", "")]


def usual_answer(request: Request) -> Answer:
    """Answer as usual."""
    return streamed(*pieces(request.number))


def usual_answer_with(
    headers: dict[str, str] | None = None, status: int = 200
) -> Callable[[Request], Answer]:
    """Answer as usual, with headers."""
    return lambda request: streamed(*pieces(request.number), headers=headers, status=status)


def ordinary_answer(html: str, headers: dict[str, str] | None = None, status: int = 200) -> Any:
    """Answer as any server does."""
    return lambda _: ordinary(html, headers, status)


def form(client: str, inside: str = "", **attributes: str) -> str:
    """Return a form of this client; an underscore in an attribute's name is a dash."""
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
    """Open the page of that client; ``messages`` is where answers go."""
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
    """Send, and come back when the first fragment is shown and no more."""
    send(page)
    request = server.wait_for(number)
    wait_for(page, "stream:fragment", 0, times=number)
    return request


def finish(page: Page, request: Request, times: int = 1) -> None:
    """Let the whole rest come, and be shown."""
    request.finish()
    wait_for(page, "stream:end", "finished", times)
    expect(page.locator(".htmx-request")).to_have_count(0)


def expect_html(page: Page, selector: str, html: str) -> None:
    """Wait until the element has this HTML."""
    try:
        page.wait_for_function(HTML_IS, arg=[selector, html], timeout=5000)
    except Exception:
        assert page.evaluate("html") == html
        raise


def remove_expected(problems: list[str], expected: str) -> None:
    """Take out what Chromium says of a failed request, which it must, and htmx after it."""
    assert any(expected in problem for problem in problems), problems
    problems[:] = [each for each in problems if expected not in each and "htmx:" not in each]


def remove_htmx_aborts(problems: list[str]) -> None:
    """Take out what htmx says of a request that it has aborted itself."""
    problems[:] = [each for each in problems if not re.search("AbortError|htmx:", each)]


def remove_expected_abort(client: str, problems: list[str]) -> None:
    """Take out what htmx 2 says of a request that was aborted."""
    if client == "htmx2":
        remove_expected(problems, "htmx:sendAbort")
