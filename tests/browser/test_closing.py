"""Closing the tab while the source waits: its ``finally`` runs soon, in each framework."""

import time

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import Chat
from tests.servers.process import demo

from streamhtml.demo._answers import SLEEP, SLEEP_TOKENS

pytestmark = pytest.mark.browser

BOUND = 1.0  # seconds


@pytest.mark.parametrize("framework", ["starlette", "django", "flask"])
def test_the_finally_of_a_sleeping_source_runs(framework: str, page: Page) -> None:
    with demo(framework) as server:
        Chat(page, server.url).send(SLEEP)
        expect(page.locator(".ai")).to_have_text("".join(SLEEP_TOKENS))
        server.wait_for("the source waits", 10)
        assert "the source was closed" not in server.log
        page.close()
        closed_at = time.monotonic()
        ran_at, _ = server.wait_for("the source was closed", 20)
        print(f"{framework}: {ran_at - closed_at:.3f} s after the tab was closed")
        assert ran_at - closed_at < BOUND
