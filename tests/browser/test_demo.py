"""The demo: three frameworks, three clients, one page, two messages."""

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import CLIENTS, FRAMEWORKS, Chat
from tests.servers.process import demo

from streamhtml.demo._answers import tokens
from streamhtml.demo._demo import Demo

pytestmark = pytest.mark.browser

PROMPTS = ["Can you write <b>HTML</b> & \"quotes\" or 'quotes'?", "스트리밍이 뭐예요? 🇰🇷"]
ONCE_EACH = {("starlette", "plain"), ("django", "htmx2"), ("flask", "htmx4")}
PAIRS = [
    pytest.param(*pair, marks=[] if pair in ONCE_EACH else pytest.mark.slow)
    for pair in ((framework, client) for framework in FRAMEWORKS for client in CLIENTS)
]
LITERALLY = ["<b>", "&amp;", " & ", '"', "'", "</script>", "안녕하세요", "👩🏽‍💻"]


@pytest.mark.parametrize(("framework", "client"), PAIRS)
def test_two_answers_grow(framework: str, client: str, page: Page) -> None:
    answers = ["".join(tokens(prompt)) for prompt in PROMPTS]
    assert all(sign in "".join(answers) for sign in LITERALLY)
    with demo(framework, client, rate=300) as server:
        chat = Chat(page, server.url)
        message = page.get_by_label("Message", exact=True)
        for number, prompt in enumerate(PROMPTS):
            assert chat.ask(prompt) == "finished"
            expect(message).to_have_value("")
            expect(message).to_be_focused()

            growth = chat.growth(number)
            print(f"{growth.first_after:.0f} ms to the first text, {len(growth.texts)} texts")
            assert growth.first_after < 10_000  # ms
            assert len(growth.texts) > 5
            for before, after in zip(growth.texts, growth.texts[1:], strict=False):
                assert after.startswith(before)  # What was shown stays.
        assert [human for human, _ in chat.pairs] == PROMPTS
        assert chat.answers == [
            chat.spelled(Demo().renderer("").render(answer)) for answer in answers
        ]


def test_the_page_leaves_answers_as_the_sheet_styles_them(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 700})
    with demo("starlette", rate=0) as server:
        chat = Chat(page, server.url)
        chat.ask("markdown")
        sizes = page.locator(".streamhtml-markdown :is(h1, h2)").evaluate_all(
            "all => all.map((each) => parseFloat(getComputedStyle(each).fontSize))"
        )
        assert sizes[0] > sizes[1]
        text = page.locator(".streamhtml-markdown p").first
        text.evaluate("text => text.insertAdjacentHTML('beforeend', '<kbd>K</kbd>')")
        key = text.locator("kbd")
        expect(key).to_be_visible()
        assert key.evaluate("e => getComputedStyle(e).borderStyle") == "solid"
