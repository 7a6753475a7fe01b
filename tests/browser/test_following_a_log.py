"""An answer in a log is shown again after a reload, in a second tab and after a cut: exactly."""

import random
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
import uvicorn
from markupsafe import Markup
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import launch
from tests.browser.cutting_proxy import CuttingProxy
from tests.browser.followed_site import make_asgi
from tests.browser.form_page import remove_htmx_aborts
from tests.scripted_server import PATIENCE

from streamhtml import Fragment, Patch, pair_id
from streamhtml.formats._server_sent_events import MEDIA_TYPE
from streamhtml.formats.sse import SSEFormat
from streamhtml.log import MemoryLog

pytestmark = pytest.mark.browser
CLIENTS = ["plain", "htmx2", "htmx4", "htmx2-get", "htmx4-get", "turbo"]
BUSY = (
    "[data-streaming], [aria-busy], [data-stream-src], .htmx-request, .htmx-added, .htmx-settling"
)

# What is on the page, and the stored answer as the browser parses it.
BOTH = """async (pair) => {
    const response = await fetch("/stored/" + pair);
    const template = document.createElement("template");
    template.innerHTML = await response.text();
    const copy = document.querySelector("#messages").cloneNode(true);
    for (const element of copy.querySelectorAll("*")) {
        if (!element.className) element.removeAttribute("class");
        element.removeAttribute("data-htmx-powered");
    }
    return [copy.innerHTML, template.innerHTML];
}"""


@contextmanager
def serving_in_memory() -> Iterator[str]:
    """Serve the site with a log in this process, and yield its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(make_asgi(MemoryLog()), log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(PATIENCE)
    listener.close()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of the site."""
    with serving_in_memory() as url:
        yield url


def show(page: Page, url: str, client: str, kind: str = "") -> str:
    """Open the page of a new answer. Return the id of the answer."""
    pair = pair_id()
    page.goto(f"{url}/{client}/{pair}?{kind}")
    return pair


def ask(page: Page, url: str, client: str, kind: str = "") -> str:
    """Open the page of a new answer, and ask. Return the id of the answer."""
    pair = show(page, url, client, kind)
    page.locator("#send").click()
    page.locator("#messages .streamhtml").first.wait_for()
    return pair


def follow(page: Page, url: str, client: str, kind: str = "") -> str:
    """Open a page that follows a new answer by an event stream. Return the id of the answer."""
    pair = show(page, url, client, kind)
    begin_to_follow(page, client)
    return pair


def begin_to_follow(page: Page, client: str) -> None:
    """Let a page follow by an event stream. htmx 2 does so by itself."""
    if client == "sse4":
        page.locator("#follow").click()
    page.locator("#messages article").wait_for()


def expect_exact(page: Page, pair: str) -> None:
    """Wait until the answer has ended, and compare the page with the stored answer."""
    expect(page.locator(BUSY)).to_have_count(0)
    shown, stored = page.evaluate(BOTH, pair)
    assert shown == stored


def reload(page: Page) -> None:
    """Reload the page after a random part of the answer."""
    page.wait_for_timeout(random.uniform(0, 800))
    page.reload()
    expect(page.locator("#messages article")).to_have_count(1)


def remove_cuts(problems: list[str]) -> None:
    """Remove Chromium's reports of the connections that were cut, and htmx's about them."""
    problems[:] = [
        each for each in problems if not re.search(r"net::ERR_|htmx:|\[object Event\]", each)
    ]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_reloaded_page_has_the_whole_answer(client: str, page: Page, url: str) -> None:
    pair = ask(page, url, client, "fails")
    reload(page)
    expect_exact(page, pair)
    assert page.locator(".streamhtml-notice-failed").count() == 1


@pytest.mark.parametrize("client", ["plain", "htmx2", "htmx4", "sse2", "sse4"])
def test_an_answer_that_was_cut_continues(
    client: str, page: Page, url: str, problems: list[str]
) -> None:
    with CuttingProxy(int(url.rpartition(":")[2])) as proxy:
        # An EventSource waits for three seconds before it reconnects.
        sizes = [1200] if client == "sse2" else [1200, 700, 900]
        proxy.cut_streams(*sizes)
        pair = (follow if client.startswith("sse") else ask)(page, proxy.url, client)
        expect(page.get_by_role("status")).to_have_text("Reply complete.")
        assert proxy.cuts == len(sizes)
        expect_exact(page, pair)
    remove_cuts(problems)


def test_an_event_stream_that_opens_an_answer_with_a_tail(page: Page, url: str) -> None:
    region = Markup('<article id="m"><p id="r" class="streamhtml"></p></article>')
    opened = Fragment(5, (Patch("append", region), Patch("tail", Markup("An h"), "r")), tag="a")
    growth = Fragment(6, (Patch("append", Markup("An hour"), "r"),), tag="a")
    body = "".join(map(SSEFormat().encode, [opened, growth, Fragment(7, (), "finished", "a")]))
    page.route("**/reply/*", lambda route: route.fulfill(body=body, content_type=MEDIA_TYPE))
    show(page, url, "sse2")
    expect(page.get_by_role("status")).to_have_text("Reply complete.")
    assert page.locator("#r").inner_html() == "An hour"


def test_another_tab_shows_the_answer_and_stops_it(page: Page, url: str) -> None:
    pair = ask(page, url, "plain", "endless")
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_role("heading", name="Bread").wait_for()
    assert other.locator("#ask").get_attribute("data-streaming") == "answering"
    other.locator("#stop").click()
    for tab in (other, page):
        expect_exact(tab, pair)
        assert tab.locator(".streamhtml-notice-stopped").count() == 1


@pytest.mark.parametrize("client", ["turbo", "htmx2"])
def test_the_reader_leaves_by_a_link_and_comes_back(
    client: str, page: Page, url: str, problems: list[str]
) -> None:
    pair = ask(page, url, client)
    other = f"/{client}/{pair_id()}"
    page.locator("form").evaluate(
        """(form, other) => form.insertAdjacentHTML(
            "afterend", `<p hx-boost="true"><a href="${other}">Another page</a></p>`)""",
        other,
    )
    page.evaluate("window.htmx?.process(document.body)")
    page.get_by_text("Another page").click()
    page.wait_for_url(f"**{other}")
    expect(page.locator("#messages article")).to_have_count(0)
    page.go_back()
    page.get_by_role("heading", name="Bread").wait_for()
    expect_exact(page, pair)
    remove_htmx_aborts(problems)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["", "endless"])
@pytest.mark.parametrize("client", ["plain", "htmx2", "htmx4"])
def test_the_reader_comes_back_to_a_page_that_the_browser_has_kept(
    client: str, kind: str, browser: Browser, url: str
) -> None:
    # Playwright switches this cache off by default, and the headless shell has none.
    off = ["--disable-back-forward-cache"]
    with launch(browser.browser_type, ignore_default_args=off) as keeping:
        page = keeping.new_page()
        pair = ask(page, url, client, kind)
        reload(page)
        page.evaluate("addEventListener('pageshow', ({ persisted }) => (window.kept = persisted))")
        page.goto(f"{url}/{client}/{pair_id()}")
        expect(page.locator("#messages article")).to_have_count(0)
        page.go_back(wait_until="commit")  # There is no event "load" then.
        page.wait_for_function("window.kept")
        if kind:
            # Before it is resumed, the text could not grow until the server has stopped.
            before = page.locator("#messages").inner_text()
            page.wait_for_function("text => messages.innerText.length > text.length", arg=before)
            page.locator("#stop").click()
            expect(page.locator(".streamhtml-notice-stopped")).to_have_count(1)
        expect_exact(page, pair)
        assert page.locator(".streamhtml-notice-lost").count() == 0


def test_without_scripts_the_url_shows_a_page(page: Page, url: str, browser: Browser) -> None:
    pair = ask(page, url, "plain")
    context = browser.new_context(java_script_enabled=False)
    without = context.new_page()
    without.goto(f"{url}/reply/{pair}")
    expect_exact(page, pair)
    texts = [tab.locator("article").inner_text() for tab in (page, without)]
    context.close()
    assert texts[0] == texts[1]
