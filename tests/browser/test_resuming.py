"""After a lost connection, an answer is resumed if the server says where."""

from collections.abc import Sequence
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import CLIENTS
from tests.browser.form_page import (
    expect_html,
    form,
    message,
    remove_expected,
    remove_expected_abort,
    send,
    shell,
    show,
    usual_answer,
    wait_for,
)
from tests.browser.stepped_server import TOKEN, Answer, Request, SteppedServer

pytestmark = pytest.mark.browser


RESUME = (("Streaming-HTML-Resume", "/resume"),)
LOST = "The connection was lost, and the answer ends here."
STOP = '<button type="button" data-stream-stop="#ask">Stop</button>'
# Records the delays before the attempts, and skips them. They are random, and no whole numbers.
AT_ONCE = """
const { setTimeout: later } = window;
window.pauses = [];
window.setTimeout = (then, ms = 0, ...rest) => {
    const isPause = ms > 240 && ms % 1;
    if (isPause) pauses.push(ms);
    return later(then, isPause ? 0 : ms, ...rest);
};
"""


def cut(*pieces: tuple[str, str]) -> Answer:
    """Return an answer without an end, which can be resumed. Its body ends properly."""
    writes = [f"{html}<!{TOKEN} {operation}>" for html, operation in pieces]
    return Answer(("".join(writes),), headers=RESUME)


def resumed(start: int, *pieces: tuple[str, str], end: str = "<!aaaa end finished>") -> Answer:
    """Return the fragments from this number on, with another token."""
    writes = [f"{html}<!aaaa {operation}>" for html, operation in [("", f"from {start}"), *pieces]]
    return Answer(("".join(writes) + end,), "text/html; charset=utf-8; fragments=aaaa")


FIRST = [(shell(1), "open"), ("He", "append #ai_1_text")]


def start(
    page: Page,
    server: SteppedServer,
    client: str,
    *again: Any,
    first: Sequence[tuple[str, str]] = FIRST,
) -> None:
    """Request an answer that is cut after its second fragment.

    Args:
        page: for the test.
        server: for the test.
        client: the client of the page.
        again: the answers to the requests that resume it.
        first: the fragments before the cut.
    """
    answers = iter(again)
    server.answers["/reply"] = lambda _: cut(*first)
    server.answers["/resume"] = lambda request: next(answers)
    page.add_init_script(script=AT_ONCE)
    show(page, server, client, form(client) + STOP)
    send(page)


def numbers(page: Page) -> list[int]:
    """Return the numbers of the fragments that were shown."""
    numbers: list[int] = page.evaluate(
        "events.filter(([name]) => name === 'stream:fragment').map(([, index]) => index)"
    )
    return numbers


@pytest.mark.parametrize("client", CLIENTS)
def test_an_answer_continues_where_it_was_cut(
    client: str, page: Page, server: SteppedServer
) -> None:
    start(page, server, client, resumed(2, ("llo", "append #ai_1_text")))
    wait_for(page, "stream:end", "finished")
    expect_html(page, "#messages", message(1))
    again = server.wait_for(2)
    assert (again.method, again.path) == ("GET", "/resume")
    assert again.headers["last-event-id"] == "1"
    assert again.headers["streaming-html"] == "html"
    assert numbers(page) == [0, 1, 2, 3]
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator("[aria-busy], .htmx-request")).to_have_count(0)


@pytest.mark.parametrize("client", CLIENTS)
def test_fragments_on_the_page_are_not_shown_again(
    client: str, page: Page, server: SteppedServer
) -> None:
    start(page, server, client, resumed(0, *FIRST, ("ll", ""), ("o", "")))
    wait_for(page, "stream:end", "finished")
    expect_html(page, "#messages", message(1))
    assert numbers(page) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_tail_is_removed_by_what_follows(client: str, page: Page, server: SteppedServer) -> None:
    more = resumed(3, ("llo", "append #ai_1_text"))
    start(page, server, client, more, first=[*FIRST, ("???", "tail")])
    wait_for(page, "stream:end", "finished")
    expect_html(page, "#messages", message(1))


@pytest.mark.parametrize("client", CLIENTS)
def test_each_attempt_waits_longer(client: str, page: Page, server: SteppedServer) -> None:
    cuts = [resumed(2, end="") for _ in range(3)]
    more = resumed(2, ("llo", "append #ai_1_text"), end="")
    start(page, server, client, *cuts, more, resumed(3))
    wait_for(page, "stream:end", "finished")
    expect_html(page, "#messages", message(1))
    ids = [request.headers["last-event-id"] for request in server.requests[1:]]
    assert ids == ["1", "1", "1", "1", "2"]
    pauses = page.evaluate("pauses")
    steps = [0, 1, 2, 3, 0]  # The fourth attempt has brought something.
    assert len(pauses) == len(steps)
    for step, delay in zip(steps, pauses, strict=True):
        assert 250 * 2**step <= delay <= 500 * 2**step, pauses


@pytest.mark.parametrize("client", CLIENTS)
def test_the_client_gives_up_after_six_attempts(
    client: str, page: Page, server: SteppedServer
) -> None:
    start(page, server, client, *(resumed(2, end="") for _ in range(6)))
    wait_for(page, "stream:end", "incomplete")
    assert len(server.requests) == 7
    expect(page.get_by_role("alert")).to_have_text(LOST)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_error_is_final(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    start(page, server, client, Answer(("gone",), "text/plain", status=410))
    wait_for(page, "stream:end", "incomplete")
    assert len(server.requests) == 2
    expect(page.get_by_role("alert")).to_have_text(LOST)
    remove_expected(problems, "410")


@pytest.mark.parametrize("client", CLIENTS)
def test_a_resumed_answer_can_be_stopped(client: str, page: Page, server: SteppedServer) -> None:
    open_end = Answer(
        (f"<!{TOKEN} from 2>llo<!{TOKEN} append #ai_1_text>", "never"),
    )
    start(page, server, client, open_end)
    expect_html(page, "#messages", message(1).replace('disable=""', 'disable="" aria-busy="true"'))
    page.get_by_text("Stop", exact=True).click()
    wait_for(page, "stream:end", "aborted")
    assert server.wait_for(2).disconnected.wait(30)
    assert len(server.requests) == 2


@pytest.mark.parametrize("client", CLIENTS)
def test_a_stopped_answer_is_not_resumed(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    first, second = (f"{html}<!{TOKEN} {operation}>" for html, operation in FIRST)

    def reply(_: Request) -> Answer:
        return Answer((first, second, "never"), headers=RESUME)

    server.answers["/reply"] = reply
    show(page, server, client, form(client) + STOP)
    send(page)
    wait_for(page, "stream:fragment", 0)
    page.get_by_text("Stop", exact=True).click()
    wait_for(page, "stream:end", "aborted")
    assert server.wait_for().disconnected.wait(30)
    assert len(server.requests) == 1
    remove_expected_abort(client, problems)


@pytest.mark.parametrize("client", CLIENTS)
def test_an_answer_can_be_stopped_between_attempts(
    client: str, page: Page, server: SteppedServer
) -> None:
    never = AT_ONCE.replace("return later(", "return ms > 240 && ms < 20_000 ? 0 : later(")
    server.answers["/reply"] = lambda _: cut(*FIRST)
    page.add_init_script(script=never)
    show(page, server, client, form(client) + STOP)
    send(page)
    page.wait_for_function("pauses.length")
    page.get_by_text("Stop", exact=True).click()
    wait_for(page, "stream:end", "aborted")
    assert len(server.requests) == 1


@pytest.mark.parametrize("client", ["htmx2", "htmx4"])
def test_htmx_can_abort_a_resumed_answer(client: str, page: Page, server: SteppedServer) -> None:
    endless = Answer(
        (f"<!{TOKEN} from 2>llo<!{TOKEN} append #ai_1_text>", "never"),
    )
    start(page, server, client, endless)
    wait_for(page, "stream:fragment", 2)
    page.evaluate("htmx.trigger('#ask', 'htmx:abort')")
    wait_for(page, "stream:end", "aborted")
    assert server.wait_for(2).disconnected.wait(30)
    expect(page.locator(".htmx-request")).to_have_count(0)


@pytest.mark.parametrize("client", ["htmx2", "htmx4"])
def test_another_request_replaces_a_resumed_answer(
    client: str, page: Page, server: SteppedServer
) -> None:
    endless = Answer(
        (f"<!{TOKEN} from 2>llo<!{TOKEN} append #ai_1_text>", "never"),
    )
    server.answers["/resume"] = lambda _: endless
    server.answers["/reply"] = lambda request: (
        cut(*FIRST) if request.number == 1 else usual_answer(request)
    )
    page.add_init_script(script=AT_ONCE)
    show(page, server, client, form(client, hx_sync="this:replace"))
    send(page)
    wait_for(page, "stream:fragment", 2)
    resumed_request = server.wait_for(2)  # Before that, htmx 2 reports the first one as aborted.
    send(page)
    server.wait_for(3).finish()
    wait_for(page, "stream:end", "finished")
    assert resumed_request.disconnected.wait(30)
    expect_html(page, "#messages", message(1) + message(3))


@pytest.mark.parametrize("client", CLIENTS)
def test_a_bad_gateway_is_tried_again(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    bad = Answer(("Bad Gateway",), "text/html", status=502)
    start(page, server, client, bad, bad, resumed(2, ("llo", "append #ai_1_text")))
    wait_for(page, "stream:end", "finished")
    expect_html(page, "#messages", message(1))
    assert len(server.requests) == 4
    remove_expected(problems, "502")
