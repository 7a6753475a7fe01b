"""If the reader closes the tab while the source waits, its ``finally`` runs soon."""

import time

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import Chat
from tests.servers.process import demo

from streamhtml.demo._answers import SLEEP, SLEEP_TOKENS

pytestmark = pytest.mark.browser

BOUND = 10.0
"""Seconds, for a busy machine. An idle one needs less than one; the test prints how many."""


@pytest.mark.parametrize("framework", ["starlette", "django", "flask"])
def test_closing_the_tab_closes_a_waiting_source(framework: str, page: Page) -> None:
    with demo(framework, log="none") as server:
        Chat(page, server.url).send(SLEEP)
        expect(page.locator(".streamhtml-ai")).to_have_text("".join(SLEEP_TOKENS))
        server.wait_for("the source waits", 10)
        assert "the source was closed" not in server.log
        page.close()
        closed_at = time.monotonic()
        ran_at, _ = server.wait_for("the source was closed", 20)
        print(f"{framework}: {ran_at - closed_at:.3f} s after the tab was closed")
        assert ran_at - closed_at < BOUND
