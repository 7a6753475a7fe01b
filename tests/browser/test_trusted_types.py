"""Under a strict policy, no violation is reported, and no script in a fragment runs."""

import pytest
from playwright.sync_api import Page
from tests.browser.chat_page import CLIENTS
from tests.browser.form_page import (
    ask,
    expect_html,
    form,
    message,
    pieces,
    remove_expected_abort,
    shell,
    show,
    wait_for,
)
from tests.browser.stepped_server import SteppedServer, streamed

pytestmark = pytest.mark.browser


STRICT = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'"
TYPES = "; require-trusted-types-for 'script'; trusted-types streaming-html"
CONFIG = """<meta name="htmx-config" content='{"includeIndicatorStyles": false}'>"""
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
    violations.push([event.violatedDirective, event.sample, event.blockedURI]));
"""


def policy(content: str) -> str:
    return f'<meta http-equiv="Content-Security-Policy" content="{content}">{CONFIG}'


@pytest.mark.parametrize(
    ("client", "content"),
    [
        *((client, STRICT) for client in CLIENTS),
        ("plain", STRICT + TYPES),
        ("htmx4", STRICT + TYPES),
    ],
)
def test_no_violation_is_reported(
    client: str, content: str, page: Page, server: SteppedServer, problems: list[str]
) -> None:
    swap = ('<b id="more">1</b>', "swap")
    server.answers["/reply"] = lambda request: streamed(
        (shell(request.number, inside='<b id="more">0</b>'), "open"),
        *pieces(request.number)[1:],
        swap,
        ("!", "tail"),
        headers={"Streaming-HTML-Stop": "/stop"},
    )
    server.answers["/stop"] = lambda _: streamed()
    page.add_init_script(script=WATCH)
    stop = '<button type="button" data-stream-stop="#ask">Stop</button>'
    extras = f"{stop}<p data-stream-status></p><div data-stream-pin></div>"
    show(page, server, client, policy(content) + form(client, data_stream_reset="") + extras)
    ask(page, server).finish()
    wait_for(page, "stream:end", "finished")
    expect_html(
        page,
        "#messages",
        message(1).replace("</p>", '<b id="more">1</b></p>').replace("Hello", "Hello!"),
    )
    ask(page, server, 2)
    button = page.get_by_text("Stop", exact=True)
    button.click()
    server.wait_for(3)
    button.evaluate("button => button.click()")  # The first click waits for the server to end it.
    wait_for(page, "stream:end", "aborted")
    assert page.evaluate("violations") == []
    remove_expected_abort(client, problems)


@pytest.mark.parametrize("client", CLIENTS)
def test_scripts_in_fragments_do_not_run(client: str, page: Page, server: SteppedServer) -> None:
    script = "<script>window.ran = 1</script>"
    server.answers["/reply"] = lambda _: streamed(
        ('<p id="ai_1"><b id="ai_1_text"></b><i id="x"></i></p>', "open"),
        (f"{script}Hel", "append #ai_1_text"),
        (f"{script}lo", "tail"),
        (f"{script}lo", "append"),
        (f'<i id="x">{script}</i>', "swap"),
        (f"<b>{script}</b>", "replace @0"),
    )
    show(page, server, client, form(client))
    ask(page, server).finish()
    wait_for(page, "stream:end", "finished")
    assert page.locator("#messages script").count() == 3
    assert page.evaluate("window.ran") is None
