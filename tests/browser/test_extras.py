"""The extras: buttons that copy code, tables and answers, and new words that fade in."""

import re
from itertools import chain
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import CLIENTS
from tests.browser.form_page import ask, form, show, wait_for
from tests.browser.stepped_server import SteppedServer, streamed
from tests.markdown.corpora import commonmark, gfm

from streamhtml.markdown import Options, render
from streamhtml.math_core import mathml

pytestmark = pytest.mark.browser

ANSWERS = sorted((Path(__file__).parents[1] / "markdown" / "answers").glob("*.md"))
CODE = "<pre><code>a &lt; b\n  <b>c</b>\n</code></pre>"
SHELL = '<div id="ai_1_text" class="streamhtml"></div>'
EXTRAS = '<script defer src="/extras.js" {}></script>'
UNLIKE = {
    "&#9;foo\n",
    "foo&#10;&#10;bar\n",
    "<foo\\+@bar.example.com>\n",
    "a.b-c_d@a.b\n\na.b-c_d@a.b.\n\na.b-c_d@a.b-\n\na.b-c_d@a.b_\n",
    "<https://example.com/\\[\\>\n",
    "<https://example.com?find=\\*>\n",
    "[foo<https://example.com/?search=](uri)>\n",
    "[foo<https://example.com/?search=][ref]>\n\n[ref]: /uri\n",
}
"""Texts of the specifications that are not the same: white space from entities, a text that looks
like an address, and an address with marks that is shown with escapes."""
# What the page would write to the clipboard, which needs a permission and the focus.
CATCH = """
    window.written = [];
    navigator.clipboard.writeText = async (text) => written.push(text);
"""
PRESS = """buttons => {
    written.length = 0;
    for (const button of buttons) button.click();
    return written;
}"""


def pressed(page: Page, selector: str) -> list[str]:
    """Press the buttons; return what each would have copied."""
    written: list[str] = page.locator(selector).evaluate_all(PRESS)
    return written


@pytest.mark.parametrize("client", CLIENTS)
def test_a_block_gets_its_button_when_the_answer_is_complete(
    client: str, page: Page, server: SteppedServer
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    server.answers["/reply"] = lambda _: streamed(
        (SHELL, "open"), (CODE, "append #ai_1_text"), ("<p>and</p>", ""), (CODE, "")
    )
    stored = f'<div class="streamhtml">{CODE}<pre>no code</pre></div>{CODE}'
    extras = EXTRAS.format('data-copy="Kopieren" data-copied="Kopiert" data-extras="code"')
    status = "<p role=status data-stream-status></p>"
    show(page, server, client, extras + form(client) + stored + status)
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


def test_the_keyboard_reaches_code_that_grows(page: Page, server: SteppedServer) -> None:
    server.answers["/reply"] = lambda _: streamed((SHELL, "open"), (CODE, "append #ai_1_text"))
    show(page, server, "plain", EXTRAS.format("") + form("plain"))
    request = ask(page, server)
    request.write()
    wait_for(page, "stream:fragment", 1)
    code = page.locator("#ai_1_text > pre")
    assert code.get_attribute("tabindex") == "0"
    request.finish()
    expect(code.get_by_role("button")).to_have_count(1)
    assert code.get_attribute("tabindex") is None


def test_without_a_clipboard_there_are_no_buttons(page: Page, server: SteppedServer) -> None:
    page.add_init_script(
        script="Object.defineProperty(navigator, 'clipboard', { value: undefined })"
    )
    show(page, server, "plain", f'{EXTRAS.format("")}<div class="streamhtml">{CODE}</div>')
    expect(page.locator("pre")).to_have_count(1)
    assert page.locator("button").count() == 0


PARTS = """
<div class="streamhtml streamhtml-parts">
  <div class="streamhtml-part"><details class="streamhtml-reasoning"><summary>Thought</summary>
    <div class="streamhtml streamhtml-markdown"><p>Hm.</p></div></details></div>
  <div class="streamhtml-part"><div class="streamhtml streamhtml-markdown">{}</div></div>
  <div class="streamhtml-part"><span class="streamhtml streamhtml-text">a *b*</span></div>
  <span class="streamhtml-notice">Stopped.</span>
</div>
<p class="streamhtml streamhtml-markdown"></p>
"""
TABLE = """
| a | b | c
|:-:|--:|---
| **x**, "y" | -5 % | =1+1
| p\\|q<br>r | -a | $x^2$
"""


def test_what_is_copied(page: Page, server: SteppedServer) -> None:
    own = Options(math=mathml, ids=True, on_citation=lambda _: None)
    html = render(f"Hi[^1].\n\n{TABLE}\n$$\nx\n$$\n\n```math\nx\n```\n\n[^1]: See.", own, root="r")
    server.body = EXTRAS.format("") + PARTS.format(html)
    page.goto(server.url)
    page.evaluate(CATCH)
    expect(page.locator("button")).to_have_count(3)
    [markdown] = pressed(page, "[value=table]")
    assert markdown == (
        '| a | b | c |\n| :-: | --: | --- |\n| **x**, "y" | -5 % | =1+1 |\n'
        "| p\\|q<br>r | -a | $x^2$ |\n"
    )
    assert pressed(page, "[value=csv]") == [
        'a,b,c\r\n"x, ""y""",-5 %,\'=1+1\r\n"p|q\nr",\'-a,x^2\r\n'
    ]
    assert pressed(page, "[value=answer]") == [
        f"Hi[^1].\n\n{markdown}\n$$\nx\n$$\n\n```math\nx\n```\n\n[^1]: See.\n\na *b*\n"
    ]


def options(number: int) -> Options:
    """Return the options of a text: every other one has drawn formulas."""
    return Options(math=mathml if number % 2 else True, dir_auto=bool(number % 2))


def test_the_markdown_of_an_answer_is_the_same_answer(page: Page, server: SteppedServer) -> None:
    """Texts with line breaks in headings lose these."""
    texts = [
        *(path.read_text("utf-8") for path in ANSWERS),
        *(example.markdown for example in chain(commonmark(), gfm())),
    ]
    html = [render(text, options(number)) for number, text in enumerate(texts)]
    page.goto(server.url)
    page.evaluate(CATCH)
    page.evaluate(
        """all => document.body.replaceChildren(...all.map(html => Object.assign(
            document.createElement("div"), {className: "streamhtml", innerHTML: html})))""",
        html,
    )
    page.add_script_tag(url="/extras.js")
    copied: list[str] = page.evaluate(
        """() => [...document.querySelectorAll(".streamhtml")].map((region) => {
            written.length = 0;
            region.nextElementSibling.querySelector?.(":scope > [value=answer]")?.click();
            return written[0] ?? "";
        })"""
    )
    different = {
        text
        for number, text in enumerate(texts)
        if in_one_line(render(copied[number], options(number))) != in_one_line(html[number])
    }
    assert different == UNLIKE


def in_one_line(html: str) -> str:
    return re.sub(r"\s+", " ", html)


RECORD_NEW_WORDS = """
    window.fading = [];
    const { add } = Highlight.prototype;
    Highlight.prototype.add = function (range) {
        fading.push(String(range));
        return add.call(this, range);
    };
"""
NO_WORD_IS_NEW = "[...CSS.highlights.values()].every(({ size }) => !size)"


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_new_words_fade_in(
    motion: Literal["no-preference", "reduce"], page: Page, server: SteppedServer
) -> None:
    """A tail that grows is removed and inserted again, but only its new words fade in."""
    page.emulate_media(reduced_motion=motion)
    page.add_init_script(script=RECORD_NEW_WORDS)
    server.answers["/reply"] = lambda _: streamed(
        (SHELL, "open"),
        ("<p>One</p>", "append #ai_1_text"),
        (" <b>two</b>", "tail #ai_1_text 1"),
        (" <b>two three</b>", ""),
        (" <b>two three</b>", "append #ai_1_text 1"),
    )
    show(page, server, "plain", EXTRAS.format('data-extras="fade"') + form("plain"))
    request = ask(page, server)
    for number in range(1, 5):
        request.write()
        wait_for(page, "stream:fragment", number)
    request.finish()
    wait_for(page, "stream:end", "finished")
    words = [] if motion == "reduce" else ["One", " two", " three"]
    assert page.evaluate("fading") == words
    assert page.inner_html("#ai_1_text") == "<p>One <b>two three</b></p>"
    page.wait_for_function(NO_WORD_IS_NEW)
