"""A stream only changes the message that it has opened, whatever ids others on the page have."""

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import CLIENTS
from tests.browser.form_page import (
    expect_html,
    form,
    message,
    remove_htmx_aborts,
    shell,
    show,
    wait_for,
)
from tests.browser.stepped_server import Answer, Request, SteppedServer, streamed

pytestmark = pytest.mark.browser

OTHERS = [
    ("Hel", "append #ai_1_text"),
    ("<i>?</i>", "tail"),
    ('lo <b id="ai_1_part"></b>', "append"),  # An element that comes later.
    ("there", "append #ai_1_part"),
    ("<u>!</u>", "append #ai_1_text"),
    ("<u>?</u>", "replace #ai_1_text @1"),
]


def hello(number: int) -> str:
    return message(1, f'Hel{number}lo <b id="ai_1_part">there{number}</b><u>?</u>')


def hello_answer(request: Request) -> Answer:
    """Return an answer with the same ids each time, and the number of the request in the texts."""
    texts = [(html.replace("Hel", f"Hel{request.number}"), at) for html, at in OTHERS]
    texts[3] = (f"there{request.number}", texts[3][1])
    return streamed((shell(1), "open"), *texts)


def whole_answer(request: Request) -> Answer:
    """Return an answer that sends the whole message each time."""
    whole = '<article id="ai_2" hx-swap-oob="true"><p id="ai_2_text">{}{}</p></article>'
    return streamed(
        ('<article id="ai_2"><p id="ai_2_text"></p></article>', "open"),
        *((whole.format(text, request.number), "swap") for text in ("Hel", "Hello", "Hello!")),
    )


def whole(number: int) -> str:
    return f'<article id="ai_2"><p id="ai_2_text">Hello!{number}</p></article>'


def named(name: str, client: str, path: str = "/reply", inside: str = "", **attributes: str) -> str:
    """Return a form for this path with an id of its own."""
    html = form(client, inside, **attributes).replace('"/reply"', f'"{path}"')
    html = html.replace("'/reply'", f'"{path}"').replace('id="ask"', f'id="{name}"')
    return html.replace('id="send"', f'id="send-{name}"')


def press(page: Page, server: SteppedServer, name: str) -> Request:
    """Press the button of this form, and wait for its request and its first fragment."""
    number = len(server.requests) + 1
    opened = page.evaluate("events.filter(([name]) => name === 'stream:start').length") + 1
    page.locator(f"#send-{name}").click()
    request = server.wait_for(number)
    wait_for(page, "stream:fragment", 0, times=opened)
    return request


@pytest.mark.parametrize("client", CLIENTS)
def test_two_messages_with_one_id_stay_apart(
    client: str, page: Page, server: SteppedServer
) -> None:
    server.answers = {"/reply": hello_answer, "/whole": whole_answer}
    forms = [named(name, client) for name in ("a", "b")]
    forms += [named(name, client, "/whole") for name in ("c", "d")]
    show(page, server, client, "".join(forms))
    # The stored message is one more with the same ids.
    stored = message(1, "Stored") + '<article id="ai_2"><p id="ai_2_text">Stored</p></article>'
    page.evaluate("html => { document.getElementById('messages').innerHTML = html; }", stored)
    requests = [press(page, server, name) for name in "abcd"]
    for step in range(1, 4):
        for number, request in enumerate(requests):
            request.write()
            wait_for(page, "stream:fragment", step, times=number + 1)
    for request in requests:
        request.finish()
    wait_for(page, "stream:end", "finished", times=4)
    expect_html(page, "#messages", stored + hello(1) + hello(2) + whole(3) + whole(4))
    assert page.locator("[aria-busy]").count() == 0


REPLACING = [
    *((client, swap) for client in CLIENTS for swap in ("outerHTML", "innerHTML")),
    ("htmx4", "outerMorph"),  # It keeps the elements, and gives them the new content.
]


@pytest.mark.parametrize(("client", "swap"), REPLACING)
def test_an_answer_that_replaces_another_ends_its_stream(
    client: str, swap: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    server.answers["/reply"] = hello_answer
    place = "#messages" if swap == "innerHTML" else "#ai_1"
    again = {"data_stream": f"{place} {swap}"} if client == "plain" else {"hx_swap": swap}
    if client != "plain":
        again["hx_target"] = place
    show(page, server, client, named("a", client) + named("b", client, **again))
    first = press(page, server, "a")
    first.write()
    expect(page.locator("#ai_1_text")).to_have_text("Hel1")
    second = press(page, server, "b")
    assert first.disconnected.wait(30)
    wait_for(page, "stream:end", "aborted")
    second.finish()
    wait_for(page, "stream:end", "finished")
    expect_html(page, "#messages", hello(2))
    assert page.locator("[aria-busy], [role=alert]").count() == 0
    remove_htmx_aborts(problems)


@pytest.mark.parametrize(("swap", "place"), [("outerMorph", "#ai_1"), ("innerMorph", "#messages")])
def test_a_morph_takes_the_elements_of_an_answer_that_goes_on(
    swap: str, place: str, page: Page, server: SteppedServer
) -> None:
    server.answers["/reply"] = hello_answer
    forms = named("a", "htmx4", data_stream_keep="")
    show(page, server, "htmx4", forms + named("b", "htmx4", hx_swap=swap, hx_target=place))
    first = press(page, server, "a")
    first.write()
    expect(page.locator("#ai_1_text")).to_have_text("Hel1")
    second = press(page, server, "b")
    first.finish()
    wait_for(page, "stream:end", "finished")
    second.finish()
    wait_for(page, "stream:end", "finished", times=2)
    expect_html(page, "#messages", hello(2))
