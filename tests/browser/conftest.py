"""A real Chromium, and pages on whose console nothing may appear."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserType,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)
from tests.browser.form_page import usual_answer
from tests.browser.format_site import Site, serving
from tests.browser.stepped_server import SteppedServer

# Chromium without windows and toolbars runs the same pages in half of the CPU time.
HEADLESS_SHELL = Path(sys.prefix, "headless-shell/usr/lib/chromium/chromium-headless-shell")
NAMES = ["chromium", "chromium-browser", "google-chrome"]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Usually a second is enough; the machine may be busy.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module: with xdist, that is one at a time for each worker.

    It is not the session's, for Playwright's event loop would run in the thread of all the other
    tests too.
    """
    # `make test-all` names the whole Chromium in the environment.
    names = [name] if (name := os.environ.get("CHROMIUM")) else [str(HEADLESS_SHELL), *NAMES]
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium, names)
        yield browser
        browser.close()


def launch(chromium: BrowserType, names: list[str] = NAMES, **options: Any) -> Browser:
    """Start the first of these Chromiums that is installed."""
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.fail(f"none of {', '.join(names)} is installed: run scripts/bootstrap browser")
    return chromium.launch(executable_path=path, args=ARGUMENTS, **options)


@pytest.fixture
def problems() -> list[str]:
    """The warnings and errors of the test's page. A test removes those that it expects."""
    return []


@pytest.fixture
def page(browser: Browser, problems: list[str]) -> Iterator[Page]:
    """A page in its own context, without cookies or a cache."""

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            problems.append(f"{message.type}: {message.text}")

    context = browser.new_context(viewport={"width": 900, "height": 700})
    page = context.new_page()
    page.on("console", listen)
    page.on("pageerror", lambda error: problems.append(f"exception: {error}"))
    yield page
    context.close()
    assert problems == [], "the page has reported problems"


@pytest.fixture
def server() -> Iterator[SteppedServer]:
    """A server whose answers the test writes step by step."""
    with SteppedServer() as server:
        server.answers["/reply"] = usual_answer
        yield server


@pytest.fixture(scope="module")
def format_site() -> Iterator[Site]:
    """A site with every format, for all tests of a module."""
    with serving() as site:
        yield site


@pytest.fixture
def site(format_site: Site) -> Site:
    """The same site, with nothing recorded yet."""
    format_site.reset()
    return format_site
