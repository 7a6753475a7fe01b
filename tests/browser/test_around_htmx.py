"""What htmx does around a request, it does around a streamed one: each thing by itself.

The server remembers what it was asked and writes when it is told to, so nothing here depends on
time. What a plain form has too is shown for plain forms as well.
"""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Dialog, Page, expect
from tests.browser.asked import Asking, streamed
from tests.browser.chat import CLIENTS
from tests.browser.dialogue import (
    TIMEOUT,
    ask,
    finish,
    form,
    html_is,
    message,
    pieces,
    saying,
    send,
    shell,
    show,
    take_out,
    take_out_aborts,
    wait_for,
    whole,
)

pytestmark = pytest.mark.browser

HTMX = ["htmx2", "htmx4"]
# What a page hears of htmx, and whether the whole answer was there by then.
LISTEN = """
window.heard = [];
for (const name of %s) {
    document.addEventListener(`htmx:${name}`, () => {
        const whole = document.getElementById("ai_1_text")?.textContent === "Hello";
        heard.push([name, whole]);
    });
}
"""
# htmx 2 says each in two spellings; attributes like hx-on::after-swap hear the second.
EVENTS = {
    "htmx2": [
        "confirm configRequest beforeRequest beforeSend",
        "beforeOnLoad beforeSwap afterSwap afterSettle afterRequest afterOnLoad",
        "config-request before-request before-send",
        "before-on-load before-swap after-swap after-settle after-request after-on-load",
    ],
    "htmx4": [
        "config:request before:request before:response after:request",
        "before:swap before:settle after:settle after:swap finally:swap finally:request",
    ],
}
SAID = [(client, event) for client in EVENTS for event in " ".join(EVENTS[client]).split()]


@pytest.fixture(autouse=True)
def listening(page: Page) -> None:
    page.add_init_script(script=LISTEN % [event for _, event in SAID])


# What is asked ------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", HTMX)
def test_hx_headers(client: str, page: Page, server: Asking) -> None:
    show(page, server, client, form(client, hx_headers='{"X-Room": "7", "X-CSRFToken": "t0"}'))
    asked = ask(page, server)
    assert asked.headers["x-room"] == "7"
    assert asked.headers["x-csrftoken"] == "t0"
    assert asked.headers["streaming-html"] == "html"
    assert asked.headers["hx-request"] == "true"
    finish(page, asked)


@pytest.mark.parametrize("client", CLIENTS)
def test_fields_in_their_order_with_a_csrf_field(client: str, page: Page, server: Asking) -> None:
    inside = '<input type="hidden" name="csrfmiddlewaretoken" value="t0">'
    inside += '<input name="message" value="&amp; 안녕"><input name="empty">'
    show(page, server, client, form(client, inside))
    asked = ask(page, server)
    expected = [("csrfmiddlewaretoken", "t0"), ("message", "& 안녕"), ("empty", "")]
    assert (asked.method, asked.path, asked.fields) == ("POST", "/reply", expected)
    finish(page, asked)


@pytest.mark.parametrize("client", CLIENTS)
def test_by_get(client: str, page: Page, server: Asking) -> None:
    show(page, server, client, form(client, '<input name="message" value="a b">', method="get"))
    if client != "plain":
        page.evaluate("""() => {
            const form = document.getElementById("ask");
            form.setAttribute("hx-get", form.getAttribute("hx-post"));
            form.removeAttribute("hx-post");
            htmx.process(form, true);
        }""")
    asked = ask(page, server)
    assert (asked.method, asked.fields) == ("GET", [("message", "a b")])
    finish(page, asked)
    html_is(page, "#messages", message(1))


@pytest.mark.parametrize("client", HTMX)
def test_hx_vals(client: str, page: Page, server: Asking) -> None:
    inside = '<input name="message" value="hi">'
    show(page, server, client, form(client, inside, hx_vals='{"room": "7"}'))
    asked = ask(page, server)
    assert asked.fields == [("message", "hi"), ("room", "7")]
    finish(page, asked)


@pytest.mark.parametrize("client", HTMX)
def test_hx_include(client: str, page: Page, server: Asking) -> None:
    extra = '<input id="extra" name="extra" value="1"><input name="not" value="2">'
    show(page, server, client, extra + form(client, hx_include="#extra"))
    asked = ask(page, server)
    assert asked.fields == [("extra", "1")]
    finish(page, asked)


@pytest.mark.parametrize("client", HTMX)
def test_a_button_without_a_form(client: str, page: Page, server: Asking) -> None:
    button = form(client, hx_trigger="dblclick", hx_vals='{"a": "1"}')
    button = re.sub(r"<form (.*?)>.*", r"<button type=button \1>Send</button>", button)
    show(page, server, client, button)
    page.locator("#ask").click()
    page.locator("#ask").dblclick()
    asked = server.wait_for()
    wait_for(page, "stream:fragment", 0)
    finish(page, asked)
    html_is(page, "#messages", message(1))
    assert [each.fields for each in server.asked] == [[("a", "1")]]


@pytest.mark.parametrize("client", CLIENTS)
def test_the_forms_own_validation(client: str, page: Page, server: Asking) -> None:
    show(page, server, client, form(client, '<input name="message" required>'))
    send(page)
    assert page.evaluate("document.activeElement.name") == "message"
    assert page.evaluate("events") == []
    page.locator("[name=message]").fill("hi")
    asked = ask(page, server)
    finish(page, asked)
    assert [each.fields for each in server.asked] == [[("message", "hi")]]


@pytest.mark.parametrize("client", HTMX)
def test_hx_confirm(client: str, page: Page, server: Asking) -> None:
    answers = [False, True]
    asked_of_the_user: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked_of_the_user.append(dialog.message)
        dialog.accept() if answers.pop(0) else dialog.dismiss()

    page.on("dialog", answer)
    show(page, server, client, form(client, '<input name="message">', hx_confirm="Really?"))
    page.locator("[name=message]").fill("no")
    send(page)
    page.locator("[name=message]").fill("yes")
    asked = ask(page, server)
    finish(page, asked)
    assert asked_of_the_user == ["Really?", "Really?"]
    assert [each.fields for each in server.asked] == [[("message", "yes")]]


def test_hx_prompt(page: Page, server: Asking) -> None:
    page.on("dialog", lambda dialog: dialog.accept("seven"))
    show(page, server, "htmx2", form("htmx2", hx_prompt="Which room?"))
    asked = ask(page, server)
    assert asked.headers["hx-prompt"] == "seven"
    finish(page, asked)


@pytest.mark.parametrize("client", CLIENTS)
def test_multipart(client: str, page: Page, server: Asking) -> None:
    attribute = "enctype" if client == "plain" else "hx_encoding"
    inside = '<input name="message" value="hi">'
    show(page, server, client, form(client, inside, **{attribute: "multipart/form-data"}))
    asked = ask(page, server)
    assert asked.headers["content-type"].startswith("multipart/form-data; boundary=")
    finish(page, asked)
    html_is(page, "#messages", message(1))


# While it streams ---------------------------------------------------------------------------------


@pytest.mark.parametrize("client", HTMX)
@pytest.mark.parametrize("where", ["#busy", "itself"])
def test_hx_indicator(client: str, where: str, page: Page, server: Asking) -> None:
    attributes = {} if where == "itself" else {"hx_indicator": where}
    show(page, server, client, form(client, **attributes) + '<i id="busy">…</i>')
    busy = page.locator("#ask" if where == "itself" else where)
    expect(busy).not_to_have_class("htmx-request")
    asked = ask(page, server)
    asked.write()
    expect(page.locator("#ai_1_text")).to_have_text("Hel")
    assert busy.get_attribute("class") == "htmx-request"
    finish(page, asked)
    assert not busy.get_attribute("class")


@pytest.mark.parametrize("client", HTMX)
def test_hx_disabled_elt(client: str, page: Page, server: Asking) -> None:
    name = "hx_disabled_elt" if client == "htmx2" else "hx_disable"
    show(page, server, client, form(client, **{name: "#send"}))
    button = page.locator("#send")
    asked = ask(page, server)
    asked.write()
    expect(page.locator("#ai_1_text")).to_have_text("Hel")
    assert button.is_disabled()
    finish(page, asked)
    expect(button).to_be_enabled()


@pytest.mark.parametrize("client", HTMX)
def test_hx_sync_replace(client: str, page: Page, server: Asking, problems: list[str]) -> None:
    show(page, server, client, form(client, hx_sync="this:replace"))
    first = ask(page, server)
    first.write()
    expect(page.locator("#ai_1_text")).to_have_text("Hel")
    second = ask(page, server, 2)
    assert first.gone.wait(30)
    wait_for(page, "stream:end", "aborted")
    second.write()
    expect(page.locator("#ai_2_text")).to_have_text("Hel")
    finish(page, second)
    html_is(page, "#messages", message(1, "Hel") + message(2))
    ends = page.evaluate("events.filter(([name]) => name === 'stream:end')")
    assert ends == [["stream:end", "aborted"], ["stream:end", "finished"]]
    assert not second.gone.is_set()
    take_out_aborts(problems)


@pytest.mark.parametrize("client", HTMX)
def test_hx_sync_replace_can_be_stopped(
    client: str, page: Page, server: Asking, problems: list[str]
) -> None:
    stop = '<button id="stop" data-stream-stop="#ask">Stop</button>'
    show(page, server, client, form(client, hx_sync="this:replace") + stop)
    first = ask(page, server)
    second = ask(page, server, 2)
    assert first.gone.wait(30)
    wait_for(page, "stream:end", "aborted")
    page.locator("#stop").click()
    assert second.gone.wait(30)
    wait_for(page, "stream:end", "aborted", times=2)
    take_out_aborts(problems)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_second_request_is_dropped(client: str, page: Page, server: Asking) -> None:
    sync = {} if client == "plain" else {"hx_sync": "this:drop"}
    show(page, server, client, form(client, '<input name="message" value="one">', **sync))
    first = ask(page, server)
    page.locator("[name=message]").fill("two")
    send(page)
    finish(page, first)
    page.locator("[name=message]").fill("three")
    finish(page, ask(page, server, 2), times=2)
    said = [each.fields[0][1] for each in server.asked]
    assert (said, [each.beside for each in server.asked]) == (["one", "three"], [0, 0])
    html_is(page, "#messages", message(1) + message(2))


@pytest.mark.parametrize("sync", ["this:queue all", ""])
@pytest.mark.parametrize("client", HTMX)
def test_a_second_request_waits(client: str, sync: str, page: Page, server: Asking) -> None:
    attributes = {"hx_sync": sync} if sync else {}  # To wait is what both do without it, too.
    show(page, server, client, form(client, '<input name="message" value="one">', **attributes))
    first = ask(page, server)
    page.locator("[name=message]").fill("two")
    send(page)
    first.write()
    expect(page.locator("#ai_1_text")).to_have_text("Hel")
    first.finish()
    second = server.wait_for(2)
    assert second.beside == 0
    finish(page, second, times=2)
    html_is(page, "#messages", message(1) + message(2))


@pytest.mark.parametrize("client", HTMX)
def test_a_timeout_does_not_cut_what_keeps_coming(client: str, page: Page, server: Asking) -> None:
    many = [(shell(1), "open"), *[(".", "append #ai_1_text")] * 400]
    server.answers["/reply"] = lambda _: streamed(*many)
    show(page, server, client, form(client))
    name = "timeout" if client == "htmx2" else "defaultTimeout"
    page.evaluate(f"htmx.config.{name} = 1500")
    asked = ask(page, server)
    began, number = page.evaluate("performance.now()"), 0
    while page.evaluate("performance.now()") < began + 2000 and not asked.gone.is_set():
        number += 1
        assert number < 400
        asked.write()
        page.wait_for_function(
            "(number) => document.getElementById('ai_1_text').textContent.length >= number"
            " || events.some(([name]) => name === 'stream:end')",
            arg=number,
            timeout=TIMEOUT,
        )
        # A tick of the page for each: there are more writes than that would take.
        page.evaluate("new Promise((done) => setTimeout(done, 10))")
    assert page.evaluate("events.filter(([name]) => name === 'stream:end')") == []
    finish(page, asked)
    expect(page.locator("#ai_1_text")).to_have_text("." * 400)


# Where it goes ------------------------------------------------------------------------------------

OLD = '<div id="messages"><b>old</b></div>'
OF_OLD = '<div id="messages">{}</div>'
PLACES = {
    "innerHTML": OF_OLD.format("{}"),
    "outerHTML": "{}",
    "beforebegin": "{}" + OLD,
    "afterbegin": OF_OLD.format("{}<b>old</b>"),
    "beforeend": OF_OLD.format("<b>old</b>{}"),
    "afterend": OLD + "{}",
    "delete": "",
    "none": OLD,
}
MORE_PLACES = {  # of htmx 4
    "innerMorph": PLACES["innerHTML"],
    "outerMorph": PLACES["outerHTML"],
    "before": PLACES["beforebegin"],
    "prepend": PLACES["afterbegin"],
    "append": PLACES["beforeend"],
    "after": PLACES["afterend"],
    "textContent": OF_OLD.format(""),
}
PLAIN_PLACES = ["beforebegin", "afterbegin", "beforeend", "afterend"]


@pytest.mark.parametrize(
    ("client", "swap"),
    [
        *(("plain", swap) for swap in PLAIN_PLACES),
        *(("htmx2", swap) for swap in PLACES),
        *(("htmx4", swap) for swap in PLACES | MORE_PLACES),
    ],
)
def test_each_swap_style(client: str, swap: str, page: Page, server: Asking) -> None:
    attribute = {"data_stream": f"#messages {swap}"} if client == "plain" else {"hx_swap": swap}
    area = f'<section id="area">{OLD}</section>'
    show(page, server, client, form(client, **attribute), area)
    asked = ask(page, server)
    asked.write()
    expected = (PLACES | MORE_PLACES)[swap]
    if "{}" in expected:
        expect(page.locator("#ai_1_text")).to_have_text("Hel")
        assert page.locator("#ai_1_text").get_attribute("aria-busy") == "true"
    finish(page, asked)
    html_is(page, "#area", expected.format(message(1)))


@pytest.mark.parametrize("swap", ["beforeend swap:50ms", "innerHTML settle:50ms"])
@pytest.mark.parametrize("client", HTMX)
def test_a_swap_that_takes_its_time(client: str, swap: str, page: Page, server: Asking) -> None:
    show(page, server, client, form(client, hx_swap=swap))
    send(page)
    finish(page, server.wait_for())  # Everything comes at once, and waits.
    html_is(page, "#messages", message(1))


@pytest.mark.parametrize("client", HTMX)
def test_a_view_transition(client: str, page: Page, server: Asking) -> None:
    show(page, server, client, form(client, hx_swap="beforeend transition:true"))
    finish(page, ask(page, server))
    html_is(page, "#messages", message(1))


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("this", "#ask"),
        ("closest section", "#around"),
        ("next .log", "#messages"),
        ("previous .log", "#before"),
        ("find i", "#inside"),
        ("body", "body"),
    ],
)
@pytest.mark.parametrize("client", HTMX)
def test_each_target(client: str, target: str, place: str, page: Page, server: Asking) -> None:
    body = '<div id="before" class="log"></div>' + form(
        client, '<i id="inside"></i>', hx_target=target
    )
    log = '<div id="messages" class="log"></div>'
    show(page, server, client, f'<section id="around">{body}</section>', log)
    finish(page, ask(page, server))
    expect(page.locator(f"{place} > #ai_1:last-child")).to_have_text("Hello")


@pytest.mark.parametrize("client", HTMX)
def test_the_answer_takes_the_place_of_the_form(client: str, page: Page, server: Asking) -> None:
    show(page, server, client, form(client, hx_target="this", hx_swap="outerHTML"))
    asked = ask(page, server)
    asked.write()
    expect(page.locator("#ai_1_text")).to_have_text("Hel")
    assert page.locator("#ask").count() == 0
    finish(page, asked)
    expect(page.locator("#ai_1_text")).to_have_text("Hello")


@pytest.mark.parametrize("client", HTMX)
def test_hx_select(client: str, page: Page, server: Asking) -> None:
    page_html = f"<header>no</header><main>{shell(1)}</main>"
    server.answers["/reply"] = lambda _: streamed((page_html, "open"), *pieces(1)[1:])
    show(page, server, client, form(client, hx_select="#ai_1"))
    finish(page, ask(page, server))
    html_is(page, "#messages", message(1))


@pytest.mark.parametrize("client", HTMX)
def test_hx_select_oob(client: str, page: Page, server: Asking) -> None:
    more = '<b id="count">2</b>'
    server.answers["/reply"] = lambda _: streamed((more + shell(1), "open"), *pieces(1)[1:])
    show(page, server, client, form(client, hx_select_oob="#count") + '<b id="count">1</b>')
    finish(page, ask(page, server))
    html_is(page, "#messages", message(1))
    expect(page.locator("#count")).to_have_text("2")


@pytest.mark.parametrize("client", HTMX)
def test_hx_preserve(client: str, page: Page, server: Asking) -> None:
    kept = '<video id="keep" hx-preserve></video>'
    opened = shell(1) + kept
    server.answers["/reply"] = lambda _: streamed((opened, "open"), *pieces(1)[1:])
    messages = f'<div id="messages">{kept}</div>'
    show(page, server, client, form(client, hx_swap="innerHTML"), messages)
    page.evaluate("document.getElementById('keep').mine = true")
    finish(page, ask(page, server))
    expect(page.locator("#ai_1_text")).to_have_text("Hello")
    assert page.evaluate("[...document.querySelectorAll('#keep')].map((each) => each.mine)") == [
        True
    ]


# What comes along with it -------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("client", HTMX)
def test_out_of_band_in_the_first_fragment(
    client: str, where: str, page: Page, server: Asking
) -> None:
    oob = '<b id="count" hx-swap-oob="true">2</b>'
    opened = oob + shell(1) if where == "before" else shell(1) + oob
    server.answers["/reply"] = lambda _: streamed((opened, "open"), *pieces(1)[1:])
    show(page, server, client, form(client) + '<b id="count">1</b>')
    asked = ask(page, server)
    expect(page.locator("#count")).to_have_text("2")
    assert page.locator("#count").get_attribute("aria-busy") is None
    finish(page, asked)
    html_is(page, "#messages", message(1))


@pytest.mark.parametrize("client", HTMX)
def test_a_partial_in_the_first_fragment(client: str, page: Page, server: Asking) -> None:
    partial = '<hx-partial hx-target="#count" hx-swap="innerHTML">2</hx-partial>'
    server.answers["/reply"] = lambda _: streamed((partial + shell(1), "open"), *pieces(1)[1:])
    show(page, server, client, form(client) + '<b id="count">1</b>')
    asked = ask(page, server)
    expect(page.locator("#count")).to_have_text("2")
    finish(page, asked)
    html_is(page, "#messages", message(1))


@pytest.mark.parametrize("client", HTMX)
def test_what_htmx_has_words_for_in_the_midst_of_the_stream(
    client: str, page: Page, server: Asking
) -> None:
    partial = '<hx-partial hx-target="#rows" hx-swap="beforeend"><tr><td>2</td></tr></hx-partial>'
    server.answers["/reply"] = lambda _: streamed(
        *pieces(1)[:2],
        ('<b id="count" hx-swap-oob="true">2</b><b hx-swap-oob="beforeend:#log">, 2</b>', "swap"),
        (partial, "swap"),
        ("lo", "append #ai_1_text"),
    )
    places = '<b id="count">1</b><i id="log">1</i><table><tbody id="rows"></tbody></table>'
    show(page, server, client, form(client) + places)
    asked = ask(page, server)
    for number in (1, 2, 3):
        asked.write()
        wait_for(page, "stream:fragment", number)
    expect(page.locator("#count")).to_have_text("2")
    expect(page.locator("#log")).to_have_text("1, 2")
    expect(page.locator("#rows > tr > td")).to_have_text("2")
    finish(page, asked)
    html_is(page, "#messages", message(1))


@pytest.mark.parametrize("client", CLIENTS)
def test_a_swap(client: str, page: Page, server: Asking) -> None:
    def article(text: str) -> str:
        return f'<article id="ai_1" hx-swap-oob="true"><p>{text}</p></article>'

    server.answers["/reply"] = lambda _: streamed(
        ('<article id="ai_1"></article>', "open"),
        (article("Hel"), "swap"),
        (article("Hello"), "swap"),
    )
    show(page, server, client, form(client))
    asked = ask(page, server)
    asked.write()
    html_is(page, "#messages", '<article id="ai_1" aria-busy="true"><p>Hel</p></article>')
    assert page.locator("#ai_1").get_attribute("aria-busy") == "true"
    finish(page, asked)
    html_is(page, "#messages", '<article id="ai_1"><p>Hello</p></article>')


MORE = '<button id="{}" hx-get="/more" hx-target="#side" hx-vals=\'{{"by": "{}"}}\'>More</button>'


@pytest.mark.parametrize("way", ["open", "container", "swap"])
@pytest.mark.parametrize("client", HTMX)
def test_the_messages_own_attributes_are_alive(
    client: str, way: str, page: Page, server: Asking
) -> None:
    opened = shell(1, inside=MORE.format("more", "message"))
    first = (opened, "append #messages" if way == "container" else "open")
    more = [(opened.replace("<p ", '<p hx-swap-oob="true" '), "swap")] if way == "swap" else []
    server.answers["/reply"] = lambda _: streamed(first, *more, *pieces(1)[1:])
    server.answers["/more"] = whole("<em>more</em>")
    show(page, server, client, form(client) + '<div id="side"></div>')
    asked = ask(page, server)
    if way == "swap":
        asked.write()
        wait_for(page, "stream:fragment", 1)
    asked.write()
    expect(page.locator("#ai_1_text")).to_have_text("Hel")
    page.locator("#more").click()
    expect(page.locator("#side > em")).to_have_text("more")
    assert server.wait_for(2).fields == [("by", "message")]
    finish(page, asked)


@pytest.mark.parametrize("client", HTMX)
def test_the_answers_own_attributes_are_not(client: str, page: Page, server: Asking) -> None:
    inert = MORE.format("evil", "answer").replace("#side", "body")
    loads = '<i hx-get="/more" hx-trigger="load" hx-vals=\'{"by": "load"}\'></i>'
    links = f'<div hx-boost="true"><a id="link" href="#">x</a></div>{loads}'
    on = '<b id="on" hx-on:click="window.ran = true">on</b>'
    answer = (inert + links + on, "append #ai_1_text")
    opened = (shell(1, inside=MORE.format("more", "message")), "open")
    server.answers["/reply"] = lambda _: streamed(opened, answer)
    server.answers["/more"] = whole("<em>more</em>")
    show(page, server, client, form(client) + '<div id="side"></div>')
    asked = ask(page, server)
    finish(page, asked)
    page.locator("#evil").click()
    page.evaluate("htmx.process(document.getElementById('messages'))")
    page.locator("#evil").click()
    page.locator("#on").click()
    assert not page.evaluate("window.ran")
    page.locator("#more").click()
    expect(page.locator("#side > em")).to_have_text("more")
    assert [each.fields for each in server.asked[1:]] == [[("by", "message")]]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [("append #notes", "one{}"), ("replace #notes @0", "{}")],
)
@pytest.mark.parametrize("client", HTMX)
def test_what_comes_later_is_alive(
    client: str, operation: str, expected: str, page: Page, server: Asking
) -> None:
    notes = '<div id="notes"><u>one</u></div>'
    later = (MORE.format("more", "later"), operation)
    server.answers["/reply"] = lambda _: streamed(*pieces(1), later, ("", "append #ai_1_text"))
    server.answers["/more"] = whole("<em>more</em>")
    show(page, server, client, form(client) + notes + '<div id="side"></div>')
    asked = ask(page, server)
    for _ in range(3):
        asked.write()
    wait_for(page, "stream:fragment", 3)
    expect(page.locator("#notes")).to_have_text(expected.format("More"))
    page.locator("#more").click()
    expect(page.locator("#side > em")).to_have_text("more", timeout=5000)
    assert server.wait_for(2).fields == [("by", "later")]
    finish(page, asked)


# What the headers say -----------------------------------------------------------------------------

COUNT = """names => {
    window.told = [];
    for (const name of names)
        document.addEventListener(name, ({ detail, target }) => {
            const whole = document.getElementById("ai_1_text")?.textContent === "Hello";
            told.push([name, target.id, detail?.at ?? null, whole]);
        });
}"""


@pytest.mark.parametrize(
    ("client", "header"),
    [
        *((client, ("HX-Trigger", "saved")) for client in HTMX),
        *((client, ("HX-Trigger", '{"saved": {"at": 7}}')) for client in HTMX),
        ("htmx2", ("HX-Trigger-After-Swap", "saved")),
        ("htmx2", ("HX-Trigger-After-Settle", "saved")),
    ],
)
@pytest.mark.parametrize("pace", ["slow", "at once"])
def test_hx_trigger(
    client: str, header: tuple[str, str], pace: str, page: Page, server: Asking
) -> None:
    server.answers["/reply"] = saying(dict([header]))
    show(page, server, client, form(client))
    page.evaluate(COUNT, ["saved"])
    if pace == "slow":
        asked = ask(page, server)
    else:
        send(page)
        asked = server.wait_for()
    finish(page, asked)
    page.wait_for_function("told.length", timeout=TIMEOUT)
    wait_for_quiet(page)
    at = 7 if "7" in header[1] else None
    assert page.evaluate("told") == [["saved", "ask", at, True]]


@pytest.mark.parametrize(
    ("client", "selector", "found"),
    [
        *((client, "#side", "#side") for client in HTMX),
        *((client, "closest section", "section") for client in HTMX),
        ("htmx2", "this", "#ask"),  # which htmx 4 does not know here
    ],
)
def test_hx_retarget(client: str, selector: str, found: str, page: Page, server: Asking) -> None:
    server.answers["/reply"] = saying({"HX-Retarget": selector})
    body = form(client) + '<div id="side"></div>'
    show(page, server, client, f"<section></section><section>{body}</section>")
    asked = ask(page, server)
    asked.write()
    place = page.locator(found).last
    expect(place.locator("> #ai_1")).to_have_text("Hel")
    finish(page, asked)
    expect(place.locator("> #ai_1")).to_have_text("Hello")
    html_is(page, "#messages", "")


@pytest.mark.parametrize("client", HTMX)
def test_hx_reswap(client: str, page: Page, server: Asking) -> None:
    server.answers["/reply"] = saying({"HX-Reswap": "afterbegin"})
    show(page, server, client, form(client), OLD)
    finish(page, ask(page, server))
    html_is(page, "#messages", message(1) + "<b>old</b>")


@pytest.mark.parametrize("client", HTMX)
def test_hx_reselect(client: str, page: Page, server: Asking) -> None:
    page_html = f"<header>no</header><main>{shell(1)}</main>"
    server.answers["/reply"] = lambda _: streamed(
        (page_html, "open"), *pieces(1)[1:], headers={"HX-Reselect": "#ai_1"}
    )
    show(page, server, client, form(client))
    finish(page, ask(page, server))
    html_is(page, "#messages", message(1))


@pytest.mark.parametrize("client", HTMX)
@pytest.mark.parametrize("with_fragments", [True, False])
def test_hx_redirect(client: str, with_fragments: bool, page: Page, server: Asking) -> None:
    headers = {"HX-Redirect": "/elsewhere"}
    server.answers["/reply"] = saying(headers) if with_fragments else whole("no", headers)
    show(page, server, client, form(client))
    send(page)
    server.wait_for().finish()
    page.wait_for_url("**/elsewhere", timeout=TIMEOUT)


@pytest.mark.parametrize("client", HTMX)
@pytest.mark.parametrize("with_fragments", [True, False])
def test_hx_refresh(client: str, with_fragments: bool, page: Page, server: Asking) -> None:
    headers = {"HX-Refresh": "true"}
    server.answers["/reply"] = saying(headers) if with_fragments else whole("no", headers)
    show(page, server, client, form(client))
    page.evaluate("window.before = true")
    send(page)
    server.wait_for().finish()
    page.wait_for_function("!window.before && document.readyState === 'complete'", timeout=TIMEOUT)
    assert server.shown == 2
    html_is(page, "#messages", "")


@pytest.mark.parametrize("client", HTMX)
@pytest.mark.parametrize("with_fragments", [True, False])
def test_hx_location(client: str, with_fragments: bool, page: Page, server: Asking) -> None:
    headers = {"HX-Location": '{"path": "/more", "target": "#side"}'}
    server.answers["/reply"] = saying(headers) if with_fragments else whole("no", headers)
    server.answers["/more"] = whole("<em>more</em>")
    show(page, server, client, form(client) + '<div id="side"></div>')
    send(page)
    server.wait_for().finish()
    expect(page.locator("#side > em")).to_have_text("more")
    expect(page).to_have_url(server.url + "/more")
    html_is(page, "#messages", "")


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"hx-push-url": "true"}, "/reply"),
        ({"hx-push-url": "/talk"}, "/talk"),
        ({"HX-Push-Url": "/said"}, "/said"),
        ({"hx-push-url": "true", "HX-Push-Url": "false"}, "/"),
    ],
)
@pytest.mark.parametrize("client", HTMX)
def test_the_url_is_pushed_once(
    client: str, said: dict[str, str], path: str, page: Page, server: Asking
) -> None:
    attributes = {name: said[name] for name in said if name[0] == "h"}
    server.answers["/reply"] = saying({name: said[name] for name in said if name[0] == "H"})
    show(page, server, client, form(client, **attributes))
    before = page.evaluate("history.length")
    finish(page, ask(page, server))
    wait_for_quiet(page)
    assert urlsplit(page.url).path == path
    assert page.evaluate("history.length") == before + (path != "/")
    html_is(page, "#messages", message(1))


@pytest.mark.parametrize("client", HTMX)
def test_the_url_is_pushed_where_the_server_names_the_container(
    client: str, page: Page, server: Asking
) -> None:
    placed = [(shell(1), "append #messages"), *pieces(1)[1:]]
    server.answers["/reply"] = lambda _: streamed(*placed)
    show(page, server, client, form(client, hx_push_url="/talk"))
    before = page.evaluate("history.length")
    finish(page, ask(page, server))
    wait_for_quiet(page)
    assert urlsplit(page.url).path == "/talk"
    assert page.evaluate("history.length") == before + 1


@pytest.mark.parametrize("client", HTMX)
def test_the_url_is_replaced(client: str, page: Page, server: Asking) -> None:
    server.answers["/reply"] = saying({"HX-Replace-Url": "/said"})
    show(page, server, client, form(client))
    before = page.evaluate("history.length")
    finish(page, ask(page, server))
    wait_for_quiet(page)
    assert urlsplit(page.url).path == "/said"
    assert page.evaluate("history.length") == before


# How it is answered -------------------------------------------------------------------------------


@pytest.mark.parametrize("client", CLIENTS)
def test_an_error_with_fragments(
    client: str, page: Page, server: Asking, problems: list[str]
) -> None:
    server.answers["/reply"] = saying(status=422)
    show(page, server, client, form(client))
    finish(page, ask(page, server))
    html_is(page, "#messages", message(1))
    assert page.get_by_role("alert").count() == 0
    take_out(problems, "422")


@pytest.mark.parametrize("client", CLIENTS)
def test_an_error_without_fragments(
    client: str, page: Page, server: Asking, problems: list[str]
) -> None:
    server.answers["/reply"] = whole("<em>No.</em>", status=422)
    show(page, server, client, form(client))
    send(page)
    if client == "htmx4":  # It swaps what errors say.
        html_is(page, "#messages", "<em>No.</em>")
    else:
        expect(page.locator("#messages > [role=alert]")).to_contain_text("Something went wrong")
        wait_for(page, "stream:error")
        assert page.locator("em").count() == 0
    take_out(problems, "422")


def test_an_error_that_htmx_2_is_told_to_swap(
    page: Page, server: Asking, problems: list[str]
) -> None:
    server.answers["/reply"] = whole("<em>No.</em>", status=422)
    show(page, server, "htmx2", form("htmx2"))
    page.evaluate('htmx.config.responseHandling.unshift({code: "422", swap: true})')
    send(page)
    html_is(page, "#messages", "<em>No.</em>")
    take_out(problems, "422")


@pytest.mark.parametrize("with_fragments", [True, False])
def test_what_htmx_4_does_by_status(
    with_fragments: bool, page: Page, server: Asking, problems: list[str]
) -> None:
    """It is for ordinary answers: to fragments the status does not matter."""
    server.answers["/reply"] = saying(status=422) if with_fragments else whole(message(1), {}, 422)
    by_status = form("htmx4", **{"hx-status:422": "swap:innerHTML target:#side"})
    show(page, server, "htmx4", by_status + '<div id="side"><b>old</b></div>')
    send(page)
    server.wait_for().finish()
    wait_for_quiet(page)
    html_is(page, "#side", "<b>old</b>" if with_fragments else message(1))
    html_is(page, "#messages", message(1) if with_fragments else "")
    take_out(problems, "422")


@pytest.mark.parametrize("client", CLIENTS)
def test_an_ordinary_answer(client: str, page: Page, server: Asking) -> None:
    oob = "" if client == "plain" else '<b id="count" hx-swap-oob="true">2</b>'
    server.answers["/reply"] = whole(f"<em>Yes.</em>{oob}")
    show(page, server, client, form(client) + '<b id="count">1</b>', OLD)
    send(page)
    html_is(page, "#messages", "<b>old</b><em>Yes.</em>")
    expect(page.locator("#count")).to_have_text("2" if oob else "1")
    assert page.evaluate("events") == []


# What it says -------------------------------------------------------------------------------------

AFTER = ["afterRequest", "afterOnLoad", "after:request", "finally:request"]


def wait_for_quiet(page: Page) -> None:
    """Wait until htmx has done what it does after a request, and would have done it again."""
    page.wait_for_function(
        "heard.some(([name]) => /afterRequest|finally:request/.test(name))", timeout=TIMEOUT
    )
    # Timers go off in their order: this one after those of htmx, which settles after 20 ms.
    page.evaluate("new Promise((done) => setTimeout(done, 50))")


@pytest.mark.parametrize(("client", "event"), SAID)
def test_htmx_says_it_as_often(client: str, event: str, page: Page, server: Asking) -> None:
    counts = []
    show(page, server, client, form(client))
    # The same answer in two ways, each on a fresh page.
    for number, answer in enumerate([whole(message(1)), lambda _: streamed(*pieces(1))], 1):
        server.answers["/reply"] = answer
        page.goto(server.url)
        send(page)
        server.wait_for(number).finish()
        expect(page.locator("#ai_1_text")).to_have_text("Hello")
        wait_for_quiet(page)
        names = [name for name, _ in page.evaluate("heard")]
        counts.append(names.count(event))
    ordinarily, streaming = counts
    assert ordinarily > 0
    assert streaming == ordinarily


@pytest.mark.parametrize("event", AFTER)
@pytest.mark.parametrize("pace", ["slow", "at once"])
def test_the_answer_is_there_when_htmx_says_that_it_is(
    event: str, pace: str, page: Page, server: Asking
) -> None:
    client = "htmx4" if ":" in event else "htmx2"
    show(page, server, client, form(client))
    if pace == "slow":
        asked = ask(page, server)
    else:
        send(page)
        asked = server.wait_for()
    finish(page, asked)
    wait_for_quiet(page)
    assert [whole for name, whole in page.evaluate("heard") if name == event] == [True]


@pytest.mark.parametrize("client", HTMX)
def test_a_request_that_a_listener_forbids(client: str, page: Page, server: Asking) -> None:
    show(page, server, client, form(client, '<input name="message" value="no">'))
    name = "htmx:beforeRequest" if client == "htmx2" else "htmx:before:request"
    page.evaluate(
        f"document.addEventListener('{name}', (event) => event.preventDefault(), {{once: true}})"
    )
    send(page)
    page.locator("[name=message]").fill("yes")
    finish(page, ask(page, server))
    assert [each.fields for each in server.asked] == [[("message", "yes")]]


@pytest.mark.parametrize("client", HTMX)
def test_a_swap_that_a_listener_forbids(client: str, page: Page, server: Asking) -> None:
    show(page, server, client, form(client))
    name = "htmx:beforeSwap" if client == "htmx2" else "htmx:before:swap"
    page.evaluate(f"document.addEventListener('{name}', (event) => event.preventDefault())")
    asked = ask(page, server)
    html_is(page, "#messages", "")
    finish(page, asked)
    html_is(page, "#messages", "")


@pytest.mark.parametrize("client", HTMX)
def test_a_swap_that_a_listener_moves(client: str, page: Page, server: Asking) -> None:
    show(page, server, client, form(client) + '<div id="side"></div>')
    page.evaluate("""() => {
        const target = document.getElementById("side");
        document.addEventListener("htmx:beforeSwap", ({ detail }) => detail.target = target);
        document.addEventListener("htmx:before:swap", ({ detail }) =>
            Object.assign(detail.tasks[0], { target }));
    }""")
    asked = ask(page, server)
    expect(page.locator("#side > #ai_1")).to_have_count(1)
    finish(page, asked)
    html_is(page, "#side", message(1))


@pytest.mark.parametrize("client", HTMX)
def test_before_comes_before_after(client: str, page: Page, server: Asking) -> None:
    show(page, server, client, form(client))
    finish(page, ask(page, server))
    wait_for_quiet(page)
    names = [re.sub("[:-]", "", name.lower()) for name, _ in page.evaluate("heard")]
    assert names.index("beforerequest") < names.index("beforeswap") < names.index("afterswap")
    assert names.index("afterswap") < names.index("afterrequest")


# What is none of its business ---------------------------------------------------------------------


@pytest.mark.parametrize("client", CLIENTS)
def test_a_plain_link_and_a_plain_form(client: str, page: Page, server: Asking) -> None:
    server.answers["/reply"] = server.answers["/linked"] = whole("<h1>Gone there</h1>")
    plain = '<form action="/reply" method="post"><button id="send">Send</button></form>'
    show(page, server, client, '<a href="/linked">Link</a>' + plain)
    for number, click in enumerate([page.get_by_role("link"), page.locator("#send")], 1):
        click.click()
        expect(page.locator("h1")).to_have_text("Gone there")
        asked = server.wait_for(number)
        assert "streaming-html" not in asked.headers
        page.go_back()


@pytest.mark.parametrize("client", HTMX)
def test_a_boosted_link(client: str, page: Page, server: Asking) -> None:
    server.answers["/linked"] = whole("<title>New</title><h1>Gone there</h1>")
    ext = 'hx-ext="streaming-html"'
    boost = "hx-boost" if client == "htmx2" else "hx-boost:inherited"
    show(page, server, client, f'<div {ext} {boost}="true"><a href="/linked">Link</a></div>')
    page.evaluate("window.before = true")
    page.get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("Gone there")
    expect(page).to_have_url(server.url + "/linked")
    expect(page).to_have_title("New")
    assert page.locator("a").count() == 0
    assert page.evaluate("window.before") is True
    assert page.evaluate("events") == []


@pytest.mark.parametrize("client", HTMX)
def test_a_boosted_form_streams(client: str, page: Page, server: Asking) -> None:
    boost = "hx-boost" if client == "htmx2" else "hx-boost:inherited"
    target = "hx-target" if client == "htmx2" else "hx-target:inherited"
    swap = "hx-swap" if client == "htmx2" else "hx-swap:inherited"
    boosted = '<form id="ask" action="/reply" method="post"><button id="send">Send</button></form>'
    around = f'hx-ext="streaming-html" {boost}="true" {target}="#messages" {swap}="beforeend"'
    show(page, server, client, f"<div {around}>{boosted}</div>")
    before = page.evaluate("history.length")
    finish(page, ask(page, server))
    html_is(page, "#messages", message(1))
    wait_for_quiet(page)
    assert urlsplit(page.url).path == "/reply"
    assert page.evaluate("history.length") == before + 1


def test_htmx_2_without_the_extension(page: Page, server: Asking) -> None:
    server.answers["/reply"] = whole("<em>Yes.</em>")
    show(page, server, "htmx2", form("htmx2", hx_ext=""))
    send(page)
    html_is(page, "#messages", "<em>Yes.</em>")
    assert "streaming-html" not in server.wait_for().headers
