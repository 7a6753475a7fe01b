"""The style sheet, on one page that shows all kinds of things."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page
from tests.browser.npm_files import AXE
from tests.browser.stepped_server import SteppedServer
from tests.client.test_style import SHEET, selectors

from streamhtml import Delta, Reply, ToolDelta
from streamhtml.formats.whole import WholeFormat
from streamhtml.markdown import Options, render
from streamhtml.math_core import mathml

pytestmark = pytest.mark.browser

ROWS = [["Column"] * 9, ["---"] * 9, ["x"] * 9]
MARKDOWN = f"""# One

A [link](https://a.com), `code`, {"w" * 300} and $x$.

{"".join(f"| {' | '.join(cells)} |" + chr(10) for cells in ROWS)}
```python
x = "{"y" * 300}"
```

$$
{" + ".join(["x"] * 100)}
$$

> [!NOTE]
> Note.

> Quote.
"""
TEXTS = "a, th, summary, blockquote, .markdown-alert-title, .streamhtml-notice"
# The contrast of each text with the page, as WCAG defines it.
CONTRASTS = """texts => texts.map((text) => {
    const context = document.createElement("canvas")
        .getContext("2d", { willReadFrequently: true });
    const luminance = (color) => {
        context.fillStyle = color;
        context.fillRect(0, 0, 1, 1);
        const [red, green, blue] = [...context.getImageData(0, 0, 1, 1).data].map((value) =>
            value <= 10 ? value / 3294 : ((value / 255 + 0.055) / 1.055) ** 2.4);
        return red * 0.2126 + green * 0.7152 + blue * 0.0722;
    };
    const { color } = getComputedStyle(text);
    const page = getComputedStyle(document.body).backgroundColor;
    const [dark, light] = [luminance(color), luminance(page)].sort((a, b) => a - b);
    return [text.localName, (light + 0.05) / (dark + 0.05)];
})"""


COLOURED = (
    "[lang=ko] > p, [lang=ko] :is(a, th, blockquote p), .streamhtml-reasoning p, .streamhtml-notice"
)
COLOUR_OF_NEW_WORDS = """text => {
    const words = text.appendChild(document.createElement("i"));
    words.style.color = "var(--streamhtml-new, CanvasText)";
    const { color } = getComputedStyle(words);
    words.remove();
    return color;
}"""
COVERS = """() => {
    const code = document.querySelector("pre:has(> code)");
    code.insertAdjacentHTML("afterbegin", "<button>Copy</button>");
    const form = document.body.appendChild(document.createElement("form"));
    form.style = "position: fixed; inset: 0";
    code.scrollIntoView();
    const { x, y } = code.firstChild.getBoundingClientRect();
    const { localName } = document.elementFromPoint(x + 5, y + 5);
    form.remove();
    code.firstChild.remove();
    return localName;
}"""


# With the line that waits for the first words, at the dimmest moment of its animation.
VIOLATIONS = """async () => {
    document.body.insertAdjacentHTML("beforeend", "<p class='streamhtml-thinking'>Thinking…</p>");
    const [pulse] = document.body.lastChild.getAnimations();
    pulse.pause();
    pulse.currentTime = pulse.effect.getTiming().duration;
    const { violations } = await axe.run({ runOnly: ["color-contrast"] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => [id, html]));
}"""


# As in the reset of Tailwind 4.
RESET = """@layer base {
    * { margin: 0; padding: 0; border: 0 solid }
    a { color: inherit; text-decoration: inherit }
    h1 { font: inherit }
    ul, ol { list-style: none }
}"""
LOOKS = """(elements, names) => elements.map(
    (element) => names.map((name) => getComputedStyle(element)[name]))"""


def message() -> str:
    """Return a message with parts of all kinds, and a notice."""
    reply = Reply(at_once=True, context={"human_message": "Hi", "message_pair_id": "ai_1"})
    reply.open()
    reply.feed(
        [
            Delta("Hm.", "reasoning"),
            ToolDelta('{"a": 1}', id="1", name="n" * 300),
            ToolDelta("r" * 300, id="1", field="result"),
            Delta("So."),
        ]
    )
    return WholeFormat().encode(reply.close("failed"))


def show(page: Page, server: SteppedServer, rules: str = "") -> None:
    """Show the page, whose own rules stand before the sheet."""
    markdown = render(MARKDOWN, Options(math=mathml, dir_auto=True))
    server.body = (
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" '
        f'content="light dark"><style>{rules}</style><style>{SHEET.decode()}</style>'
        f'{message()}<div lang="ko" class="streamhtml streamhtml-markdown">{markdown}</div>'
        '<div class="streamhtml streamhtml-markdown" aria-busy="true"><p>a<p>b</div>'
    )
    page.goto(server.url)


def style(page: Page, selector: str, name: str, pseudo: str = "") -> Any:
    """Return a computed style of the first element."""
    return page.locator(selector).first.evaluate(
        "(element, [name, pseudo]) => getComputedStyle(element, pseudo)[name]", [name, pseudo]
    )


def test_every_selector_is_understood(page: Page, server: SteppedServer) -> None:
    """A browser leaves out what it does not know in ``:where(…)``, and says nothing."""
    show(page, server)
    understood: list[str] = page.evaluate(
        """() => {
            const read = (rules) => [...rules].flatMap((rule) => [
                rule.selectorText ?? [],
                rule instanceof CSSKeyframesRule ? [] : read(rule.cssRules ?? []),
            ]).flat();
            return read(document.styleSheets[1].cssRules);
        }"""
    )
    written = [re.sub(r"\s+", " ", selector).replace("( ", "(") for selector in selectors()]
    assert [selector.replace("& ", "") for selector in understood] == written


def test_the_cursor_scrolls_with_its_text(page: Page, server: SteppedServer) -> None:
    code = f"<pre><code>{'y' * 3000}</code></pre>"
    endings = ["<p>b", code, f"<ul><li>{code}</ul>", f"<table><tr><td>{'y' * 3000}</table>"]
    busy = '<div class="streamhtml streamhtml-markdown" aria-busy="true">'
    server.body = f"<style>{SHEET.decode()} main {{ overflow: auto; height: 99px }}</style>"
    server.body += "".join(f"<main>{busy}{'<p>a' * 50}{ending}</div></main>" for ending in endings)
    page.goto(server.url)
    size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    with_cursors = page.evaluate(size)
    page.evaluate("document.querySelectorAll('main > *').forEach((each) => each.ariaBusy = null)")
    assert page.evaluate(size) == with_cursors


def test_the_look(page: Page, server: SteppedServer) -> None:
    """The window is as wide as one of 1,280 pixels at 400 %."""
    page.set_viewport_size({"width": 320, "height": 256})
    show(page, server, "body { background: Canvas } th { font-weight: 100 } pre { tab-size: 3 }")
    # Only what is wide scrolls, not the page.
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    for selector in "table", "pre", ".math-display":
        scroller = page.locator(f"[lang=ko] {selector}").first
        assert scroller.evaluate("element => element.scrollWidth > element.clientWidth"), selector
    # The page's own rules win, although they stand before.
    assert style(page, "th", "fontWeight") == "100"
    assert style(page, "pre", "tabSize") == "3"
    # Korean words are kept whole.
    assert style(page, "[lang=ko] p", "wordBreak") == "keep-all"
    assert style(page, "[aria-busy] p", "wordBreak") == "normal"
    # The cursor is after the last block.
    cursors = page.locator("[aria-busy] p").evaluate_all(
        "all => all.map((element) => getComputedStyle(element, '::after').animationName)"
    )
    assert cursors == ["none", "streamhtml-blink"]
    page.emulate_media(reduced_motion="reduce")
    assert style(page, "[aria-busy] p:last-child", "animationName", "::after") == "none"
    # Each text can be read, in the light and in the dark.
    for scheme in "light", "dark":
        page.emulate_media(color_scheme=scheme)
        for name, contrast in page.locator(TEXTS).evaluate_all(CONTRASTS):
            assert contrast >= 4.5, (scheme, name)
    # New words fade in to the colour of the text that they are part of.
    for text in page.locator(COLOURED).all():
        assert text.evaluate(COLOUR_OF_NEW_WORDS) == text.evaluate("e => getComputedStyle(e).color")
    # A button in a block of code does not cover a form that stays at the bottom of the page.
    assert page.evaluate(COVERS) == "form"
    # On paper, nothing is cut off.
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 600, "height": 800})
    for selector in "table", "pre":
        box = page.locator(f"[lang=ko] {selector}").first
        assert box.evaluate("element => element.scrollWidth <= innerWidth"), selector
    # Each line of code has the same space before it.
    assert page.locator("pre > code").first.evaluate("code => code.getClientRects().length") == 1


def test_the_thinking_line_is_readable_while_it_pulses(page: Page, server: SteppedServer) -> None:
    for scheme in "light", "dark":
        page.emulate_media(color_scheme=scheme)
        show(page, server, "body { background: Canvas }")
        page.evaluate(AXE.read_text("utf-8"))
        assert page.evaluate(VIOLATIONS) == [], scheme


def test_a_reset_in_a_layer_takes_nothing_away(page: Page, server: SteppedServer) -> None:
    names = "color textDecorationLine fontSize fontWeight marginTop marginBottom paddingLeft"
    looks = []
    for rules in "", RESET:
        show(page, server, rules)
        shown = page.locator(".streamhtml-markdown :is(h1, p, a, pre, blockquote, td)")
        looks.append(shown.evaluate_all(LOOKS, names.split()))
    assert looks[0] == looks[1]
    assert len(looks[0]) > 10
