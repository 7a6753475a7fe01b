"""Without JavaScript, an answer is a page that grows while it loads."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Semaphore, Thread
from typing import Any

import jinja2
import pytest
import uvicorn
from playwright.sync_api import Browser, Locator, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from tests.browser.engines import Engine, Firefox, WebKit
from tests.markdown import page as tree

from streamhtml._words import NOTICES
from streamhtml.formats.page import PageFormat
from streamhtml.markdown import MarkdownRenderer, Options, render
from streamhtml.starlette import StreamingHTMLResponse

pytestmark = pytest.mark.browser

PATIENCE = 60.0
OPTIONS = Options(dir_auto=True)  # as the built-in message has it
NONCE = "r4nd0m"
PARTS = (
    "So **bo",
    "ld** it is, see [the no",
    "tes][1].\n\nA title\n==",
    "=\n\n- one\n- *two",
    "*\n\n- three\n  1. deep\n\n     and loose\n",
    "\n| a | b |\n|---|:-:|\n| 1 | `2",
    "` |\n| 3 | **4** |\n\n```python\nif a <",
    " b:\n    c()\n\n",
    "```\n\n> quoted $x",
    "^2$ and [more](/m",
    "ore)\n\n[1]: /notes\n",
)
ANSWER = "".join(PARTS)
FORM = """<!doctype html><title>Ask</title><link rel="icon" href="data:,">
<form action="/reply"><input name="question"><button>Ask</button></form>"""
PAGE = jinja2.Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><title>The answer</title>
<link rel="icon" href="data:,">
<style nonce="{{ page_nonce }}">body { font: 1rem/1.5 sans-serif } td { border: 1px solid }</style>
<body><header>The app</header><main>{{ streamed_message }}</main><footer>The end</footer>
<script nonce="{{ page_nonce }}">document.title = "Scripts run"</script>
</body></html>""")

# The HTML that the computed styles show, without our attributes, the wrappers of tails, and the
# processing instructions that mark places.
VISIBLE = """(region) => {
    const copy = region.cloneNode(true);
    const all = [...region.querySelectorAll("*")];
    [...copy.querySelectorAll("*")].forEach((element, i) => {
        if (getComputedStyle(all[i]).display === "none") element.remove();
    });
    for (const tail of copy.querySelectorAll("span[data-streamhtml]"))
        tail.replaceWith(...tail.childNodes);
    const walker = document.createTreeWalker(copy, NodeFilter.SHOW_PROCESSING_INSTRUCTION);
    const places = [];
    while (walker.nextNode()) places.push(walker.currentNode);
    for (const place of places) place.remove();
    copy.normalize();
    return copy.innerHTML.replaceAll("<!---->", "");
}"""
PARSED = """(html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.innerHTML;
}"""


class Site:
    """A form and the answer to it. The test decides how much of it the model says."""

    def __init__(self) -> None:
        self.nonce = NONCE
        self.native = True
        """Whether a browser that knows ``<template for>`` gets it."""
        self.parts: tuple[str, ...] = PARTS
        self.fails = False
        self.more = Semaphore(0)
        routes = [Route("/", lambda _: HTMLResponse(FORM)), Route("/reply", self._reply)]
        self._server = uvicorn.Server(
            uvicorn.Config(Starlette(routes=routes), log_config=None, lifespan="off")
        )
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.more.release(len(PARTS) + 1)
        self._server.should_exit = True
        self._thread.join(PATIENCE)
        self._socket.close()

    def _reply(self, request: Request) -> Response:
        return StreamingHTMLResponse(
            request,
            tokens=self._say(),
            context={
                "message_pair_id": "m",
                "human_message": request.query_params["question"],
                "page_nonce": NONCE,
            },
            page=PAGE,
            nonce=self.nonce,
            format=partial(PageFormat, native=self.native),
            headers={
                "Content-Security-Policy": f"default-src 'none'; img-src data:; "
                f"style-src 'nonce-{NONCE}'; script-src 'nonce-{NONCE}'"
            },
        )

    def _say(self) -> Iterator[str]:
        for part in self.parts:
            assert self.more.acquire(timeout=PATIENCE)
            yield part
        assert self.more.acquire(timeout=PATIENCE)
        if self.fails:
            raise RuntimeError("The model has failed")


@contextmanager
def serving() -> Iterator[Site]:
    """Run a site."""
    site = Site()
    try:
        yield site
    finally:
        site.close()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def without_scripts(browser: Browser, problems: list[str]) -> Iterator[Page]:
    """A page in a browser with JavaScript turned off."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.on("console", lambda message: problems.append(message.text))
    yield page
    context.close()


def ask(page: Page, site: Site) -> Locator:
    """Send the form; return the answer's region while the page is still loading."""
    page.goto(site.url)
    page.locator("input").fill("<Why?>")
    page.get_by_role("button").click(no_wait_after=True)
    expect(page.locator(".streamhtml-parts")).to_be_attached()
    return page.locator("#m-p0-text")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("native", [True, False])
def test_the_answer_grows_while_the_page_loads(
    without_scripts: Page, site: Site, problems: list[str], native: bool
) -> None:
    site.native = native
    region = ask(without_scripts, site)
    expect(without_scripts.get_by_text("<Why?>")).to_be_visible()
    expected, renderer = tree.Page("m_text"), MarkdownRenderer("m_text", OPTIONS)
    seen = []
    for part in PARTS:
        expected.apply(renderer.feed(part))
        site.more.release()
        html = without_scripts.evaluate(PARSED, expected.html)
        until(lambda html=html: region.evaluate(VISIBLE).rstrip() == html.rstrip())  # type: ignore[misc]
        seen.append(region.inner_text())
        expect(without_scripts.get_by_text("The end")).not_to_be_attached()
    assert len(set(seen)) > 5
    assert "**" not in "".join(seen)
    site.more.release()
    expect(without_scripts.get_by_text("The end")).to_be_visible()
    final = without_scripts.evaluate(PARSED, str(render(ANSWER, OPTIONS)))
    assert region.evaluate(VISIBLE) == final
    assert without_scripts.title() == "The answer"
    hidden = without_scripts.locator("main style, main template, [data-streamhtml]").count()
    assert (hidden == 0) == native
    assert problems == []


@pytest.mark.parametrize("native", [True, False])
def test_a_failing_source_shows_a_notice(without_scripts: Page, site: Site, native: bool) -> None:
    site.native = native
    site.parts, site.fails = PARTS[:1], True
    site.more.release(2)
    ask(without_scripts, site)
    expect(without_scripts.get_by_role("alert")).to_have_text(NOTICES["failed"])
    expect(without_scripts.get_by_text("The end")).to_be_visible()
    answer = without_scripts.locator(".streamhtml-parts")
    assert answer.inner_text().split() == ["So", "**bo", *NOTICES["failed"].split()]


def test_a_strict_policy_needs_the_nonce(
    without_scripts: Page, site: Site, problems: list[str]
) -> None:
    site.nonce, site.native = "", False
    site.more.release(len(PARTS) + 1)
    region = ask(without_scripts, site)
    expect(without_scripts.get_by_text("The end")).to_be_visible()
    final = without_scripts.evaluate(PARSED, str(render(ANSWER, OPTIONS)))
    # Without it, nothing is hidden, so what was provisional stays visible.
    assert region.evaluate(VISIBLE) != final
    assert any("style-src" in problem for problem in problems)
    problems.clear()


@pytest.mark.slow
@pytest.mark.parametrize("engine", [Firefox, WebKit])
def test_other_engines_show_the_same(engine: Callable[[], Engine], site: Site) -> None:
    browser: Any = engine()
    try:
        site.more.release(len(PARTS) + 1)
        browser.open(f"{site.url}/reply?question=a")
        there = browser.evaluate(f"({VISIBLE})(document.querySelector('.streamhtml-markdown'))")
        assert there == browser.evaluate(f"({PARSED})({str(render(ANSWER, OPTIONS))!r})")
    finally:
        browser.close()


@pytest.mark.slow
def test_firefox_shows_it_grow(site: Site) -> None:
    browser = Firefox()
    shown = "document.querySelector('.streamhtml-markdown')?.innerText ?? ''"
    try:
        browser.begin(f"{site.url}/reply?question=a")
        seen = {""}
        for _ in PARTS[:-1]:  # The last part is not visible.
            site.more.release()
            until(lambda: browser.evaluate(shown) not in seen)
            seen.add(browser.evaluate(shown))
            assert browser.evaluate("document.readyState") == "loading"
        assert not any("**" in text for text in seen)
        site.more.release(2)
        until(lambda: browser.evaluate("document.readyState") == "complete")
        there = browser.evaluate(f"({VISIBLE})(document.querySelector('.streamhtml-markdown'))")
        assert there == browser.evaluate(f"({PARSED})({str(render(ANSWER, OPTIONS))!r})")
    finally:
        browser.close()
