"""The client writes seldom, little at a time, and never creates again what is on the page."""

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import CLIENTS
from tests.browser.form_page import ask, form, send, show, wait_for
from tests.browser.stepped_server import TOKEN, Answer, SteppedServer, streamed

pytestmark = pytest.mark.browser


SHELL = '<article id="ai_1"><div id="ai_1_text" class="streamhtml"></div></article>'
# Records the times at which the answer changed.
WRITES = """() => {
    window.writes = [];
    new MutationObserver((all) => {
        if (all.some(({ target }) => target.closest?.("article"))) writes.push(performance.now());
    }).observe(document.getElementById("messages"), { childList: true, subtree: true });
}"""


def burst(count: int) -> Answer:
    """Return an answer of this many tokens, in one write."""
    tokens = "".join(f"<p>token {number}</p><!{TOKEN}>" for number in range(count))
    return Answer(
        (f"{SHELL}<!{TOKEN} open><!{TOKEN} append #ai_1_text>{tokens}<!{TOKEN} end finished>",)
    )


@pytest.mark.parametrize("client", CLIENTS)
def test_writes_are_33_ms_apart(client: str, page: Page, server: SteppedServer) -> None:
    server.answers["/reply"] = lambda _: streamed(
        (SHELL, "open"), ("", "append #ai_1_text"), *[("x", "")] * 200
    )
    show(page, server, client, form(client))
    page.evaluate(WRITES)
    request = ask(page, server)
    for _ in range(201):
        request.write()
    wait_for(page, "stream:fragment", 201)
    expect(page.locator(".streamhtml")).to_have_text("x" * 200)
    writes = page.evaluate("writes")
    # On a busy machine the observer may note a write late, so that the next one seems to be early.
    # The sum is reliable: a write for each token would be 200.
    assert len(writes) <= (writes[-1] - writes[0]) / 33 + 5
    request.finish()
    wait_for(page, "stream:end", "finished")


@pytest.mark.parametrize("client", CLIENTS)
def test_a_page_without_animation_frames_is_written_to(
    client: str, page: Page, server: SteppedServer
) -> None:
    page.add_init_script(script="window.requestAnimationFrame = () => 0;")
    server.answers["/reply"] = lambda _: streamed(
        (SHELL, "open"), ("Hel", "append #ai_1_text"), ("lo", "")
    )
    show(page, server, client, form(client))
    send(page)
    request = server.wait_for()
    request.write()
    expect(page.locator(".streamhtml")).to_have_text("Hel")
    request.finish()
    expect(page.locator(".streamhtml")).to_have_text("Hello")


@pytest.mark.parametrize("client", CLIENTS)
def test_a_burst_is_written_little_by_little(
    client: str, page: Page, server: SteppedServer
) -> None:
    server.answers["/reply"] = lambda _: burst(10_000)
    show(page, server, client, form(client))
    page.evaluate("""() => {
        window.most = 0;
        const text = (node) => node.textContent.length;
        new MutationObserver((all) => {
            const sizes = all.flatMap(({ addedNodes }) => [...addedNodes].map(text));
            most = Math.max(most, sizes.reduce((sum, size) => sum + size, 0));
        }).observe(document.getElementById("messages"), { childList: true, subtree: true });
    }""")
    send(page)
    wait_for(page, "stream:end", "finished")
    expect(page.locator("#ai_1_text > p")).to_have_count(10_000)
    assert 0 < page.evaluate("most") <= 8192 + 100


@pytest.mark.parametrize("client", CLIENTS)
def test_what_is_shown_is_never_created_again(
    client: str, page: Page, server: SteppedServer
) -> None:
    inside = "<p>First words</p><details><summary>More</summary>inside</details><input id='in'>"
    server.answers["/reply"] = lambda _: streamed(
        (SHELL, "open"),
        (inside, "append #ai_1_text"),
        *[("<p>and more</p>", "append"), ("<i>tail</i>", "tail")] * 20,
        ("", "append"),
    )
    show(page, server, client, form(client))
    request = ask(page, server)
    request.write()
    wait_for(page, "stream:fragment", 1)
    page.get_by_text("More").click()
    page.locator("#in").press_sequentially("typed")
    page.evaluate("""() => {
        window.first = [...document.getElementById("ai_1_text").children];
        const text = document.querySelector("#ai_1_text > p").firstChild;
        getSelection().setBaseAndExtent(text, 0, text, 5);
        document.getElementById("in").focus();
    }""")
    request.finish()
    wait_for(page, "stream:end", "finished")
    expect(page.locator("#ai_1_text > p")).to_have_count(21)
    assert page.locator("#ai_1_text > i").count() == 0
    assert page.evaluate("first.every((node, i) => node === ai_1_text.children[i])")
    assert page.evaluate("getSelection().toString()") == "First"
    assert page.locator("details").get_attribute("open") == ""
    expect(page.locator("#in")).to_be_focused()
    expect(page.locator("#in")).to_have_value("typed")


def test_a_region_that_is_replaced_stays_busy(page: Page, server: SteppedServer) -> None:
    region = '<span id="{}" class="streamhtml"></span>'
    outer = f'<div id="box">{region.format("inner")}</div>'
    server.answers["/reply"] = lambda _: streamed(
        (f'<p id="ai_1">{region.format("state")}{outer}</p>', "open"),
        ("searching", "append #state"),
        (region.format("state"), "replace"),
        (outer, "replace #box"),
    )
    show(page, server, "plain", form("plain"))
    request = ask(page, server)
    busy = page.locator(".streamhtml[aria-busy=true]")
    for _ in range(3):
        request.write()
    wait_for(page, "stream:fragment", 3)
    assert busy.evaluate_all("all => all.map(({ id }) => id)") == ["state", "inner"]
    request.finish()
    wait_for(page, "stream:end", "finished")
    assert busy.count() == 0


@pytest.mark.parametrize("client", ["htmx2", "htmx4"])
def test_htmx_processes_attributes_outside_live_regions(
    client: str, page: Page, server: SteppedServer
) -> None:
    button = '<button hx-get="/more" hx-target="#messages" hx-swap="beforeend">{}</button>'
    server.answers["/more"] = lambda _: Answer(("<em>more</em>",), "text/html")
    server.answers["/reply"] = lambda _: streamed(
        ('<p id="ai_1"><b id="box"></b><i id="inert" hx-ignore hx-disable></i></p>', "open"),
        (button.format("appended"), "append #box"),
        (button.format("ignored"), "append #inert"),
        (f'<b id="box">{button.format("replaced")}</b>', "replace #ai_1 @0"),
    )
    show(page, server, client, form(client))
    request = ask(page, server)
    request.write()
    wait_for(page, "stream:fragment", 1)
    page.get_by_text("appended").click()
    expect(page.locator("em")).to_have_count(1)
    request.write()
    wait_for(page, "stream:fragment", 2)
    page.get_by_text("ignored").click()
    request.finish()
    wait_for(page, "stream:end", "finished")
    page.get_by_text("replaced").click()
    expect(page.locator("em")).to_have_count(2)
    assert [each.path for each in server.requests].count("/more") == 2
