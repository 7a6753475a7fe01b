"""Every format, on a page with its real client: the answer grows, and the result is the same."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from datastar_py import ServerSentEventGenerator
from datastar_py.consts import ElementPatchMode
from httpx_sse import EventSource, ServerSentEvent
from playwright.sync_api import Browser, ConsoleMessage, Page
from tests.browser.form_page import remove_expected
from tests.browser.format_clients import CLIENTS
from tests.browser.format_site import (
    FIRST_PART,
    ID,
    PARTS,
    TOKENS,
    Site,
)
from tests.browser.sample_replies import SAMPLE_REPLIES
from tests.scripted_server import PATIENCE

from streamhtml import Fragment, Notice
from streamhtml._patch import Outcome
from streamhtml._words import NOTICES
from streamhtml.formats import FORMATS
from streamhtml.formats._tails import Change, Tails
from streamhtml.formats.datastar import DatastarFormat
from streamhtml.markdown import MarkdownRenderer

pytestmark = pytest.mark.browser

MEDIA_TYPES = {name: new().media_type.partition(";")[0] for name, new in FORMATS.items()}
STREAMS = [name for name in CLIENTS if name != "whole"]
# Without "template" and "swaps", which are for one format, and "regions", whose tails stay.
PLAYED = ["text", "failed", "places", "punctuated", "table", "same_ids", "markdown_like", "parts"]

# The page without scripts contains all versions of an answer, and hides the old ones.
REGION = f"""[...document.querySelectorAll("#{ID}_text")].find((each) => each.checkVisibility())"""
# Records what the reader sees at each frame. An observer would also see what no frame shows.
RECORD = f"""
window.shown = [];
window.sources = [];
window.EventSource = class extends EventSource {{
    constructor(...args) {{ super(...args); window.sources.push(this); }}
}};
window.closings = [];
addEventListener("htmx:sse:close", ({{ detail }}) => window.closings.push(detail.reason));
addEventListener("htmx:multipart:close", ({{ detail }}) => window.closings.push(detail.reason));
addEventListener("htmx:sseClose", ({{ detail }}) => window.closings.push(detail.type));
const look = () => {{
    const text = {REGION}?.innerText ?? "";
    if (text !== window.shown.at(-1)) window.shown.push(text);
    requestAnimationFrame(look);
}};
look();
"""
# Removes what htmx adds to what it has swapped, our attributes, what is hidden (but for what is
# folded), and the processing instructions that mark places.
CLEANED = """region => {
    if (!region) return "";
    const copy = region.cloneNode(true);
    const those = [region, ...region.querySelectorAll("*")];
    [copy, ...copy.querySelectorAll("*")].forEach((element, number) => {
        if (!element.className) element.removeAttribute("class");
        for (const mark of ["data-htmx-powered", "data-streamhtml"]) element.removeAttribute(mark);
        const there = those[number];
        if (!there.checkVisibility() && !there.closest("details")) element.remove();
    });
    const walker = document.createTreeWalker(copy, NodeFilter.SHOW_PROCESSING_INSTRUCTION);
    const places = [];
    while (walker.nextNode()) places.push(walker.currentNode);
    for (const place of places) place.remove();
    copy.normalize();
    return copy.innerHTML;
}"""
SPELLED = """html => {
    const element = document.createElement("div");
    element.innerHTML = html;
    return element.innerHTML;
}"""


class Reader:
    """A person who reads a page of one client."""

    def __init__(self, page: Page, name: str, site: Site, problems: list[str]) -> None:
        self.page = page
        self._problems = problems
        self._scripted = not name.startswith("page")
        self._shown: list[str] = []
        page.goto(f"{site.url}/page/{name}")

    def ask(self) -> None:
        """Press the button."""
        self.page.get_by_role("button").click(no_wait_after=True)
        if not self._scripted:  # The answer is a page, which is still loading.
            self.page.wait_for_url("**/answer/*", wait_until="commit")

    @property
    def shown(self) -> list[str]:
        """Each text that the answer has shown, in order."""
        if self._scripted:
            shown: list[str] = self.page.evaluate("shown")
            return shown
        text: str = self.page.evaluate(f"{REGION}?.innerText ?? ''")
        if text != (self._shown or [""])[-1]:
            self._shown.append(text)
        return self._shown

    def wait_for(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until it holds, and record all that is shown in the meantime."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            shown = self.shown
            assert time.monotonic() < deadline, (what, self._problems, shown[-1:])
            self.page.wait_for_timeout(10)  # Playwright handles its events here.

    def wait_for_more(self, than: int = 0) -> int:
        """Wait until the answer is longer; return its length."""
        self.wait_for(lambda: len((self.shown or [""])[-1]) > than, f"more than {than}")
        return len(self.shown[-1])

    def wait_for_answer(self, text: str, outcome: Outcome = "finished") -> None:
        """Wait until the region has the rendered text, and the notice, if there is one."""
        html = MarkdownRenderer(f"{ID}_text").render(text)
        if outcome != "finished":
            html += Notice().render(outcome, ID, {})
        expected = self.page.evaluate(SPELLED, str(html))
        self.wait_for(lambda: self._cleaned(REGION) == expected, "the answer")

    @property
    def messages(self) -> str:
        """The HTML of all messages."""
        return self._cleaned("document.querySelector('#messages')")

    def _cleaned(self, element: str) -> str:
        cleaned: str = self.page.evaluate(f"({CLEANED})({element})")
        return cleaned

    @property
    def notices(self) -> list[str]:
        """The texts of all notices."""
        return self.page.locator(".streamhtml-notice:visible").all_inner_texts()

    def has_ended(self, name: str) -> None:
        """Check that the client does not reconnect."""
        if closes := CLIENTS[name].closes:
            self.wait_for(lambda: self.page.evaluate("closings.length > 0"), "the end")
            assert self.page.evaluate("closings") == [closes]
        if self._scripted:
            # Turbo does not close the source. The server has told it to wait for a day.
            states = {"sse-htmx2": ["CLOSED"], "turbo-source": ["CONNECTING"]}.get(name, [])
            ended = "sources.every((each) => each.readyState !== EventSource.OPEN)"
            self.wait_for(lambda: self.page.evaluate(ended), "the end of the source")
            names = "['CONNECTING', 'OPEN', 'CLOSED']"
            assert self.page.evaluate(f"sources.map((each) => {names}[each.readyState])") == states


@contextmanager
def reading(browser: Browser, name: str, site: Site, problems: list[str]) -> Iterator[Reader]:
    """Open the page; it must not report problems."""

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            problems.append(f"{message.type}: {message.text}")

    context = browser.new_context(
        java_script_enabled=not name.startswith("page"),
        # Chromium sends this to 127.0.0.1, too.
        extra_http_headers={"Sec-CH-UA": ""} if name == "page-in-order" else {},
    )
    try:
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: problems.append(f"exception: {error}"))
        page.add_init_script(RECORD)
        yield Reader(page, name, site, problems)
        assert problems == [], "the page has reported problems"
    finally:
        context.close()


def common(text: str, other: str) -> int:
    """Return the length of the common beginning."""
    return next(
        (at for at, (one, two) in enumerate(zip(text, other, strict=False)) if one != two),
        min(len(text), len(other)),
    )


@pytest.mark.parametrize("name", CLIENTS)
def test_an_answer(name: str, browser: Browser, site: Site, problems: list[str]) -> None:
    with reading(browser, name, site, problems) as reader:
        reader.ask()
        length = 0
        for _ in range(PARTS):
            site.continue_model()
            if name in STREAMS:
                length = reader.wait_for_more(length)
        reader.wait_for_answer("".join(TOKENS))
        assert reader.notices == []
        assert reader.page.locator(".streamhtml:visible").count() == 1
        texts = reader.shown
        del texts[: not texts[0]]  # The text before the answer is empty.
        right = [common(text, texts[-1]) for text in texts]
        print(f"{name:<21}{len(texts):>4} texts, {len(set(right)):>4} lengths")
        assert right == sorted(right), "correct text has disappeared"
        if name in STREAMS:
            assert len(set(right)) > 5
        else:
            assert len(texts) == 1
        reader.has_ended(name)
        assert site.begun == len(site.requests) == 1
        assert site.requests[0].content_type.startswith(MEDIA_TYPES[CLIENTS[name].format])
        assert site.requests[0].sends == CLIENTS[name].sends


# The notices of both outcomes are written alike, so make test takes one of them with each client,
# and make test-all both.
BAD_ENDS = [
    pytest.param(name, outcome, marks=[] if (number + at) % 2 else pytest.mark.slow)
    for number, name in enumerate(CLIENTS)
    for at, outcome in enumerate(["failed", "stopped"])
]


@pytest.mark.parametrize(("name", "outcome"), BAD_ENDS)
def test_a_bad_end(
    name: str, outcome: Outcome, browser: Browser, site: Site, problems: list[str]
) -> None:
    with reading(browser, name, site, problems) as reader:
        reader.ask()
        site.continue_model()
        site.wait_for_parts(1)
        if outcome == "failed":
            site.fails = True
            site.continue_model()
        else:
            httpx.post(f"{site.url}/stop").raise_for_status()
        reader.wait_for_answer(FIRST_PART, outcome)
        assert reader.notices == [NOTICES[outcome]]
        reader.has_ended(name)
        assert site.begun == len(site.requests) == 1


@pytest.mark.parametrize("name", [name for name, client in CLIENTS.items() if client.reconnects])
def test_a_lost_connection(name: str, browser: Browser, site: Site, problems: list[str]) -> None:
    with reading(browser, name, site, problems) as reader:
        reader.ask()
        site.continue_model()
        length = reader.wait_for_more()
        site.cut()
        site.wait_for_requests(2)
        reader.wait_for(lambda: bool(reader.notices), "a notice")
        assert reader.notices == [NOTICES["interrupted"]]
        assert len(reader.shown[-1]) >= length
        reader.has_ended(name)
        first, second = site.requests
        assert (first.last_id, site.begun) == ("", 1)
        assert int(second.last_id) > 0
        # Chromium reports the lost connection, and so does htmx.
        remove_expected(problems, "net::ERR_INCOMPLETE_CHUNKED_ENCODING")
        if name == "sse-htmx2":
            remove_expected(problems, "[object Event]")


@pytest.mark.parametrize("name", [name for name in STREAMS if not name.startswith("page")])
def test_every_kind_of_patch(name: str, browser: Browser, site: Site, problems: list[str]) -> None:
    with reading(browser, name, site, problems) as reader:
        for recording in (SAMPLE_REPLIES[each]() for each in PLAYED):
            site.sample = recording
            reader.page.evaluate("document.querySelector('#messages')?.replaceChildren()")
            reader.ask()
            html = reader.page.evaluate(SPELLED, recording.html)
            reader.wait_for(lambda html=html: reader.messages == html, html)
        reader.wait_for(lambda: reader.page.locator(".htmx-request").count() == 0, "the end")


@pytest.mark.parametrize("seen", ["finished", "stopped", "failed", "7"])
@pytest.mark.parametrize("name", ["sse-htmx2", "turbo-source", "datastar"])
def test_a_client_that_reconnects_after_the_end(name: str, seen: str, site: Site) -> None:
    headers = {"Accept": "text/event-stream", "Last-Event-ID": seen}
    if name == "datastar":
        headers["Datastar-Request"] = "true"
    *before, end = events(httpx.get(f"{site.url}/answer/{name}", headers=headers).content)
    assert site.begun == 0
    outcome = "interrupted" if seen == "7" else seen
    assert (end.event, end.data, end.id) == ("end", outcome, outcome)
    assert end.retry == 24 * 3600 * 1000
    assert [NOTICES["interrupted"] in event.data for event in before] == [True] * (seen == "7")


# Theirs leaves a "<" in an attribute as it is.
@pytest.mark.parametrize("name", [name for name in SAMPLE_REPLIES if name != "marks"])
def test_datastars_own_library_prints_the_same(name: str) -> None:
    datastar_format, tails = DatastarFormat(), Tails()
    for fragment in map(placed, SAMPLE_REPLIES[name]().fragments):
        theirs = "".join(
            ServerSentEventGenerator.patch_elements(**arguments(change))
            for change in tails.changes(fragment)
        )
        ours = [
            event
            for event in events(datastar_format.encode(fragment).encode())
            if event.event != "end"
        ]
        assert [said(event) for event in ours] == [said(event) for event in events(theirs.encode())]


def placed(fragment: Fragment) -> Fragment:
    """Return the fragment with a container for the message, as ``into`` gives it one.

    With a tag, as in a log, tails and markers have the same ids each time.
    """
    patches = (
        replace(patch, root="messages") if patch.action == "append" and not patch.root else patch
        for patch in fragment.patches
    )
    return replace(fragment, patches=tuple(patches), tag="a")


def arguments(change: Change) -> dict[str, Any]:
    """Return the arguments for Datastar's own library that correspond to a change."""
    mode = "outer" if change.action == "replace" else change.action
    return {
        "elements": change.html or None,
        "selector": change.selector or None,
        "mode": ElementPatchMode(mode),
    }


def said(event: ServerSentEvent) -> tuple[str, dict[str, str]]:
    """Return an event without the order of its lines, and with its defaults."""
    words = {"mode": "outer"}
    elements = []
    for line in event.data.split("\n"):
        key, _, value = line.partition(" ")
        if key == "elements":
            elements.append(value)
        else:
            words[key] = value
    # Datastar's library drops a line break at the end.
    words["elements"] = "\n".join(elements).removesuffix("\n")
    return event.event, words


def events(stream: bytes) -> list[ServerSentEvent]:
    """Return the events of a stream, as an independent parser reads them."""
    response = httpx.Response(200, headers={"Content-Type": "text/event-stream"}, content=stream)
    return [event for event in EventSource(response).iter_sse() if event.data]
