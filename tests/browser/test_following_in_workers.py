"""The same as in test_following_a_log.py, many times, and with a log in Redis and two workers."""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.cutting_proxy import CuttingProxy
from tests.browser.test_following_a_log import (
    BUSY,
    ask,
    begin_to_follow,
    expect_exact,
    follow,
    reload,
    remove_cuts,
    serving_in_memory,
)
from tests.servers.process import serving
from tests.servers.redis_server import redis_server
from tests.servers.server_commands import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CLIENTS = ["plain", "htmx2", "htmx4", "htmx2-get", "htmx4-get"]
TIMES = 20
SHORTEST = 650
"""Bytes until a cut. The headers of a response have 510: without them, no answer has begun."""
COMMANDS = {
    "uvicorn": ["uvicorn", "--workers", "2", "--port", "{port}", "--factory"],
    "gunicorn": [
        *("gunicorn", "--workers", "2", "--threads", "16", "--worker-class", "gthread"),
        *("--no-control-socket", "--bind", "127.0.0.1:{port}"),
    ],
}
APPS = {"uvicorn": "make_asgi_site", "gunicorn": "make_wsgi_site()"}


@pytest.fixture(scope="module", params=["memory", *COMMANDS])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of the site: in this process, or with two workers and a Redis."""
    if request.param == "memory":
        with serving_in_memory() as url:
            yield url
        return
    port = free_port()
    command = [each.format(port=port) for each in COMMANDS[request.param]]
    program = str(Path(sys.executable).with_name(command.pop(0)))
    app = f"tests.browser.followed_site:{APPS[request.param]}"
    with (
        redis_server() as redis,
        serving(
            [program, *command, app],
            url=f"http://127.0.0.1:{port}",
            environment={
                "LOG": redis.url,
                "PYTHONPATH": ":".join([str(Path(__file__).parents[2]), *sys.path]),
                "PYTHONWARNINGS": "error,ignore::ResourceWarning",
            },
            may_complain=True,  # of the model that fails
        ) as server,
    ):
        yield server.url


@pytest.mark.timeout(600)
def test_reloads_at_random_moments(page: Page, url: str) -> None:
    for number in range(TIMES):
        pair = ask(page, url, CLIENTS[number % len(CLIENTS)], "fails" if number % 2 else "")
        reload(page)
        expect_exact(page, pair)


@pytest.mark.timeout(600)
def test_cuts_at_random_places(page: Page, url: str, problems: list[str]) -> None:
    with CuttingProxy(int(url.rpartition(":")[2])) as proxy:
        for number in range(TIMES):
            proxy.cut_streams(*(random.randint(SHORTEST, 2500) for _ in range(3)))
            pair = ask(page, proxy.url, CLIENTS[number % 3], "fails" if number % 2 else "")
            expect(page.locator(BUSY)).to_have_count(0)
            proxy.cut_streams()
            expect_exact(page, pair)
        assert proxy.cuts >= TIMES
    remove_cuts(problems)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("client", ["sse2", "sse4"])
def test_event_streams_that_are_cut(client: str, page: Page, url: str, problems: list[str]) -> None:
    # An EventSource waits for three seconds before it reconnects.
    cuts, times = (1, TIMES // 4) if client == "sse2" else (3, TIMES // 2)
    with CuttingProxy(int(url.rpartition(":")[2])) as proxy:
        for number in range(times):
            proxy.cut_streams(*(random.randint(SHORTEST, 4000) for _ in range(cuts)))
            fails = number % 2
            pair = follow(page, proxy.url, client, "fails" if fails else "")
            if number % 3 == 1:
                page.wait_for_timeout(random.uniform(0, 800))
                page.reload()
                begin_to_follow(page, client)
            end = page.locator(".streamhtml-notice-failed")
            expect(end if fails else page.get_by_text("Reply complete.")).to_be_visible()
            proxy.cut_streams()
            expect_exact(page, pair)
        assert proxy.cuts >= times // 2  # A reload may come first.
    remove_cuts(problems)


@pytest.mark.timeout(600)
def test_tabs_and_a_stop_from_one_of_them(page: Page, url: str) -> None:
    for number in range(4):
        client = CLIENTS[number]
        pair = ask(page, url, client, "endless")
        others = [page.context.new_page() for _ in range(2)]
        for other in others:
            other.goto(page.url)
            other.locator("#messages article").wait_for()
        others[-1].locator("#stop").click()
        for tab in (page, *others):
            expect_exact(tab, pair)
            assert tab.locator(".streamhtml-notice-stopped").count() == 1
        for other in others:
            other.close()
