"""Turbo, with streaming-html.js and without it."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.form_page import RECORD, remove_expected, wait_for
from tests.servers.process import Server, serving
from tests.servers.recorded_sources import END, Account
from tests.servers.server_commands import free_port
from tests.servers.waiting import wait_until

from streamhtml import Delta, Reply
from streamhtml._words import CLIENT, NOTICES
from streamhtml.formats.turbo import TurboFormat

pytestmark = pytest.mark.browser

TEXTS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective, sample }) =>
    violations.push([violatedDirective, sample]));
// The text at each frame, because Turbo changes the page several times in one.
window.texts = [""];
(function look() {
    const text = document.getElementById("messages")?.textContent ?? "";
    if (text !== texts.at(-1)) texts.push(text);
    requestAnimationFrame(look);
})();
"""


@pytest.fixture
def account(tmp_path: Path) -> Account:
    """The record of the source, and the words that it is to say."""
    return Account(tmp_path, "a")


@contextmanager
def running(folder: Path, *, may_complain: bool = False) -> Iterator[Server]:
    """Run the site. Its accounts are in the folder."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--port", str(port)]
    with serving(
        [*command, "tests.browser.turbo_site:app"],
        url=f"http://127.0.0.1:{port}",
        environment={"ACCOUNTS": str(folder), "PYTHONPATH": str(Path(__file__).parents[2])},
        may_complain=may_complain,
    ) as server:
        yield server


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path) as server:
        yield server


def show(page: Page, url: str) -> None:
    page.add_init_script(path=RECORD)
    page.add_init_script(script=TEXTS)
    page.goto(url)


def send(page: Page, text: str = "Hello?") -> None:
    page.get_by_label("Message").fill(text)
    page.get_by_label("Message").press("Enter")


def say(page: Page, account: Account, *words: str) -> None:
    """Let the source say words, each one when the last one is on the page and in a frame."""
    for word in words:
        account.ask(word)
        expect(page.locator(".streamhtml-parts")).to_have_text(re.compile(rf"\b{word}\s*$"))
        page.evaluate("() => new Promise(requestAnimationFrame)")


def is_closed(account: Account) -> bool:
    return wait_until(lambda: account.at("closed"))


def check_quiet(page: Page) -> None:
    """Assert that only the answer is left of the stream."""
    assert page.locator("[aria-busy], [data-streaming]").count() == 0
    assert page.locator("[data-stream-stop]:not([hidden])").count() == 0
    assert page.locator("turbo-stream").count() == 0
    assert page.evaluate("violations") == []


@pytest.mark.parametrize("query", ["", "?types"])
def test_an_answer_grows(query: str, page: Page, site: Server, account: Account) -> None:
    show(page, site.url + query)
    send(page)
    wait_for(page, "stream:fragment", 0)
    expect(page.get_by_label("Message")).to_have_value("")
    words = ["one", "two", "three", "four", "five", "six"]
    say(page, account, *words)
    expect(page.locator(".streamhtml-parts")).to_have_attribute("aria-busy", "true")
    # The body is read to its end: no tool of the browser shows it as aborted.
    with page.expect_request_finished(lambda request: request.url.endswith("/reply")):
        account.ask(END)
    wait_for(page, "stream:end", "finished")
    grown = ["".join(f"{word} " for word in words[:count]) for count in range(len(words) + 1)]
    shown = ["", *("Hello?" + text for text in grown), f"Hello?{grown[-1]}end "]
    # The page records a text after the change, so the last one can come after the event.
    page.wait_for_function("count => texts.length >= count", arg=len(shown))
    assert page.evaluate("texts") == shown
    events = page.evaluate("events")
    indices = [detail for name, detail in events if name == "stream:fragment"]
    assert indices == list(range(len(indices)))
    assert [detail for name, detail in events if name == "chunk"] == indices
    assert [event for event in events if event[0] in {"stream:start", "stream:end"}] == [
        ["stream:start", None],
        ["stream:end", "finished"],
    ]
    check_quiet(page)


def test_the_page_has_the_client_twice(page: Page, site: Server, account: Account) -> None:
    # This is what a script in the body is after a visit.
    show(page, f"{site.url}?scripts=turbo,streaming-html,streaming-html")
    send(page)
    say(page, account, "one", "two")
    expect(page.locator("[data-stream-stop]")).to_be_visible()
    account.ask(END)
    wait_for(page, "stream:end", "finished")
    expect(page.locator(".streamhtml-parts")).to_have_text(re.compile("one two end"))
    assert len(page.evaluate("events.filter(([name]) => name === 'stream:start')")) == 1
    check_quiet(page)


@pytest.mark.parametrize("bytewise", [False, True])
def test_the_page_is_the_same_as_with_the_html_format(
    bytewise: bool, page: Page, site: Server
) -> None:
    show(page, f"{site.url}?source=markdown&scripts=streaming-html")
    send(page)
    wait_for(page, "stream:end", "finished")
    html = page.locator("#messages").inner_html()
    assert page.locator("#messages :is(table, li ol, pre, h1, a)").count() == 5
    page.goto(f"{site.url}?source=markdown")
    page.evaluate("bytewise => { window.bytewise = bytewise; }", bytewise)
    send(page)
    wait_for(page, "stream:end", "finished")
    assert page.locator("#messages").inner_html() == html
    assert not bytewise or set(page.evaluate("reads")) == {1}
    check_quiet(page)


def test_without_our_client_the_answer_is_shown_at_the_end(
    page: Page, site: Server, account: Account
) -> None:
    show(page, f"{site.url}?scripts=turbo")
    send(page)
    for word in ("one", "two", END):
        account.ask(word)
    expect(page.locator(".streamhtml-parts")).to_have_text("one two end ")
    page.wait_for_function("texts.at(-1) !== ''")  # A text is recorded with the next frame.
    assert page.evaluate("texts") == ["", "Hello?one two end "]
    assert page.evaluate("events") == []


def test_a_source_that_fails(page: Page, tmp_path: Path) -> None:
    with running(tmp_path, may_complain=True) as site:
        show(page, f"{site.url}?source=failing")
        send(page)
        wait_for(page, "stream:end", "failed")
        expect(page.get_by_role("alert")).to_have_text(NOTICES["failed"])
        expect(page.locator(".streamhtml-parts")).to_have_text("a " + NOTICES["failed"])
        check_quiet(page)


def test_the_server_stops(page: Page, site: Server, account: Account) -> None:
    show(page, site.url)
    send(page)
    say(page, account, "one")
    page.request.post(f"{site.url}/stop")
    wait_for(page, "stream:end", "stopped")
    assert is_closed(account)
    expect(page.get_by_role("alert")).to_have_text(NOTICES["stopped"])
    expect(page.locator(".streamhtml-parts")).to_have_text("one " + NOTICES["stopped"])
    check_quiet(page)


def test_the_server_is_killed(
    page: Page, site: Server, account: Account, problems: list[str]
) -> None:
    show(page, site.url)
    send(page)
    say(page, account, "one")
    site.kill()
    wait_for(page, "stream:end", "incomplete")
    expect(page.get_by_role("alert")).to_have_text("The line is dead.")
    expect(page.locator(".streamhtml-parts")).to_have_text("one The line is dead.")
    check_quiet(page)
    remove_expected(problems, "net::ERR_")


@pytest.mark.parametrize("arrived", [0, 1, 2])
def test_half_a_fragment_is_not_shown(arrived: int, page: Page, site: Server) -> None:
    turbo_format, reply = TurboFormat(), Reply(renderer="text", into="messages")
    fragments = [reply.open(), reply.feed([Delta("one ")]), reply.feed([Delta("two ")])]
    *whole, half = [turbo_format.encode(fragment) for fragment in fragments[: arrived + 1]]
    body = "".join([*whole, half[:-1]])
    assert body.endswith(turbo_format.token)
    page.route(
        "**/reply",
        lambda route: route.fulfill(body=body, headers={"Content-Type": turbo_format.media_type}),
    )
    show(page, site.url)
    page.locator("#ask").evaluate("form => form.removeAttribute('data-stream-lost')")
    send(page)
    wait_for(page, "stream:end", "incomplete")
    place = page.locator(".streamhtml-parts") if arrived else page.locator("#ask")
    expect(place.get_by_role("alert")).to_have_text(CLIENT["lost"])
    expect(page.locator("#messages")).to_have_text(
        "" if not arrived else "one " * (arrived - 1) + CLIENT["lost"]
    )
    send(page)
    wait_for(page, "stream:end", "incomplete", times=2)
    expect(page.get_by_role("alert")).to_have_count(1)
    check_quiet(page)


def test_a_button_stops_the_answer(page: Page, site: Server, account: Account) -> None:
    show(page, site.url)
    send(page)
    say(page, account, "one")
    page.get_by_text("Stop", exact=True).click()
    assert is_closed(account)
    wait_for(page, "stream:end", "aborted")
    # The server has not said how the answer ended, so the client does.
    expect(page.get_by_role("status")).to_have_text(CLIENT["stopped"])
    expect(page.locator(".streamhtml-parts")).to_have_text("one " + CLIENT["stopped"])
    assert page.get_by_role("alert").count() == 0
    check_quiet(page)


def test_a_form_has_one_stream_at_a_time(page: Page, site: Server, account: Account) -> None:
    show(page, site.url)
    send(page)
    say(page, account, "one")
    send(page, "Again?")
    say(page, account, "two")
    account.ask(END)
    wait_for(page, "stream:end", "finished")
    expect(page.get_by_label("Message")).to_have_value("Again?")
    assert page.request.get(f"{site.url}/asked").json() == {"a": 1}


def test_a_visit_closes_the_source(page: Page, site: Server, account: Account) -> None:
    show(page, site.url)
    send(page)
    say(page, account, "one")
    # Turbo copies the page before it renders the next. Without this wait, it does not always.
    page.evaluate("""() => {
        window.stays = true;
        addEventListener("turbo:before-render", (event) => {
            event.preventDefault();
            setTimeout(event.detail.resume);
        }, { once: true });
    }""")
    page.get_by_text("Away").click()
    expect(page.get_by_text("Another page")).to_be_visible()
    assert is_closed(account)
    wait_for(page, "stream:end", "aborted")
    page.go_back()
    expect(page.locator(".streamhtml-parts")).to_have_text("one The line is dead.")
    assert page.evaluate("stays")  # The page was not loaded again: it is Turbo's copy.
    check_quiet(page)


def test_a_permanent_element_takes_the_stream_to_the_next_page(
    page: Page, site: Server, account: Account
) -> None:
    show(page, f"{site.url}/permanent")
    send(page)
    say(page, account, "one")
    page.get_by_text("Away").click()
    expect(page.get_by_text("Another page")).to_be_visible()
    say(page, account, "two")
    expect(page.locator("#ask")).to_have_attribute("data-streaming", "answering")
    expect(page.get_by_text("Stop", exact=True)).to_be_visible()
    account.ask(END)
    wait_for(page, "stream:end", "finished")
    check_quiet(page)


def test_a_link(page: Page, site: Server, account: Account) -> None:
    show(page, site.url)
    link = '<a href="/reply?source=asked&account=a" data-turbo-stream>Ask</a>'
    page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", link)
    page.get_by_text("Ask").click()
    wait_for(page, "stream:fragment", 0)
    say(page, account, "one", "two")
    account.ask(END)
    wait_for(page, "stream:end", "finished")  # Turbo has removed its form for the link by then.
    expect(page.locator(".streamhtml-parts")).to_have_text("one two end ")
    check_quiet(page)


def test_what_is_replaced_keeps_the_focus(page: Page, site: Server) -> None:
    field = '<input id="message" name="message" class="new">'
    element = f'<turbo-stream action="replace" targets="#message"><template>{field}</template>'
    page.route(
        "**/reply",
        lambda route: route.fulfill(
            body=f"{element}</turbo-stream><!TOKEN><!TOKEN end finished>",
            headers={"Content-Type": "text/vnd.turbo-stream.html; fragments=TOKEN"},
        ),
    )
    show(page, site.url)
    send(page)
    wait_for(page, "stream:end", "finished")
    expect(page.locator("#message.new")).to_be_focused()


def test_a_form_in_a_frame(page: Page, site: Server, account: Account) -> None:
    show(page, f"{site.url}/frame")
    send(page)
    wait_for(page, "stream:fragment", 0)
    say(page, account, "one", "two")
    account.ask(END)
    wait_for(page, "stream:end", "finished")
    expect(page.locator("turbo-frame > article .streamhtml-parts")).to_have_text("one two end ")
    check_quiet(page)


def test_a_stream_source(page: Page, site: Server, account: Account) -> None:
    show(page, f"{site.url}/events")
    expect(page.locator(".streamhtml-parts")).to_be_attached()
    words = ["one", "two", "three", "four", "five"]
    say(page, account, *words, END.strip())
    assert len(page.evaluate("texts")) >= len(words)
    # It has ended. An ordinary EventSource reconnects, and this one does not.
    page.wait_for_function(
        "() => document.querySelector('turbo-stream-source').streamSource.readyState === 0"
    )
    page.evaluate("""() => new Promise((again) => {
        const source = new EventSource("/ended");
        let opened = 0;
        source.onopen = () => {
            if (++opened < 2) return;
            source.close();
            again();
        };
    })""")
    assert page.request.get(f"{site.url}/asked").json() == {"a": 1}
    check_quiet(page)


# A headless Chromium does not hide pages. This does what others do: no frame while it is hidden.
HIDE = """
const { requestAnimationFrame: ask } = window;
const held = [];
window.holdFrames = () => {
    window.requestAnimationFrame = (callback) => held.push(callback);
};
window.hide = () =>
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
window.show = () => {
    delete document.visibilityState;
    window.requestAnimationFrame = ask;
    held.forEach((callback) => ask(callback));
};
window.until = async (condition) => {
    while (!condition()) await new Promise((done) => setTimeout(done, 5));
};
"""


def test_a_hidden_page_keeps_the_order(page: Page, site: Server, account: Account) -> None:
    page.add_init_script(script=HIDE)
    show(page, site.url)
    send(page)
    say(page, account, "one")
    page.evaluate("holdFrames()")
    account.ask("two")
    page.evaluate("until(() => document.querySelector('turbo-stream'))")
    page.evaluate("hide(); reads.length = 0")
    account.ask("three")
    page.evaluate("until(() => reads.length)")
    page.evaluate("show()")
    expect(page.locator(".streamhtml-parts")).to_have_text("one two three ")
    page.evaluate("hide()")
    account.ask(END)
    page.evaluate("until(() => events.at(-1)[0] === 'stream:end')")
    expect(page.locator(".streamhtml-parts")).to_have_text("one two three end ")
    check_quiet(page)
