"""htmx obeys the headers and the status of a streamed response."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import CLIENTS
from tests.browser.form_page import (
    TIMEOUT,
    ask,
    expect_html,
    finish,
    form,
    message,
    ordinary_answer,
    pieces,
    remove_expected,
    send,
    shell,
    show,
    usual_answer_with,
    wait_for,
)
from tests.browser.htmx_page import HTMX, OLD, record_htmx_events, wait_for_htmx
from tests.browser.stepped_server import SteppedServer, streamed

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def recording(page: Page) -> None:
    record_htmx_events(page)


COUNT = """names => {
    window.triggered = [];
    for (const name of names)
        document.addEventListener(name, ({ detail, target }) => {
            const whole = document.getElementById("ai_1_text")?.textContent === "Hello";
            triggered.push([name, target.id, detail?.at ?? null, whole]);
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
    client: str, header: tuple[str, str], pace: str, page: Page, server: SteppedServer
) -> None:
    server.answers["/reply"] = usual_answer_with(dict([header]))
    show(page, server, client, form(client))
    page.evaluate(COUNT, ["saved"])
    if pace == "slow":
        request = ask(page, server)
    else:
        send(page)
        request = server.wait_for()
    finish(page, request)
    page.wait_for_function("triggered.length", timeout=TIMEOUT)
    wait_for_htmx(page)
    at = 7 if "7" in header[1] else None
    assert page.evaluate("triggered") == [["saved", "ask", at, True]]


@pytest.mark.parametrize(
    ("client", "selector", "found"),
    [
        *((client, "#side", "#side") for client in HTMX),
        *((client, "closest section", "section") for client in HTMX),
        ("htmx2", "this", "#ask"),  # htmx 4 does not support it here
    ],
)
def test_hx_retarget(
    client: str, selector: str, found: str, page: Page, server: SteppedServer
) -> None:
    server.answers["/reply"] = usual_answer_with({"HX-Retarget": selector})
    body = form(client) + '<div id="side"></div>'
    show(page, server, client, f"<section></section><section>{body}</section>")
    request = ask(page, server)
    request.write()
    place = page.locator(found).last
    expect(place.locator("> #ai_1")).to_have_text("Hel")
    finish(page, request)
    expect(place.locator("> #ai_1")).to_have_text("Hello")
    expect_html(page, "#messages", "")


@pytest.mark.parametrize("client", HTMX)
def test_hx_reswap(client: str, page: Page, server: SteppedServer) -> None:
    server.answers["/reply"] = usual_answer_with({"HX-Reswap": "afterbegin"})
    show(page, server, client, form(client), OLD)
    finish(page, ask(page, server))
    expect_html(page, "#messages", message(1) + "<b>old</b>")


@pytest.mark.parametrize("client", HTMX)
def test_hx_reselect(client: str, page: Page, server: SteppedServer) -> None:
    page_html = f"<header>no</header><main>{shell(1)}</main>"
    server.answers["/reply"] = lambda _: streamed(
        (page_html, "open"), *pieces(1)[1:], headers={"HX-Reselect": "#ai_1"}
    )
    show(page, server, client, form(client))
    finish(page, ask(page, server))
    expect_html(page, "#messages", message(1))


@pytest.mark.parametrize("client", HTMX)
@pytest.mark.parametrize("with_fragments", [True, False])
def test_hx_redirect(client: str, with_fragments: bool, page: Page, server: SteppedServer) -> None:
    headers = {"HX-Redirect": "/elsewhere"}
    server.answers["/reply"] = (
        usual_answer_with(headers) if with_fragments else ordinary_answer("no", headers)
    )
    show(page, server, client, form(client))
    send(page)
    server.wait_for().finish()
    page.wait_for_url("**/elsewhere", timeout=TIMEOUT)


@pytest.mark.parametrize("client", HTMX)
@pytest.mark.parametrize("with_fragments", [True, False])
def test_hx_refresh(client: str, with_fragments: bool, page: Page, server: SteppedServer) -> None:
    headers = {"HX-Refresh": "true"}
    server.answers["/reply"] = (
        usual_answer_with(headers) if with_fragments else ordinary_answer("no", headers)
    )
    show(page, server, client, form(client))
    page.evaluate("window.before = true")
    send(page)
    server.wait_for().finish()
    page.wait_for_function("!window.before && document.readyState === 'complete'", timeout=TIMEOUT)
    assert server.page_loads == 2
    expect_html(page, "#messages", "")


@pytest.mark.parametrize("client", HTMX)
@pytest.mark.parametrize("with_fragments", [True, False])
def test_hx_location(client: str, with_fragments: bool, page: Page, server: SteppedServer) -> None:
    headers = {"HX-Location": '{"path": "/more", "target": "#side"}'}
    server.answers["/reply"] = (
        usual_answer_with(headers) if with_fragments else ordinary_answer("no", headers)
    )
    server.answers["/more"] = ordinary_answer("<em>more</em>")
    show(page, server, client, form(client) + '<div id="side"></div>')
    send(page)
    server.wait_for().finish()
    expect(page.locator("#side > em")).to_have_text("more")
    expect(page).to_have_url(server.url + "/more")
    expect_html(page, "#messages", "")


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
    client: str, said: dict[str, str], path: str, page: Page, server: SteppedServer
) -> None:
    attributes = {name: said[name] for name in said if name[0] == "h"}
    server.answers["/reply"] = usual_answer_with(
        {name: said[name] for name in said if name[0] == "H"}
    )
    show(page, server, client, form(client, **attributes))
    before = page.evaluate("history.length")
    finish(page, ask(page, server))
    wait_for_htmx(page)
    assert urlsplit(page.url).path == path
    assert page.evaluate("history.length") == before + (path != "/")
    expect_html(page, "#messages", message(1))


@pytest.mark.parametrize("client", HTMX)
def test_the_url_is_pushed_if_the_server_names_the_container(
    client: str, page: Page, server: SteppedServer
) -> None:
    placed = [(shell(1), "append #messages"), *pieces(1)[1:]]
    server.answers["/reply"] = lambda _: streamed(*placed)
    show(page, server, client, form(client, hx_push_url="/talk"))
    before = page.evaluate("history.length")
    finish(page, ask(page, server))
    wait_for_htmx(page)
    assert urlsplit(page.url).path == "/talk"
    assert page.evaluate("history.length") == before + 1


@pytest.mark.parametrize("client", HTMX)
def test_the_url_is_replaced(client: str, page: Page, server: SteppedServer) -> None:
    server.answers["/reply"] = usual_answer_with({"HX-Replace-Url": "/said"})
    show(page, server, client, form(client))
    before = page.evaluate("history.length")
    finish(page, ask(page, server))
    wait_for_htmx(page)
    assert urlsplit(page.url).path == "/said"
    assert page.evaluate("history.length") == before


@pytest.mark.parametrize("client", CLIENTS)
def test_an_error_with_fragments(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    server.answers["/reply"] = usual_answer_with(status=422)
    show(page, server, client, form(client))
    finish(page, ask(page, server))
    expect_html(page, "#messages", message(1))
    assert page.get_by_role("alert").count() == 0
    remove_expected(problems, "422")


@pytest.mark.parametrize("client", CLIENTS)
def test_an_error_without_fragments(
    client: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    server.answers["/reply"] = ordinary_answer("<em>No.</em>", status=422)
    show(page, server, client, form(client))
    send(page)
    if client == "htmx4":  # It swaps error responses.
        expect_html(page, "#messages", "<em>No.</em>")
    else:
        expect(page.locator("#messages > [role=alert]")).to_contain_text("Something went wrong")
        wait_for(page, "stream:error")
        assert page.locator("em").count() == 0
    remove_expected(problems, "422")


def test_htmx_2_can_be_configured_to_swap_an_error(
    page: Page, server: SteppedServer, problems: list[str]
) -> None:
    server.answers["/reply"] = ordinary_answer("<em>No.</em>", status=422)
    show(page, server, "htmx2", form("htmx2"))
    page.evaluate('htmx.config.responseHandling.unshift({code: "422", swap: true})')
    send(page)
    expect_html(page, "#messages", "<em>No.</em>")
    remove_expected(problems, "422")


@pytest.mark.parametrize("with_fragments", [True, False])
def test_hx_status_applies_only_without_fragments(
    with_fragments: bool, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    server.answers["/reply"] = (
        usual_answer_with(status=422) if with_fragments else ordinary_answer(message(1), {}, 422)
    )
    by_status = form("htmx4", **{"hx-status:422": "swap:innerHTML target:#side"})
    show(page, server, "htmx4", by_status + '<div id="side"><b>old</b></div>')
    send(page)
    server.wait_for().finish()
    wait_for_htmx(page)
    expect_html(page, "#side", "<b>old</b>" if with_fragments else message(1))
    expect_html(page, "#messages", message(1) if with_fragments else "")
    remove_expected(problems, "422")


@pytest.mark.parametrize("client", CLIENTS)
def test_an_ordinary_answer(client: str, page: Page, server: SteppedServer) -> None:
    oob = "" if client == "plain" else '<b id="count" hx-swap-oob="true">2</b>'
    server.answers["/reply"] = ordinary_answer(f"<em>Yes.</em>{oob}")
    show(page, server, client, form(client) + '<b id="count">1</b>', OLD)
    send(page)
    expect_html(page, "#messages", "<b>old</b><em>Yes.</em>")
    expect(page.locator("#count")).to_have_text("2" if oob else "1")
    assert page.evaluate("events") == []
