"""Stop works after a reload under Django's CSRF protection, with the views of our documentation."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.test_following_a_log import BUSY, remove_cuts
from tests.servers.process import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the site."""
    command = [sys.executable, "-m", "uvicorn", "tests.browser.django_log_site:application"]
    environment = {"DATABASE": str(tmp_path_factory.mktemp("django") / "db.sqlite3")}
    with serving([*command, "--port", "0"], folder=ROOT, environment=environment) as server:
        yield server.url


@pytest.mark.parametrize("client", ["plain", "htmx2", "htmx4", "htmx2-get", "htmx4-get"])
def test_stop_after_a_reload(client: str, page: Page, url: str, problems: list[str]) -> None:
    page.goto(f"{url}/{client}/")
    page.locator("#send").click()
    expect(page.locator("#messages")).to_contain_text("more more")
    page.reload()
    expect(page.locator("#messages")).to_contain_text("more more")
    with page.expect_response("**/stop") as stopped:
        page.locator("#stop").click()
    assert stopped.value.status == 204
    expect(page.locator(".streamhtml-notice-stopped")).to_have_count(1)
    expect(page.locator(BUSY)).to_have_count(0)
    assert page.request.get(f"{url}/{client}/outcome").text() == "stopped"
    remove_cuts(problems)
