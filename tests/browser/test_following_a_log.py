"""An answer in a log is shown again after a reload, in a second tab and after a cut: exactly."""

import random
import socket
from collections.abc import Iterator
from threading import Thread

import pytest
import uvicorn
from playwright.sync_api import Page, expect
from tests.browser.cutting_proxy import CuttingProxy
from tests.browser.followed_site import make_asgi
from tests.scripted_server import PATIENCE

from streamhtml import pair_id
from streamhtml.log import MemoryLog

pytestmark = pytest.mark.browser
CLIENTS = ["plain", "htmx2", "htmx4", "htmx2-get", "htmx4-get", "turbo"]

MESSAGES = """async ([pair]) => {
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


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of the site, with a log in this process."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(make_asgi(MemoryLog()), log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(PATIENCE)
    listener.close()


def ask(page: Page, url: str, client: str, kind: str = "") -> str:
    """Open the page of a new answer, ask, and wait for the first words. Return its id."""
    pair = pair_id()
    page.goto(f"{url}/{client}/{pair}?{kind}")
    page.locator("#send").click()
    page.locator("#messages .streamhtml").first.wait_for()
    return pair


def expect_exact(page: Page, pair: str) -> None:
    """Wait until the answer has ended, and compare the page with the stored answer."""
    expect(page.locator("[data-streaming], [aria-busy], [data-stream-src]")).to_have_count(0)
    shown, stored = page.evaluate(MESSAGES, [pair])
    assert shown == stored


def reload(page: Page) -> None:
    """Reload the page after a random part of the answer."""
    page.wait_for_timeout(random.uniform(0, 800))
    page.reload()
    expect(page.locator("#messages article")).to_have_count(1)


def cut(page: Page, url: str, client: str, kind: str, sizes: list[int]) -> int:
    """Ask through a proxy that cuts the connection after each of these sizes, in bytes."""
    with CuttingProxy(int(url.rpartition(":")[2])) as proxy:
        pair = pair_id()
        page.goto(f"{proxy.url}/{client}/{pair}?{kind}")
        proxy.cut_after(*sizes)
        page.locator("#send").click()
        page.locator("#messages .streamhtml").first.wait_for()
        expect_exact(page, pair)
        return proxy.cuts


@pytest.mark.parametrize("client", CLIENTS)
def test_a_reloaded_page_has_the_whole_answer(client: str, page: Page, url: str) -> None:
    pair = ask(page, url, client, "fails")
    reload(page)
    expect_exact(page, pair)
    assert page.locator(".streamhtml-notice-failed").count() == 1


@pytest.mark.parametrize("client", ["plain", "htmx2", "htmx4"])
def test_an_answer_that_was_cut_continues(client: str, page: Page, url: str) -> None:
    assert cut(page, url, client, "", [1500, 100, 2000]) == 3


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
