"""Buttons copy blocks of code, if the page loads copy-code.js."""

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import CLIENTS
from tests.browser.form_page import ask, form, show, wait_for
from tests.browser.stepped_server import SteppedServer, streamed

pytestmark = pytest.mark.browser


CODE = "<pre><code>a &lt; b\n  <b>c</b>\n</code></pre>"
SHELL = '<div id="ai_1_text" class="streamhtml"></div>'
COPY = '<script defer src="/copy-code.js" data-label="Kopieren" data-done="Kopiert"></script>'


@pytest.mark.parametrize("client", CLIENTS)
def test_a_block_gets_its_button_when_the_answer_is_complete(
    client: str, page: Page, server: SteppedServer
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    server.answers["/reply"] = lambda _: streamed(
        (SHELL, "open"), (CODE, "append #ai_1_text"), ("<p>and</p>", ""), (CODE, "")
    )
    stored = f'<div class="streamhtml">{CODE}<pre>no code</pre></div>{CODE}'
    show(
        page,
        server,
        client,
        COPY + form(client) + stored + "<p role=status data-stream-status></p>",
    )
    buttons = page.get_by_role("button", name="Kopieren")
    expect(buttons).to_have_count(1)
    request = ask(page, server)
    request.write()
    wait_for(page, "stream:fragment", 1)
    expect(buttons).to_have_count(1)
    request.finish()
    wait_for(page, "stream:end", "finished")
    expect(buttons).to_have_count(3)
    buttons.nth(1).click()
    expect(page.get_by_role("status")).to_have_text("Kopiert")
    assert page.evaluate("navigator.clipboard.readText()") == "a < b\n  c\n"
    expect(buttons).to_have_count(3)


def test_without_a_clipboard_there_are_no_buttons(page: Page, server: SteppedServer) -> None:
    page.add_init_script(
        script="Object.defineProperty(navigator, 'clipboard', { value: undefined })"
    )
    show(page, server, "plain", f'{COPY}<div class="streamhtml">{CODE}</div>')
    expect(page.locator("pre")).to_have_count(1)
    assert page.locator("button").count() == 0
