"""The demo behind Debian's nginx: as docs/how-to/deploy.md recommends, and with its defaults."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.chat_page import Chat
from tests.docs.pages import DOCS, titled
from tests.servers.nginx import nginx
from tests.servers.process import Server, demo

from streamhtml.demo._answers import SLEEP, SLEEP_TOKENS

pytestmark = pytest.mark.browser

TITLES = ["nginx: recommended", "nginx: nothing set"]


@pytest.fixture
def upstream() -> Iterator[Server]:
    with demo("starlette", log="none", may_complain=True) as server:
        yield server


@pytest.fixture(params=TITLES)
def front(request: pytest.FixtureRequest, upstream: Server, tmp_path: Path) -> Iterator[Server]:
    site = titled(DOCS / "how-to/deploy.md", request.param)
    with nginx(site, upstream, tmp_path / "nginx", may_complain=True) as server:
        yield server


@pytest.fixture
def trusting(browser: Browser) -> Iterator[Page]:
    """A page that accepts any certificate."""
    context = browser.new_context(ignore_https_errors=True)
    yield context.new_page()
    context.close()


def press_stop(page: Page) -> None:
    page.get_by_role("button", name="Stop").click()


def remove_message(page: Page) -> None:
    page.locator(".streamhtml-message").evaluate("message => message.remove()")


@pytest.mark.parametrize(
    ("leave", "reason"), [(press_stop, "stopped"), (remove_message, "aborted")]
)
def test_the_server_notices_that_the_reader_wants_no_more(
    leave: Callable[[Page], None], reason: str, trusting: Page, front: Server, upstream: Server
) -> None:
    chat = Chat(trusting, front.url)
    chat.send(SLEEP)
    expect(trusting.locator(".streamhtml-ai")).to_contain_text("".join(SLEEP_TOKENS))
    upstream.wait_for("the source waits", 10)
    leave(trusting)
    assert chat.wait_for_end() == reason
    upstream.wait_for("the source was closed", 10)


def test_a_killed_server_is_a_lost_connection(
    trusting: Page, front: Server, upstream: Server
) -> None:
    chat = Chat(trusting, front.url)
    chat.send(SLEEP)
    expect(trusting.locator(".streamhtml-ai")).to_contain_text("".join(SLEEP_TOKENS))
    upstream.kill()
    assert chat.wait_for_end() == "incomplete"
    expect(trusting.get_by_role("alert")).to_have_text(
        "The connection was lost, and the answer ends here. Try again"
    )
    expect(trusting.locator(".streamhtml-ai")).to_contain_text("".join(SLEEP_TOKENS))
