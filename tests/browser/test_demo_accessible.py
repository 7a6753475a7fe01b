"""axe-core finds nothing on the demo: while an answer streams, at its end, and on an error."""

import re
from typing import Literal

import pytest
from playwright.sync_api import Page, ViewportSize, expect
from tests.browser.chat_page import Chat
from tests.browser.npm_files import AXE
from tests.servers.process import demo

from streamhtml.demo._answers import FAIL, SLEEP, SLEEP_TOKENS

pytestmark = pytest.mark.browser

DESKTOP: ViewportSize = {"width": 1200, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 700}
PAGES = [
    pytest.param("light", DESKTOP, id="light-desktop"),
    pytest.param("dark", PHONE, id="dark-phone"),
    pytest.param("dark", DESKTOP, id="dark-desktop", marks=pytest.mark.slow),
    pytest.param("light", PHONE, id="light-phone", marks=pytest.mark.slow),
]
RUN = """async () => {
    const { violations, incomplete } = await axe.run();
    const places = ({ id, nodes }) => nodes.map(({ target, any, all, none }) => {
        const why = [...any, ...all, ...none].map((check) => check.data?.messageKey ?? check.id);
        return [id, why.join(), target.join(" ")];
    });
    return [violations.flatMap(places), incomplete.flatMap(places)];
}"""
# axe cannot tell the colour behind a gradient. This one is the bar above code, and as dark as the
# rest of the block.
PLAIN = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("pre { background-image: none !important }");
    document.adoptedStyleSheets.push(sheet);
}"""
# What axe cannot decide: the rule, the reason and the place.
EXPLAINED = [
    # A single digit. It has the colours of the links.
    ("color-contrast", "shortTextContent", r"\.streamhtml-citation"),
    # The signs of formulas, such as √, have the colour of the text around them.
    ("color-contrast", "nonBmp", r"\bm[io]\b"),
    # On a phone, tables and code are wider than the page. What is scrolled out of them has the
    # colours that are checked on the desktop.
    ("color-contrast", "elmPartiallyObscured", r"\bt[dh]\b|\.[a-z]{1,2}\d?(:nth-child\(\d+\))?$"),
]
QUESTIONS = [
    "Show me Markdown: a recipe for bread",
    "Look up the weather",
    "Where does tea come from? Cite your sources",
    "Solve a quadratic equation",
    "스트리밍이 뭐예요?",
    "ما هو البث؟",
]


@pytest.mark.parametrize(("scheme", "size"), PAGES)
def test_nothing_keeps_people_from_using_the_page(
    scheme: Literal["light", "dark"], size: ViewportSize, page: Page
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size(size)
    with demo("starlette", rate=0, may_complain=True) as server:
        chat = Chat(page, server.url)
        page.evaluate(AXE.read_text("utf-8"))
        page.evaluate(PLAIN)
        check(page, "before the first question")

        chat.send(SLEEP)
        expect(page.locator(".streamhtml-ai")).to_contain_text("".join(SLEEP_TOKENS))
        chat.send("a second question")
        check(page, "while an answer streams")
        page.keyboard.press("Escape")
        chat.wait_for_end(1)
        check(page, "after a stop")

        page.get_by_label("Message", exact=True).fill("")
        for question in QUESTIONS:
            assert chat.ask(question) == "finished"
        check(page, "when answers are complete")

        chat.ask(FAIL)
        page.get_by_role("button", name="Edit").click()
        check(page, "after an error, while the question is edited")


def check(page: Page, when: str) -> None:
    # axe does not know the colours of what is scrolled away, so the window is as high as the page.
    height = page.evaluate("innerHeight + document.querySelector('main').scrollHeight")
    page.set_viewport_size({"width": page.evaluate("innerWidth"), "height": height})
    violations, incomplete = page.evaluate(RUN)
    assert violations == [], when
    assert [found for found in incomplete if not is_explained(*found)] == [], when


def is_explained(rule: str, reason: str, place: str) -> bool:
    return any(
        (rule, reason) == explained[:2] and re.search(explained[2], place)
        for explained in EXPLAINED
    )
